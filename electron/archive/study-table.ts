import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { InstanceHeader } from '../dicom/dataset/types.ts';
import { ageOf } from './ages.ts';
import type { IndexEntry } from './arrival-messages.ts';
import { fold, foldName } from './matching.ts';
import { StudySources } from './study-sources.ts';

interface KnownStudy {
  readonly studyId: number;
  identity: { readonly id: string; readonly name: string };
  /** Some of date, time, accession number, description and study ID are still empty. */
  hasGaps: boolean;
  readonly series: Map<string, number>;
  readonly announced: Set<string>;
}

interface Delta {
  instances: number;
  bytes: number;
  arrivedAt: number;
}

const MAX_CACHED = 5_000;
/** Series whose descriptions are searchable by their words, of one study. */
const MAX_SERIES_IN_TEXT = 500;

/** Studies and series of an index: finds or creates their rows, and adds up the counts of a batch, written once by `flush`. */
export class StudyTable {
  readonly #cache = new Map<string, KnownStudy>();
  readonly #studyDeltas = new Map<number, Delta>();
  readonly #seriesDeltas = new Map<number, Delta>();
  readonly #modalitiesOf = new Set<number>();
  /** Studies whose searchable text changed; true = it is not in the text indexes yet. */
  readonly #textOf = new Map<number, boolean>();
  readonly #sources: StudySources;
  #identityChanges = 0;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(database: DatabaseSync) {
    this.#sql = prepare(database);
    this.#sources = new StudySources(database);
  }

  /** Rows of an instance's study and series, made or completed from its header. */
  placeOf(entry: IndexEntry): { studyId: number; seriesId: number } {
    const { header } = entry;
    const study = this.#study(entry);
    let seriesId = study.series.get(header.seriesInstanceUID);
    if (seriesId === undefined) {
      const row = this.#sql.findSeries.get(study.studyId, header.seriesInstanceUID);
      seriesId = row === undefined ? this.#insertSeries(study.studyId, header) : (row.series_id as number);
      study.series.set(header.seriesInstanceUID, seriesId);
    }
    this.#sources.count(study.studyId, entry);
    return { studyId: study.studyId, seriesId };
  }

  count(studyId: number, seriesId: number, instances: number, bytes: number, arrivedAt: number): void {
    add(this.#studyDeltas, studyId, instances, bytes, arrivedAt);
    add(this.#seriesDeltas, seriesId, instances, bytes, arrivedAt);
  }

  /** Writes the counts. Returns how many changes of a patient's identity the batch brought. */
  flush(): number {
    let mayBeEmpty = false;
    for (const [seriesId, delta] of this.#seriesDeltas) {
      this.#sql.countSeries.run(delta.instances, delta.bytes, seriesId);
      mayBeEmpty ||= delta.instances <= 0;
    }
    for (const [studyId, delta] of this.#studyDeltas) this.#sql.countStudy.run(delta.instances, delta.bytes, delta.arrivedAt, studyId);
    if (mayBeEmpty) this.#dropEmpty();
    for (const studyId of this.#modalitiesOf) this.#writeModalities(studyId);
    for (const [studyId, isNew] of this.#textOf) this.#writeText(studyId, isNew);
    this.#sources.flush();
    const changes = this.#identityChanges;
    this.#clearBatch();
    if (this.#cache.size > MAX_CACHED) this.#cache.clear();
    return changes;
  }

  /** After a rollback nothing remembered is certain. */
  forget(): void {
    this.#cache.clear();
    this.#clearBatch();
  }

  #clearBatch(): void {
    this.#studyDeltas.clear();
    this.#seriesDeltas.clear();
    this.#modalitiesOf.clear();
    this.#textOf.clear();
    this.#sources.forget();
    this.#identityChanges = 0;
  }

  #study(entry: IndexEntry): KnownStudy {
    const { header } = entry;
    const known = this.#cache.get(header.studyInstanceUID) ?? this.#findStudy(header.studyInstanceUID);
    if (known === undefined) return this.#insertStudy(header);
    this.#compareIdentity(known, entry);
    if (known.hasGaps) this.#fillGaps(known, header);
    return known;
  }

  #findStudy(studyInstanceUID: string): KnownStudy | undefined {
    const row = this.#sql.findStudy.get(studyInstanceUID);
    if (row === undefined) return undefined;
    const known: KnownStudy = {
      studyId: row.study_id as number,
      identity: { id: row.patient_id_search as string, name: row.name_search as string },
      hasGaps: row.has_gaps === 1,
      series: new Map(),
      announced: new Set(),
    };
    this.#cache.set(studyInstanceUID, known);
    return known;
  }

  #insertStudy(header: InstanceHeader): KnownStudy {
    const { alphabetic, ideographic = '', phonetic = '' } = header.referringPhysicianName;
    const done = this.#sql.insertStudy.run({
      study_uid: header.studyInstanceUID,
      ...patientColumns(header),
      study_date: clip(header.studyDate),
      study_time: clip(header.studyTime),
      accession: clip(header.accessionNumber),
      accession_search: clip(fold(header.accessionNumber)),
      description: clip(header.studyDescription),
      description_search: clip(fold(header.studyDescription)),
      study_ref: clip(header.studyID),
      referring_alphabetic: clip(alphabetic),
      referring_ideographic: clip(ideographic),
      referring_phonetic: clip(phonetic),
      referring_search: clip(foldName([alphabetic, ideographic, phonetic].filter((group) => group !== '').join('='))),
      ...ageColumns(header),
      modalities: header.modality.slice(0, 64),
    });
    const studyId = Number(done.lastInsertRowid);
    this.#textOf.set(studyId, true);
    const known: KnownStudy = {
      studyId,
      identity: { id: clip(fold(header.patientID)), name: clip(foldName(header.patientName.alphabetic)) },
      hasGaps: [header.studyDate, header.studyTime, header.accessionNumber, header.studyDescription, header.studyID].includes(''),
      series: new Map(),
      announced: new Set(),
    };
    this.#cache.set(header.studyInstanceUID, known);
    return known;
  }

  #insertSeries(studyId: number, header: InstanceHeader): number {
    const done = this.#sql.insertSeries.run(
      studyId,
      header.seriesInstanceUID,
      header.modality.slice(0, 64),
      header.seriesNumber !== undefined && Number.isSafeInteger(header.seriesNumber) ? header.seriesNumber : null,
      clip(header.seriesDescription),
      clip(header.bodyPartExamined),
      clip(header.seriesDate),
      clip(fold(header.seriesDescription)),
      clip(fold(header.bodyPartExamined)),
    );
    this.#modalitiesOf.add(studyId);
    this.#textChanged(studyId);
    return Number(done.lastInsertRowid);
  }

  /**
   * Another patient under a known Study Instance UID: an answer to our own retrieve is what the PACS holds now and is shown, as is what replaced an
   * older version; of anything else the first is kept. Either way it is announced, unless a person just made it so here (a correction, a conflict resolved). Empty values are no other patient; they are filled in.
   */
  #compareIdentity(known: KnownStudy, { header, origin, action }: IndexEntry): void {
    const id = clip(fold(header.patientID));
    const name = clip(foldName(header.patientName.alphabetic));
    if (id === known.identity.id && name === known.identity.name) return;
    const differs = isOther(id, known.identity.id) || isOther(name, known.identity.name);
    const fills = (known.identity.id === '' && id !== '') || (known.identity.name === '' && name !== '');
    const identity = `${id}\0${name}`;
    const isOurDoing = action === 'replaced' && origin !== 'retrieve';
    if (differs && !isOurDoing && !known.announced.has(identity) && known.announced.size < 100) {
      known.announced.add(identity);
      this.#identityChanges += 1;
    }
    if ((differs && (origin === 'retrieve' || action === 'replaced')) || (!differs && fills)) {
      this.#sql.updatePatient.run({ study_id: known.studyId, ...patientColumns(header) });
      this.#sql.setAge.run(header.patientAge, header.patientAge, known.studyId);
      this.#textChanged(known.studyId);
      known.announced.add(`${known.identity.id}\0${known.identity.name}`);
      known.identity = { id, name };
    }
  }

  #fillGaps(known: KnownStudy, header: InstanceHeader): void {
    const values = [header.studyDate, header.studyTime, header.accessionNumber, header.studyDescription, header.studyID].map(clip);
    if (values.every((value) => value === '')) return;
    const [date = '', time = '', accession = '', description = '', studyRef = ''] = values;
    const done = this.#sql.fillGaps.run({
      study_id: known.studyId,
      study_date: date,
      study_time: time,
      accession,
      accession_search: clip(fold(accession)),
      description,
      description_search: clip(fold(description)),
      study_ref: studyRef,
    });
    if (Number(done.changes) > 0) {
      this.#sql.setAge.run(header.patientAge, header.patientAge, known.studyId);
      this.#textChanged(known.studyId);
    }
    known.hasGaps = this.#sql.gaps.get(known.studyId)?.has_gaps === 1;
  }

  #textChanged(studyId: number): void {
    if (!this.#textOf.has(studyId)) this.#textOf.set(studyId, false);
  }

  /** The text indexes keep no text of their own: a row is taken out whole and put in again. */
  #writeText(studyId: number, isNew: boolean): void {
    if (!isNew) this.#removeText(studyId);
    this.#sql.insertText.run(studyId);
    this.#sql.insertWords.run(studyId);
  }

  #removeText(studyId: number): void {
    this.#sql.removeText.run(studyId);
    this.#sql.removeWords.run(studyId);
  }

  #writeModalities(studyId: number): void {
    const rows = this.#sql.modalities.all(studyId).map((row) => row.modality as string);
    const modalities = rows.join('\\');
    this.#sql.setModalities.run(modalities, studyId, modalities);
    this.#sql.setSeriesCount.run(this.#sql.countOfSeries.get(studyId)?.n as number, studyId);
  }

  /** A replaced instance may have left its series or study empty. */
  #dropEmpty(): void {
    for (const seriesId of this.#seriesDeltas.keys()) this.#sql.dropSeries.run(seriesId);
    for (const studyId of this.#studyDeltas.keys()) {
      if (this.#sql.isEmpty.get(studyId) === undefined) {
        this.#modalitiesOf.add(studyId);
        this.#textChanged(studyId);
        continue;
      }
      this.#removeText(studyId);
      this.#sources.drop(studyId);
      this.#sql.dropStudy.run(studyId);
    }
    this.#cache.clear();
  }
}

