import fs from 'node:fs';
import type { VerifiedItem } from '../../shared/contract/index.ts';
import type { IndexEntry } from './arrival-messages.ts';
import { chunksOf, mustBeThere } from './check-files.ts';
import type { Facts } from './check-thread.ts';
import { CheckThreads } from './check-threads.ts';
import { inParallel, type JobReporter } from './jobs.ts';
import { folderOf, hashOfUID, rebuildFile, relativeFileOfHash, shards } from './layout.ts';
import type { FileFacts } from './read-header.ts';
import { shardNames } from './stray-files.ts';
import type { ArchiveLocation, VerifySummary } from './types.ts';

/** How far an index under construction has come. Of files/, the first `shards` folders are in it. */
export interface RebuildCursor {
  readonly shards: number;
  readonly startedAt: number;
  readonly checked: number;
  readonly bytes: number;
  readonly problems: number;
}

/** Where a rebuild puts what it finds. */
export interface RebuildTarget {
  /** Answers how far an earlier one came that goes on now. */
  begin(restart: boolean): Promise<RebuildCursor | undefined>;
  /** `forget`: SOP Instance UIDs whose rows go first. */
  add(entries: IndexEntry[], forget?: string[]): Promise<void>;
  reached(cursor: RebuildCursor): Promise<void>;
  end(keep: boolean): Promise<void>;
}

/** Files are read in groups of whole folders of about so many; after each the cursor is kept. */
const GROUP = 2_048;

/** Reads every file of the archive and builds the index anew from them. Goes on where an earlier one was interrupted, unless `restart`. */
export async function rebuildIndex(
  location: ArchiveLocation,
  { restart = false }: { readonly restart?: boolean },
  target: RebuildTarget,
  job: JobReporter<VerifiedItem>,
): Promise<VerifySummary> {
  const earlier = await target.begin(restart);
  const startedAt = earlier?.startedAt ?? Date.now();
  const summary = { checked: earlier?.checked ?? 0, bytes: earlier?.bytes ?? 0, problems: earlier?.problems ?? 0 };
  const threads = new CheckThreads(location);
  let keep = false;

  const read = async (files: readonly string[], action: 'stored' | 'conflict'): Promise<void> => {
    await inParallel(chunksOf(files), threads.width, async (chunk) => {
      job.check();
      const entries: IndexEntry[] = [];
      for (const [at, facts] of (await threads.call('facts', { files: chunk })).entries()) {
        const file = chunk[at] ?? '';
        summary.checked += 1;
        if (isPlaced(facts, file, action)) {
          summary.bytes += facts.fileBytes;
          entries.push({ ...facts, action, origin: facts.sourceAETitle === '' ? 'import' : 'store' });
        } else {
          const problem = 'problem' in facts ? facts.problem : 'altered';
          if (problem === 'missing-file') continue;
          summary.problems += 1;
          await job.item({ kind: 'problem', problem, file });
        }
      }
      if (entries.length > 0) await target.add(entries);
      job.progress({ done: summary.checked, bytes: summary.bytes });
    });
  };

  try {
    let shard = earlier?.shards ?? 0;
    if (shard > 0) {
      // A second of tolerance: file systems stamp with a coarse clock.
      const since = startedAt - 1_000;
      const { changed, gone } = await threads.call('changedSince', { database: rebuildFile(location), shards: shard, since });
      for (const some of chunksOf(gone, GROUP)) await target.add([], some);
      for (const some of chunksOf(changed, GROUP)) await again(threads, target, some);
    }
    let group: string[] = [];
    for (const { shard: name, names } of shardNames(location, shards().length, shard)) {
      for (const one of names) group.push(`files/${name}/${one}`);
      shard += 1;
      if (group.length < GROUP && shard < shards().length) continue;
      await read(group, 'stored');
      group = [];
      mustBeThere(location);
      await target.reached({ ...summary, shards: shard, startedAt });
    }
    const conflicts = fs.readdirSync(folderOf.conflicts(location)).map((name) => `conflicts/${name}`);
    await read(conflicts, 'conflict');
    job.check();
    mustBeThere(location);
    keep = true;
  } finally {
    await threads.close();
    await target.end(keep);
  }
  return { ...summary, ...(earlier === undefined ? {} : { resumedAt: earlier.checked }) };
}

/** Files of folders that were read before, as they are now. */
async function again(threads: CheckThreads, target: RebuildTarget, files: readonly string[]): Promise<void> {
  for (const chunk of chunksOf(files)) {
    const found = await threads.call('facts', { files: chunk });
    const entries = found.flatMap((facts, at): IndexEntry[] =>
      isPlaced(facts, chunk[at] ?? '', 'stored')
        ? [{ ...facts, action: 'stored', origin: facts.sourceAETitle === '' ? 'import' : 'store' }]
        : [],
    );
    await target.add(
      entries,
      entries.map(({ header }) => header.sopInstanceUID),
    );
  }
}

/** Whether a file is a readable instance, under the name that its own UID gives it. */
function isPlaced(facts: Facts, file: string, action: 'stored' | 'conflict'): facts is FileFacts {
  return 'header' in facts && (action === 'conflict' || relativeFileOfHash(hashOfUID(facts.header.sopInstanceUID)) === file);
}
