import fs from 'node:fs';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { type InstanceHeader, type Part10Meta, readPart10Meta, StreamingHeader } from '../dicom/dataset/index.ts';
import { unreadable } from './scan.ts';

const HEAD = 64 * 1024;
const LONGEST_META = 1 << 20;
/** A header is looked for in at most this many bytes of a file. */
const MAX_HEADER = 64 * 1024 * 1024;
/** A file that became something else since it was found must not hold the lane: a pipe would. */
const OPEN = fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0);

/** One file, read synchronously, most of them once: begin, then the rest. All methods throw PhosphorError. */
export interface FileReader {
  readonly size: number;
  /** Begins like a ZIP, and is no DICOM file with such a preamble. */
  isZip(): boolean;
  /** Preamble and File Meta Information, or that there is none. Throws `not-dicom`, `damaged`. */
  meta(): Part10Meta;
  /** Reads everything into memory; the header of it. For files that are not longer than the buffer. */
  whole(meta: Part10Meta, fallbackCharacterSet: string): InstanceHeader;
  /** After `whole`: valid until the reader is closed. */
  dataSet(meta: Part10Meta): Uint8Array;
  /** The header alone. */
  header(meta: Part10Meta, fallbackCharacterSet: string): InstanceHeader;
  /** The data set in pieces, each valid until the next. */
  pieces(meta: Part10Meta): Iterable<Uint8Array>;
  /** After `whole` or `pieces`: the data end before their pixels do. */
  readonly truncated: boolean;
  close(): void;
}

/** Opens a file; `buffer` is lent to it until it is closed. Throws PhosphorError `unreadable`, `not-found`. */
export function openForImport(file: string, buffer: Buffer): FileReader {
  const fd = reading(() => fs.openSync(file, OPEN));
  try {
    const stat = reading(() => fs.fstatSync(fd));
    if (!stat.isFile()) throw new PhosphorError('unreadable', 'neither a file nor a folder');
    const read = (into: Uint8Array, at: number): number => {
      let filled = 0;
      while (filled < into.length) {
        const bytes = reading(() => fs.readSync(fd, into, filled, into.length - filled, at + filled));
        if (bytes === 0) break;
        filled += bytes;
      }
      return filled;
    };
    return new LaneReader(stat.size, buffer, read, () => fs.closeSync(fd));
  } catch (thrown) {
    fs.closeSync(fd);
    throw thrown;
  }
}

/** A file that is in memory already. */
export function readerOf(bytes: Uint8Array): FileReader {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return new LaneReader(
    bytes.length,
    buffer,
    (into, at) => {
      const part = bytes.subarray(at, at + into.length);
      // The buffer is the file itself.
      if (into.byteOffset !== part.byteOffset || into.buffer !== part.buffer) into.set(part);
      return part.length;
    },
    () => undefined,
  );
}

class LaneReader implements FileReader {
  readonly size: number;
  readonly close: () => void;
  readonly #buffer: Buffer;
  readonly #read: (into: Uint8Array, at: number) => number;
  #filled = 0;
  #probe: StreamingHeader | undefined;

  constructor(size: number, buffer: Buffer, read: (into: Uint8Array, at: number) => number, close: () => void) {
    this.size = size;
    this.#buffer = buffer;
    this.#read = read;
    this.close = close;
  }

  get truncated(): boolean {
    return this.#probe?.truncated ?? false;
  }

  isZip(): boolean {
    this.#fill(Math.min(HEAD, this.size, this.#buffer.length));
    const head = this.#buffer.subarray(0, this.#filled);
    return head.length >= 22 && head.readUInt32BE(0) === 0x504b0304 && head.toString('latin1', 128, 132) !== 'DICM';
  }

  /** A longer meta than the first bytes hold is read again with more of them. */
  meta(): Part10Meta {
    if (this.size < 8) throw new PhosphorError('not-dicom', 'the file is too short to be DICOM');
    for (let length = HEAD; ; length *= 16) {
      this.#fill(Math.min(length, this.size, this.#buffer.length));
      const isAll = this.#filled >= this.size || this.#filled < length;
      try {
        const meta = readPart10Meta(this.#buffer.subarray(0, this.#filled));
        if (isAll || meta.dataSetOffset < this.#filled) return meta;
      } catch (thrown) {
        if (isAll || length > LONGEST_META || !(thrown instanceof PhosphorError) || thrown.kind !== 'damaged') throw thrown;
      }
      if (length > LONGEST_META) throw new PhosphorError('limit-exceeded', 'the File Meta Information is too long');
    }
  }

  whole(meta: Part10Meta, fallbackCharacterSet: string): InstanceHeader {
    this.#fill(Math.min(this.size, this.#buffer.length));
    const probe = new StreamingHeader(meta.transferSyntaxUID, {}, true);
    probe.push(this.dataSet(meta));
    this.#probe = probe;
    return probe.finish(fallbackCharacterSet);
  }

  dataSet({ dataSetOffset }: Part10Meta): Uint8Array {
    return this.#buffer.subarray(dataSetOffset, this.#filled);
  }

  header({ transferSyntaxUID, dataSetOffset }: Part10Meta, fallbackCharacterSet: string): InstanceHeader {
    const streaming = new StreamingHeader(transferSyntaxUID);
    const piece = this.#buffer.subarray(0, HEAD);
    for (let at = dataSetOffset; at < dataSetOffset + MAX_HEADER; ) {
      const bytes = this.#read(piece, at);
      if (bytes === 0 || streaming.push(piece.subarray(0, bytes))) break;
      at += bytes;
    }
    return streaming.finish(fallbackCharacterSet);
  }

  *pieces({ transferSyntaxUID, dataSetOffset }: Part10Meta): Generator<Uint8Array> {
    const probe = new StreamingHeader(transferSyntaxUID, {}, true);
    this.#probe = probe;
    for (let at = dataSetOffset; ; ) {
      const bytes = this.#read(this.#buffer, at);
      if (bytes === 0) return;
      const piece = this.#buffer.subarray(0, bytes);
      probe.push(piece);
      at += bytes;
      yield piece;
    }
  }

  #fill(length: number): void {
    if (this.#filled >= length) return;
    this.#filled += this.#read(this.#buffer.subarray(this.#filled, length), this.#filled);
  }
}

function reading<T>(work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw unreadable(thrown);
  }
}
