import { randomUUID } from 'node:crypto';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { CommandArgs, CommandResult, Comment, Target, UserDataTopic } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { fold } from './matching.ts';
import { number, type Row, text } from './rows.ts';

/** A command of `user.*` without its prefix, as the thread that owns user.db answers it. */
export type UserDataMethods = {
  [Command in UserCommand as `user.${Command}`]: (args: CommandArgs<`user.${Command}`>) => CommandResult<`user.${Command}`>;
};
type UserCommand =
  | 'labels.list'
  | 'labels.change'
  | 'labels.rename'
  | 'labels.delete'
  | 'pins.set'
  | 'read.set'
  | 'opened'
  | 'comments.list'
  | 'comments.add'
  | 'comments.edit'
  | 'comments.remove'
  | 'annotations.get'
  | 'annotations.put';

export interface UserDataChange {
  readonly topic: UserDataTopic;
  readonly studyInstanceUIDs: string[];
}

const MAX_LABELS = 10_000;
const MAX_LABELS_OF_STUDY = 100;
const MAX_COMMENTS_OF_STUDY = 1_000;
const nothing = {};

/** The notes of one archive in user.db: each call is one transaction, on the disk when it returns. Throws PhosphorError and SQLite's errors. */
export function userDataMethods(database: DatabaseSync, archiveId: string, changed: (change: UserDataChange) => void): UserDataMethods {
  const run = (sql: string, ...values: (string | number | null)[]): number => Number(database.prepare(sql).run(...values).changes);
  const one = (sql: string, ...values: (string | number)[]): Row | undefined => database.prepare(sql).get(...values);
  const every = (sql: string, ...values: (string | number)[]): Row[] => database.prepare(sql).all(...values);
  const transaction = <T>(work: () => T): T => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      database.exec('COMMIT');
      return result;
    } catch (thrown) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw thrown;
    }
  };
  const mark = (column: 'pinned' | 'read_state' | 'opened_at', value: string | number, studyInstanceUIDs: readonly string[]): void => {
    const sql = `INSERT INTO study_marks (archive_id, study_uid, ${column}) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET ${column} = excluded.${column}`;
    transaction(() => {
      for (const uid of studyInstanceUIDs) run(sql, archiveId, uid, value);
    });
  };
  const commentOf = (commentId: string): Comment => {
    const row = one('SELECT * FROM comments WHERE comment_id = ? AND archive_id = ?', commentId, archiveId);
    if (row === undefined) throw new PhosphorError('not-found', 'there is no such comment');
    return comment(row);
  };

  return {
    'user.labels.list': () => ({
      labels: every(
        `SELECT min(label) AS label, count(DISTINCT study_uid) AS studies FROM labels WHERE archive_id = ?
         GROUP BY label_search ORDER BY label_search LIMIT ${MAX_LABELS}`,
        archiveId,
      ).map((row) => ({ label: text(row.label), studies: number(row.studies) })),
    }),

    'user.labels.change': ({ targets, add, remove }) => {
      const same = `archive_id = ? AND study_uid = ? AND series_uid = ? AND sop_uid = ?`;
      transaction(() => {
        for (const { uids } of targets.map(keyOf)) {
          for (const label of remove) run(`DELETE FROM labels WHERE ${same} AND label_search = ?`, archiveId, ...uids, fold(label));
          for (const label of add) {
            run(
              `INSERT OR IGNORE INTO labels (archive_id, study_uid, series_uid, sop_uid, label_search, label, set_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
              ...[archiveId, ...uids, fold(label), spelling(label), Date.now()],
            );
          }
          const { n } =
            one('SELECT count(DISTINCT label_search) AS n FROM labels WHERE archive_id = ? AND study_uid = ?', archiveId, uids[0]) ?? {};
          if (number(n) > MAX_LABELS_OF_STUDY)
            throw new PhosphorError('limit-exceeded', `a study has at most ${MAX_LABELS_OF_STUDY} labels`);
        }
      });
      changed({ topic: 'labels', studyInstanceUIDs: targets.map(({ studyInstanceUID }) => studyInstanceUID) });
      return nothing;
    },

    'user.labels.rename': ({ label, to }) => {
      const studies = labelled(label);
      transaction(() => {
        run(
          `INSERT OR IGNORE INTO labels (archive_id, study_uid, series_uid, sop_uid, label_search, label, set_at)
           SELECT archive_id, study_uid, series_uid, sop_uid, ?, ?, set_at FROM labels WHERE archive_id = ? AND label_search = ?`,
          ...[fold(to), to, archiveId, fold(label)],
        );
        if (fold(to) !== fold(label)) run('DELETE FROM labels WHERE archive_id = ? AND label_search = ?', archiveId, fold(label));
        run('UPDATE labels SET label = ? WHERE archive_id = ? AND label_search = ?', to, archiveId, fold(to));
      });
      changed({ topic: 'labels', studyInstanceUIDs: studies });
      return nothing;
    },

    'user.labels.delete': ({ label }) => {
      const studies = labelled(label);
      run('DELETE FROM labels WHERE archive_id = ? AND label_search = ?', archiveId, fold(label));
      changed({ topic: 'labels', studyInstanceUIDs: studies });
      return nothing;
    },

    'user.pins.set': ({ studyInstanceUIDs, pinned }) => {
      mark('pinned', pinned ? 1 : 0, studyInstanceUIDs);
      changed({ topic: 'pins', studyInstanceUIDs });
      return nothing;
    },

    'user.read.set': ({ studyInstanceUIDs, state }) => {
      mark('read_state', state, studyInstanceUIDs);
      changed({ topic: 'read', studyInstanceUIDs });
      return nothing;
    },

    'user.opened': ({ studyInstanceUID }) => {
      mark('opened_at', Date.now(), [studyInstanceUID]);
      changed({ topic: 'opened', studyInstanceUIDs: [studyInstanceUID] });
      return nothing;
    },

    'user.comments.list': ({ studyInstanceUID }) => ({
      comments: every(
        `SELECT * FROM comments WHERE archive_id = ? AND study_uid = ? ORDER BY created_at, comment_id LIMIT ${MAX_COMMENTS_OF_STUDY}`,
        archiveId,
        studyInstanceUID,
      ).map(comment),
    }),

    'user.comments.add': ({ text: said, ...target }) => {
      const { uids } = keyOf(target);
      const { n } = one('SELECT count(*) AS n FROM comments WHERE archive_id = ? AND study_uid = ?', archiveId, uids[0]) ?? {};
      if (number(n) >= MAX_COMMENTS_OF_STUDY)
        throw new PhosphorError('limit-exceeded', `a study has at most ${MAX_COMMENTS_OF_STUDY} comments`);
      const commentId = randomUUID();
      const now = Date.now();
      run('INSERT INTO comments VALUES (?, ?, ?, ?, ?, ?, ?, ?)', commentId, archiveId, ...uids, said, now, now);
      changed({ topic: 'comments', studyInstanceUIDs: [target.studyInstanceUID] });
      return { comment: commentOf(commentId) };
    },

    'user.comments.edit': ({ commentId, text: said }) => {
      const { studyInstanceUID } = commentOf(commentId);
      run('UPDATE comments SET text = ?, changed_at = ? WHERE comment_id = ? AND archive_id = ?', said, Date.now(), commentId, archiveId);
      changed({ topic: 'comments', studyInstanceUIDs: [studyInstanceUID] });
      return { comment: commentOf(commentId) };
    },

    'user.comments.remove': ({ commentId }) => {
      const { studyInstanceUID } = commentOf(commentId);
      run('DELETE FROM comments WHERE comment_id = ? AND archive_id = ?', commentId, archiveId);
      changed({ topic: 'comments', studyInstanceUIDs: [studyInstanceUID] });
      return nothing;
    },

    'user.annotations.get': ({ studyInstanceUID }) => {
      const row = one('SELECT document, revision FROM annotations WHERE archive_id = ? AND study_uid = ?', archiveId, studyInstanceUID);
      return { document: typeof row?.document === 'string' ? row.document : null, revision: number(row?.revision) };
    },

    'user.annotations.put': ({ studyInstanceUID, document, revision }) => {
      if (document !== null) checkJson(document);
      const answer = transaction(() => {
        const row = one('SELECT revision FROM annotations WHERE archive_id = ? AND study_uid = ?', archiveId, studyInstanceUID);
        const present = number(row?.revision);
        if (present !== revision) return { saved: false, revision: present };
        run(
          'INSERT OR REPLACE INTO annotations (archive_id, study_uid, document, revision, changed_at) VALUES (?, ?, ?, ?, ?)',
          ...[archiveId, studyInstanceUID, document, present + 1, Date.now()],
        );
        return { saved: true, revision: present + 1 };
      });
      if (answer.saved) changed({ topic: 'annotations', studyInstanceUIDs: [studyInstanceUID] });
      return answer;
    },
  };

  function labelled(label: string): string[] {
    const rows = every('SELECT DISTINCT study_uid FROM labels WHERE archive_id = ? AND label_search = ?', archiveId, fold(label));
    if (rows.length === 0) throw new PhosphorError('not-found', 'there is no such label');
    return rows.map((row) => text(row.study_uid));
  }

  /** As it is written already, where it is. */
  function spelling(label: string): string {
    return text(one('SELECT label FROM labels WHERE archive_id = ? AND label_search = ? LIMIT 1', archiveId, fold(label))?.label) || label;
  }
}

/** Throws `invalid-arguments` when a UID of a lower level stands without the one above it. */
function keyOf({ studyInstanceUID, seriesInstanceUID, sopInstanceUID }: Target): { uids: [string, string, string] } {
  if (sopInstanceUID !== undefined && seriesInstanceUID === undefined) {
    throw new PhosphorError('invalid-arguments', 'an instance is named with its series');
  }
  return { uids: [studyInstanceUID, seriesInstanceUID ?? '', sopInstanceUID ?? ''] };
}

function comment(row: Row): Comment {
  const uid = (value: SQLOutputValue | undefined, key: 'seriesInstanceUID' | 'sopInstanceUID') =>
    text(value) === '' ? {} : { [key]: text(value) };
  return {
    commentId: text(row.comment_id),
    studyInstanceUID: text(row.study_uid),
    ...uid(row.series_uid, 'seriesInstanceUID'),
    ...uid(row.sop_uid, 'sopInstanceUID'),
    text: text(row.text),
    createdAt: number(row.created_at),
    changedAt: number(row.changed_at),
  };
}

function checkJson(document: string): void {
  try {
    JSON.parse(document);
  } catch {
    throw new PhosphorError('invalid-arguments', 'document: not a JSON text');
  }
}
