import type { Query } from '../../shared/contract/index.ts';
import { afterPrefix, dateMatch, fold, foldName, type TextMatch, textMatch } from './matching.ts';

type Values = readonly (string | number)[];

/** A piece of a WHERE clause over the aliases `st` (studies) and `se` (series). */
export interface Condition {
  readonly sql: string;
  readonly values: Values;
  /** A SELECT of the study_ids that can match at all (some may not, some may come twice), read from an index. */
  readonly ids?: { readonly sql: string; readonly values: Values };
  /** A pattern that no index of its column helps with: even a whole column of candidates is worth asking for. */
  readonly needsIds?: boolean;
  /** A range of study dates: a list sorted by them is walked through within it. */
  readonly isStudyDates?: boolean;
  /** Nothing but the list of `ids`: on it = matched. */
  readonly isList?: boolean;
  /** An FTS5 expression over the index of words that holds wherever the condition does. */
  readonly words?: string;
}

/** Joins conditions to a WHERE clause; empty when there are none. */
export function where(conditions: readonly Condition[]): { readonly sql: string; readonly values: Values } {
  if (conditions.length === 0) return { sql: '', values: [] };
  const pieces = conditions.map(({ sql, values, ids, needsIds }) =>
    ids !== undefined && needsIds === true
      ? { sql: `st.study_id IN (${ids.sql}) AND (${sql})`, values: [...ids.values, ...values] }
      : { sql, values },
  );
  return { sql: `WHERE ${pieces.map(({ sql }) => `(${sql})`).join(' AND ')}`, values: pieces.flatMap(({ values }) => values) };
}

const IN_LIST = 'IN (SELECT value FROM json_each(?))';

/**
 * A query's matching keys as SQL. Modality is matched on the series where there is one in the row, else as Modalities in Study
 * (0008,0061); series keys likewise.
 */
export function conditionsOf(query: Omit<Query, 'level'>, hasSeries: boolean): Condition[] {
  const conditions: (Condition | undefined)[] = [
    nameCondition(query.patientName),
    identifierCondition('patient_id', query.patientID),
    identifierCondition('accession', query.accessionNumber),
    repeatedCondition('description_search', query.studyDescription),
    dateCondition('birth_date', query.patientBirthDate),
    dateCondition('study_date', query.studyDate),
    studyListCondition('study_uid', query.studyInstanceUID),
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
    const own = groups.map((group, i) => columnCondition(NAME_COLUMNS[i] ?? 'name_search', textMatch(group, foldName)));
    const some = own.filter((condition) => condition !== undefined);
    const ids = some.find((condition) => condition.ids !== undefined)?.ids;
    return some.length === 0
      ? undefined
      : {
          sql: some.map(({ sql }) => `(${sql})`).join(' AND '),
          values: some.flatMap(({ values }) => values),
          ...(ids === undefined ? {} : { ids }),
        };
  }
  const match = textMatch(key, foldName);
  if (match === undefined) return undefined;
  const any = NAME_COLUMNS.map((column) => columnCondition(column, match)).filter((condition) => condition !== undefined);
  const ids = any.flatMap((condition) => condition.ids ?? []);
  const condition: Condition = {
    sql: any.map(({ sql }) => `(${sql})`).join(' OR '),
    values: any.flatMap(({ values }) => values),
    ...(ids.length === any.length
      ? { ids: { sql: ids.map(({ sql }) => sql).join(' UNION ALL '), values: ids.flatMap(({ values }) => values) } }
      : {}),
  };
  return narrowed(condition, 'name', match);
}

const NAME_COLUMNS = ['name_search', 'ideographic_search', 'phonetic_search'] as const;

function identifierCondition(textColumn: 'patient_id' | 'accession', key: string | undefined): Condition | undefined {
  const match = key === undefined ? undefined : textMatch(key, fold);
  const condition = columnCondition(`${textColumn}_search`, match);
  return condition === undefined || match === undefined ? undefined : narrowed(condition, textColumn, match);
}

/** A column of studies whose texts repeat. */
export function repeatedCondition(
  column: 'description_search' | 'referring_search',
  key: string | undefined,
  folding: (text: string) => string = fold,
): Condition | undefined {
  const match = key === undefined ? undefined : textMatch(key, folding);
  const condition = columnCondition(column, match);
  if (condition === undefined || match?.glob === undefined || condition.ids !== undefined) return condition;
  return { ...condition, ids: amongDifferent('studies', column, match.glob) };
}

