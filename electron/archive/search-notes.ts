import type { DatabaseSync } from 'node:sqlite';
import type { FoundStudy, LocalStudy } from '../../shared/contract/index.ts';
import { number, text } from './rows.ts';
import type { AttachedUserData } from './search-conditions.ts';

type Notes = Omit<FoundStudy, keyof LocalStudy>;

/** What is noted on these studies, by the archive and by people. */
export function notesOf(
  database: DatabaseSync,
  user: AttachedUserData | undefined,
  studyInstanceUIDs: readonly string[],
): ReadonlyMap<string, Notes> {
  const notes = new Map<string, Notes>();
  const note = (uid: string, own: Notes): void => void notes.set(uid, { ...notes.get(uid), ...own });
  const list = JSON.stringify(studyInstanceUIDs);
  const missing = `SELECT study_uid, missing FROM incomplete_studies WHERE study_uid IN (SELECT value FROM json_each(?))`;
  for (const row of database.prepare(missing).all(list)) note(text(row.study_uid), { missingInstances: number(row.missing) });
  if (user === undefined) return notes;
  const ours = 'archive_id = ? AND study_uid IN (SELECT value FROM json_each(?))';
  const marks = `SELECT study_uid, pinned, read_state, opened_at FROM user.study_marks WHERE ${ours}`;
  for (const row of database.prepare(marks).all(user.archiveId, list)) {
    const state = row.read_state;
    note(text(row.study_uid), {
      ...(row.pinned === 1 ? { pinned: true } : {}),
      ...(state === 'read' || state === 'in-progress' ? { readState: state } : {}),
      ...(typeof row.opened_at === 'number' ? { openedAt: row.opened_at } : {}),
    });
  }
  const labels = `SELECT study_uid, json_group_array(DISTINCT label ORDER BY label_search) AS labels FROM user.labels WHERE ${ours} GROUP BY study_uid`;
  for (const row of database.prepare(labels).all(user.archiveId, list)) {
    note(text(row.study_uid), { labels: (JSON.parse(text(row.labels)) as string[]).slice(0, 100) });
  }
  const comments = `SELECT study_uid, count(*) AS n FROM user.comments WHERE ${ours} GROUP BY study_uid`;
  for (const row of database.prepare(comments).all(user.archiveId, list)) note(text(row.study_uid), { comments: number(row.n) });
  return notes;
}
