import type { Query } from '../../shared/contract/index.ts';
import { afterPrefix, dateMatch, fold, foldName, type TextMatch, textMatch } from './matching.ts';

/** A piece of a WHERE clause over the aliases `st` (studies) and `se` (series). */
export interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** Joins conditions to a WHERE clause; empty when there are none. */
export function where(conditions: readonly Condition[]): Condition {
  if (conditions.length === 0) return { sql: '', values: [] };
  return {
    sql: `WHERE ${conditions.map(({ sql }) => `(${sql})`).join(' AND ')}`,
    values: conditions.flatMap(({ values }) => values),
  };
}

const IN_LIST = 'IN (SELECT value FROM json_each(?))';

/**
 * A query's matching keys as SQL. Modality is matched on the series where there is one in the row, else as Modalities in Study
 * (0008,0061); series keys likewise.
 */
export function conditionsOf(query: Omit<Query, 'level'>, hasSeries: boolean): Condition[] {
  const conditions: (Condition | undefined)[] = [
    nameCondition(query.patientName),
    textCondition('st.patient_id_search', 'patient_id', query.patientID),
    textCondition('st.accession_search', 'accession', query.accessionNumber),
    textCondition('st.description_search', 'description', query.studyDescription),
    dateCondition('st.birth_date', query.patientBirthDate),
    dateCondition('st.study_date', query.studyDate),
    listCondition('st.study_uid', query.studyInstanceUID),
    inSeries('modality', query.modality?.toUpperCase(), hasSeries),
    inSeries('series_uid', query.seriesInstanceUID, hasSeries),
  ];
  return conditions.filter((condition) => condition !== undefined);
}

/**
 * Person Name: the key's groups (`alphabetic=ideographic=phonetic`) each against their own; a key without `=` against any of the three,
 * since people type what they see.
 */
function nameCondition(key: string | undefined): Condition | undefined {
  if (key === undefined) return undefined;
  const groups = key.split('=').slice(0, 3);
  if (groups.length > 1) {
    const own = groups.map((group, i) => columnCondition(NAME_COLUMNS[i] ?? 'st.name_search', textMatch(group, foldName)));
    const some = own.filter((condition) => condition !== undefined);
    return some.length === 0
      ? undefined
      : { sql: some.map(({ sql }) => `(${sql})`).join(' AND '), values: some.flatMap(({ values }) => values) };
  }
  const match = textMatch(key, foldName);
  if (match === undefined) return undefined;
  const any = NAME_COLUMNS.map((column) => columnCondition(column, match)).filter((condition) => condition !== undefined);
  const condition = { sql: any.map(({ sql }) => `(${sql})`).join(' OR '), values: any.flatMap(({ values }) => values) };
  return narrowed(condition, 'name', match);
}

const NAME_COLUMNS = ['st.name_search', 'st.ideographic_search', 'st.phonetic_search'] as const;

function textCondition(column: string, textColumn: string, key: string | undefined): Condition | undefined {
  const match = key === undefined ? undefined : textMatch(key, fold);
  const condition = columnCondition(column, match);
  return condition === undefined || match === undefined ? undefined : narrowed(condition, textColumn, match);
}

function columnCondition(column: string, match: TextMatch | undefined): Condition | undefined {
  if (match === undefined) return undefined;
  if (match.equals !== undefined) return { sql: `${column} = ?`, values: [match.equals] };
  const { glob = '*', prefix = '' } = match;
  if (prefix === '') return { sql: `${column} GLOB ?`, values: [glob] };
  return { sql: `${column} >= ? AND ${column} < ? AND ${column} GLOB ?`, values: [prefix, afterPrefix(prefix), glob] };
}

/** A pattern that begins with a wildcard cannot use an index of its column; three letters of it can be looked up in the trigrams. */
function narrowed(condition: Condition, textColumn: string, { prefix, longest = '' }: TextMatch): Condition {
  if (prefix === undefined || prefix.length >= 3 || [...longest].length < 3) return condition;
  return {
    sql: `st.study_id IN (SELECT rowid FROM studies_text WHERE studies_text MATCH ?) AND (${condition.sql})`,
    values: [`${textColumn} : "${longest.replaceAll('"', '""')}"`, ...condition.values],
  };
}

function dateCondition(column: string, range: Query['studyDate']): Condition | undefined {
  if (range === undefined) return undefined;
  const { from, to } = dateMatch(range);
  return { sql: `${column} >= ? AND ${column} <= ? AND ${column} <> ''`, values: [from, to] };
}

function listCondition(column: string, key: string | undefined): Condition | undefined {
  const values = (key ?? '')
    .split('\\')
    .map((value) => value.trim())
    .filter((value) => value !== '' && value !== '*');
  return values.length === 0 ? undefined : { sql: `${column} ${IN_LIST}`, values: [JSON.stringify(values.slice(0, 10_000))] };
}

function inSeries(column: 'modality' | 'series_uid', key: string | undefined, hasSeries: boolean): Condition | undefined {
  if (hasSeries) return listCondition(`se.${column}`, key);
  const condition = listCondition(column, key);
  return condition === undefined
    ? undefined
    : { sql: `st.study_id IN (SELECT study_id FROM series WHERE ${condition.sql})`, values: condition.values };
}
