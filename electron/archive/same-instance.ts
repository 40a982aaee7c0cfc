import { type BulkReference, type DataElement, Dataset, decodeDataset, Fragments, readPart10Meta } from '../dicom/dataset/index.ts';
import { encodeValue } from '../dicom/dataset/values.ts';
import { hashDataSet, openStored, type StoredFile } from './stored-file.ts';

/** Longer data sets are compared by their bytes only: comparing values needs both in memory. */
const MAX_COMPARED_BYTES = 64 * 1024 * 1024;

/** A data set that has just arrived, to be compared with a stored one of the same SOP Instance UID. */
export interface Newcomer {
  readonly entry: { readonly sha256: Buffer };
  readonly dataSetBytes: number;
  readonly transferSyntaxUID: string;
  readonly read: () => Promise<Uint8Array>;
}

/**
 * Whether two data sets are the same instance: the same bytes, or the same values in another encoding (byte order, explicit or implicit VR,
 * lengths of sequences, fragments). Compressed pixels in two different transfer syntaxes count as different.
 */
export async function isSameInstance(newcomer: Newcomer, storedPath: string): Promise<boolean> {
  const stored = await openStored(storedPath);
  try {
    const storedBytes = stored.size - stored.dataSetOffset;
    const hash = newcomer.entry.sha256.toString('hex');
    if (storedBytes === newcomer.dataSetBytes && (await hashDataSet(stored)) === hash) return true;
    if (Math.max(storedBytes, newcomer.dataSetBytes) > MAX_COMPARED_BYTES) return false;
    const before = await wholeFile(stored);
    const { transferSyntaxUID, dataSetOffset } = readPart10Meta(before);
    return hasSameValues(await newcomer.read(), newcomer.transferSyntaxUID, before.subarray(dataSetOffset), transferSyntaxUID);
  } finally {
    await stored.handle.close();
  }
}

async function wholeFile(file: StoredFile): Promise<Uint8Array> {
  const bytes = new Uint8Array(file.size);
  for (let at = 0; at < file.size; ) {
    const { bytesRead } = await file.handle.read(bytes, at, file.size - at, at);
    if (bytesRead === 0) return bytes.subarray(0, at);
    at += bytesRead;
  }
  return bytes;
}

/** False for everything that cannot be read as a whole: damaged data sets are compared by their bytes only. */
function hasSameValues(one: Uint8Array, oneSyntax: string, other: Uint8Array, otherSyntax: string): boolean {
  try {
    const a = { bytes: one, dataset: decodeDataset(one, oneSyntax) };
    const b = { bytes: other, dataset: decodeDataset(other, otherSyntax) };
    return sameDataset(a.dataset, b.dataset, (x, y) => oneSyntax === otherSyntax && sameFragments(x, a.bytes, y, b.bytes));
  } catch {
    return false;
  }
}

type CompareFragments = (one: Fragments, other: Fragments) => boolean;

const TRAILING_PADDING = 0xfffcfffc;

/** Group lengths and trailing padding belong to the encoding, not to the values (PS3.5 §7.2, PS3.10 §7.2). */
function elementsThatCount(dataset: Dataset): DataElement[] {
  return dataset.elements().filter(({ tag }) => (tag & 0xffff) !== 0 && tag !== TRAILING_PADDING);
}

function sameDataset(one: Dataset, other: Dataset, compare: CompareFragments): boolean {
  const [a, b] = [elementsThatCount(one), elementsThatCount(other)];
  const characterSets = [one, other].map((dataset) => dataset.strings(0x00080005).join('\\'));
  return a.length === b.length && a.every((element, i) => sameElement(element, b[i], characterSets, compare));
}

function sameElement(a: DataElement, b: DataElement | undefined, characterSets: readonly string[], compare: CompareFragments): boolean {
  if (b === undefined || a.tag !== b.tag) return false;
  if (a.value instanceof Fragments && b.value instanceof Fragments) return compare(a.value, b.value);
  if (a.value instanceof Uint8Array && b.value instanceof Uint8Array) return sameBytes(a.value, b.value);
  if (isDatasets(a.value) && isDatasets(b.value)) {
    const items = b.value;
    return a.value.length === items.length && a.value.every((item, i) => sameDataset(item, items[i] ?? new Dataset(), compare));
  }
  if (a.vr !== b.vr) return sameAsBytes(a, b, characterSets);
  if (!Array.isArray(a.value) || !Array.isArray(b.value)) return false;
  const [x, y]: readonly (readonly unknown[])[] = [a.value.map(bare), b.value.map(bare)];
  return x !== undefined && y !== undefined && x.length === y.length && x.every((value, i) => Object.is(value, y[i]));
}

function isDatasets(value: DataElement['value']): value is readonly Dataset[] {
  return Array.isArray(value) && value.length > 0 && value.every((item: unknown) => item instanceof Dataset);
}

/** Padding is no part of a value (PS3.5 §6.2). */
function bare(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/[\0 ]+$/, '') : value;
}

/** The same element with a VR in one and as UN, from implicit VR, in the other. */
function sameAsBytes(a: DataElement, b: DataElement, [first = '', second = '']: readonly string[]): boolean {
  const [x, y] = [a.value instanceof Uint8Array ? a.value : encodeValue(a, false, first), bytesOf(b, second)];
  return x !== undefined && y !== undefined && sameBytes(x, y);
}

function bytesOf(element: DataElement, characterSet: string): Uint8Array | undefined {
  return element.value instanceof Uint8Array ? element.value : encodeValue(element, false, characterSet);
}

/** The same stream, however it is cut into fragments; the offset table (first item) only tells where they are. */
function sameFragments(one: Fragments, oneBytes: Uint8Array, other: Fragments, otherBytes: Uint8Array): boolean {
  return sameBytes(joined(one.items.slice(1), oneBytes), joined(other.items.slice(1), otherBytes));
}

function joined(items: readonly BulkReference[], bytes: Uint8Array): Uint8Array {
  return Buffer.concat(items.map(({ offset, length }) => bytes.subarray(offset, offset + length)));
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && Buffer.compare(one, other) === 0;
}
