import { Buffer } from 'node:buffer';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { decodeText, encodeText } from './character-sets.ts';
import { Dataset } from './dataset.ts';
import { copyKeys, type KeySet, PATIENT_KEYS, type RecordForm, recordFormOf, SERIES_KEYS, STUDY_KEYS } from './directory-keys.ts';
import { elementHeader, encodeDataset } from './encode.ts';
import { encodeFileMeta } from './part10.ts';
import { Tag as T } from './tags.ts';
import { TransferSyntaxUID } from './transfer-syntaxes.ts';
import { traitsOf } from './vr.ts';

/** An instance on the medium. */
export interface MediaFile {
  /** Everything before the pixel data. */
  readonly dataset: Dataset;
  /** Of the file as it lies on the medium. */
  readonly transferSyntaxUID: string;
  /** Components of its file ID (PS3.10 §8.2): at most 8 of at most 8 characters A–Z 0–9 _. */
  readonly fileID: readonly string[];
  /** Its place among all files, which decides where a number does not. */
  readonly order: number;
}

interface RecordNode {
  readonly children: Map<string, RecordNode>;
  order: number;
  /** Series Number, Instance Number …: what the records below one parent are sorted by. */
  number: number | undefined;
  /** The record without item header, its two offsets still 0. */
  bytes: Uint8Array;
}

/** Today, for a study that has no date at all (PS3.3 F.5-2 wants one). */
type Now = () => { readonly date: string; readonly time: string };

/**
 * A DICOMDIR (PS3.10 §8.6, PS3.3 annex F) as files are put on the medium, in any order. Holds one encoded record per file. Keys that must
 * have a value and have none in the files get one (PATIENT00000001 …), as PS3.3 F.5 leaves to whoever creates the medium.
 */
export class MediaDirectory {
  readonly #keys: KeySet;
  readonly #now: Now;
  readonly #root = node(0);

  constructor(keys: KeySet, now: Now) {
    this.#keys = keys;
    this.#now = now;
  }

