import type { DatabaseSync } from 'node:sqlite';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { statements as notes } from './0001-notes.ts';

/** Forward only; the position + 1 is the version (PRAGMA user_version). One file each, never changed once released. */
const MIGRATIONS: readonly string[] = [notes];

/** Marks user.db as ours (PRAGMA application_id): "PHOU". */
export const USER_APPLICATION_ID = 0x50484f55;

/**
 * Brings user.db up to date in one transaction per migration. `before` is called with the version that is there before each one that is
 * applied to a database that holds something. Throws PhosphorError `unsupported` when a newer program wrote it.
 */
export function migrateUserData(database: DatabaseSync, before: (version: number) => void): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
  if (version > MIGRATIONS.length) throw new PhosphorError('unsupported', 'user.db was written by a newer version of this program');
  for (let step = version; step < MIGRATIONS.length; step += 1) {
    if (step > 0) before(step);
    database.exec('BEGIN IMMEDIATE');
    try {
      database.exec(`${MIGRATIONS[step] ?? ''} PRAGMA user_version = ${step + 1}; PRAGMA application_id = ${USER_APPLICATION_ID}; COMMIT`);
    } catch (thrown) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw thrown;
    }
  }
}
