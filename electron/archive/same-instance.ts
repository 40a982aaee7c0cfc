import { promisify } from 'node:util';
import zlib from 'node:zlib';
import {
  type BulkReference,
  type DataElement,
  Dataset,
  decodeDataset,
  Fragments,
  readPart10Meta,
  Tag,
  TransferSyntaxUID,
  transferSyntaxOf,
} from '../dicom/dataset/index.ts';
import { encodeValue } from '../dicom/dataset/values.ts';
import type { CodecWorker } from '../transcoding/index.ts';
import { type ImagePair, mayShareSamples, sameImages } from './same-pixels.ts';
import { hashDataSet, openStored, type StoredFile } from './stored-file.ts';

/** Longer data sets are compared by their bytes only: comparing values needs both in memory. */
const MAX_COMPARED_BYTES = 64 * 1024 * 1024;

/** A data set that has just arrived, to be compared with a stored one of the same SOP Instance UID. */
export interface Newcomer {
  readonly entry: { readonly sha256: Buffer };
  readonly dataSetBytes: number;
  readonly transferSyntaxUID: string;
  /** The data set as it was received; asked for only where it has to be compared. */
  readonly read: () => Promise<Uint8Array>;
  /** Decodes pixels that are encoded in two ways, off this thread. */
  readonly codec: CodecWorker;
}

/**
 * Whether two data sets are the same instance: the same bytes, or the same values and decoded pixels in another encoding (byte order, explicit
 * or implicit VR, lengths of sequences, fragments, compression). What is too long, damaged or cannot be decoded in time counts as different.
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
    const pair = [await newcomer.read(), newcomer.transferSyntaxUID, before.subarray(dataSetOffset), transferSyntaxUID] as const;
    return await hasSameContent(...pair, newcomer.codec);
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
async function hasSameContent(
  one: Uint8Array,
  oneSyntax: string,
  other: Uint8Array,
  otherSyntax: string,
  codec: CodecWorker,
): Promise<boolean> {
  try {
    const [a, b] = [await inflated(one, oneSyntax), await inflated(other, otherSyntax)];
    const images: ImagePair[] = [];
    const [first, second] = [a, b].map(({ bytes, transferSyntaxUID }) => decodeDataset(bytes, transferSyntaxUID));
    if (first === undefined || second === undefined || !sameDataset(first, second, { a, b, images })) return false;
    return await sameImages(images, codec);
  } catch {
    return false;
  }
}

/** A data set as bytes; BulkReferences count in them. */
export interface Encoded {
  readonly bytes: Uint8Array;
  readonly transferSyntaxUID: string;
}

const inflateRaw = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.inflateRaw);

/** A deflated data set (PS3.5 A.5) as what it holds, inflated off this thread. */
async function inflated(bytes: Uint8Array, transferSyntaxUID: string): Promise<Encoded> {
  if (transferSyntaxOf(transferSyntaxUID)?.deflated !== true) return { bytes, transferSyntaxUID };
  const options = { maxOutputLength: MAX_COMPARED_BYTES, finishFlush: zlib.constants.Z_SYNC_FLUSH };
  return { bytes: await inflateRaw(bytes, options), transferSyntaxUID: TransferSyntaxUID.ExplicitVRLittleEndian };
}

interface Comparison {
  readonly a: Encoded;
  readonly b: Encoded;
  /** Gathers the pixels that only decoding can compare. */
  readonly images: ImagePair[];
}

const TRAILING_PADDING = 0xfffcfffc;
const ENCAPSULATED_TOTAL_LENGTH = 0x7fe00003;

/** Belong to the encoding, not to the values (PS3.5 §7.2 and A.4, PS3.10 §7.2), as group lengths do. Pixel data are compared apart. */
const OF_THE_ENCODING: ReadonlySet<number> = new Set([
  TRAILING_PADDING,
  Tag.ExtendedOffsetTable,
  Tag.ExtendedOffsetTableLengths,
  ENCAPSULATED_TOTAL_LENGTH,
  Tag.PixelData,
]);
/** Beside pixels: compared apart, since some who compress without loss note it there. */
const DERIVATION_DESCRIPTION = 0x00082111;
/** Of colour images these say how the samples lie: compared with the pixels. */
const COLOUR_LAYOUT: ReadonlySet<number> = new Set([Tag.PhotometricInterpretation, Tag.PlanarConfiguration]);

