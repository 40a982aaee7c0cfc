import fs from 'node:fs';
import path from 'node:path';
import type { VerifiedItem } from '../../shared/contract/index.ts';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';
import type { IndexEntry } from './arrival-messages.ts';
import { openReadOnly } from './index-reader.ts';
import { inParallel, type JobReporter } from './jobs.ts';
import { fileOfHash, folderOf, hashOfUID, relativeFileOfHash, shards } from './layout.ts';
import { type FileFacts, factsOf } from './read-header.ts';
import { number, text } from './rows.ts';
import { hashDataSet, openStored, type StoredFile } from './stored-file.ts';
import type { ArchiveLocation, VerifySummary } from './types.ts';

const WIDTH = 2;
const PAGE = 1_000;
const REBUILD_BATCH = 250;

/** Reads every file that the index knows and compares its hash; then looks for files that the index does not know. */
export async function verifyFiles(location: ArchiveLocation, job: JobReporter<VerifiedItem>): Promise<VerifySummary> {
  const database = openReadOnly(location);
  const summary = { checked: 0, bytes: 0, problems: 0 };
  const report = async (problem: VerifiedItem): Promise<void> => {
    summary.problems += 1;
    await job.item(problem);
  };
  try {
    const total = number(database.prepare('SELECT count(*) AS n FROM instances').get()?.n);
    const page = database.prepare('SELECT instance_id, sop_uid, sha256 FROM instances WHERE instance_id > ? ORDER BY instance_id LIMIT ?');
    const known = new HashSet(total);
    for (let last = 0; ; ) {
      const rows = page.all(last, PAGE);
      if (rows.length === 0) break;
      await inParallel(rows, WIDTH, async (row) => {
        job.check();
        const sopInstanceUID = text(row.sop_uid);
        const hash = hashOfUID(sopInstanceUID);
        known.add(hash);
        const found = await compare(fileOfHash(location, hash), Buffer.from(row.sha256 as Uint8Array).toString('hex'), job.signal);
        summary.checked += 1;
        summary.bytes += found.bytes;
        job.progress({ done: summary.checked, total, bytes: summary.bytes });
        if (found.problem !== undefined) {
          // An instance replaced or taken in while this job runs is read again by its new row.
          const now = database.prepare('SELECT sha256 FROM instances WHERE sop_uid = ?').get(sopInstanceUID)?.sha256;
          const isUnchanged = now instanceof Uint8Array && Buffer.compare(now, row.sha256 as Uint8Array) === 0;
          if (isUnchanged) await report({ kind: 'problem', sopInstanceUID, problem: found.problem, file: relativeFileOfHash(hash) });
        }
      });
      last = number(rows.at(-1)?.instance_id);
    }
    known.sort();
    for (const { name, relative } of storedFiles(location)) {
      job.check();
      const hash = /^[0-9a-f]{64}\.dcm$/.test(name) ? Buffer.from(name.slice(0, 64), 'hex') : undefined;
      if (hash !== undefined && known.has(hash)) continue;
      if (await isIndexedNow(location, database, relative)) continue;
      await report({ kind: 'problem', problem: 'not-indexed', file: relative });
    }
    return summary;
  } finally {
    database.close();
  }
}

async function compare(file: string, sha256: string, signal: AbortSignal): Promise<{ bytes: number; problem?: VerifiedItem['problem'] }> {
  try {
    const stored = await openStored(file);
    try {
      const same = (await hashDataSet(stored, signal)) === sha256;
      return same ? { bytes: stored.size } : { bytes: stored.size, problem: 'altered' };
    } finally {
      await stored.handle.close();
    }
  } catch (thrown) {
    if (signal.aborted) throw new PhosphorError('cancelled', 'cancelled');
    return { bytes: 0, problem: problemOf(thrown) };
  }
}

function problemOf(thrown: unknown): VerifiedItem['problem'] {
  if (systemCode(thrown) === 'ENOENT') return 'missing-file';
  return thrown instanceof PhosphorError ? 'altered' : 'unreadable';
}

