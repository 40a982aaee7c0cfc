import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { InstanceHeader } from '../dicom/dataset/types.ts';
import type { IndexEntry } from './arrival-messages.ts';
import { StudyTable } from './study-table.ts';

/** What one batch did. */
export interface Applied {
  readonly studyInstanceUIDs: ReadonlySet<string>;
  /** Studies whose patient's ID or name changed, each announced once. */
  readonly identityChanges: number;
  readonly conflicts: number;
}

/** A description of an instance's image for the viewer, as JSON, read beside the arrival (image-description.ts). */
export interface ImageDescriptionEntry {
  readonly instanceId: number;
  readonly sha256: string;
  readonly json: string;
}

/**
 * The write side of an index database: entries in, one transaction a batch, the counts of studies and series kept along. Of two entries for one
 * SOP Instance UID the one that describes the file holds; `describesFile` decides that.
 */
export class IndexStore {
  readonly #database: DatabaseSync;
  readonly #describesFile: (entry: IndexEntry) => boolean;
  readonly #studies: StudyTable;
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #forgetImage: StatementSync;
  readonly #insertImage: StatementSync;
  readonly #insertConflict: StatementSync;
  readonly #remove: StatementSync;
  readonly #removeConflict: StatementSync;

  constructor(database: DatabaseSync, describesFile: (entry: IndexEntry) => boolean) {
    this.#database = database;
    this.#describesFile = describesFile;
    this.#studies = new StudyTable(database);
    this.#find = database.prepare(
      `SELECT i.instance_id, i.series_id, s.study_id, i.sha256, i.file_bytes, st.study_uid
       FROM instances i JOIN series s USING (series_id) JOIN studies st USING (study_id) WHERE i.sop_uid = ?`,
    );
    this.#insert = database.prepare(
      `INSERT INTO instances (series_id, sop_uid, sop_class, transfer_syntax, instance_number, acquisition_number, number_of_frames,
         position, sha256, data_set_bytes, file_bytes, origin, source_ae, arrived_at, truncated)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = database.prepare(
      `UPDATE instances SET series_id = ?, sop_uid = ?, sop_class = ?, transfer_syntax = ?, instance_number = ?, acquisition_number = ?,
         number_of_frames = ?, position = ?, sha256 = ?, data_set_bytes = ?, file_bytes = ?, origin = ?, source_ae = ?, arrived_at = ?,
         truncated = ?
       WHERE instance_id = ?`,
    );
    this.#forgetImage = database.prepare('DELETE FROM image_descriptions WHERE instance_id = ?');
    this.#insertImage = database.prepare(
      `INSERT OR REPLACE INTO image_descriptions (instance_id, json) SELECT instance_id, ? FROM instances WHERE instance_id = ? AND sha256 = ?`,
    );
    this.#remove = database.prepare('DELETE FROM instances WHERE instance_id = ?');
    this.#removeConflict = database.prepare('DELETE FROM conflicts WHERE sop_uid = ? AND sha256 = ?');
    this.#insertConflict = database.prepare(
      `INSERT OR IGNORE INTO conflicts (sop_uid, study_uid, sha256, origin, source_ae, arrived_at) VALUES (?, ?, ?, ?, ?, ?)`,
    );
  }

  /** Applies a batch in one transaction; all or nothing. Throws SQLite's errors. */
  apply(entries: readonly IndexEntry[]): Applied {
    return this.transaction(() => {
      const touched = new Set<string>();
      let conflicts = 0;
      for (const entry of entries) {
        const changed = entry.action === 'conflict' ? this.#addConflict(entry) : this.#addInstance(entry);
        if (changed) touched.add(entry.header.studyInstanceUID);
        if (changed && entry.action === 'conflict') conflicts += 1;
      }
      return { studyInstanceUIDs: touched, identityChanges: this.#studies.flush(), conflicts };
    });
  }

  /** Takes instances out; series and studies go with their last one. Answers how many there were, and of which studies. */
  forget(sopInstanceUIDs: readonly string[]): { forgotten: number; studyInstanceUIDs: ReadonlySet<string> } {
    return this.transaction(() => {
      const studyInstanceUIDs = new Set<string>();
      let forgotten = 0;
      for (const sopInstanceUID of sopInstanceUIDs) {
        const known = this.#find.get(sopInstanceUID);
        if (known === undefined) continue;
        studyInstanceUIDs.add(known.study_uid as string);
        this.#forgetImage.run(known.instance_id as number);
        this.#remove.run(known.instance_id as number);
        this.#studies.count(known.study_id as number, known.series_id as number, -1, -(known.file_bytes as number), 0);
        forgotten += 1;
      }
      this.#studies.flush();
      return { forgotten, studyInstanceUIDs };
    });
  }

  forgetConflict(sopInstanceUID: string, sha256: string): void {
    this.#removeConflict.run(sopInstanceUID, Buffer.from(sha256, 'hex'));
  }

  addImages(images: readonly ImageDescriptionEntry[]): void {
    this.transaction(() => {
      for (const { instanceId, sha256, json } of images) this.#insertImage.run(json, instanceId, Buffer.from(sha256, 'hex'));
    });
  }

  transaction<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (thrown) {
      this.#studies.forget();
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw thrown;
    }
  }

  #addInstance(entry: IndexEntry): boolean {
    const { header } = entry;
    const known = this.#find.get(header.sopInstanceUID);
    if (known !== undefined) {
      const isSame = Buffer.from(known.sha256 as Uint8Array).toString('hex') === entry.sha256;
      if (isSame || entry.entryName === undefined || !this.#describesFile(entry)) return false;
    }
    const { studyId, seriesId } = this.#studies.placeOf(entry);
    const values = instanceValues(seriesId, entry);
    if (known === undefined) {
      this.#insert.run(...values);
    } else {
      this.#update.run(...values, known.instance_id as number);
      this.#forgetImage.run(known.instance_id as number);
      this.#studies.count(known.study_id as number, known.series_id as number, -1, -(known.file_bytes as number), 0);
    }
    this.#studies.count(studyId, seriesId, 1, entry.fileBytes, entry.arrivedAt);
    return true;
  }

  #addConflict({ header, sha256, origin, sourceAETitle, arrivedAt }: IndexEntry): boolean {
    const hash = Buffer.from(sha256, 'hex');
    const done = this.#insertConflict.run(header.sopInstanceUID, header.studyInstanceUID, hash, origin, sourceAETitle, arrivedAt);
    return Number(done.changes) > 0;
  }
}

type Values = [
  number,
  string,
  string,
  string,
  number | null,
  number | null,
  number,
  string | null,
  Buffer,
  number,
  number,
  string,
  string,
  number,
  0 | 1,
];

function instanceValues(seriesId: number, entry: IndexEntry): Values {
  const { header } = entry;
  return [
    seriesId,
    header.sopInstanceUID,
    header.sopClassUID,
    header.transferSyntaxUID,
    integerOrNull(header.instanceNumber),
    integerOrNull(header.acquisitionNumber),
    Math.max(0, integerOrNull(header.numberOfFrames) ?? 1),
    positionOf(header),
    Buffer.from(entry.sha256, 'hex'),
    entry.dataSetBytes,
    entry.fileBytes,
    entry.origin,
    entry.sourceAETitle.slice(0, 16),
    entry.arrivedAt,
    header.truncated === true ? 1 : 0,
  ];
}

/** Position and orientation, for the order of a stack: JSON [x, y, z, …six direction cosines]. */
function positionOf({ imagePositionPatient, imageOrientationPatient }: InstanceHeader): string | null {
  if (imagePositionPatient === undefined || imageOrientationPatient?.length !== 6) return null;
  const numbers = [...imagePositionPatient, ...imageOrientationPatient];
  return numbers.every(Number.isFinite) ? JSON.stringify(numbers) : null;
}

function integerOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isSafeInteger(value) ? value : null;
}
