import type { LocalQuery } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { ageBounds } from './ages.ts';
import { afterPrefix, fold, foldName, textMatch, wordsMatch } from './matching.ts';
import { amongDifferent, type Condition, conditionsOf, listOf, repeatedCondition, studyListCondition } from './query-conditions.ts';

/** The user's notes as a search sees them: user.db, attached as `user`, and whose rows of it are this archive's. */
export interface AttachedUserData {
  readonly archiveId: string;
}

/** All conditions of a search of the archive: those of C-FIND, and its own. Throws PhosphorError `storage` when the user's notes cannot be asked. */
export function searchConditions(query: LocalQuery, user: AttachedUserData | undefined): Condition[] {
  const { modality, ...keys } = query;
  const own: (Condition | undefined)[] = [
    modalityCondition(modality?.toUpperCase()),
    wordsCondition(query.text),
    repeatedCondition('referring_search', query.referringPhysicianName, foldName),
    seriesText('description_search', query.seriesDescription),
    seriesText('body_part_search', query.bodyPartExamined),
    instanceCondition(query.sopInstanceUID),
    studyListCondition('sex', query.patientSex?.toUpperCase()),
    arrivalCondition(query.arrivedAt),
    ...ageConditions(query.patientAge),
    query.incomplete === undefined ? undefined : noted('SELECT study_uid FROM incomplete_studies', [], query.incomplete),
    ...userConditions(query, user),
  ];
  return [...conditionsOf(keys, false), ...own.filter((condition) => condition !== undefined)];
}

/** Of the study's modalities, which its row holds. */
function modalityCondition(key: string | undefined): Condition | undefined {
  const list = listOf(key);
  if (list === undefined) return undefined;
  const wanted = JSON.parse(list) as string[];
  return {
    sql: wanted.map(() => `instr('\\' || st.modalities || '\\', ?) > 0`).join(' OR '),
    values: wanted.map((modality) => `\\${modality}\\`),
    ...(wanted.every((modality) => /^[A-Z0-9]+$/.test(modality))
      ? { words: `study : (${wanted.map((modality) => `"${fold(modality)}"`).join(' OR ')})` }
      : {}),
    ids: { sql: 'SELECT study_id FROM series WHERE modality IN (SELECT value FROM json_each(?))', values: [list] },
  };
}

function wordsCondition(text: string | undefined): Condition | undefined {
  const match = text === undefined ? undefined : wordsMatch(text);
  if (match === undefined) return undefined;
  return { ...among('SELECT rowid AS study_id FROM studies_words WHERE studies_words MATCH ?', [match]), words: `(${match})` };
}

/** A condition that is nothing but a list of studies. */
function among(sql: string, values: readonly (string | number)[]): Condition {
  return { sql: `st.study_id IN (${sql})`, values, ids: { sql, values }, isList: true };
}

function seriesText(column: 'description_search' | 'body_part_search', key: string | undefined): Condition | undefined {
  const match = key === undefined ? undefined : textMatch(key, fold);
  if (match === undefined) return undefined;
  const from = 'SELECT study_id FROM series WHERE';
  if (match.equals !== undefined) return among(`SELECT DISTINCT study_id FROM series WHERE ${column} = ?`, [match.equals]);
  const { glob = '*', prefix = '' } = match;
  if (prefix !== '') return among(`${from} ${column} >= ? AND ${column} < ? AND ${column} GLOB ?`, [prefix, afterPrefix(prefix), glob]);
  const { sql, values } = amongDifferent('series', column, glob);
  return among(sql, values);
}

function instanceCondition(sopInstanceUID: string | undefined): Condition | undefined {
  const list = listOf(sopInstanceUID);
  if (list === undefined) return undefined;
  return among('SELECT s.study_id FROM instances i JOIN series s USING (series_id) WHERE i.sop_uid IN (SELECT value FROM json_each(?))', [
    list,
  ]);
}

function arrivalCondition(range: LocalQuery['arrivedAt']): Condition | undefined {
  if (range === undefined) return undefined;
  const values = [range.from ?? 0, range.to ?? Number.MAX_SAFE_INTEGER];
  const ids = { sql: 'SELECT study_id FROM studies WHERE arrived_at BETWEEN ? AND ?', values };
  return { sql: 'st.arrived_at BETWEEN ? AND ?', values, ids };
}

const SHORTEST_MONTH = 28;
const LONGEST_MONTH = 31;

/** Months and days are both exact; the index is by days, between which and a number of months there is some play. */
function ageConditions(range: LocalQuery['patientAge']): Condition[] {
  if (range === undefined) return [];
  return ageBounds(range).map(({ column, from, below }) => {
    const isMonths = column === 'age_months';
    const [operator, bound] = from === undefined ? ['<', below ?? 0] : ['>=', from];
    const days = from === undefined ? bound * (isMonths ? LONGEST_MONTH : 1) : bound * (isMonths ? SHORTEST_MONTH : 1);
    return {
      sql: `st.${column} ${operator} ?`,
      values: [bound],
      ids: { sql: `SELECT study_id FROM studies WHERE age_days ${operator} ?`, values: [days] },
    };
  });
}

function userConditions(query: LocalQuery, user: AttachedUserData | undefined): Condition[] {
  const { labels = [], pinned, readState } = query;
  if (labels.length === 0 && pinned === undefined && readState === undefined) return [];
  if (user === undefined) throw new PhosphorError('storage', 'labels, pins and read marks cannot be read now');
  const { archiveId } = user;
  const marks = 'SELECT study_uid FROM user.study_marks WHERE archive_id = ? AND';
  return [
    ...labels.map((label) =>
      noted('SELECT study_uid FROM user.labels WHERE archive_id = ? AND label_search = ?', [archiveId, fold(label)], true),
    ),
    ...(pinned === undefined ? [] : [noted(`${marks} pinned = 1`, [archiveId], pinned)]),
    ...(readState === undefined ? [] : readCondition(readState, marks, archiveId)),
  ];
}

function readCondition(state: NonNullable<LocalQuery['readState']>, marks: string, archiveId: string): Condition[] {
  return state === 'unread'
    ? [noted(`${marks} read_state <> 'unread'`, [archiveId], false)]
    : [noted(`${marks} read_state = ?`, [archiveId, state], true)];
}

/** Studies that are, or are not, on a list of UIDs. */
function noted(uids: string, values: readonly (string | number)[], isOn: boolean): Condition {
  if (!isOn) return { sql: `st.study_uid NOT IN (${uids})`, values };
  const ids = { sql: `SELECT study_id FROM studies WHERE study_uid IN (${uids})`, values };
  return { sql: `st.study_uid IN (${uids})`, values, ids };
}
