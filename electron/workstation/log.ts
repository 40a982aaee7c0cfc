import { mkdirSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import type { Log } from '../actions/index.ts';

const MAX_BYTES = 10 * 1024 * 1024;
const KEPT = 3;
/** Lines that wait for a disk which does not take them; beyond that they are dropped. */
const MAX_WAITING = 1024 * 1024;

export interface RotatingLog extends Log {
  /** Everything logged is written. */
  close(): Promise<void>;
}

/**
 * profile/logs/phosphor.log: one JSON object a line, written in the background, at most 10 MB and three older ones. Callers pass UIDs of
 * actions, counts, kinds and names of nodes; never patient data. A log that cannot be written does not stop the workstation.
 */
export function openLog(profile: string, { maxBytes = MAX_BYTES }: { readonly maxBytes?: number } = {}): RotatingLog {
  const directory = join(profile, 'logs');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = new RotatingFile(join(directory, 'phosphor.log'), maxBytes);
  const logger = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, file);
  return {
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    close: () => file.close(),
  };
}

class RotatingFile {
  readonly #path: string;
  readonly #maxBytes: number;
  #waiting: string[] = [];
  #characters = 0;
  #writing: Promise<void> | undefined;
  #handle: FileHandle | undefined;
  #bytes = 0;

  constructor(path: string, maxBytes: number) {
    this.#path = path;
    this.#maxBytes = maxBytes;
  }

  write(line: string): void {
    if (this.#characters > MAX_WAITING) return;
    this.#waiting.push(line);
    this.#characters += line.length;
    this.#writing ??= this.#drain();
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#handle?.close();
    this.#handle = undefined;
  }

  /** Takes what waits in portions, so that a burst is one write and a file never grows far beyond its limit. */
  async #drain(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        this.#handle ??= await this.#open();
        let portion = '';
        while (this.#waiting.length > 0 && this.#bytes + portion.length < this.#maxBytes) portion += this.#waiting.shift() ?? '';
        this.#characters -= portion.length;
        this.#bytes += Buffer.byteLength(portion);
        await this.#handle.appendFile(portion);
        if (this.#bytes >= this.#maxBytes) await this.#rotate();
      }
    } catch {
      // What waited is lost; the next line tries again.
      this.#waiting = [];
      this.#characters = 0;
    } finally {
      this.#writing = undefined;
    }
  }

  async #open(): Promise<FileHandle> {
    const handle = await open(this.#path, 'a', 0o600);
    this.#bytes = (await handle.stat()).size;
    return handle;
  }

  /** phosphor.log → .1 → .2 → .3 */
  async #rotate(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
    for (let n = KEPT - 1; n >= 0; n -= 1) {
      await rename(n === 0 ? this.#path : `${this.#path}.${n}`, `${this.#path}.${n + 1}`).catch(() => undefined);
    }
    this.#bytes = 0;
  }
}
