import { PhosphorError } from './phosphor-error.ts';

// The DICOM JSON model (PS3.18 annex F) as archive.header delivers it. No zod: a header can have 10⁵ elements, and this is checked in one pass.

/** A run of bytes of the stored file. */
export interface FileRange {
  readonly offset: number;
  readonly length: number;
}

export interface DicomJsonName {
  readonly Alphabetic?: string;
  readonly Ideographic?: string;
  readonly Phonetic?: string;
}

export type DicomJsonValue = string | number | null | DicomJsonName | DicomJson;

/** At most one of `Value`, `InlineBinary` (base64, little endian) and `BulkDataURI` (`bytes:offset,length`, or `fragments:offset,length;…`). */
export interface DicomJsonAttribute {
  readonly vr: string;
  readonly Value?: readonly DicomJsonValue[];
  readonly InlineBinary?: string;
  readonly BulkDataURI?: string;
}

/** Tags as `GGGGEEEE`, upper-case hex. */
export interface DicomJson {
  readonly [tag: string]: DicomJsonAttribute;
}

/** Items within items, at most. */
const MAX_DEPTH = 64;

/** Takes a header's JSON in. Throws PhosphorError `invalid-arguments` for anything that the model has no place for. */
export function readDicomJson(text: string): DicomJson {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw broken();
  }
  checkDataset(parsed, 0);
  return parsed;
}

/** The ranges that a BulkDataURI names: one, or the fragments with the offset table first. Throws PhosphorError `invalid-arguments`. */
export function bulkRangesOf(uri: string): FileRange[] {
  const [, list = ''] = URI.exec(uri) ?? [];
  return list.split(';').flatMap((pair) => {
    if (pair === '') return [];
    const [offset = Number.NaN, length = Number.NaN] = pair.split(',').map(Number);
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length)) throw broken();
    return [{ offset, length }];
  });
}

const URI = /^(?:bytes|fragments):((?:\d{1,15},\d{1,15};?)*)$/;
const TAG = /^[0-9A-F]{8}$/;
const VR = /^[A-Z]{2}$/;
const NAME_GROUPS: ReadonlySet<string> = new Set(['Alphabetic', 'Ideographic', 'Phonetic']);

function checkDataset(value: unknown, depth: number): asserts value is DicomJson {
  if (!isObject(value) || depth > MAX_DEPTH) throw broken();
  for (const [tag, attribute] of Object.entries(value)) {
    if (!TAG.test(tag) || !isObject(attribute)) throw broken();
    checkAttribute(attribute, depth);
  }
}

function checkAttribute(attribute: Readonly<Record<string, unknown>>, depth: number): void {
  for (const [key, value] of Object.entries(attribute)) {
    if (key === 'vr' ? typeof value === 'string' && VR.test(value) : key === 'InlineBinary' && typeof value === 'string') continue;
    if (key === 'BulkDataURI' && typeof value === 'string' && URI.test(value)) continue;
    if (key !== 'Value' || !Array.isArray(value)) throw broken();
    for (const one of value) checkValue(one, attribute.vr, depth);
  }
  if (!('vr' in attribute)) throw broken();
}

function checkValue(value: unknown, vr: unknown, depth: number): void {
  if (vr === 'SQ') checkDataset(value, depth + 1);
  else if (vr === 'PN' && isObject(value)) {
    for (const [group, text] of Object.entries(value)) if (!NAME_GROUPS.has(group) || typeof text !== 'string') throw broken();
  } else if (value !== null && typeof value !== 'string' && typeof value !== 'number') throw broken();
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const broken = (): PhosphorError => new PhosphorError('invalid-arguments', 'a header is not in the DICOM JSON model');
