import fs from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { openForWriting, removeIndex } from './index-database.ts';
import type { RebuildCursor } from './rebuild-index.ts';

/** An older one knows too little of what is there now: reading anew is as fast as comparing. */
const MAX_AGE_MS = 7 * 24 * 3_600_000;
const KEYS = ['shards', 'startedAt', 'checked', 'bytes', 'problems'] as const satisfies readonly (keyof RebuildCursor)[];
/** Pages that one step gives back: some 40 MB, so that arrivals never wait long for the index. */
const STEP_PAGES = 10_000;
/** FTS5 merges about so many pages of its index at a time. */
const MERGE_PAGES = 500;

/** The index under construction: the one that was interrupted, with how far it came, or an empty one. */
export function openRebuild(
  file: string,
  restart: boolean,
  characters: number,
): { database: DatabaseSync; cursor: RebuildCursor | undefined } {
  if (!restart && fs.existsSync(file)) {
    const { database, setAside } = openForWriting(file);
    const cursor = charactersKeyOf(database) === characters ? readCursor(database) : undefined;
    if (setAside === undefined && cursor !== undefined && Date.now() - cursor.startedAt < MAX_AGE_MS) return { database, cursor };
    database.close();
  }
  removeIndex(file);
  const { database } = openForWriting(file);
  writeCharactersKey(database, characters);
  return { database, cursor: undefined };
}

/** By what its text was read (fallback-character-sets.ts). */
export function charactersKeyOf(database: DatabaseSync): number {
  const value = database.prepare(`SELECT value FROM state WHERE key = 'characters'`).get()?.value;
  return typeof value === 'number' ? value : 0;
}

export function writeCharactersKey(database: DatabaseSync, key: number): void {
  database.prepare(`INSERT OR REPLACE INTO state (key, value) VALUES ('characters', ?)`).run(key);
}

export function writeRebuildCursor(database: DatabaseSync, cursor: RebuildCursor): void {
  const write = database.prepare('INSERT OR REPLACE INTO state (key, value) VALUES (?, ?)');
  database.exec('BEGIN IMMEDIATE');
  for (const key of KEYS) write.run(`rebuild.${key}`, cursor[key]);
  database.exec('COMMIT');
}

export function removeRebuildCursor(database: DatabaseSync): void {
  database.exec(`DELETE FROM state WHERE key LIKE 'rebuild.%'`);
}

function readCursor(database: DatabaseSync): RebuildCursor | undefined {
  const read = database.prepare('SELECT value FROM state WHERE key = ?');
  const values = KEYS.map((key) => read.get(`rebuild.${key}`)?.value);
  const [shards, startedAt, checked, bytes, problems] = values.map((value) => (typeof value === 'number' ? value : Number.NaN));
  const cursor = { shards, startedAt, checked, bytes, problems };
  return Object.values(cursor).every((value) => Number.isSafeInteger(value)) ? (cursor as RebuildCursor) : undefined;
}

/**
 * Gives room that deleted rows left back to the disk, a step at a time. The first step of the first time writes the file anew (VACUUM), because
 * only then SQLite keeps what later steps need. What was deleted is overwritten as well: in the text index by merging it, in the journal by
 * cutting it.
 */
export function compactStep(database: DatabaseSync, first: boolean): { freed: number; more: boolean } {
  const before = sizeOf(database);
  if (first) {
    database.exec(`INSERT INTO studies_text (studies_text) VALUES ('optimize')`);
    if (pragma(database, 'auto_vacuum') !== INCREMENTAL) database.exec('PRAGMA auto_vacuum = INCREMENTAL; VACUUM');
  } else {
    database.exec(`INSERT INTO studies_text (studies_text, rank) VALUES ('merge', ${MERGE_PAGES})`);
  }
  // Each row of this statement is one page given back.
  database.prepare(`PRAGMA incremental_vacuum(${STEP_PAGES})`).all();
  const more = pragma(database, 'freelist_count') > 0;
  if (!more) database.exec('PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)');
  return { freed: Math.max(0, before - sizeOf(database)), more };
}

const INCREMENTAL = 2;

function sizeOf(database: DatabaseSync): number {
  return pragma(database, 'page_count') * pragma(database, 'page_size');
}

function pragma(database: DatabaseSync, name: 'auto_vacuum' | 'freelist_count' | 'page_count' | 'page_size'): number {
  const value = database.prepare(`PRAGMA ${name}`).get()?.[name];
  return typeof value === 'number' ? value : 0;
}