function add(deltas: Map<number, Delta>, key: number, instances: number, bytes: number, arrivedAt: number): void {
  const delta = deltas.get(key);
  if (delta === undefined) {
    deltas.set(key, { instances, bytes, arrivedAt });
    return;
  }
  delta.instances += instances;
  delta.bytes += bytes;
  delta.arrivedAt = Math.max(delta.arrivedAt, arrivedAt);
}

const isOther = (one: string, other: string): boolean => one !== '' && other !== '' && one !== other;

/** Bounded as the contract bounds it. */
const clip = (text: string): string => (text.length > 1024 ? text.slice(0, 1024) : text);

function ageColumns(header: InstanceHeader): Record<'age_months' | 'age_days', number | null> {
  const age = ageOf(header.patientBirthDate, header.studyDate, header.patientAge);
  return { age_months: age?.months ?? null, age_days: age?.days ?? null };
}

function patientColumns(header: InstanceHeader): Record<string, string> {
  const { alphabetic, ideographic = '', phonetic = '' } = header.patientName;
  const id = clip(fold(header.patientID));
  const issuer = clip(header.issuerOfPatientID);
  const name = clip(foldName(alphabetic));
  const patient = id === '' ? `name\0${name || foldName(ideographic)}\0${header.patientBirthDate}` : `id\0${id}\0${fold(issuer)}`;
  return {
    patient: patient.slice(0, 2048),
    name_alphabetic: clip(alphabetic),
    name_ideographic: clip(ideographic),
    name_phonetic: clip(phonetic),
    name_search: name,
    ideographic_search: clip(foldName(ideographic)),
    phonetic_search: clip(foldName(phonetic)),
    patient_id: clip(header.patientID),
    patient_id_search: id,
    issuer,
    birth_date: clip(header.patientBirthDate),
    sex: clip(header.patientSex),
  };
}

