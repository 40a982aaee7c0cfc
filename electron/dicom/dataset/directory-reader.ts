import { Buffer } from 'node:buffer';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { memorySource, SourceReader } from './byte-source.ts';
import { type ElementHeader, type Encoding, readElementHeader, UNDEFINED_LENGTH } from './element-header.ts';
import { readMeta } from './part10.ts';
import { dataSetEncodingOf } from './transfer-syntaxes.ts';

export interface DirectoryFiles {
  /** Referenced File IDs (0004,1500) by their components, of the records that the tree reaches and that are in use. */
  readonly fileIDs: readonly (readonly string[])[];
  /** The tree leads nowhere, in circles or out of the file: then all records of the sequence count, in the order of the file. */
  readonly damaged: boolean;
}

const MAX_RECORDS = 1_000_000;
const MAX_DEPTH = 64;
const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;

/**
 * The files that a DICOMDIR names (PS3.3 F.3): its tree of records walked by their offsets, without recursion and each record once. Only what
 * is needed of a record is kept. Throws `not-dicom`, `damaged` when there is no Directory Record Sequence, `limit-exceeded`.
 */
export function directoryFiles(bytes: Uint8Array): DirectoryFiles {
  const source = memorySource(bytes);
  const meta = readMeta(source);
  const file = { reader: new SourceReader(source), size: source.size, encoding: dataSetEncodingOf(meta.transferSyntaxUID) };
  let first = 0;
  for (let at = meta.dataSetOffset; at < file.size; ) {
    const header = readElementHeader(file.reader, at, file.size, file.encoding);
    if (header.tag === 0x00041200) first = uint32(file, header);
    if (header.tag === 0x00041220) return filesOf(file, first, header.valueOffset);
    at = skipped(file, header);
  }
  throw new PhosphorError('damaged', 'the DICOMDIR has no records');
}

interface DirectoryFile {
  readonly reader: SourceReader;
  readonly size: number;
  readonly encoding: Encoding;
}

interface DirectoryRecord {
  readonly next: number;
  readonly lower: number;
  readonly inUse: boolean;
  readonly fileID: readonly string[];
  readonly end: number;
}

function filesOf(file: DirectoryFile, first: number, sequence: number): DirectoryFiles {
  try {
    return { fileIDs: byTree(file, first), damaged: false };
  } catch (thrown) {
    if (thrown instanceof PhosphorError && thrown.kind === 'limit-exceeded') throw thrown;
    return { fileIDs: inOrder(file, sequence), damaged: true };
  }
}

function byTree(file: DirectoryFile, first: number): (readonly string[])[] {
  const found: (readonly string[])[] = [];
  const seen = new Set<number>();
  const open = first === 0 ? [] : [first];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (seen.has(at)) throw new PhosphorError('damaged', 'the records of the DICOMDIR lead in circles');
    seen.add(at);
    if (seen.size > MAX_RECORDS) throw new PhosphorError('limit-exceeded', 'the DICOMDIR has too many records');
    const record = recordAt(file, at);
    if (record.next !== 0) open.push(record.next);
    if (!record.inUse) continue;
    if (record.lower !== 0) open.push(record.lower);
    if (record.fileID.length > 0) found.push(record.fileID);
  }
  return found;
}

/** As far as they can be read. */
function inOrder(file: DirectoryFile, sequence: number): (readonly string[])[] {
  const found: (readonly string[])[] = [];
  try {
    for (let at = sequence, count = 0; at + 8 <= file.size && count < MAX_RECORDS; count += 1) {
      const record = recordAt(file, at);
      if (record.inUse && record.fileID.length > 0) found.push(record.fileID);
      at = record.end;
    }
  } catch {
    // What was found so far is all there is.
  }
  return found;
}

function recordAt(file: DirectoryFile, offset: number): DirectoryRecord {
  const item = readElementHeader(file.reader, offset, file.size, file.encoding);
  if (item.tag !== ITEM) throw new PhosphorError('damaged', 'no record where the DICOMDIR says there is one');
  const end = item.length === UNDEFINED_LENGTH ? file.size : item.valueOffset + item.length;
  const record = { next: 0, lower: 0, inUse: true, fileID: [] as string[] };
  let at = item.valueOffset;
  while (at < end) {
    const header = readElementHeader(file.reader, at, file.size, file.encoding);
    if (header.tag === ITEM_END) {
      at = header.valueOffset;
      break;
    }
    if (header.tag === 0x00041400) record.next = uint32(file, header);
    else if (header.tag === 0x00041410) record.inUse = header.length < 2 || file.reader.uint16(header.valueOffset, true) !== 0;
    else if (header.tag === 0x00041420) record.lower = uint32(file, header);
    else if (header.tag === 0x00041500) record.fileID = componentsOf(file, header);
    at = skipped(file, header);
  }
  return { ...record, end: at };
}

function uint32({ reader, encoding }: DirectoryFile, header: ElementHeader): number {
  return header.length === 4 ? reader.uint32(header.valueOffset, !encoding.bigEndian) : 0;
}

function componentsOf({ reader }: DirectoryFile, { length, valueOffset }: ElementHeader): string[] {
  if (length === 0 || length > 4096) return [];
  const text = Buffer.from(reader.keep(valueOffset, length)).toString('latin1');
  return text
    .replace(/[\0 ]+$/, '')
    .split('\\')
    .map((component) => component.trim());
}

/** Where the element ends; one of undefined length is walked with a counter. */
function skipped(file: DirectoryFile, header: ElementHeader): number {
  if (header.length !== UNDEFINED_LENGTH) return header.valueOffset + header.length;
  let depth = 1;
  let at = header.valueOffset;
  while (depth > 0) {
    if (depth > MAX_DEPTH) throw new PhosphorError('limit-exceeded', 'a record of the DICOMDIR has too many levels');
    const inner = readElementHeader(file.reader, at, file.size, file.encoding);
    if (inner.tag === SEQUENCE_END || inner.tag === ITEM_END) depth -= 1;
    else if (inner.length === UNDEFINED_LENGTH) depth += 1;
    at = inner.length === UNDEFINED_LENGTH || inner.tag >= 0xfffe0000 ? inner.valueOffset : inner.valueOffset + inner.length;
  }
  return at;
}
