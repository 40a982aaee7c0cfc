import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { type ByteSource, memorySource, SourceReader } from './byte-source.ts';
import { Dataset } from './dataset.ts';
import { inflate, type ReadOptions, readDataset } from './decode.ts';
import { UNDEFINED_LENGTH } from './element-header.ts';
import { encodeDataset } from './encode.ts';
import { type DatasetLimits, limitsFrom } from './limits.ts';
import { Tag as T } from './tags.ts';
import { dataSetEncodingOf, TransferSyntaxUID } from './transfer-syntaxes.ts';
import type { FileMeta } from './types.ts';
import { isVR, type VR } from './vr.ts';

/** Identifies this implementation in files and associations (PS3.7 D.3.3.2); the root is derived from a UUID (PS3.5 B.2). */
export const IMPLEMENTATION_CLASS_UID = '2.25.221863912067240982331746480921385142781';
export const IMPLEMENTATION_VERSION_NAME = 'PHOSPHOR_1';

/** Preamble, prefix and File Meta Information of a new file (PS3.10 §7.1), ready for the data set's bytes to follow. */
export function encodeFileMeta(meta: FileMeta): Uint8Array {
  const group = new Dataset();
  group.set(T.FileMetaInformationVersion, Uint8Array.of(0, 1), 'OB');
  group.set(T.MediaStorageSOPClassUID, meta.sopClassUID);
  group.set(T.MediaStorageSOPInstanceUID, meta.sopInstanceUID);
  group.set(T.TransferSyntaxUID, meta.transferSyntaxUID);
  group.set(T.ImplementationClassUID, IMPLEMENTATION_CLASS_UID);
  group.set(T.ImplementationVersionName, IMPLEMENTATION_VERSION_NAME);
  if (meta.sourceAETitle !== undefined) group.set(T.SourceApplicationEntityTitle, meta.sourceAETitle);
  const elements = encodeDataset(group, TransferSyntaxUID.ExplicitVRLittleEndian);
  const bytes = new Uint8Array(132 + elements.length);
  bytes.set(PREFIX, 128);
  bytes.set(elements, 132);
  return bytes;
}

const PREFIX = Uint8Array.of(0x44, 0x49, 0x43, 0x4d);
/** File Meta Information that is longer than this is not read as such. */
const LONGEST_META = 1024 * 1024;

export interface Part10Meta {
  /** Of the data set that follows: as declared, else guessed. */
  readonly transferSyntaxUID: string;
  /** Group 0002 as found; empty when the file has none. */
  readonly metaElements: Dataset;
  /** Where the data set begins in the file. */
  readonly dataSetOffset: number;
}

/**
 * Reads preamble and File Meta Information, forgiving as DCMTK is: no preamble, no meta (a bare data set, its syntax guessed), a wrong
 * group length. Throws `not-dicom` when nothing of it looks like DICOM, `damaged` when the file ends inside the meta.
 */
export function readPart10Meta(bytes: Uint8Array): Part10Meta {
  return readMeta(memorySource(bytes));
}

export function readMeta(source: ByteSource): Part10Meta {
  const start = startOf(source);
  const head = new SourceReader(source);
  if (start + 8 > source.size) throw notDicom();
  if (head.uint16(start, true) !== 2) {
    return { transferSyntaxUID: guessSyntax(source, start), metaElements: new Dataset(), dataSetOffset: start };
  }
  const letters = head.bytes(start + 4, 2);
  const explicitVR = isVR(String.fromCharCode(letters[0] ?? 0, letters[1] ?? 0));
  const limits = limitsFrom({ elements: 1000, depth: 4, valueBytes: LONGEST_META });
  const read = readDataset(source, start, { explicitVR, bigEndian: false }, limits, {
    stopBefore: (tag) => tag > 0x0002ffff || tag < 0x00020000,
    bulkAbove: 64 * 1024,
  });
  const declared = read.dataset.uid(T.TransferSyntaxUID);
  const transferSyntaxUID = declared === '' ? guessAfterMeta(source, read.offset) : declared;
  return { transferSyntaxUID, metaElements: read.dataset, dataSetOffset: read.offset };
}

