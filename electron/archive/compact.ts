import fs from 'node:fs';
import path from 'node:path';
import type { IndexEntry } from './arrival-messages.ts';
import { chunksOf } from './check-files.ts';
import { CheckThreads } from './check-threads.ts';
import type { JobContext } from './job-table.ts';
import type { JobReporter } from './jobs.ts';
import { hashOfUID, relativeFileOfHash } from './layout.ts';
import { batchesOf, tidyBatch } from './trash-folder.ts';
import type { ArchiveLocation, CompactSummary } from './types.ts';

const MAX_UNKNOWN = 100_000;
const KEPT_COPIES_MS = 30 * 24 * 3_600_000;
/** Copies that were set aside or made before a change, and a rebuild that was given up. */
const OLD_COPY = /^index\.db\.(damaged-|before-)|^index-rebuild\.db/;

/**
 * Takes in files that stand in files/ and that the index does not know, removes copies of the index older than 30 days and empty folders, and
 * gives room that deleted rows left back to the disk. Nothing here is needed for the archive to be whole.
 */
export async function compactArchive(context: JobContext, job: Pick<JobReporter<never>, 'check' | 'progress'>): Promise<CompactSummary> {
  const { location } = context;
  const indexed = await takeInUnknown(context, job);
  const removed = removeOldCopies(location);
  for (const batch of batchesOf(location)) tidyBatch(batch);
  let bytes = removed.bytes;
  for (let first = true, more = true; more; first = false) {
    job.check();
    const step = await context.index().call('compact', { first });
    bytes += step.freed;
    more = step.more;
    job.progress({ done: indexed, bytes });
  }
  return { bytes, removed: removed.files, indexed };
}

async function takeInUnknown({ location, index }: JobContext, job: Pick<JobReporter<never>, 'check' | 'progress'>): Promise<number> {
  const threads = new CheckThreads(location);
  let indexed = 0;
  try {
    await index().call('settle', {});
    const unknown = await threads.call('unknownFiles', { limit: MAX_UNKNOWN });
    for (const files of chunksOf(unknown)) {
      job.check();
      const entries = (await threads.call('facts', { files })).flatMap((facts, at): IndexEntry[] => {
        if (!('header' in facts) || relativeFileOfHash(hashOfUID(facts.header.sopInstanceUID)) !== files[at]) return [];
        return [{ ...facts, action: 'stored', origin: facts.sourceAETitle === '' ? 'import' : 'store' }];
      });
      await index().call('adopt', { entries });
      indexed += entries.length;
      job.progress({ done: indexed, total: unknown.length, bytes: 0 });
    }
    return indexed;
  } finally {
    await threads.close();
  }
}

function removeOldCopies({ databases }: ArchiveLocation): { files: number; bytes: number } {
  let files = 0;
  let bytes = 0;
  for (const name of fs.readdirSync(databases)) {
    if (!OLD_COPY.test(name)) continue;
    const file = path.join(databases, name);
    const stat = fs.statSync(file, { throwIfNoEntry: false });
    if (stat === undefined || Date.now() - stat.mtimeMs < KEPT_COPIES_MS) continue;
    fs.rmSync(file, { force: true });
    files += 1;
    bytes += stat.size;
  }
  return { files, bytes };
}
