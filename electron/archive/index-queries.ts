import fs from 'node:fs';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { ArchiveStats, CommandArgs, CommandResult, LocalSeries } from '../../shared/contract/index.ts';
import { openReadOnly } from './index-reader.ts';
import { locateInstance } from './layout.ts';
import { imageRow, localSeries, number, SERIES_COLUMNS } from './rows.ts';
import { Search } from './search.ts';
import type { AttachedUserData } from './search-conditions.ts';
import type { ArchiveLocation } from './types.ts';
import { userDataFile } from './user-database.ts';

/** What the main thread asks of the index reader. */
export type IndexReaderMethods = {
  search(args: CommandArgs<'archive.search'>): CommandResult<'archive.search'>;
  series(args: { studyInstanceUID: string }): LocalSeries[];
  instances(args: CommandArgs<'archive.instances'>): CommandResult<'archive.instances'>['instances'];
  present(args: { sopInstanceUIDs: readonly string[] }): string[];
  stats(args: Record<string, never>): ArchiveStats;
  close(args: Record<string, never>): void;
};

/** The read side of the index for lists, on a connection of its own. */
export class IndexQueries {
  readonly #location: ArchiveLocation;
  readonly #database: DatabaseSync;

  readonly #search: Search;

  constructor(location: ArchiveLocation, archiveId: string) {
    this.#location = location;
    this.#database = openReadOnly(location);
    // Lists of a large archive read rows from all over it.
    this.#database.exec('PRAGMA cache_size = -24000');
    this.#search = new Search(this.#database, attachUserData(this.#database, location, archiveId));
  }

  /** Studies that match, one page of them. */
  search(args: CommandArgs<'archive.search'>): CommandResult<'archive.search'> {
    return this.#search.search(args);
  }

  series(studyInstanceUID: string): LocalSeries[] {
    return this.#database
      .prepare(
        `SELECT ${SERIES_COLUMNS}, st.study_uid FROM series se JOIN studies st USING (study_id) WHERE st.study_uid = ?
         ORDER BY se.series_number IS NULL, se.series_number, se.series_id`,
      )
      .all(studyInstanceUID)
      .map(localSeries);
  }

  instances({ studyInstanceUID, seriesInstanceUID }: CommandArgs<'archive.instances'>): CommandResult<'archive.instances'>['instances'] {
    const values: SQLOutputValue[] = [studyInstanceUID];
    if (seriesInstanceUID !== undefined) values.push(seriesInstanceUID);
    return this.#database
      .prepare(
        `SELECT i.sop_uid, i.sop_class, i.instance_number, i.truncated, se.series_uid, st.study_uid
         FROM studies st JOIN series se USING (study_id) JOIN instances i USING (series_id)
         WHERE st.study_uid = ? ${seriesInstanceUID === undefined ? '' : 'AND se.series_uid = ?'}
         ORDER BY se.series_number IS NULL, se.series_number, se.series_id, i.instance_number IS NULL, i.instance_number, i.instance_id`,
      )
      .all(...(values as string[]))
      .map((row) => {
        const { sopInstanceUID, seriesInstanceUID: series, sopClassUID = '', instanceNumber } = imageRow(row);
        const truncated = row.truncated === 1 ? ({ truncated: true } as const) : {};
        return {
          sopInstanceUID,
          sopClassUID,
          seriesInstanceUID: series,
          ...truncated,
          ...(instanceNumber === undefined ? {} : { instanceNumber }),
        };
      });
  }

  /** The file system knows sooner than the index: a file under its final name is there. */
  present(sopInstanceUIDs: readonly string[]): string[] {
    return sopInstanceUIDs.filter((uid) => {
      const stat = fs.statSync(locateInstance(this.#location, uid), { throwIfNoEntry: false });
      return stat !== undefined && stat.size > 0;
    });
  }

  stats(): ArchiveStats {
    const row = this.#database
      .prepare(
        `SELECT count(DISTINCT patient) AS patients, count(*) AS studies, coalesce(sum(series_count), 0) AS series,
           coalesce(sum(instance_count), 0) AS instances, coalesce(sum(bytes), 0) AS bytes, (SELECT count(*) FROM conflicts) AS conflicts
         FROM studies`,
      )
      .get();
    const { bavail, bsize } = freeOn(this.#location.directory);
    return {
      patients: number(row?.patients),
      studies: number(row?.studies),
      series: number(row?.series),
      instances: number(row?.instances),
      bytes: number(row?.bytes),
      conflicts: number(row?.conflicts),
      freeBytes: bavail * bsize,
    };
  }

  close(): void {
    this.#database.close();
  }
}

/** Nothing while the disk with the archive is away. */
function freeOn(directory: string): { bavail: number; bsize: number } {
  try {
    return fs.statfsSync(directory);
  } catch {
    return { bavail: 0, bsize: 0 };
  }
}

/** The user's notes beside the index, to search by them. Where they cannot be read, the archive is searched without them. */
function attachUserData(database: DatabaseSync, location: ArchiveLocation, archiveId: string): AttachedUserData | undefined {
  try {
    database.prepare('ATTACH DATABASE ? AS user').run(userDataFile(location));
    for (const table of ['labels', 'study_marks', 'comments']) database.prepare(`SELECT 1 FROM user.${table} LIMIT 1`).get();
    return { archiveId };
  } catch {
    return undefined;
  }
}
