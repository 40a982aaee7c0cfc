import { Buffer } from 'node:buffer';
import { BulkReference, type DataElement, Dataset, Fragments } from './dataset.ts';
import { tagToHex } from './dictionary.ts';
import { parsePersonName } from './person-name.ts';

/** One attribute of the DICOM JSON model (PS3.18 F.2.2). Bulk has no URI here: its range in the stored file. */
export interface JsonAttribute {
  readonly vr: string;
  readonly Value?: readonly JsonValue[];
  readonly InlineBinary?: string;
  readonly BulkDataURI?: string;
}

export type JsonValue = string | number | null | JsonPersonName | JsonDataset;

export interface JsonPersonName {
  readonly Alphabetic?: string;
  readonly Ideographic?: string;
  readonly Phonetic?: string;
}

/** Tags as `GGGGEEEE`, upper-case hex. */
export interface JsonDataset {
  readonly [tag: string]: JsonAttribute;
}

/** `BulkDataURI` of a range of the file: `bytes:offset,length`; fragments: `fragments:offset,length;offset,length…`. */
function bulkDataURI(value: BulkReference | Fragments): string {
  if (value instanceof BulkReference) return `bytes:${value.offset},${value.length}`;
  return `fragments:${value.items.map(({ offset, length }) => `${offset},${length}`).join(';')}`;
}

/** How long a model may still become, in characters of JSON. Elements that do not fit are left out, and `cut` is set. */
export interface JsonBudget {
  left: number;
  cut: boolean;
}

/**
 * A data set in the DICOM JSON model (PS3.18 annex F): text decoded, group lengths left out, bytes inline as base64, bulk as references.
 * Numbers in text form that are none stay strings, so that nothing is lost. Depth is what the reader let through.
 */
export function toDicomJson(dataset: Dataset, budget: JsonBudget = { left: Number.POSITIVE_INFINITY, cut: false }): JsonDataset {
  const json: Record<string, JsonAttribute> = {};
  for (const element of dataset) {
    if (element.tag % 0x10000 === 0) continue;
    const attribute = element.vr === 'SQ' ? toSequence(element, budget) : toAttribute(element);
    const ownLength = AROUND + (element.vr === 'SQ' || budget.left === Number.POSITIVE_INFINITY ? 0 : JSON.stringify(attribute).length);
    if (budget.left < ownLength) {
      budget.cut = true;
      continue;
    }
    budget.left -= ownLength;
    json[tagToHex(element.tag).toUpperCase()] = attribute;
  }
  return json;
}

/** Characters around an attribute or item: tag, quotes, commas, `{"vr":"SQ","Value":[]}`. */
const AROUND = 40;

function toSequence({ vr, value }: DataElement, budget: JsonBudget): JsonAttribute {
  const items: JsonDataset[] = [];
  for (const item of Array.isArray(value) ? value : []) {
    if (!(item instanceof Dataset)) continue;
    budget.left -= AROUND;
    if (budget.left < 0) {
      budget.cut = true;
      break;
    }
    items.push(toDicomJson(item, budget));
  }
  return items.length === 0 ? { vr } : { vr, Value: items };
}

function toAttribute({ vr, value }: DataElement): JsonAttribute {
  if (value instanceof BulkReference || value instanceof Fragments) return { vr, BulkDataURI: bulkDataURI(value) };
  if (value instanceof Uint8Array) {
    return value.length === 0 ? { vr } : { vr, InlineBinary: Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64') };
  }
  const values: readonly (string | number | bigint | Dataset)[] = value;
  if (values.length === 0) return { vr };
  return { vr, Value: values.map((one) => toJsonValue(one, vr)) };
}

function toJsonValue(value: string | number | bigint | Dataset, vr: string): JsonValue {
  if (value instanceof Dataset) return toDicomJson(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') {
    if (vr === 'AT') return tagToHex(value).toUpperCase();
    return Number.isFinite(value) ? value : String(value);
  }
  if (vr === 'PN') return toJsonName(value);
  const text = vr === 'LT' || vr === 'ST' || vr === 'UT' ? value.replace(/[\0 ]+$/, '') : value.replace(/^ +|[\0 ]+$/g, '');
  if (text === '') return null;
  if (vr === 'DS' || vr === 'IS') {
    const number = Number(text);
    return Number.isFinite(number) ? number : text;
  }
  return text;
}

function toJsonName(value: string): JsonPersonName | null {
  const { alphabetic, ideographic, phonetic } = parsePersonName(value);
  if (alphabetic === '' && ideographic === undefined && phonetic === undefined) return null;
  return {
    ...(alphabetic === '' ? {} : { Alphabetic: alphabetic }),
    ...(ideographic === undefined ? {} : { Ideographic: ideographic }),
    ...(phonetic === undefined ? {} : { Phonetic: phonetic }),
  };
}
