import { DatabaseSync } from 'node:sqlite';
import type { MatchRow, Query } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { indexFile, locateInstance } from './layout.ts';
import { uidList } from './matching.ts';
import { type Condition, conditionsOf, where } from './query-conditions.ts';
import { imageRow, patientRow, SERIES_COLUMNS, STUDY_COLUMNS, seriesRow, studyRow } from './rows.ts';
import type { ArchiveLocation } from './types.ts';

/** A stored instance, for those who send it. */
export interface StoredInstanceRef {
  readonly sopInstanceUID: string;
  readonly sopClassUID: string;
  readonly transferSyntaxUID: string;
  readonly path: string;
}

/** Synchronous, read-only, usable in any thread beside the writer. */
export interface IndexReader {
  /** C-FIND matching (PS3.4 C.2.2.2) at the query's level; rows are read as they are iterated. UIDs may be lists. */
  findRows(query: Query): Iterable<MatchRow>;
  /** Instances of a study, series or one instance; each key may be a list of UIDs, separated by backslashes. */
  instancesOf(keys: { studyInstanceUID: string; seriesInstanceUID?: string; sopInstanceUID?: string }): StoredInstanceRef[];
  close(): void;
}

/** Opens the index of an archive that `openArchive` has opened before. Throws PhosphorError `not-found` when there is none. */
export function openIndexReader(location: ArchiveLocation): IndexReader {
  const database = openReadOnly(location);
  return {
    findRows: (query) => findRows(database, query),
    instancesOf: (keys) => instancesOf(database, location, keys),
    close: () => database.close(),
  };
}

/** A read-only connection to index.db. */
export function openReadOnly(location: ArchiveLocation): DatabaseSync {
  try {
    const database = new DatabaseSync(indexFile(location), { readOnly: true });
    database.exec('PRAGMA busy_timeout = 5000; PRAGMA query_only = ON');
    return database;
  } catch (cause) {
    throw new PhosphorError('not-found', 'the archive has no index that can be read', {}, { cause });
  }
}

const SELECT: Readonly<Record<Query['level'], string>> = {
  patient: `SELECT ${STUDY_COLUMNS}, count(*) AS number_of_studies, max(st.study_date) FROM studies st`,
  study: `SELECT ${STUDY_COLUMNS} FROM studies st`,
  series: `SELECT ${SERIES_COLUMNS}, st.study_uid FROM series se JOIN studies st USING (study_id)`,
  image: `SELECT i.sop_uid, i.sop_class, i.instance_number, se.series_uid, st.study_uid
    FROM instances i JOIN series se USING (series_id) JOIN studies st USING (study_id)`,
};
const ORDER: Readonly<Record<Query['level'], string>> = {
  patient: 'GROUP BY st.patient ORDER BY st.name_search',
  study: 'ORDER BY st.study_date DESC, st.study_time DESC, st.study_id',
  series: 'ORDER BY se.study_id, se.series_number, se.series_id',
  image: 'ORDER BY i.series_id, i.instance_number, i.instance_id',
};
const TO_ROW = { patient: patientRow, study: studyRow, series: seriesRow, image: imageRow } as const;

function* findRows(database: DatabaseSync, query: Query): Generator<MatchRow> {
  const { level } = query;
  const condition = where(conditionsOf(query, level === 'series' || level === 'image'));
  const statement = database.prepare(`${SELECT[level]} ${condition.sql} ${ORDER[level]}`);
  for (const row of statement.iterate(...condition.values)) yield TO_ROW[level](row);
}

function instancesOf(
  database: DatabaseSync,
  location: ArchiveLocation,
  keys: { studyInstanceUID: string; seriesInstanceUID?: string; sopInstanceUID?: string },
): StoredInstanceRef[] {
  const conditions = [
    isOneOf('st.study_uid', keys.studyInstanceUID),
    isOneOf('se.series_uid', keys.seriesInstanceUID),
    isOneOf('i.sop_uid', keys.sopInstanceUID),
  ].filter((one) => one !== undefined);
  const { sql, values } = where(conditions);
  const rows = database
    .prepare(
      `SELECT i.sop_uid, i.sop_class, i.transfer_syntax FROM instances i JOIN series se USING (series_id) JOIN studies st USING (study_id)
       ${sql} ORDER BY se.series_number, i.series_id, i.instance_number, i.instance_id`,
    )
    .all(...values);
  return rows.map((row) => ({
    sopInstanceUID: row.sop_uid as string,
    sopClassUID: row.sop_class as string,
    transferSyntaxUID: row.transfer_syntax as string,
    path: locateInstance(location, row.sop_uid as string),
  }));
}

/** Matches one UID of a list; undefined when the key is absent or empty (universal matching). */
function isOneOf(column: string, key: string | undefined): Condition | undefined {
  const uids = uidList(key ?? '');
  if (uids.length === 0) return undefined;
  return { sql: `${column} IN (SELECT value FROM json_each(?))`, values: [JSON.stringify(uids)] };
}
