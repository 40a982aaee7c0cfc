import { chmodSync, existsSync, renameSync } from 'node:fs';
import { basename } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import { migrations } from './migrations/index.ts';
import { FINISHED_KEPT, FINISHED_SHOWN, type StoredActions } from './store-protocol.ts';
import type { ActionRecord, CompleteDraft } from './types.ts';

/** actions.db on its own thread: WAL, synchronous FULL, so that what is answered survives power loss. */
export class ActionDatabase {
  readonly #database: DatabaseSync;
  readonly #keptAside: string | undefined;

  /** Opens or creates it. A damaged one is moved aside and a new one begun: a queue that cannot be read must not stop the workstation. */
  constructor(file: string) {
    let keptAside: string | undefined;
    let database: DatabaseSync;
    try {
      database = open(file);
    } catch (thrown) {
      if (sqliteError(thrown).kind !== 'damaged') throw PhosphorError.from(sqliteError(thrown));
      keptAside = setAside(file);
      database = open(file);
    }
    this.#database = database;
    this.#keptAside = keptAside;
  }

  load(): StoredActions {
    this.#database
      .prepare(
        `DELETE FROM actions WHERE complete IS NOT NULL AND position NOT IN
           (SELECT position FROM actions WHERE complete IS NOT NULL ORDER BY finished_at DESC LIMIT ?)`,
      )
      .run(FINISHED_KEPT);
    const unfinished = this.#database
      .prepare('SELECT action_id, action, tag, requested_at, resumed FROM actions WHERE complete IS NULL ORDER BY position')
      .all();
    const finished = this.#database
      .prepare('SELECT complete FROM actions WHERE complete IS NOT NULL AND dismissed = 0 ORDER BY finished_at DESC, position DESC LIMIT ?')
      .all(FINISHED_SHOWN);
    return {
      unfinished: unfinished.map((row) => ({
        actionId: row.action_id,
        action: parse(row.action),
        tag: parse(row.tag),
        requestedAt: row.requested_at,
        resumed: row.resumed,
      })),
      finished: finished.map((row) => parse(row.complete)),
      ...(this.#keptAside === undefined ? {} : { keptAside: this.#keptAside }),
    };
  }

  /** Idempotent, so that it can be repeated after the thread was replaced. */
  insert({ actionId, action, tag, requestedAt }: ActionRecord): void {
    this.#database
      .prepare('INSERT OR IGNORE INTO actions (action_id, action, tag, requested_at) VALUES (?, ?, ?, ?)')
      .run(actionId, JSON.stringify(action), JSON.stringify(tag), requestedAt);
  }

  /** The first completion of an action stays; a second one changes nothing. Works for an action whose record could not be written. */
  complete(complete: CompleteDraft): void {
    const { actionId, action, tag, startedAt, finishedAt } = complete;
    this.insert({ actionId, action, tag, requestedAt: startedAt });
    this.#database
      .prepare('UPDATE actions SET complete = ?, finished_at = ? WHERE action_id = ? AND complete IS NULL')
      .run(JSON.stringify(complete), finishedAt, actionId);
  }

  /** Idempotent. */
  resume(actionId: string, resumed: number): void {
    this.#database.prepare('UPDATE actions SET resumed = ? WHERE action_id = ?').run(resumed, actionId);
  }

  dismiss(actionId: string): void {
    this.#database.prepare('UPDATE actions SET dismissed = 1 WHERE action_id = ?').run(actionId);
  }

  close(): void {
    this.#database.close();
  }
}

function open(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    chmodSync(file, 0o600);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;');
    const { quick_check: check } = database.prepare('PRAGMA quick_check(1)').get() ?? {};
    if (check !== 'ok') throw new PhosphorError('damaged', 'actions.db fails its check');
    migrate(database);
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

function migrate(database: DatabaseSync): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
  if (version > migrations.length) throw new PhosphorError('damaged', 'actions.db was written by a newer version');
  for (let i = version; i < migrations.length; i += 1) {
    database.exec(`BEGIN IMMEDIATE; ${migrations[i]} PRAGMA user_version = ${i + 1}; COMMIT;`);
  }
}

function setAside(file: string): string {
  const kept = `${file}.damaged-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  renameSync(file, kept);
  for (const suffix of ['-wal', '-shm']) if (existsSync(file + suffix)) renameSync(file + suffix, kept + suffix);
  return basename(kept);
}

/** SQLite's primary result codes: 11 CORRUPT, 26 NOTADB, 13 FULL. Its messages stay here. */
export function sqliteError(thrown: unknown): PhosphorErrorData {
  if (thrown instanceof PhosphorError) return thrown.data;
  if (typeof thrown === 'object' && thrown !== null && 'errcode' in thrown && typeof thrown.errcode === 'number') {
    const code = `SQLITE_${thrown.errcode}`;
    const primary = thrown.errcode & 0xff;
    if (primary === 11 || primary === 26) return new PhosphorError('damaged', 'actions.db is damaged', { code }).data;
    if (primary === 13) return new PhosphorError('storage-full', 'the disk is full', { code }).data;
    return new PhosphorError('storage', 'actions.db cannot be written', { code }).data;
  }
  const error = toErrorData(thrown);
  return error.code === undefined ? error : { ...error, kind: error.kind === 'storage-full' ? 'storage-full' : 'storage' };
}

function parse(json: unknown): unknown {
  try {
    return typeof json === 'string' ? JSON.parse(json) : undefined;
  } catch {
    return undefined;
  }
}
