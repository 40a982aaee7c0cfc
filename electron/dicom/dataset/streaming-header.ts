import { Buffer } from 'node:buffer';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { InflateStream } from './inflate-stream.ts';
import { buildHeader, indexOfWanted, KEPT_BYTES, type RawHeader, REQUIRED, WANTED_TAGS } from './instance-header.ts';
import { dataSetEncodingOf } from './transfer-syntaxes.ts';
import type { InstanceHeader } from './types.ts';

/** Bounds of the streaming reader. */
export interface StreamingHeaderLimits {
  /** Bytes of the data set before which the header must be complete (skipped values count). */
  readonly headerBytes: number;
  /** Sequences within sequences. */
  readonly depth: number;
}

const DEFAULTS: StreamingHeaderLimits = { headerBytes: 0xffff_ffff, depth: 1000 };
/** Of a deflated data set: a thousand times what came in is inflated on the thread of every other association, a fifth of a second of it at most. */
const INFLATED_HEADER_BYTES = 32 << 20;

const LAST_WANTED = 0x00280011;
const PIXEL_DATA_GROUP = 0x7fe00000;
const PIXEL_DATA = 0x7fe00010;
const UNDEFINED = 0xffffffff;
const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;

/**
 * Reads what the index keeps of an instance out of the data set's bytes as they stream by, in chunks of any size. Keeps at most 16 KiB of
 * each of the wanted values and a header's worth of carry; everything else is skipped by counting. Sequences of undefined length are
 * walked with a depth counter, no stack.
 */
export class StreamingHeader {
  readonly #limits: StreamingHeaderLimits;
  readonly #transferSyntaxUID: string;
  readonly #explicitVR: boolean;
  readonly #little: boolean;
  readonly #inflate: InflateStream | undefined;
  /** Values by their place in WANTED_TAGS, one character per byte. */
  readonly #values: (string | undefined)[] = new Array(WANTED_TAGS.length).fill(undefined);

  /** Bytes of an element's header that did not end with their chunk. */
  readonly #carry = Buffer.alloc(12);
  #carried = 0;
  /** Bytes of the current value still to pass by. */
  #skip = 0;
  /** Place of the value that is being kept, −1 when it is only skipped. */
  #keeping = -1;
  #kept = 0;
  #partial = '';
  /** Some of the present chunk as text, and where it begins there. */
  #window = '';
  #windowAt = 0;
  #position = 0;
  /** Odd inside a sequence, even inside an item (0: the data set itself). */
  #depth = 0;
  /** Depth at which a UN of undefined length began: its content is implicit little endian (PS3.5 §6.2.2). 0 = none. */
  #implicitSince = 0;
  #done = false;
  #error: PhosphorError | undefined;
  /** Walks on to the end of the pixels when all that is wanted is known. */
  readonly #toEnd: boolean;
  #complete = false;
  /** The element at the top level that came last. */
  #topTag = 0;

  /** `toEnd`: to be told whether the data end too early (`truncated`). */
  constructor(transferSyntaxUID: string, limits: Partial<StreamingHeaderLimits> = {}, toEnd = false) {
    const encoding = dataSetEncodingOf(transferSyntaxUID);
    this.#limits = { ...DEFAULTS, ...(encoding.deflated ? { headerBytes: INFLATED_HEADER_BYTES } : {}), ...limits };
    this.#transferSyntaxUID = transferSyntaxUID;
    // Inflating the pixels only to count them would take longer than all else.
    this.#toEnd = toEnd && !encoding.deflated;
    this.#explicitVR = encoding.explicitVR;
    this.#little = !encoding.bigEndian;
    this.#inflate = encoding.deflated ? new InflateStream((bytes) => this.#take(bytes)) : undefined;
  }

