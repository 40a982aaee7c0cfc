import { Buffer } from 'node:buffer';
import type { PersonName } from '../../../shared/contract/index.ts';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { characterSetOr, decodeText } from './character-sets.ts';
import { parsePersonName } from './person-name.ts';
import { Tag as T } from './tags.ts';
import type { InstanceHeader, InstanceIdentity } from './types.ts';
import type { VR } from './vr.ts';

/** Bytes kept of one wanted value. */
export const KEPT_BYTES = 16 * 1024;

/** What InstanceHeader is made of, in tag order. */
export const WANTED_TAGS: readonly number[] = [
  T.SpecificCharacterSet,
  T.SOPClassUID,
  T.SOPInstanceUID,
  T.StudyDate,
  T.SeriesDate,
  T.StudyTime,
  T.AccessionNumber,
  T.Modality,
  T.ReferringPhysicianName,
  T.StudyDescription,
  T.SeriesDescription,
  T.PatientName,
  T.PatientID,
  T.IssuerOfPatientID,
  T.PatientBirthDate,
  T.PatientSex,
  T.PatientAge,
  T.BodyPartExamined,
  T.StudyInstanceUID,
  T.SeriesInstanceUID,
  T.StudyID,
  T.SeriesNumber,
  T.AcquisitionNumber,
  T.InstanceNumber,
  T.ImagePositionPatient,
  T.ImageOrientationPatient,
  T.NumberOfFrames,
  T.Rows,
  T.Columns,
];

const PLACES: ReadonlyMap<number, number> = new Map(WANTED_TAGS.map((tag, index) => [tag, index]));

/** Place of a tag in WANTED_TAGS, −1 when it is not wanted. */
export function indexOfWanted(tag: number): number {
  return PLACES.get(tag) ?? -1;
}

/** Places without which there is no instance. */
const PLACE = {
  sopClassUID: indexOfWanted(T.SOPClassUID),
  sopInstanceUID: indexOfWanted(T.SOPInstanceUID),
  studyInstanceUID: indexOfWanted(T.StudyInstanceUID),
  seriesInstanceUID: indexOfWanted(T.SeriesInstanceUID),
} as const;
export const REQUIRED: readonly number[] = Object.values(PLACE);

const LONGEST_TEXT = 1024;

/** The wanted values of a data set as they came. Structured-cloneable: it can be made into a header in another thread. */
export interface RawHeader {
  /** By their place in WANTED_TAGS, one character per byte, undefined where absent. */
  readonly values: readonly (string | undefined)[];
  readonly transferSyntaxUID: string;
  readonly littleEndian: boolean;
}

/** Who an instance is. Throws `damaged` or `not-dicom`. */
export function identityOf({ values, transferSyntaxUID }: RawHeader): InstanceIdentity {
  if (values.every((value) => value === undefined)) throw new PhosphorError('not-dicom', 'this is no DICOM data set');
  return {
    sopClassUID: usableUID(values[PLACE.sopClassUID], 'SOP Class UID'),
    sopInstanceUID: usableUID(values[PLACE.sopInstanceUID], 'SOP Instance UID'),
    studyInstanceUID: usableUID(values[PLACE.studyInstanceUID], 'Study Instance UID'),
    seriesInstanceUID: usableUID(values[PLACE.seriesInstanceUID], 'Series Instance UID'),
    transferSyntaxUID,
  };
}

/**
 * Builds the header from raw values. `fallbackCharacterSet`: by what text is read that declares no character set, or none that is known; '' = none.
 * Throws `damaged` or `not-dicom`.
 */
