import type { DatabaseSync } from 'node:sqlite';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { ageOf } from '../ages.ts';
import { fold, foldName, words } from '../matching.ts';
import { statements as studiesSeriesInstances } from './0001-studies-series-instances.ts';
import { statements as search } from './0002-search.ts';
import { statements as truncated } from './0003-truncated.ts';

/** Forward only; the position + 1 is the version (PRAGMA user_version). One file each, never changed once released. */
const MIGRATIONS: readonly string[] = [studiesSeriesInstances, search, truncated];

/** The version that this program writes. */
const INDEX_VERSION = MIGRATIONS.length;

/** Marks index.db as ours (PRAGMA application_id): "PHOI". */
export const APPLICATION_ID = 0x50484f49;

/**
 * Brings an index up to date, one transaction per migration. `beforeStep` is called with its version before each one that is applied to a
 * database that holds something (for a backup). Throws PhosphorError `unsupported` when a newer program wrote it.
 */
export function migrate(database: DatabaseSync, beforeStep: (version: number) => void): void {
  const version = pragma(database, 'user_version');
  if (version > INDEX_VERSION) throw new PhosphorError('unsupported', 'the index was written by a newer version of this program');
  defineFunctions(database);
  for (let step = version; step < INDEX_VERSION; step += 1) {
    if (version > 0) beforeStep(step);
    database.exec('BEGIN IMMEDIATE');
    try {
      database.exec(MIGRATIONS[step] ?? '');
      database.exec(`PRAGMA user_version = ${step + 1}`);
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
      database.exec('COMMIT');
    } catch (thrown) {
      database.exec('ROLLBACK');
      throw thrown;
    }
  }
}

/** What migrations and the writer compute of columns that are there. */
function defineFunctions(database: DatabaseSync): void {
  const pure = { deterministic: true } as const;
  const said = (value: unknown): string => (typeof value === 'string' ? value : '');
  database.function('fold', pure, (text) => fold(said(text)));
  database.function('foldName', pure, (text) => foldName(said(text)));
  database.function('words', pure, (text) => words(said(text)));
  database.function('ageMonths', pure, (born, studied, age) => ageOf(said(born), said(studied), said(age))?.months ?? null);
  database.function('ageDays', pure, (born, studied, age) => ageOf(said(born), said(studied), said(age))?.days ?? null);
}

/** An integer PRAGMA's value. */
export function pragma(database: DatabaseSync, name: 'user_version' | 'application_id'): number {
  const row = database.prepare(`PRAGMA ${name}`).get();
  const value = row?.[name];
  return typeof value === 'number' ? value : 0;
}
