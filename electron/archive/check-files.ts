import fs from 'node:fs';
import path from 'node:path';
import type { VerifiedItem } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { ToCompare } from './check-thread.ts';
import { CheckThreads } from './check-threads.ts';
import { openReadOnly } from './index-reader.ts';
import { inParallel, type JobReporter } from './jobs.ts';
import { hashOfUID, relativeFileOfHash } from './layout.ts';
import { number, text } from './rows.ts';
import type { ArchiveLocation, VerifySummary } from './types.ts';
import { readVerifyCursor, removeVerifyCursor, type VerifyCursor, writeVerifyCursor } from './verify-cursor.ts';

const PAGE = 2_048;
const CHUNK = 32;
const CURSOR_MS = 1_000;
/** Problems that are kept to be named again by the run that goes on. */
const KEPT = 1_000;
const MAX_UNKNOWN = 10_000;

/**
 * Reads every file that the index knows and compares its hash; then looks for files that the index does not know. Goes on where an earlier
 * run was interrupted, unless `restart`.
 */
export async function verifyFiles(
  location: ArchiveLocation,
  { restart = false }: { readonly restart?: boolean },
  job: JobReporter<VerifiedItem>,
): Promise<VerifySummary> {
  const earlier = restart ? undefined : readVerifyCursor(location);
  const database = openReadOnly(location);
  const threads = new CheckThreads(location);
  const summary = { checked: earlier?.checked ?? 0, bytes: earlier?.bytes ?? 0, problems: earlier?.problems ?? 0 };
  const found: VerifiedItem[] = [...(earlier?.found ?? [])];
  const startedAt = earlier?.startedAt ?? Date.now();
  let last = earlier?.last ?? 0;
  let keptAt = performance.now();
  const report = async (problem: VerifiedItem): Promise<void> => {
    mustBeThere(location);
    summary.problems += 1;
    if (found.length < KEPT) found.push(problem);
    await job.item(problem);
  };
  /** As of the last page that is done; a page under way is read again. */
  let cursor: VerifyCursor | undefined;
  const keep = (): void => {
    if (cursor !== undefined) writeVerifyCursor(location, cursor);
    keptAt = performance.now();
  };
  try {
    for (const problem of found) await job.item(problem);
    const total = number(database.prepare('SELECT count(*) AS n FROM instances').get()?.n);
    const page = database.prepare('SELECT instance_id, sop_uid, sha256 FROM instances WHERE instance_id > ? ORDER BY instance_id LIMIT ?');
    const now = database.prepare('SELECT sha256 FROM instances WHERE sop_uid = ?');
    for (;;) {
      const rows = page.all(last, PAGE).map((row) => ({ id: number(row.instance_id), uid: text(row.sop_uid), sha256: hex(row.sha256) }));
      if (rows.length === 0) break;
      await inParallel(chunksOf(rows), threads.width, async (chunk) => {
        job.check();
        const files: ToCompare[] = chunk.map(({ uid, sha256 }) => ({ file: relativeFileOfHash(hashOfUID(uid)), sha256 }));
        const compared = await threads.call('compare', { files });
        for (const [at, { bytes, problem }] of compared.entries()) {
          summary.checked += 1;
          summary.bytes += bytes;
          const row = chunk[at];
          if (problem === undefined || row === undefined) continue;
          // An instance replaced, deleted or taken in while this job runs is not the row's any more.
          if (hex(now.get(row.uid)?.sha256) !== row.sha256) continue;
          await report({ kind: 'problem', sopInstanceUID: row.uid, problem, file: files[at]?.file ?? '' });
        }
        job.progress({ done: Math.min(summary.checked, total), total, bytes: summary.bytes });
      });
      last = rows.at(-1)?.id ?? last;
      cursor = { ...summary, last, startedAt, found: [...found] };
      if (performance.now() - keptAt >= CURSOR_MS) keep();
    }
    for (const file of await threads.call('unknownFiles', { limit: MAX_UNKNOWN })) {
      job.check();
      if (await isStillUnknown(threads, now, file)) await report({ kind: 'problem', problem: 'not-indexed', file });
    }
    removeVerifyCursor(location);
    return { ...summary, ...(earlier === undefined ? {} : { resumedAt: earlier.checked }) };
  } catch (thrown) {
    // What is done is done, also when the disk with the index takes no cursor.
    try {
      keep();
    } catch {}
    throw thrown;
  } finally {
    await threads.close();
    database.close();
  }
}

/** Of a disk that went away meanwhile nothing is missing. @throws PhosphorError `storage` */
export function mustBeThere(location: ArchiveLocation): void {
  if (fs.existsSync(path.join(location.directory, 'archive.json'))) return;
  throw new PhosphorError('storage', 'the folder of the archive has gone', { code: 'ENOENT', retryable: true });
}

const hex = (value: unknown): string => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : '');

export function* chunksOf<T>(all: readonly T[], length = CHUNK): Generator<T[]> {
  for (let at = 0; at < all.length; at += length) yield all.slice(at, at + length);
}

/** Arrivals that came, and files that went, while the job ran are none of its findings. */
async function isStillUnknown(
  threads: CheckThreads,
  find: { get(uid: string): Record<string, unknown> | undefined },
  file: string,
): Promise<boolean> {
  const [facts] = await threads.call('facts', { files: [file] });
  if (facts === undefined) return false;
  if ('problem' in facts) return facts.problem !== 'missing-file';
  const { sopInstanceUID } = facts.header;
  return find.get(sopInstanceUID) === undefined || path.posix.normalize(file) !== relativeFileOfHash(hashOfUID(sopInstanceUID));
}
