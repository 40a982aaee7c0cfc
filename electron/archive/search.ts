import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { CommandArgs, CommandResult, FoundStudy, LocalStudy, SearchSort } from '../../shared/contract/index.ts';
import type { Condition } from './query-conditions.ts';
import { localStudy, number, STUDY_COLUMNS, text } from './rows.ts';
import { type AttachedUserData, searchConditions } from './search-conditions.ts';
import { notesOf } from './search-notes.ts';

type SearchArgs = CommandArgs<'archive.search'>;
type Found = CommandResult<'archive.search'>;

/** Candidates of one condition are counted so far, and sorted when there are no more. */
const MOST_SORTED = 20_000;
/** Matches behind the page are counted for so long. */
const COUNT_MS = 2;
const MOST_STATEMENTS = 100;
/** Reading a row somewhere costs so many times what the next entry of an index that holds what is asked for does (1.7 µs, 0.1 µs). */
const ROW = 15;
/** Rows walked through are reckoned as if conditions had nothing to do with each other: sorting all candidates is the safer way. */
const DOUBT = 3;
/** How often a condition holds that was not counted. */
const GUESS = 0.3;

/**
 * Searches the archive. Two ways lead to a page of rows: reading all candidates of the most selective condition and sorting what matches, or
 * walking along the index that the list is sorted by until the page is full. Which one is shorter is reckoned from counted candidates.
 */