function elementsThatCount(dataset: Dataset): DataElement[] {
  const hasPixels = dataset.has(Tag.PixelData);
  const isColour = hasPixels && (dataset.number(Tag.SamplesPerPixel) ?? 1) > 1;
  const isApart = (tag: number): boolean =>
    OF_THE_ENCODING.has(tag) || (hasPixels && tag === DERIVATION_DESCRIPTION) || (isColour && COLOUR_LAYOUT.has(tag));
  return dataset.elements().filter(({ tag }) => (tag & 0xffff) !== 0 && !isApart(tag));
}

function sameDataset(one: Dataset, other: Dataset, comparison: Comparison): boolean {
  const [a, b] = [elementsThatCount(one), elementsThatCount(other)];
  const characterSets = [one, other].map((dataset) => dataset.strings(0x00080005).join('\\'));
  const sameValues = a.length === b.length && a.every((element, i) => sameElement(element, b[i], characterSets, comparison));
  return sameValues && samePixelData(one, other, comparison);
}

function sameElement(a: DataElement, b: DataElement | undefined, characterSets: readonly string[], comparison: Comparison): boolean {
  if (b === undefined || a.tag !== b.tag) return false;
  if (a.value instanceof Fragments && b.value instanceof Fragments) return sameFragments(a.value, b.value, comparison);
  if (a.value instanceof Uint8Array && b.value instanceof Uint8Array) return sameBytes(a.value, b.value);
  if (isDatasets(a.value) && isDatasets(b.value)) {
    const items = b.value;
    return a.value.length === items.length && a.value.every((item, i) => sameDataset(item, items[i] ?? new Dataset(), comparison));
  }
  if (a.vr !== b.vr) return sameAsBytes(a, b, characterSets);
  if (!Array.isArray(a.value) || !Array.isArray(b.value)) return false;
  const [x, y]: readonly (readonly unknown[])[] = [a.value.map(bare), b.value.map(bare)];
  return x !== undefined && y !== undefined && x.length === y.length && x.every((value, i) => Object.is(value, y[i]));
}

/** Everything but the pixels is the same already. True also where `images` has the last word. */
function samePixelData(one: Dataset, other: Dataset, { a, b, images }: Comparison): boolean {
  const [x, y] = [one.get(Tag.PixelData)?.value, other.get(Tag.PixelData)?.value];
  if (x === undefined || y === undefined) return x === y;
  if (!sameDerivation(one, other, a.transferSyntaxUID !== b.transferSyntaxUID)) return false;
  const sameLayout = [...COLOUR_LAYOUT].every((tag) => one.string(tag) === other.string(tag));
  if (sameLayout) {
    if (x instanceof Uint8Array && y instanceof Uint8Array) return sameBytes(x, y);
    if (x instanceof Fragments && y instanceof Fragments && sameFragments(x, y, { a, b })) return true;
  }
  images.push({ a: { ...a, dataset: one }, b: { ...b, dataset: other } });
  return mayShareSamples(images);
}

/** Of two transfer syntaxes one may have a sentence more than the other that speaks of compression, put before what stood there. */
function sameDerivation(one: Dataset, other: Dataset, mayDiffer: boolean): boolean {
  const [short = '', long = ''] = [one, other].map((dataset) => dataset.string(DERIVATION_DESCRIPTION)).sort((x, y) => x.length - y.length);
  if (short === long) return true;
  return mayDiffer && long.endsWith(short) && /lossless.*compress/i.test(long.slice(0, long.length - short.length));
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

/** The same stream of one transfer syntax, however it is cut into fragments; the offset table (first item) only tells where they are. */
function sameFragments(one: Fragments, other: Fragments, { a, b }: Pick<Comparison, 'a' | 'b'>): boolean {
  return (
    a.transferSyntaxUID === b.transferSyntaxUID && sameBytes(joined(one.items.slice(1), a.bytes), joined(other.items.slice(1), b.bytes))
  );
}

function joined(items: readonly BulkReference[], bytes: Uint8Array): Uint8Array {
  return Buffer.concat(items.map(({ offset, length }) => bytes.subarray(offset, offset + length)));
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && Buffer.compare(one, other) === 0;
}
