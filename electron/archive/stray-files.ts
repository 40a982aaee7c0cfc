import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openReadOnly } from './index-reader.ts';
import { fileOfHash, folderOf, hashOfUID, shards } from './layout.ts';
import { text } from './rows.ts';
import type { ArchiveLocation } from './types.ts';

const STORED = /^[0-9a-f]{64}\.dcm$/;

/** Files of files/, relative to the archive's folder, that no row of the index knows. Of a name that is none of ours too. */
export function unknownFiles(location: ArchiveLocation, limit: number): string[] {
  const database = openReadOnly(location);
  try {
    const known = new HashSet(Number(database.prepare('SELECT count(*) AS n FROM instances').get()?.n ?? 0) + 100_000);
    for (const row of database.prepare('SELECT sop_uid FROM instances').iterate()) known.add(hashOfUID(text(row.sop_uid)));
    known.sort();
    const unknown: string[] = [];
    for (const { shard, names } of shardNames(location)) {
      for (const name of names) {
        const isKnown = STORED.test(name) && known.has(Buffer.from(name.slice(0, 64), 'hex'));
        if (!isKnown && unknown.length < limit) unknown.push(`files/${shard}/${name}`);
      }
    }
    return unknown;
  } finally {
    database.close();
  }
}

/**
 * Of the first `shards` folders, which `database` (the index under construction) has read: files that changed, came or came back since
 * (their inode did), and SOP Instance UIDs whose file has gone.
 */
export function changedSince(
  location: ArchiveLocation,
  { database: file, shards: done, since }: { database: string; shards: number; since: number },
): { changed: string[]; gone: string[] } {
  const changed: string[] = [];
  for (const { shard, names } of shardNames(location, done)) {
    for (const name of names) {
      const stat = fs.statSync(path.join(folderOf.files(location), shard, name), { throwIfNoEntry: false });
      if (stat !== undefined && stat.ctimeMs >= since) changed.push(`files/${shard}/${name}`);
    }
  }
  const gone: string[] = [];
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    for (const row of database.prepare('SELECT sop_uid FROM instances').iterate()) {
      const uid = text(row.sop_uid);
      if (!fs.existsSync(fileOfHash(location, hashOfUID(uid)))) gone.push(uid);
    }
  } finally {
    database.close();
  }
  return { changed, gone };
}

/** Folder by folder: a million names are never held at once. */
export function* shardNames(location: ArchiveLocation, end = shards().length, begin = 0): Generator<{ shard: string; names: string[] }> {
  for (const shard of shards().slice(begin, end)) yield { shard, names: fs.readdirSync(path.join(folderOf.files(location), shard)) };
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
