import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';
import { isDamage, setAsideDatabase } from './index-database.ts';
import type { ArchiveLocation } from './types.ts';
import { migrateUserData, USER_APPLICATION_ID } from './user-migrations/index.ts';

/** Daily backups that are kept, besides one before each migration. */
const KEPT_DAYS = 7;
const KEPT_MIGRATIONS = 2;

export interface OpenedUserData {
  readonly database: DatabaseSync;
  /** Name under which a damaged one was set aside. */
  readonly setAside?: string;
  /** The backup that took its place, `2026-11-21`. */
  readonly restored?: string;
}

export function userDataFile(location: ArchiveLocation): string {
  return path.join(location.databases, 'user.db');
}

/** Opens or creates user.db. Of one that is damaged (set aside), empty or gone, the newest backup that is whole takes the place. */
export function openUserData(location: ArchiveLocation): OpenedUserData {
  const file = userDataFile(location);
  const isThere = fs.existsSync(file);
  const isLost = (!isThere || fs.statSync(file).size === 0) && backups(location).length > 0;
  try {
    if (!isLost) return { database: openChecked(location, file) };
  } catch (thrown) {
    if (!isDamage(thrown)) throw thrown;
  }
  // A journal without its file would be taken for one of the backup.
  const aside = setAsideDatabase(file);
  const setAside = isThere ? { setAside: aside } : {};
  for (const backup of backups(location).reverse()) {
    try {
      fs.copyFileSync(path.join(folderOfBackups(location), backup), file);
      const database = openChecked(location, file);
      return { database, ...setAside, restored: /\d{4}-\d{2}-\d{2}/.exec(backup)?.[0] ?? backup };
    } catch (thrown) {
      if (!isDamage(thrown)) throw thrown;
      fs.rmSync(file, { force: true });
    }
  }
  return { database: openChecked(location, file), ...setAside };
}

function openChecked(location: ArchiveLocation, file: string): DatabaseSync {
  if (!fs.existsSync(file)) fs.closeSync(fs.openSync(file, 'wx', 0o600));
  fs.chmodSync(file, 0o600);
  const database = new DatabaseSync(file);
  try {
    database.exec(
      'PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA cache_size = -1000',
    );
    if (database.prepare('PRAGMA quick_check(1)').get()?.quick_check !== 'ok')
      throw new PhosphorError('damaged', 'user.db fails its check');
    const { user_version: version = 0 } = database.prepare('PRAGMA user_version').get() ?? {};
    const { application_id: own = 0 } = database.prepare('PRAGMA application_id').get() ?? {};
    if (version !== 0 && own !== USER_APPLICATION_ID) throw new PhosphorError('damaged', 'user.db is none of ours');
    migrateUserData(database, (before) => backUpUserData(location, database, `before-${before + 1}`));
    for (const table of ['labels', 'study_marks', 'comments', 'annotations']) database.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get();
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

/** Today's backup, where there is none yet and something to keep. Throws PhosphorError `storage-full`, `storage`. */
export function backUpDaily(location: ArchiveLocation, database: DatabaseSync): void {
  const today = new Date().toISOString().slice(0, 10);
  if (backups(location).some((name) => name.endsWith(`${today}.db`))) return;
  backUpUserData(location, database, today);
}

/** Written aside and renamed when whole, so that a backup is never half. */
function backUpUserData(location: ArchiveLocation, database: DatabaseSync, name: string): void {
  const folder = folderOfBackups(location);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, `user-${name}.db`);
  const aside = `${file}.new`;
  fs.rmSync(aside, { force: true });
  fs.closeSync(fs.openSync(aside, 'wx', 0o600));
  database.prepare('VACUUM INTO ?').run(aside);
  fs.renameSync(aside, file);
  prune(location);
}

function prune(location: ArchiveLocation): void {
  const names = backups(location);
  const daily = names.filter((name) => DAILY.test(name));
  const others = names.filter((name) => !DAILY.test(name));
  for (const name of [...daily.slice(0, -KEPT_DAYS), ...others.slice(0, -KEPT_MIGRATIONS)]) {
    fs.rmSync(path.join(folderOfBackups(location), name), { force: true });
  }
}

const DAILY = /^user-\d{4}-\d{2}-\d{2}\.db$/;

/** Names, oldest first by the time they were written. */
function backups(location: ArchiveLocation): string[] {
  const folder = folderOfBackups(location);
  try {
    return fs
      .readdirSync(folder)
      .filter((name) => /^user-[\w-]+\.db$/.test(name))
      .map((name) => ({ name, at: fs.statSync(path.join(folder, name)).mtimeMs }))
      .sort((one, other) => one.at - other.at)
      .map(({ name }) => name);
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return [];
    throw thrown;
  }
}

const folderOfBackups = (location: ArchiveLocation): string => path.join(location.databases, 'backups');