  /**
   * Takes the next bytes of the data set; they may be reused afterwards. True = nothing more is needed: the header is complete, or `finish`
   * is going to throw. Further pushes cost nothing.
   */
  push(chunk: Uint8Array): boolean {
    if (this.#done) return true;
    try {
      if (this.#inflate === undefined) this.#take(chunk);
      else this.#inflate.push(chunk);
    } catch (error) {
      if (!this.#complete) this.#error = error instanceof PhosphorError ? error : new PhosphorError('damaged', 'the header cannot be read');
      this.#done = true;
    }
    return this.#done;
  }

  /**
   * The header, after the last chunk or as soon as `push` said true. Throws PhosphorError `not-dicom` when not a single attribute was found,
   * `damaged` when the data end inside the header or SOP Class, SOP Instance, Study or Series Instance UID is missing or unusable.
   */
  finish(fallbackCharacterSet = ''): InstanceHeader {
    const header = buildHeader(this.raw(), fallbackCharacterSet);
    return this.truncated ? { ...header, truncated: true } : header;
  }

  /** The values as they came, for `buildHeader` somewhere else. Throws where the data end inside the header. */
  raw(): RawHeader {
    if (this.#error !== undefined) throw this.#error;
    if (!this.#done && !this.#complete && (this.#carried > 0 || this.#skip > 0 || this.#depth > 0)) {
      if (this.#values.every((value) => value === undefined)) throw new PhosphorError('not-dicom', 'this is no DICOM data set');
      throw new PhosphorError('damaged', 'the data set ends inside an element');
    }
    return { values: this.#values, transferSyntaxUID: this.#transferSyntaxUID, littleEndian: this.#little };
  }

  /** Whether the data ended inside an element up to the pixels, after the header was complete. What follows the pixels does not count. */
  get truncated(): boolean {
    if (!this.#complete || this.#done) return false;
    if (this.#skip > 0 || this.#depth > 0) return true;
    const isPadding = this.#carry.subarray(0, this.#carried).every((byte) => byte === 0);
    return !isPadding && this.#topTag !== PIXEL_DATA;
  }

  /** False once no further bytes are wanted. */
  #take(chunk: Uint8Array): boolean {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    this.#window = '';
    let at = 0;
    while (at < bytes.length && !this.#done) {
      if (this.#skip > 0) at = this.#pass(bytes, at);
      else if (this.#carried > 0) at = this.#completeHeader(bytes, at);
      else {
        const length = this.#header(bytes, at, bytes.length - at);
        if (length === 0) {
          this.#carried = bytes.copy(this.#carry, 0, at);
          return true;
        }
        at += length;
      }
    }
    return !this.#done;
  }

  /** Adds one byte after the other to the carried header until it is whole. */
  #completeHeader(bytes: Buffer, start: number): number {
    let at = start;
    while (at < bytes.length) {
      this.#carry[this.#carried] = bytes[at] ?? 0;
      this.#carried += 1;
      at += 1;
      if (this.#carried < 8) continue;
      if (this.#header(this.#carry, 0, this.#carried) > 0) {
        this.#carried = 0;
        return at;
      }
    }
    return at;
  }

  /** Passes by, and where wanted keeps, bytes of the current value. */
  #pass(bytes: Buffer, start: number): number {
    const end = Math.min(bytes.length, start + this.#skip);
    this.#skip -= end - start;
    if (this.#keeping >= 0) {
      const stop = Math.min(end, start + KEPT_BYTES - this.#kept);
      if (stop > start) {
        this.#partial += this.#latin1(bytes, start, stop);
        this.#kept += stop - start;
      }
      if (this.#skip === 0) this.#keep(this.#partial);
    }
    return end;
  }

  /** `bytes[start…stop]` as text: a part of a longer text where possible, for making one costs more than cutting it. */
  #latin1(bytes: Buffer, start: number, stop: number): string {
    if (stop - start > WINDOW) return bytes.toString('latin1', start, stop);
    if (start < this.#windowAt || stop > this.#windowAt + this.#window.length) {
      this.#window = bytes.toString('latin1', start, start + WINDOW);
      this.#windowAt = start;
    }
    return this.#window.slice(start - this.#windowAt, stop - this.#windowAt);
  }

  #keep(value: string): void {
    if (this.#keeping >= 0 && this.#values[this.#keeping] === undefined) this.#values[this.#keeping] = value;
    this.#keeping = -1;
    this.#partial = '';
    this.#kept = 0;
  }

  /** Reads the header at `at`; its length, or 0 when `available` bytes do not hold it whole. */
  #header(bytes: Buffer, at: number, available: number): number {
    if (available < 8) return 0;
    const little = this.#little || this.#implicitSince > 0;
    const tag = u16(bytes, at, little) * 0x10000 + u16(bytes, at + 2, little);
    if (this.#depth === 0 && tag < 0xfffe0000) {
      if (this.#enough(tag)) return 8;
      this.#topTag = tag;
    }
    let size = 8;
    let length: number;
    let unknown = false;
    if (!this.#explicitVR || this.#implicitSince > 0 || tag >= 0xfffe0000) {
      length = u32(bytes, at + 4, little);
    } else {
      const vr = u16(bytes, at + 4, false);
      const form = FORMS[vr];
      if (form === SHORT) length = u16(bytes, at + 6, little);
      else if (form !== LONG) return this.#irregular(bytes, at, available, tag, vr);
      else {
        if (available < 12) return 0;
        size = 12;
        length = u32(bytes, at + 8, little);
        unknown = vr === VR_UN;
      }
    }
    this.#enter(tag, length, unknown, size);
    return size;
  }

  /** An element without a VR that we know: see readElementHeader, which looks at the same cases with the whole data at hand. */
  #irregular(bytes: Buffer, at: number, available: number, tag: number, vr: number): number {
    const little = this.#little;
    const letters = (vr & 0xff) >= 0x41 && (vr & 0xff) <= 0x5a && vr >>> 8 >= 0x41 && vr >>> 8 <= 0x5a;
    if (letters && u16(bytes, at + 6, little) === 0) {
      if (available < 12) return 0;
      this.#enter(tag, u32(bytes, at + 8, little), true, 12);
      return 12;
    }
    const blank = vr === 0x2020 || letters;
    this.#enter(tag, blank ? u16(bytes, at + 6, little) : u32(bytes, at + 4, little), false, 8);
    return 8;
  }

  #enter(tag: number, length: number, unknown: boolean, size: number): void {
    this.#position += size + (length === UNDEFINED ? 0 : length);
    if (this.#position > this.#limits.headerBytes) throw new PhosphorError('limit-exceeded', 'the header is too long');
    if (tag === SEQUENCE_END || tag === ITEM_END) {
      this.#leave(tag);
      return;
    }
    const inSequence = this.#depth % 2 === 1;
    if (inSequence && tag !== ITEM) throw new PhosphorError('damaged', 'a sequence holds something that is not an item');
    if (length === UNDEFINED) {
      this.#depth += 1;
      if (this.#depth > this.#limits.depth * 2) throw new PhosphorError('limit-exceeded', 'the data set has too many levels');
      if (unknown && this.#implicitSince === 0) this.#implicitSince = this.#depth;
      return;
    }
    this.#skip = length;
    if (this.#depth > 0) return;
    this.#keeping = this.#complete ? -1 : indexOfWanted(tag);
    if (length === 0) this.#keep('');
  }

  #leave(tag: number): void {
    if (this.#depth === 0) throw new PhosphorError('damaged', 'a delimiter outside any sequence');
    const inItem = this.#depth % 2 === 0;
    // A sequence delimiter inside an item closes both: some writers forget the item's own.
    this.#depth -= tag === SEQUENCE_END && inItem ? 2 : 1;
    if (this.#depth < this.#implicitSince) this.#implicitSince = 0;
  }

  /** Whether this top-level tag ends the search. Data sets whose order is wrong are read on until the pixels. */
  #enough(tag: number): boolean {
    if (!this.#complete) {
      if (tag <= LAST_WANTED || (tag < PIXEL_DATA_GROUP && REQUIRED.some((index) => this.#values[index] === undefined))) return false;
      this.#complete = true;
    }
    this.#done = !this.#toEnd || this.#topTag === PIXEL_DATA || tag > PIXEL_DATA;
    return this.#done;
  }
}

/** Short, because a value of some length keeps all of it in memory. */
const WINDOW = 2048;

const SHORT = 1;
const LONG = 2;
const VR_UN = 0x554e;

/** How long the length of an explicit VR is, by the VR's two letters as a number; 0 = no VR. */
const FORMS: Uint8Array = formsOf(
  'AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US'.split(' '),
  'OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '),
);

function formsOf(short: readonly string[], long: readonly string[]): Uint8Array {
  const forms = new Uint8Array(0x10000);
  for (const vr of short) forms[code(vr)] = SHORT;
  for (const vr of long) forms[code(vr)] = LONG;
  return forms;
}

function code(vr: string): number {
  return vr.charCodeAt(0) * 0x100 + vr.charCodeAt(1);
}

// Of bytes that are known to be there. Buffer's own methods check that again, which is most of what walking over a header costs.

function u16(bytes: Uint8Array, at: number, little: boolean): number {
  const first = bytes[at] ?? 0;
  const second = bytes[at + 1] ?? 0;
  return little ? first | (second << 8) : (first << 8) | second;
}

function u32(bytes: Uint8Array, at: number, little: boolean): number {
  const first = u16(bytes, at, little);
  const second = u16(bytes, at + 2, little);
  return little ? second * 0x10000 + first : first * 0x10000 + second;
}
