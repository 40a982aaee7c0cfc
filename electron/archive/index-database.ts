import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';
import { INDEX_DAMAGED } from './index-damaged.ts';
import { APPLICATION_ID, migrate, pragma } from './migrations/index.ts';

const RELATIVES = ['', '-wal', '-shm'];

export interface OpenedIndex {
  readonly database: DatabaseSync;
  /** Nothing was there: the files, if any, have to be read in. */
  readonly isNew: boolean;
  /** Name under which a damaged database was set aside. */
  readonly setAside?: string;
}

/** Opens (or creates) an index for writing. A damaged one is set aside with its journal, and an empty one takes its place. */
export function openForWriting(file: string): OpenedIndex {
  try {
    const isNew = !fs.existsSync(file);
    return { database: openChecked(file), isNew };
  } catch (thrown) {
    if (!isDamage(thrown)) throw thrown;
    const setAside = setAsideDatabase(file);
    return { database: openChecked(file), isNew: true, setAside };
  }
}

function openChecked(file: string): DatabaseSync {
  if (!fs.existsSync(file)) fs.closeSync(fs.openSync(file, 'wx', 0o600));
  const database = new DatabaseSync(file);
  try {
    // SQLite takes any file of zero length for an empty database; of all others this is the first read.
    database.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON');
    // 24 MB of pages hold most of what a batch touches of a million instances; a longer journal (64 MB) writes each of them back less often.
    database.exec('PRAGMA cache_size = -24000; PRAGMA wal_autocheckpoint = 16000');
    const version = pragma(database, 'user_version');
    if (version > 0 && pragma(database, 'application_id') !== APPLICATION_ID) throw new PhosphorError('damaged', 'not an index of ours');
    migrate(database, (step) => backUp(database, file, step));
    for (const table of [
      'studies',
      'series',
      'instances',
      'image_descriptions',
      'conflicts',
      'state',
      'studies_text',
      'studies_words',
      'study_sources',
      'incomplete_studies',
    ]) {
      database.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get();
    }
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

/**
 * A copy as it was before a migration, beside the database; older copies go. The index can be read from the files again, so a disk without
 * room for the copy does not hold the migration up.
 */
function backUp(database: DatabaseSync, file: string, version: number): void {
  const folder = path.dirname(file);
  const name = `${path.basename(file)}.before-${version + 1}`;
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  for (const other of fs.readdirSync(folder)) {
    if (other.startsWith(`${path.basename(file)}.before-`) && other !== name) fs.rmSync(path.join(folder, other), { force: true });
  }
  try {
    fs.copyFileSync(file, path.join(folder, name), fs.constants.COPYFILE_FICLONE);
    fs.chmodSync(path.join(folder, name), 0o600);
  } catch (thrown) {
    fs.rmSync(path.join(folder, name), { force: true });
    if (systemCode(thrown) !== 'ENOSPC' && systemCode(thrown) !== 'EDQUOT') throw thrown;
  }
}

/** Renames a database and its journal; nobody of ours may have it open for writing. Returns the new name's last part. */
export function setAsideDatabase(file: string): string {
  const name = `${file}.damaged-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  for (const relative of RELATIVES) if (fs.existsSync(file + relative)) fs.renameSync(file + relative, name + relative);
  return path.basename(name);
}

/** Removes a database that is not wanted any more. */
export function removeIndex(file: string): void {
  for (const relative of RELATIVES) fs.rmSync(file + relative, { force: true });
}

const CORRUPT = 11;
const NOT_A_DATABASE = 26;
/** SQLITE_ERROR: a statement does not fit the schema it finds (a table gone, another program's file). */
const NO_SUCH_TABLE = /no such (table|column)|malformed/;

/** Runs a query; SQLite's complaint about a broken file comes as PhosphorError `damaged`. */
export function readSafely<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    // What one of ours says is damaged is a file of the archive.
    if (cause instanceof PhosphorError) throw cause;
    if (isDamage(cause)) throw new PhosphorError('damaged', 'the index of the archive is damaged', { code: INDEX_DAMAGED }, { cause });
    throw cause;
  }
}

/** Whether an error says that the database itself is broken (and not the disk full or the file busy). */
export function isDamage(thrown: unknown): boolean {
  if (thrown instanceof PhosphorError) return thrown.kind === 'damaged';
  if (!(thrown instanceof Error) || !('errcode' in thrown) || typeof thrown.errcode !== 'number') return false;
  const primary = thrown.errcode & 0xff;
  return primary === CORRUPT || primary === NOT_A_DATABASE || NO_SUCH_TABLE.test(thrown.message);
}
