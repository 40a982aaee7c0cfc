import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ExportField } from '../../shared/contract/export-fields.ts';
import type { ExportItem, ExportSelection } from '../../shared/contract/index.ts';
import type { Owner } from './export-names.ts';
import { number, type Row, text } from './rows.ts';

/** An instance to be exported, as the index knows it. */
export interface ChosenInstance {
  readonly sopInstanceUID: string;
  readonly transferSyntaxUID: string;
  /** Of the data set, lower-case hex. */
  readonly sha256: string;
  readonly values: Readonly<Record<ExportField, string>>;
  readonly owner: Owner;
}

/** What a selection comes to: instances by patient, date, series and instance number; only their row numbers are held. */
export class Chosen {
  readonly #ids: readonly number[];
  readonly #row: StatementSync;

  constructor(database: DatabaseSync, selection: ExportSelection) {
    const lists = LISTS.map(({ key }) => JSON.stringify(selection[key] ?? []));
    const union = LISTS.map(({ column }) => `SELECT i.instance_id FROM ${JOINED} WHERE ${column} IN (SELECT value FROM json_each(?))`).join(
      ' UNION ',
    );
    this.#ids = database
      .prepare(`SELECT i.instance_id AS id FROM ${JOINED} WHERE i.instance_id IN (${union}) ORDER BY ${ORDER}`)
      .all(...lists)
      .map((row) => number(row.id));
    this.#row = database.prepare(`SELECT ${COLUMNS} FROM ${JOINED} WHERE i.instance_id = ?`);
  }

  get size(): number {
    return this.#ids.length;
  }

  /** In order, read as they are asked for; those that were removed meanwhile are left out. */
  *[Symbol.iterator](): Generator<{ readonly instance: ChosenInstance; readonly order: number }> {
    for (const [order, id] of this.#ids.entries()) {
      const row = this.#row.get(id);
      if (row !== undefined) yield { instance: instanceOf(row), order };
    }
  }
}

const JOINED = 'instances i JOIN series se USING (series_id) JOIN studies st USING (study_id)';
const ORDER = `st.name_search, st.patient, st.study_date, st.study_time, st.study_id, se.series_number IS NULL, se.series_number,
  se.series_id, i.instance_number IS NULL, i.instance_number, i.instance_id`;
const COLUMNS = `i.sop_uid, i.transfer_syntax, i.sha256, i.instance_number, i.acquisition_number, se.series_uid, se.modality, se.series_number,
  se.description AS series_description, se.body_part, se.series_date, st.study_uid, st.patient, st.name_alphabetic, st.name_ideographic,
  st.patient_id, st.birth_date, st.sex, st.study_date, st.study_time, st.description AS study_description, st.study_ref, st.accession,
  st.referring_alphabetic`;

const LISTS = [
  { key: 'patientIDs', level: 'patient', column: 'st.patient_id' },
  { key: 'studyInstanceUIDs', level: 'study', column: 'st.study_uid' },
  { key: 'seriesInstanceUIDs', level: 'series', column: 'se.series_uid' },
  { key: 'sopInstanceUIDs', level: 'image', column: 'i.sop_uid' },
] as const satisfies readonly { key: keyof ExportSelection; level: ExportItem['level']; column: string }[];

/** What was named and is not in the archive. */
export function missingOf(database: DatabaseSync, selection: ExportSelection): { level: ExportItem['level']; name: string }[] {
  return LISTS.flatMap(({ key, level, column }) =>
    database
      .prepare(`SELECT value FROM json_each(?) AS wanted WHERE NOT EXISTS (SELECT 1 FROM ${TABLES[level]} WHERE ${column} = wanted.value)`)
      .all(JSON.stringify(selection[key] ?? []))
      .map((row) => ({ level, name: text(row.value) })),
  );
}

const TABLES = { patient: 'studies st', study: 'studies st', series: 'series se', image: 'instances i' } as const;

/** The transfer syntaxes of what was chosen. */
export function transferSyntaxesOf(chosen: Chosen): Set<string> {
  const syntaxes = new Set<string>();
  for (const { instance } of chosen) syntaxes.add(instance.transferSyntaxUID);
  return syntaxes;
}

function instanceOf(row: Row): ChosenInstance {
  const numbered = (value: unknown): string => (typeof value === 'number' ? String(value) : '');
  return {
    sopInstanceUID: text(row.sop_uid),
    transferSyntaxUID: text(row.transfer_syntax),
    sha256: Buffer.from(row.sha256 as Uint8Array).toString('hex'),
    values: {
      PatientName: text(row.name_alphabetic) || text(row.name_ideographic),
      PatientID: text(row.patient_id),
      PatientBirthDate: text(row.birth_date),
      PatientSex: text(row.sex),
      StudyDate: text(row.study_date),
      StudyTime: text(row.study_time),
      StudyDescription: text(row.study_description),
      StudyID: text(row.study_ref),
      AccessionNumber: text(row.accession),
      StudyInstanceUID: text(row.study_uid),
      ReferringPhysicianName: text(row.referring_alphabetic),
      Modality: text(row.modality),
      BodyPartExamined: text(row.body_part),
      SeriesDate: text(row.series_date),
      SeriesNumber: numbered(row.series_number),
      SeriesDescription: text(row.series_description),
      SeriesInstanceUID: text(row.series_uid),
      AcquisitionNumber: numbered(row.acquisition_number),
      InstanceNumber: numbered(row.instance_number),
      SOPInstanceUID: text(row.sop_uid),
    },
    owner: { patient: text(row.patient), study: text(row.study_uid), series: text(row.series_uid), image: text(row.sop_uid) },
  };
}