  add(file: MediaFile): void {
    const { dataset, order } = file;
    const form = recordFormOf(dataset.uid(T.SOPClassUID), this.#keys);
    if (form.root === true) {
      this.#put(this.#root, `${form.type} ${dataset.uid(T.SOPInstanceUID)}`, order, () => this.#instance(file, form));
      return;
    }
    const patient = this.#put(this.#root, `PATIENT ${patientKey(dataset)}`, order, () => this.#patient(file));
    const study = this.#put(patient, dataset.uid(T.StudyInstanceUID), order, () => this.#study(file));
    const series = this.#put(study, dataset.uid(T.SeriesInstanceUID), order, () => this.#series(file));
    this.#put(series, dataset.uid(T.SOPInstanceUID), order, () => this.#instance(file, form));
  }

  /** The whole file. `sopInstanceUID`: of the directory itself. */
  encode(sopInstanceUID: string, fileSetID = ''): Uint8Array {
    const meta = encodeFileMeta({
      sopClassUID: '1.2.840.10008.1.3.10',
      sopInstanceUID,
      transferSyntaxUID: TransferSyntaxUID.ExplicitVRLittleEndian,
    });
    const head = (first: number, last: number): Uint8Array => {
      const dataset = Dataset.of({
        FileSetID: fileSetID,
        OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity: first,
        OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity: last,
        FileSetConsistencyFlag: 0,
      });
      return encodeDataset(dataset, TransferSyntaxUID.ExplicitVRLittleEndian);
    };
    const firstRecord = meta.length + head(0, 0).length + SEQUENCE_HEADER;
    const chunks: Uint8Array[] = [];
    const end = { at: firstRecord };
    const roots = layOut(this.#root, end, chunks);
    const length = end.at - firstRecord;
    if (length > LONGEST) throw new PhosphorError('limit-exceeded', 'the media directory is longer than it can be');
    const sequence = elementHeader(DIRECTORY_RECORD_SEQUENCE, 'SQ', length, EXPLICIT);
    return Buffer.concat([meta, head(roots[0] ?? 0, roots.at(-1) ?? 0), sequence, ...chunks]);
  }

  /** The earliest file of a parent says what its record holds, whatever the order they come in. */
  #put(parent: RecordNode, key: string, order: number, make: () => Pick<RecordNode, 'bytes' | 'number'>): RecordNode {
    const known = parent.children.get(key);
    if (known !== undefined && known.order <= order) return known;
    const made = { ...(known ?? node(order)), ...make(), order };
    parent.children.set(key, made);
    return made;
  }

  #patient(file: MediaFile): Pick<RecordNode, 'bytes' | 'number'> {
    const record = recordOf('PATIENT', PATIENT_KEYS[this.#keys], file.dataset);
    invent(record, T.PatientID, `PATIENT${digits(file.order)}`);
    return finished(record, file.dataset);
  }

  #study(file: MediaFile): Pick<RecordNode, 'bytes' | 'number'> {
    const { dataset } = file;
    const record = recordOf('STUDY', STUDY_KEYS, dataset);
    const now = this.#now();
    record.set(T.StudyDate, firstOf(dataset, [T.StudyDate, T.SeriesDate, ACQUISITION_DATE, CONTENT_DATE]) ?? now.date);
    record.set(T.StudyTime, firstOf(dataset, [T.StudyTime, SERIES_TIME, ACQUISITION_TIME, CONTENT_TIME]) ?? now.time);
    invent(record, T.StudyID, `STUDY${digits(file.order)}`);
    return finished(record, dataset);
  }

  #series(file: MediaFile): Pick<RecordNode, 'bytes' | 'number'> {
    const record = recordOf('SERIES', SERIES_KEYS[this.#keys], file.dataset);
    invent(record, T.SeriesNumber, String(file.order + 1));
    return finished(record, file.dataset, T.SeriesNumber);
  }

  #instance({ dataset, fileID, transferSyntaxUID, order }: MediaFile, form: RecordForm): Pick<RecordNode, 'bytes' | 'number'> {
    const record = recordOf(form.type, form.keys, dataset);
    if (form.keys.includes('InstanceNumber')) invent(record, T.InstanceNumber, String(order + 1));
    record.set('ReferencedFileID', [...fileID]);
    record.set('ReferencedSOPClassUIDInFile', dataset.uid(T.SOPClassUID));
    record.set('ReferencedSOPInstanceUIDInFile', dataset.uid(T.SOPInstanceUID));
    record.set('ReferencedTransferSyntaxUIDInFile', transferSyntaxUID);
    return finished(record, dataset, form.root === true ? undefined : T.InstanceNumber);
  }
}

const DIRECTORY_RECORD_SEQUENCE = 0x00041220;
const SEQUENCE_HEADER = 12;
const ITEM_HEADER = 8;
const LONGEST = 0xfffffff0;
const EXPLICIT = { explicitVR: true, bigEndian: false } as const;
const ACQUISITION_DATE = 0x00080022;
const CONTENT_DATE = 0x00080023;
const SERIES_TIME = 0x00080031;
const ACQUISITION_TIME = 0x00080032;
const CONTENT_TIME = 0x00080033;
/** Where the two offsets stand in a record: (0004,1400) is its first element, (0004,1420) the third. */
const NEXT_AT = 8;
const LOWER_AT = 30;

const node = (order: number): RecordNode => ({ children: new Map(), order, number: undefined, bytes: new Uint8Array(0) });
const digits = (order: number): string => String(order + 1).padStart(8, '0');

/** Patients are told apart by ID, those without one by name; of those who have neither, nobody knows that two studies are of one. */
function patientKey(dataset: Dataset): string {
  const [id, name] = [dataset.string(T.PatientID), dataset.string(T.PatientName)];
  return id !== '' ? `id ${id}` : name !== '' ? `name ${name}` : `study ${dataset.uid(T.StudyInstanceUID)}`;
}

function recordOf(type: string, keys: readonly string[], from: Dataset): Dataset {
  const record = Dataset.of({
    OffsetOfTheNextDirectoryRecord: 0,
    RecordInUseFlag: 0xffff,
    OffsetOfReferencedLowerLevelDirectoryEntity: 0,
    DirectoryRecordType: type,
  });
  copyKeys(keys, from, record);
  return record;
}

function invent(record: Dataset, tag: number, value: string): void {
  if (record.string(tag) === '') record.set(tag, value);
}

function firstOf(dataset: Dataset, tags: readonly number[]): string | undefined {
  return tags.map((tag) => dataset.string(tag)).find((value) => value !== '');
}

/** Text keeps the character set of its file, where that can say it; else it becomes UTF-8. */
function finished(record: Dataset, from: Dataset, numberTag?: number): Pick<RecordNode, 'bytes' | 'number'> {
  const declared = from.strings(T.SpecificCharacterSet);
  if (hasText(record)) {
    const isSayable = survives(record, declared.join('\\'));
    if (!isSayable) record.set(T.SpecificCharacterSet, 'ISO_IR 192');
    else if (declared.length > 0) record.set(T.SpecificCharacterSet, declared);
  }
  return {
    bytes: encodeDataset(record, TransferSyntaxUID.ExplicitVRLittleEndian),
    number: numberTag === undefined ? undefined : record.number(numberTag),
  };
}

function hasText(dataset: Dataset): boolean {
  return dataset.elements().some(({ tag, vr }) => traitsOf(vr)?.characterSet === true || dataset.items(tag).some(hasText));
}

function survives(dataset: Dataset, characterSet: string): boolean {
  return dataset.elements().every(({ tag, vr, value }) => {
    if (vr === 'SQ') return dataset.items(tag).every((item) => survives(item, characterSet));
    if (traitsOf(vr)?.characterSet !== true || !Array.isArray(value)) return true;
    const texts = (value as readonly unknown[]).map(String);
    return decodeText(encodeText(texts, characterSet, vr), characterSet, vr).join('\\') === texts.join('\\');
  });
}

/** Writes the records below a parent, each followed by its own; returns where those of this level begin. Offsets count from the file's first byte. */
function layOut(parent: RecordNode, end: { at: number }, chunks: Uint8Array[]): number[] {
  const starts: number[] = [];
  let last: DataView | undefined;
  for (const child of sorted([...parent.children.values()])) {
    const start = end.at;
    const view = new DataView(child.bytes.buffer, child.bytes.byteOffset, child.bytes.length);
    last?.setUint32(NEXT_AT, start, true);
    last = view;
    starts.push(start);
    chunks.push(elementHeader(T.Item, 'UN', child.bytes.length, { explicitVR: false, bigEndian: false }), child.bytes);
    end.at += ITEM_HEADER + child.bytes.length;
    view.setUint32(LOWER_AT, layOut(child, end, chunks)[0] ?? 0, true);
  }
  last?.setUint32(NEXT_AT, 0, true);
  return starts;
}

/** By number; records without one stay behind those that came before them. */
function sorted(children: RecordNode[]): RecordNode[] {
  const inOrder = children.sort((a, b) => a.order - b.order);
  const out: RecordNode[] = [];
  let highest = Number.NEGATIVE_INFINITY;
  for (const child of inOrder) {
    const { number } = child;
    const at =
      number === undefined || number >= highest ? -1 : out.findIndex((other) => other.number !== undefined && other.number > number);
    if (at < 0) out.push(child);
    else out.splice(at, 0, child);
    if (number !== undefined) highest = Math.max(highest, number);
  }
  return out;
}