export interface PixelDataLocation {
  /** Where the value begins: for encapsulated data at the offset table's item. */
  readonly offset: number;
  /** Bytes that are there, which is fewer than announced in a truncated file; for encapsulated data all that follows. */
  readonly length: number;
  readonly vr: VR;
  readonly encapsulated: boolean;
}

export interface Part10File {
  readonly meta: Part10Meta;
  /** Everything before the pixel data. */
  readonly dataset: Dataset;
  readonly pixelData: PixelDataLocation | undefined;
  /** The file ends before it should. */
  readonly truncated: boolean;
  /** What all offsets count in: the file itself, or the inflated data set of a deflated one. */
  readonly source: ByteSource;
}

/** Values above this many bytes stay in the file. */
const BULK_ABOVE = 64 * 1024;

/**
 * Reads a file's header for use (PS3.10): all elements before the pixel data, long values as BulkReference (lookup tables excepted), and
 * where the pixels are. `leaveInSource`: see ReadOptions. A file cut short is read as far as it goes. Throws `not-dicom`, `damaged`, `limit-exceeded`.
 */
export function readPart10(
  file: ByteSource,
  changes?: Partial<DatasetLimits>,
  options: Pick<ReadOptions, 'leaveInSource'> = {},
): Part10File {
  const limits = limitsFrom(changes);
  const meta = readMeta(file);
  const encoding = dataSetEncodingOf(meta.transferSyntaxUID);
  const source = encoding.deflated
    ? memorySource(inflate(file.read(meta.dataSetOffset, file.size - meta.dataSetOffset), limits.inflatedBytes))
    : file;
  const offset = encoding.deflated ? 0 : meta.dataSetOffset;
  const read = readDataset(source, offset, encoding, limits, { ...options, bulkAbove: BULK_ABOVE, stopAtPixelData: true, tolerant: true });
  const header = read.pixelData;
  if (header === undefined) return { meta, dataset: read.dataset, pixelData: undefined, truncated: read.truncated, source };
  const there = source.size - header.valueOffset;
  const encapsulated = header.length === UNDEFINED_LENGTH;
  return {
    meta,
    dataset: read.dataset,
    pixelData: { offset: header.valueOffset, length: encapsulated ? there : Math.min(header.length, there), vr: header.vr, encapsulated },
    truncated: read.truncated || (!encapsulated && header.length > there),
    source,
  };
}

function startOf(source: ByteSource): number {
  const head = source.read(0, 132);
  if (isPrefix(head, 128)) return 132;
  return isPrefix(head, 0) ? 4 : 0;
}

function isPrefix(bytes: Uint8Array, at: number): boolean {
  return PREFIX.every((byte, index) => bytes[at + index] === byte);
}

/** A bare data set: explicit when two letters of a VR stand where they should, big endian when its groups only make sense so. */
function guessSyntax(source: ByteSource, offset: number): string {
  const head = source.read(offset, 16);
  if (head.length < 8) throw notDicom();
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const explicit = isVR(String.fromCharCode(head[4] ?? 0, head[5] ?? 0));
  const little = view.getUint16(0, true);
  const big = view.getUint16(0, false);
  if (explicit) {
    if (plausible(little)) return TransferSyntaxUID.ExplicitVRLittleEndian;
    if (plausible(big)) return TransferSyntaxUID.ExplicitVRBigEndian;
    throw notDicom();
  }
  if (plausible(little) && offset + 8 + view.getUint32(4, true) <= source.size) return TransferSyntaxUID.ImplicitVRLittleEndian;
  throw notDicom();
}

/** A file with a meta is DICOM whatever follows: the default transfer syntax where nothing speaks for another. */
function guessAfterMeta(source: ByteSource, offset: number): string {
  try {
    return guessSyntax(source, offset);
  } catch {
    return TransferSyntaxUID.ImplicitVRLittleEndian;
  }
}

/** First groups of a data set in practice. */
function plausible(group: number): boolean {
  return group >= 0x0004 && group <= 0x0020;
}

function notDicom(): PhosphorError {
  return new PhosphorError('not-dicom', 'no DICOM file: neither prefix nor data set');
}