/** Arrivals that came while the job ran. */
async function isIndexedNow(location: ArchiveLocation, database: ReturnType<typeof openReadOnly>, relative: string): Promise<boolean> {
  const facts = await factsAt(path.join(location.directory, relative));
  if (!('header' in facts)) return false;
  const row = database.prepare('SELECT 1 AS one FROM instances WHERE sop_uid = ?').get(facts.header.sopInstanceUID);
  return row !== undefined && `${relativeFileOfHash(hashOfUID(facts.header.sopInstanceUID))}` === relative;
}

/** Where a rebuild puts what it finds. */
export interface RebuildTarget {
  begin(): Promise<void>;
  add(entries: IndexEntry[]): Promise<void>;
  end(keep: boolean): Promise<void>;
}

/** Reads every file of the archive and builds the index anew from them. */
export async function rebuildIndex(
  location: ArchiveLocation,
  target: RebuildTarget,
  job: JobReporter<VerifiedItem>,
): Promise<VerifySummary> {
  const summary = { checked: 0, bytes: 0, problems: 0 };
  let batch: IndexEntry[] = [];
  let keep = false;
  await target.begin();
  try {
    const flush = async (): Promise<void> => {
      const full = batch;
      batch = [];
      if (full.length > 0) await target.add(full);
    };
    await inParallel(filesToRebuild(location), WIDTH, async ({ relative, action }) => {
      job.check();
      const facts = await factsAt(path.join(location.directory, relative), job.signal);
      summary.checked += 1;
      const fits = 'header' in facts && (action === 'conflict' || relativeFileOfHash(hashOfUID(facts.header.sopInstanceUID)) === relative);
      if (fits) {
        summary.bytes += facts.fileBytes;
        batch.push({ ...facts, action, origin: facts.sourceAETitle === '' ? 'import' : 'store' });
        if (batch.length >= REBUILD_BATCH) await flush();
      } else if (!('header' in facts && facts.fileBytes === 0)) {
        summary.problems += 1;
        const problem = 'problem' in facts ? facts.problem : 'altered';
        if (problem !== 'missing-file') await job.item({ kind: 'problem', problem, file: relative });
      }
      job.progress({ done: summary.checked, bytes: summary.bytes });
    });
    await flush();
    job.check();
    keep = true;
  } finally {
    await target.end(keep);
  }
  return summary;
}

async function factsAt(file: string, signal?: AbortSignal): Promise<FileFacts | { problem: VerifiedItem['problem'] }> {
  let stored: StoredFile | undefined;
  try {
    stored = await openStored(file);
    return await factsOf(stored, signal);
  } catch (thrown) {
    if (signal?.aborted === true) throw new PhosphorError('cancelled', 'cancelled');
    return { problem: problemOf(thrown) };
  } finally {
    await stored?.handle.close();
  }
}

function* storedFiles(location: ArchiveLocation): Generator<{ name: string; relative: string }> {
  for (const shard of shards()) {
    for (const name of fs.readdirSync(path.join(folderOf.files(location), shard))) yield { name, relative: `files/${shard}/${name}` };
  }
}

function* filesToRebuild(location: ArchiveLocation): Generator<{ relative: string; action: 'stored' | 'conflict' }> {
  for (const { relative } of storedFiles(location)) yield { relative, action: 'stored' };
  for (const name of fs.readdirSync(folderOf.conflicts(location))) yield { relative: `conflicts/${name}`, action: 'conflict' };
}

/** The first 8 bytes of each hash: a million of them take 8 MB. Two files that share them would have to be sought for 4 thousand million. */
class HashSet {
  readonly #hashes: BigUint64Array;
  #size = 0;

  constructor(capacity: number) {
    this.#hashes = new BigUint64Array(capacity);
  }

  add(hash: Buffer): void {
    if (this.#size >= this.#hashes.length) return;
    this.#hashes[this.#size] = hash.readBigUInt64BE();
    this.#size += 1;
  }

  sort(): void {
    this.#hashes.subarray(0, this.#size).sort();
  }

  has(hash: Buffer): boolean {
    const wanted = hash.readBigUInt64BE();
    let low = 0;
    let high = this.#size - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const value = this.#hashes[middle] ?? 0n;
      if (value === wanted) return true;
      if (value < wanted) low = middle + 1;
      else high = middle - 1;
    }
    return false;
  }
}
