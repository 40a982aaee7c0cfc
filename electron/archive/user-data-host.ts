import type { DatabaseSync } from 'node:sqlite';
import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import { isDamage } from './index-database.ts';
import { storageError } from './layout.ts';
import type { ArchiveLocation } from './types.ts';
import { type UserDataChange, type UserDataMethods, userDataMethods } from './user-data.ts';
import { backUpDaily, openUserData } from './user-database.ts';

const BACKUP_CHECK_MS = 60 * 60 * 1000;

/** How user.db was found. */
export interface UserDataReport {
  /** Name under which a damaged one was set aside. */
  readonly setAside?: string;
  /** Day of the backup that took its place. */
  readonly restored?: string;
  /** It cannot be used: the archive works, its notes do not. */
  readonly isUnavailable?: true;
}

/** Owner of user.db on the index writer's thread: opens it, answers for it, backs it up daily. */
export class UserDataHost {
  readonly #location: ArchiveLocation;
  readonly #archiveId: string;
  readonly #changed: (change: UserDataChange) => void;
  #database: DatabaseSync | undefined;
  #methods: UserDataMethods | undefined;
  #failure = new PhosphorError('interrupted', 'user.db is not open');
  #timer: NodeJS.Timeout | undefined;

  constructor(location: ArchiveLocation, archiveId: string, changed: (change: UserDataChange) => void) {
    this.#location = location;
    this.#archiveId = archiveId;
    this.#changed = changed;
  }

  open(): UserDataReport {
    try {
      const { database, ...report } = openUserData(this.#location);
      this.#database = database;
      this.#methods = userDataMethods(database, this.#archiveId, this.#changed);
      this.#backUp();
      this.#timer = setInterval(() => this.#backUp(), BACKUP_CHECK_MS);
      this.#timer.unref();
      return report;
    } catch (thrown) {
      this.#failure = userDataError(thrown);
      return { isUnavailable: true };
    }
  }

  /** Every method of UserDataMethods, for the thread's table. */
  methods(): UserDataMethods {
    const answer =
      <Name extends keyof UserDataMethods>(name: Name) =>
      (args: Parameters<UserDataMethods[Name]>[0]): ReturnType<UserDataMethods[Name]> => {
        if (this.#methods === undefined) throw this.#failure;
        try {
          const method = this.#methods[name] as (args: Parameters<UserDataMethods[Name]>[0]) => ReturnType<UserDataMethods[Name]>;
          return method(args);
        } catch (thrown) {
          throw userDataError(thrown);
        }
      };
    return {
      'user.labels.list': answer('user.labels.list'),
      'user.labels.change': answer('user.labels.change'),
      'user.labels.rename': answer('user.labels.rename'),
      'user.labels.delete': answer('user.labels.delete'),
      'user.pins.set': answer('user.pins.set'),
      'user.read.set': answer('user.read.set'),
      'user.opened': answer('user.opened'),
      'user.comments.list': answer('user.comments.list'),
      'user.comments.add': answer('user.comments.add'),
      'user.comments.edit': answer('user.comments.edit'),
      'user.comments.remove': answer('user.comments.remove'),
      'user.annotations.get': answer('user.annotations.get'),
      'user.annotations.put': answer('user.annotations.put'),
    };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#database?.close();
    this.#database = undefined;
    this.#methods = undefined;
  }

  /** A backup that cannot be written now is tried again in an hour; what it would hold is safe. */
  #backUp(): void {
    try {
      if (this.#database !== undefined) backUpDaily(this.#location, this.#database);
    } catch {}
  }
}

const SQLITE_FULL = 13;

/** SQLite's messages stay here. */
function userDataError(thrown: unknown): PhosphorError {
  if (thrown instanceof PhosphorError && thrown.kind !== 'damaged') return thrown;
  if (isDamage(thrown)) return new PhosphorError('storage', 'user.db is damaged; it is repaired at the next start');
  if (thrown instanceof Error && 'errcode' in thrown && typeof thrown.errcode === 'number') {
    const isFull = (thrown.errcode & 0xff) === SQLITE_FULL;
    return isFull
      ? new PhosphorError('storage-full', 'the disk with the profile is full')
      : new PhosphorError('storage', 'user.db cannot be used', { code: `SQLITE_${thrown.errcode}` });
  }
  const code = toErrorData(thrown).code;
  return code === undefined
    ? new PhosphorError('internal', 'user.db cannot be used', {}, { cause: thrown })
    : storageError(thrown, 'user.db cannot be used');
}