export class Search {
  readonly #database: DatabaseSync;
  readonly #user: AttachedUserData | undefined;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync, user: AttachedUserData | undefined) {
    this.#database = database;
    this.#user = user;
  }

  search({ query, sort, offset, limit }: SearchArgs): Found {
    const conditions = this.#joined(searchConditions(query, this.#user));
    if (conditions.length === 0) return this.#found(this.#everything(sort, offset, limit));
    const studies = number(this.#prepare('SELECT max(study_id) AS n FROM studies').get()?.n);
    const counted = conditions.map((condition) => ({ condition, candidates: this.#count(condition) }));
    const few = counted.reduce((best, one) => (one.candidates < best.candidates ? one : best));
    if (few.candidates === 0) return { total: 0, studies: [] };
    // Rows that have to be looked at before the page is full, if the conditions have nothing to do with each other.
    const share = counted.reduce((all, { candidates }) => all * (candidates > MOST_SORTED ? GUESS : candidates / Math.max(1, studies)), 1);
    const within = sort.by === 'studyDate' ? counted.find(({ condition }) => condition.isStudyDates === true)?.candidates : undefined;
    const walked = Math.min(within ?? studies, studies, (offset + limit) / share);
    if (
      few.candidates <= MOST_SORTED &&
      few.candidates <= walked * (COVERED.has(sort.by) ? 1 / (few.condition.isStudyDates === true ? 1 : ROW) : DOUBT)
    )
      return this.#found(this.#sorted(few.condition, conditions, sort, offset, limit));
    return this.#found(this.#walked(conditions, sort, offset, limit));
  }

  /** Conditions that are lists of studies, or hold words, are met together before any row is read, as long as few studies are left. */
  #joined(conditions: readonly Condition[]): readonly Condition[] {
    const wordy = conditions.flatMap(({ words }) => words ?? []);
    const lists = conditions.filter(({ isList, words }) => isList === true && (words === undefined || wordy.length < 2));
    const from = lists.flatMap(({ ids }) => ids ?? []);
    if (wordy.length > 1)
      from.push({ sql: 'SELECT rowid AS study_id FROM studies_words WHERE studies_words MATCH ?', values: [wordy.join(' AND ')] });
    if (from.length < 2 && wordy.length < 2) return conditions;
    const sql = `SELECT json_group_array(study_id) AS list, count(*) AS n FROM
      (SELECT study_id FROM (${from.map((one) => `SELECT * FROM (${one.sql})`).join(' INTERSECT ')}) LIMIT ${MOST_SORTED + 1})`;
    const row = this.#prepare(sql).get(...from.flatMap(({ values }) => values));
    if (number(row?.n) > MOST_SORTED) return conditions;
    const values = [text(row?.list)];
    return [
      { sql: `st.study_id IN (${LISTED})`, values, ids: { sql: LISTED, values } },
      ...conditions.filter(({ isList }) => isList !== true),
    ];
  }

  /** Candidates of a condition, at most one more than are ever sorted; more than that where no index tells. */
  #count({ ids }: Condition): number {
    if (ids === undefined) return Number.POSITIVE_INFINITY;
    const row = this.#prepare(`SELECT count(*) AS n FROM (SELECT 1 FROM (${ids.sql}) LIMIT ${MOST_SORTED + 1})`).get(...ids.values);
    return number(row?.n);
  }

  #everything(sort: SearchSort, offset: number, limit: number): Page {
    const ids = this.#prepare(`SELECT st.study_id FROM ${walkAlong(sort)} ${order(sort)} LIMIT ? OFFSET ?`)
      .all(limit, offset)
      .map((row) => number(row.study_id));
    return { ids, total: number(this.#prepare('SELECT count(*) AS n FROM studies').get()?.n), isLeast: false };
  }

  #sorted(few: Condition, conditions: readonly Condition[], sort: SearchSort, offset: number, limit: number): Page {
    // The index by date holds most of what is filtered and sorted by: within a range of dates no rows need be read.
    const { ids = { sql: '', values: [] } } = few.isStudyDates === true ? { ids: { sql: '', values: [] } } : few;
    const from = ids.sql === '' ? 'studies st INDEXED BY studies_by_date WHERE' : `studies st WHERE st.study_id IN (${ids.sql}) AND`;
    const sql = `SELECT st.study_id FROM ${from} ${all(conditions)} ${order(sort)}`;
    const matches = this.#prepare(sql).all(...ids.values, ...conditions.flatMap(({ values }) => values));
    return { ids: matches.slice(offset, offset + limit).map((row) => number(row.study_id)), total: matches.length, isLeast: false };
  }

  #walked(conditions: readonly Condition[], sort: SearchSort, offset: number, limit: number): Page {
    const sql = `SELECT st.study_id FROM ${walkAlong(sort)} WHERE ${all(conditions)} ${order(sort)} LIMIT -1 OFFSET ?`;
    const ids: number[] = [];
    let total = offset;
    let full = 0;
    for (const row of this.#prepare(sql).iterate(...conditions.flatMap(({ values }) => values), offset)) {
      total += 1;
      if (ids.length < limit) ids.push(number(row.study_id));
      if (ids.length < limit || total % 64 !== 0) continue;
      const now = performance.now();
      if (full === 0) full = now;
      if (now - full > COUNT_MS) return { ids, total, isLeast: true };
    }
    return total === offset && offset > 0 ? this.#behindTheEnd(conditions, sort) : { ids, total, isLeast: false };
  }

  /** A page that begins behind the last match: only the number of matches is left to say. */
  #behindTheEnd(conditions: readonly Condition[], sort: SearchSort): Page {
    const sql = `SELECT count(*) AS n FROM ${walkAlong(sort)} WHERE ${all(conditions)}`;
    return { ids: [], total: number(this.#prepare(sql).get(...conditions.flatMap(({ values }) => values))?.n), isLeast: false };
  }

  #found({ ids, total, isLeast }: Page): Found {
    const read = this.#prepare(`SELECT ${STUDY_COLUMNS} FROM studies st WHERE st.study_id = ?`);
    const rows = ids.flatMap((id): LocalStudy[] => {
      const row = read.get(id);
      return row === undefined ? [] : [localStudy(row)];
    });
    const notes = notesOf(
      this.#database,
      this.#user,
      rows.map((row) => row.studyInstanceUID),
    );
    const studies = rows.map((row): FoundStudy => ({ ...row, ...notes.get(row.studyInstanceUID) }));
    return { total, ...(isLeast ? { totalIsLeast: true as const } : {}), studies };
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    if (this.#statements.size >= MOST_STATEMENTS) this.#statements.clear();
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

const LISTED = 'SELECT value AS study_id FROM json_each(?)';

interface Page {
  readonly ids: readonly number[];
  readonly total: number;
  readonly isLeast: boolean;
}

const all = (conditions: readonly Condition[]): string => conditions.map(({ sql }) => `(${sql})`).join(' AND ');

/** Columns that a list is sorted by, and the index that has them in this order. */
const SORT: Readonly<Record<SearchSort['by'], { readonly columns: readonly string[]; readonly index: string }>> = {
  studyDate: { columns: ['study_date', 'study_time'], index: 'studies_by_date' },
  patientName: { columns: ['name_search'], index: 'studies_by_name' },
  patientID: { columns: ['patient_id_search'], index: 'studies_by_patient_id' },
  patientBirthDate: { columns: ['birth_date'], index: 'studies_by_birth_date' },
  patientAge: { columns: ['age_days'], index: 'studies_by_age' },
  patientSex: { columns: ['sex'], index: 'studies_by_sex' },
  modality: { columns: ['modalities'], index: 'studies_by_modalities' },
  studyDescription: { columns: ['description_search'], index: 'studies_by_description' },
  accessionNumber: { columns: ['accession_search'], index: 'studies_by_accession' },
  referringPhysicianName: { columns: ['referring_search'], index: 'studies_by_referring' },
  numberOfInstances: { columns: ['instance_count'], index: 'studies_by_instances' },
  arrivedAt: { columns: ['arrived_at'], index: 'studies_by_arrival' },
};

/** Sorted by an index that holds most of what is filtered by. */
const COVERED: ReadonlySet<SearchSort['by']> = new Set(['studyDate']);

const walkAlong = ({ by }: SearchSort): string => `studies st INDEXED BY ${SORT[by].index}`;

/** Ties keep the order of arrival. */
function order({ by, descending }: SearchSort): string {
  const direction = descending ? 'DESC' : 'ASC';
  return `ORDER BY ${[...SORT[by].columns, 'study_id'].map((column) => `st.${column} ${direction}`).join(', ')}`;
}