/** A pattern without a beginning is tried on each different text of a column, and these are walked through by their index. */
export function amongDifferent(table: 'studies' | 'series', column: string, glob: string): NonNullable<Condition['ids']> {
  const different = `WITH RECURSIVE different (text) AS (
    SELECT min(${column}) FROM ${table}
    UNION ALL SELECT (SELECT min(${column}) FROM ${table} WHERE ${column} > different.text) FROM different WHERE different.text IS NOT NULL)`;
  return {
    sql: `SELECT study_id FROM ${table} WHERE ${column} IN (${different} SELECT text FROM different WHERE text GLOB ?)`,
    values: [glob],
  };
}

function columnCondition(column: string, match: TextMatch | undefined): Condition | undefined {
  if (match === undefined) return undefined;
  const own = `st.${column}`;
  // The empty value never matches; said aloud, it lets the indexes be used that leave it out.
  const ids = (sql: string) => `SELECT study_id FROM studies WHERE ${column} <> '' AND ${sql}`;
  if (match.equals !== undefined) {
    return { sql: `${own} = ?`, values: [match.equals], ids: { sql: ids(`${column} = ?`), values: [match.equals] } };
  }
  const { glob = '*', prefix = '' } = match;
  if (prefix === '') return { sql: `${own} GLOB ?`, values: [glob] };
  const values = [prefix, afterPrefix(prefix), glob];
  return {
    sql: `${own} >= ? AND ${own} < ? AND ${own} GLOB ?`,
    values,
    ids: { sql: ids(`${column} >= ? AND ${column} < ? AND ${column} GLOB ?`), values },
  };
}

/** A pattern that begins with a wildcard cannot use an index of its column; three letters of it can be looked up in the trigrams. */
function narrowed(condition: Condition, textColumn: 'name' | 'patient_id' | 'accession', { prefix, longest = '' }: TextMatch): Condition {
  if (prefix === undefined || prefix.length >= 3 || [...longest].length < 3) return condition;
  const ids = {
    sql: 'SELECT rowid AS study_id FROM studies_text WHERE studies_text MATCH ?',
    values: [`${textColumn} : "${longest.replaceAll('"', '""')}"`],
  };
  return { ...condition, ids, needsIds: true };
}

function dateCondition(column: 'birth_date' | 'study_date', range: Query['studyDate']): Condition | undefined {
  if (range === undefined) return undefined;
  const { from, to } = dateMatch(range);
  return {
    sql: `st.${column} >= ? AND st.${column} <= ? AND st.${column} <> ''`,
    values: [from, to],
    isStudyDates: column === 'study_date',
    ids: { sql: `SELECT study_id FROM studies WHERE ${column} >= ? AND ${column} <= ?`, values: [from, to] },
  };
}

/** The values of a key that is a list, as JSON; undefined where it matches everything. */
export function listOf(key: string | undefined): string | undefined {
  const values = (key ?? '')
    .split('\\')
    .map((value) => value.trim())
    .filter((value) => value !== '' && value !== '*');
  return values.length === 0 ? undefined : JSON.stringify(values.slice(0, 10_000));
}

/** A list of values against a column of studies. */
export function studyListCondition(column: 'study_uid' | 'sex', key: string | undefined): Condition | undefined {
  const list = listOf(key);
  if (list === undefined) return undefined;
  const ids = { sql: `SELECT study_id FROM studies WHERE ${column} ${IN_LIST}`, values: [list] };
  return { sql: `st.${column} ${IN_LIST}`, values: [list], ids };
}

function inSeries(column: 'modality' | 'series_uid', key: string | undefined, hasSeries: boolean): Condition | undefined {
  const list = listOf(key);
  if (list === undefined) return undefined;
  if (hasSeries) return { sql: `se.${column} ${IN_LIST}`, values: [list] };
  const ids = { sql: `SELECT study_id FROM series WHERE ${column} ${IN_LIST}`, values: [list] };
  return { sql: `st.study_id IN (${ids.sql})`, values: [list], ids };
}
