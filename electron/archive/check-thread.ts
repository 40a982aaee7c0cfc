import fs from 'node:fs';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { VerifiedItem } from '../../shared/contract/index.ts';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';
import { compareFile } from './compare-file.ts';
import { inParallel } from './jobs.ts';
import { type FileFacts, factsOf } from './read-header.ts';
import { answer, type CallMessage } from './rpc.ts';
import { openStored, type StoredFile } from './stored-file.ts';
import { changedSince, unknownFiles } from './stray-files.ts';
import type { ArchiveLocation } from './types.ts';

/** What is asked of a thread that reads files to check them. Paths are relative to the archive's folder. */
export type CheckMethods = {
  compare(args: { files: readonly ToCompare[] }): Compared[];
  facts(args: { files: readonly string[] }): Promise<Facts[]>;
  /** Files in files/ that no row of the index knows, at most `limit`. */
  unknownFiles(args: { limit: number }): string[];
  /** What became of the shards that an interrupted rebuild had read. */
  changedSince(args: { database: string; shards: number; since: number }): { changed: string[]; gone: string[] };
};

export interface ToCompare {
  readonly file: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

export interface Compared {
  readonly bytes: number;
  readonly problem?: VerifiedItem['problem'];
}

export type Facts = FileFacts | { readonly problem: VerifiedItem['problem'] };

const WIDTH = 4;
const port = parentPort;

if (port !== null) {
  const { location } = workerData as { location: ArchiveLocation };
  const methods: CheckMethods = {
    compare: ({ files }) => files.map(({ file, sha256 }) => compareFile(path.join(location.directory, file), sha256)),
    facts: async ({ files }) => {
      const found: Facts[] = [];
      await inParallel(files.entries(), WIDTH, async ([at, file]) => {
        found[at] = await factsAt(location, file);
      });
      return found;
    },
    unknownFiles: ({ limit }) => unknownFiles(location, limit),
    changedSince: (args) => changedSince(location, args),
  };
  port.on('message', (message: CallMessage<CheckMethods>) => answer(port, methods, message));
}

async function factsAt(location: ArchiveLocation, relative: string): Promise<Facts> {
  const file = path.join(location.directory, relative);
  let stored: StoredFile | undefined;
  try {
    if (fs.statSync(file).size === 0) return { problem: 'missing-file' };
    stored = await openStored(file);
    return await factsOf(stored, location);
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return { problem: 'missing-file' };
    return { problem: thrown instanceof PhosphorError ? 'altered' : 'unreadable' };
  } finally {
    await stored?.handle.close();
  }
}