export function buildHeader(header: RawHeader, fallbackCharacterSet = ''): InstanceHeader {
  const { values, littleEndian } = header;
  const identity = identityOf(header);
  const raw = (tag: number): string => values[indexOfWanted(tag)] ?? '';
  const plain = (tag: number): string => firstValue(raw(tag));
  const specificCharacterSet = trim(raw(T.SpecificCharacterSet)).slice(0, LONGEST_TEXT);
  const readBy = characterSetOr(specificCharacterSet, fallbackCharacterSet);
  const text = (tag: number, vr: VR): string => trim(decoded(raw(tag), readBy, vr)).slice(0, LONGEST_TEXT);
  const name = (tag: number): PersonName => parsePersonName(decoded(raw(tag), readBy, 'PN'));
  return {
    ...identity,
    specificCharacterSet,
    patientName: name(T.PatientName),
    patientID: text(T.PatientID, 'LO'),
    issuerOfPatientID: text(T.IssuerOfPatientID, 'LO'),
    patientBirthDate: plain(T.PatientBirthDate),
    patientSex: plain(T.PatientSex),
    patientAge: plain(T.PatientAge),
    studyDate: plain(T.StudyDate),
    studyTime: plain(T.StudyTime),
    accessionNumber: text(T.AccessionNumber, 'SH'),
    studyDescription: text(T.StudyDescription, 'LO'),
    studyID: text(T.StudyID, 'SH'),
    referringPhysicianName: name(T.ReferringPhysicianName),
    modality: plain(T.Modality),
    seriesNumber: integer(raw(T.SeriesNumber)),
    seriesDescription: text(T.SeriesDescription, 'LO'),
    seriesDate: plain(T.SeriesDate),
    bodyPartExamined: plain(T.BodyPartExamined),
    instanceNumber: integer(raw(T.InstanceNumber)),
    acquisitionNumber: integer(raw(T.AcquisitionNumber)),
    numberOfFrames: Math.max(1, integer(raw(T.NumberOfFrames)) ?? 1),
    rows: unsignedShort(raw(T.Rows), littleEndian),
    columns: unsignedShort(raw(T.Columns), littleEndian),
    imagePositionPatient: position(raw(T.ImagePositionPatient)),
    imageOrientationPatient: orientation(raw(T.ImageOrientationPatient)),
  };
}

/** As the contract's `uid`: defective UIDs exist and must be storable. */
const USABLE_UID = /^[\x21-\x5b\x5d-\x7e]{1,128}$/;

function usableUID(raw: string | undefined, name: string): string {
  const uid = trim(raw ?? '');
  if (USABLE_UID.test(uid)) return uid;
  throw new PhosphorError('damaged', uid === '' ? `${name} is missing` : `${name} is not usable`);
}

function decoded(raw: string, specificCharacterSet: string, vr: VR): string {
  if (raw === '') return '';
  return decodeText(Buffer.from(raw, 'latin1'), specificCharacterSet, vr)[0] ?? '';
}

function firstValue(raw: string): string {
  const end = raw.indexOf('\\');
  return trim(end < 0 ? raw : raw.slice(0, end)).slice(0, LONGEST_TEXT);
}

function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (end > start && isPadding(text.charCodeAt(end - 1))) end -= 1;
  while (start < end && isPadding(text.charCodeAt(start))) start += 1;
  return text.slice(start, end);
}

function isPadding(code: number): boolean {
  return code === 0x20 || code === 0;
}

function decimals(raw: string): number[] {
  if (raw === '') return [];
  return raw.split('\\', 16).map((one) => {
    const text = trim(one);
    return /^[+-]?[\d.]+([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  });
}

function integer(raw: string): number | undefined {
  const [value] = decimals(raw);
  if (value === undefined || !Number.isFinite(value)) return undefined;
  const whole = Math.trunc(value);
  return Math.abs(whole) <= 0x7fffffff ? whole : undefined;
}

function unsignedShort(raw: string, littleEndian: boolean): number | undefined {
  if (raw.length < 2) return undefined;
  const [low, high] = littleEndian ? [raw.charCodeAt(0), raw.charCodeAt(1)] : [raw.charCodeAt(1), raw.charCodeAt(0)];
  return high * 0x100 + low;
}

function position(raw: string): readonly [number, number, number] | undefined {
  const [x, y, z, ...more] = decimals(raw);
  if (x === undefined || y === undefined || z === undefined || more.length > 0) return undefined;
  return [x, y, z].every(Number.isFinite) ? [x, y, z] : undefined;
}

function orientation(raw: string): readonly number[] | undefined {
  const cosines = decimals(raw);
  return cosines.length === 6 && cosines.every(Number.isFinite) ? cosines : undefined;
}
