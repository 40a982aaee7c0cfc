import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import type { Log } from '../actions/index.ts';

const MAX_BYTES = 10 * 1024 * 1024;
const KEPT = 3;

export interface RotatingLog extends Log {
  close(): Promise<void>;
}

/**
 * profile/logs/phosphor.log: one JSON object a line, written asynchronously, at most 10 MB and three older ones. Callers pass UIDs of
 * actions, counts, kinds and names of nodes; never patient data. A log that cannot be written does not stop the workstation.
 */
export function openLog(profile: string, options: { readonly maxBytes?: number } = {}): RotatingLog {
  const { maxBytes = MAX_BYTES } = options;
  const directory = join(profile, 'logs');
  const file = join(directory, 'phosphor.log');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  let bytes = existsSync(file) ? statSync(file).size : 0;
  const destination = pino.destination({ dest: file, sync: false, mode: 0o600 });
  destination.on('error', () => {});
  const write = (line: string) => {
    bytes += Buffer.byteLength(line);
    if (bytes > maxBytes) {
      bytes = Buffer.byteLength(line);
      rotate(file);
      destination.reopen();
    }
    destination.write(line);
  };
  const logger = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, { write });
  return {
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    close: () =>
      new Promise((resolve) => {
        destination.once('close', () => resolve());
        destination.end();
      }),
  };
}

/** phosphor.log → .1 → .2 → .3; a rename that fails leaves the log growing, which is better than losing it. */
function rotate(file: string): void {
  try {
    for (let n = KEPT - 1; n >= 0; n -= 1) {
      const from = n === 0 ? file : `${file}.${n}`;
      if (existsSync(from)) renameSync(from, `${file}.${n + 1}`);
    }
  } catch {
    // Tried again with the next ten megabytes.
  }
}