const PATIENT = [
  'patient',
  'name_alphabetic',
  'name_ideographic',
  'name_phonetic',
  'name_search',
  'ideographic_search',
  'phonetic_search',
  'patient_id',
  'patient_id_search',
  'issuer',
  'birth_date',
  'sex',
];
const STUDY = [
  'study_uid',
  ...PATIENT,
  'study_date',
  'study_time',
  'accession',
  'accession_search',
  'description',
  'description_search',
  'study_ref',
  'referring_alphabetic',
  'referring_ideographic',
  'referring_phonetic',
  'referring_search',
  'age_months',
  'age_days',
];
const FILLED = ['study_date', 'study_time', 'accession', 'accession_search', 'description', 'description_search', 'study_ref'];
const GAPS = `(study_date = '' OR study_time = '' OR accession = '' OR description = '' OR study_ref = '') AS has_gaps`;

function prepare(database: DatabaseSync): Readonly<Record<Statement, StatementSync>> {
  const sql: Record<Statement, string> = {
    findStudy: `SELECT study_id, patient_id_search, name_search, ${GAPS} FROM studies WHERE study_uid = ?`,
    gaps: `SELECT ${GAPS} FROM studies WHERE study_id = ?`,
    findSeries: 'SELECT series_id FROM series WHERE study_id = ? AND series_uid = ?',
    insertStudy: `INSERT INTO studies (${STUDY.join(', ')}, modalities, series_count, instance_count, bytes, arrived_at)
      VALUES (${STUDY.map((column) => `:${column}`).join(', ')}, :modalities, 0, 0, 0, 0)`,
    insertSeries: `INSERT INTO series (study_id, series_uid, modality, series_number, description, body_part, series_date,
      description_search, body_part_search, instance_count, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)`,
    updatePatient: `UPDATE studies SET ${PATIENT.map((column) => `${column} = :${column}`).join(', ')} WHERE study_id = :study_id`,
    fillGaps: `UPDATE studies SET ${FILLED.map((column) => `${column} = iif(${column} = '', :${column}, ${column})`).join(', ')}
      WHERE study_id = :study_id AND (${FILLED.map((column) => `(${column} = '' AND :${column} <> '')`).join(' OR ')})`,
    setAge: `UPDATE studies SET age_months = ageMonths(birth_date, study_date, ?), age_days = ageDays(birth_date, study_date, ?) WHERE study_id = ?`,
    countStudy: `UPDATE studies SET instance_count = instance_count + ?, bytes = bytes + ?, arrived_at = max(arrived_at, ?) WHERE study_id = ?`,
    countSeries: 'UPDATE series SET instance_count = instance_count + ?, bytes = bytes + ? WHERE series_id = ?',
    modalities: `SELECT DISTINCT modality FROM series WHERE study_id = ? AND modality <> '' ORDER BY modality LIMIT 64`,
    countOfSeries: 'SELECT count(*) AS n FROM series WHERE study_id = ?',
    setModalities: 'UPDATE studies SET modalities = ? WHERE study_id = ? AND modalities <> ?',
    setSeriesCount: 'UPDATE studies SET series_count = ? WHERE study_id = ?',
    dropSeries: 'DELETE FROM series WHERE series_id = ? AND instance_count <= 0',
    isEmpty: 'SELECT 1 FROM studies WHERE study_id = ? AND instance_count <= 0',
    dropStudy: 'DELETE FROM studies WHERE study_id = ? AND instance_count <= 0',
    removeText: 'DELETE FROM studies_text WHERE rowid = ?',
    removeWords: 'DELETE FROM studies_words WHERE rowid = ?',
    insertText: `INSERT INTO studies_text (rowid, name, patient_id, accession)
      SELECT study_id, name_search || '=' || ideographic_search || '=' || phonetic_search, patient_id_search, accession_search
      FROM studies WHERE study_id = ?`,
    insertWords: `INSERT INTO studies_words (rowid, patient, study, series)
      SELECT study_id, words(name_search || ' ' || ideographic_search || ' ' || phonetic_search || ' ' || patient_id_search),
        words(description || ' ' || accession || ' ' || study_ref || ' ' || referring_search || ' ' || modalities),
        words((SELECT group_concat(description || ' ' || body_part, ' ')
          FROM (SELECT description, body_part FROM series s WHERE s.study_id = st.study_id LIMIT ${MAX_SERIES_IN_TEXT})))
      FROM studies st WHERE study_id = ?`,
  };
  return Object.fromEntries(Object.entries(sql).map(([name, text]) => [name, database.prepare(text)])) as Record<Statement, StatementSync>;
}

type Statement =
  | 'findStudy'
  | 'gaps'
  | 'findSeries'
  | 'insertStudy'
  | 'insertSeries'
  | 'updatePatient'
  | 'fillGaps'
  | 'countStudy'
  | 'countSeries'
  | 'modalities'
  | 'countOfSeries'
  | 'setModalities'
  | 'setSeriesCount'
  | 'dropSeries'
  | 'dropStudy'
  | 'removeText'
  | 'removeWords'
  | 'insertText'
  | 'insertWords'
  | 'setAge'
  | 'isEmpty';
