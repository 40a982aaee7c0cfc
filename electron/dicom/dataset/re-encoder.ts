import { Buffer } from 'node:buffer';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import type { DataElement } from './dataset.ts';
import type { Tag } from './dictionary.ts';
import { type Encoding, IMPLICIT_LITTLE, UNDEFINED_LENGTH } from './element-header.ts';
import { type Facts, factOf, fittingVR, impliedVR, wordBytes } from './re-encode-vr.ts';
import { ReEncodedOutput } from './re-encoded-output.ts';
import { Tag as T } from './tags.ts';
import { encodeValue } from './values.ts';
import { isVR, traitsOf, type VR } from './vr.ts';

/** What is to stand at top level instead of what stands there: an element, or nothing. */
export interface Edit {
  readonly tag: Tag;
  readonly element: DataElement | undefined;
}

const DEEPEST = 2000;
const LENGTH_TO_END = 0x00080001;

/** The data set, an item, or a sequence, while its content passes by. */
interface Level {
  readonly isSequence: boolean;
  readonly from: Encoding;
  readonly to: Encoding;
  /** Where it ends in the input; Infinity where a delimiter says so. */
  readonly end: number;
  /** Nothing in it may go beyond: its own end, or that of what encloses it. */
  readonly bound: number;
  readonly facts: Facts;
}

/** An element's header as read. `letters` are those of a VR that the standard did not have when this was written. */
interface Header {
  readonly tag: Tag;
  readonly vr: VR | undefined;
  readonly letters: number | undefined;
  readonly length: number;
}

/**
 * Writes a native data set in another VR form or byte order (PS3.5 §7, annex A) while its bytes stream by. Holds headers and words that are cut by a
 * chunk, nothing else. Every element stays, with its value: private ones, unknown VRs and text as they are. What belongs to the encoding
 * does not: group lengths and Length to End are left out, sequences and items get undefined lengths (empty ones stay empty), odd values their pad.
 *
 * To explicit form, a VR is looked up, see impliedVR; values that are too long for it become UN. To another byte order, words are swapped by their VR,
 * see wordBytes. A UN keeps its bytes: they are little endian, and implicit inside a UN of undefined length (PS3.5 §6.2.2).
 *
 * Throws PhosphorError `damaged` where the structure does not hold, `unsupported` where bytes would be ambiguous and for encapsulated
 * pixel data, `limit-exceeded`.
 */
export class ReEncoder {
  readonly #levels: Level[];
  readonly #edits: ReadonlySet<Tag>;
  readonly #inserts: Edit[];
  readonly #out = new ReEncodedOutput();
  readonly #steps: Generator<void, void, void>;
  #input: Buffer = Buffer.alloc(0);
  #at = 0;
  #position = 0;
  #ended = false;

  constructor(from: Encoding, to: Encoding, edits: readonly Edit[] = []) {
    const { POSITIVE_INFINITY: end } = Number;
    this.#levels = [{ isSequence: false, from, to, end, bound: end, facts: {} }];
    this.#edits = new Set(edits.map(({ tag }) => tag));
    this.#inserts = [...edits].sort((a, b) => a.tag - b.tag);
    this.#steps = this.#walk();
  }

  /** Takes the next bytes, which must stay as they are: large values are given out as views of them. */
  push(chunk: Uint8Array): Uint8Array[] {
    const next = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    this.#input = this.#available === 0 ? next : Buffer.concat([this.#input.subarray(this.#at), next]);
    this.#at = 0;
    this.#steps.next();
    return this.#out.take();
  }

  /** The input stands between two top level elements, and one with this tag is going to be written by the caller. */
  before(tag: Tag): Uint8Array[] {
    if (this.#available > 0 || this.#levels.length > 1) throw damaged('the data set ends inside an element');
    this.#insert(tag);
    return this.#out.take();
  }

  /** After the last chunk. */
  finish(): Uint8Array[] {
    this.#ended = true;
    this.#steps.next();
    return this.#out.take();
  }

  get #available(): number {
    return this.#input.length - this.#at;
  }

  *#walk(): Generator<void, void, void> {
    for (;;) {
      const level = this.#levels.at(-1);
      if (level === undefined) throw damaged('a delimiter outside any sequence');
      if (this.#position >= level.end) {
        this.#close();
        continue;
      }
      if (!(yield* this.#need(8))) break;
      if (level.isSequence) this.#item(level);
      else yield* this.#element(level);
    }
    if (this.#available > 0 || this.#levels.length > 1) throw damaged('the data set ends inside an element');
    this.#insert(Number.POSITIVE_INFINITY);
  }

  /** Waits until this many bytes are there; false when the input ends before. */
  *#need(bytes: number): Generator<void, boolean, void> {
    while (this.#available < bytes) {
      if (this.#ended) return false;
      yield;
    }
    return true;
  }

  #uint16(offset: number, big: boolean): number {
    return big ? this.#input.readUInt16BE(this.#at + offset) : this.#input.readUInt16LE(this.#at + offset);
  }

  #uint32(offset: number, big: boolean): number {
    return big ? this.#input.readUInt32BE(this.#at + offset) : this.#input.readUInt32LE(this.#at + offset);
  }

  #tag(big: boolean): Tag {
    return this.#uint16(0, big) * 0x10000 + this.#uint16(2, big);
  }

  /** Takes a header out of the input. */
  #pass(bytes: number, { bound }: Level): void {
    this.#at += bytes;
    this.#position += bytes;
    if (this.#position > bound) throw damaged('an element is longer than what holds it');
  }

  #item(level: Level): void {
    const { from, to, facts } = level;
    const tag = this.#tag(from.bigEndian);
    const length = this.#uint32(4, from.bigEndian);
    this.#pass(8, level);
    if (tag === T.SequenceDelimitationItem) this.#close();
    else if (tag !== T.Item) throw damaged('a sequence holds something that is not an item');
    else if (length === 0) this.#out.item(T.Item, 0, to.bigEndian);
    else {
      this.#out.item(T.Item, UNDEFINED_LENGTH, to.bigEndian);
      this.#open(level, { isSequence: false, from, to, length, facts: { ...facts } });
    }
  }

  #open(parent: Level, { length, ...level }: Omit<Level, 'end' | 'bound'> & { length: number }): void {
    const end = length === UNDEFINED_LENGTH ? Number.POSITIVE_INFINITY : this.#position + length;
    if (length !== UNDEFINED_LENGTH && end > parent.bound) throw damaged('a sequence is longer than what holds it');
    if (this.#levels.length > DEEPEST) throw new PhosphorError('limit-exceeded', 'the data set has too many levels');
    this.#levels.push({ ...level, end, bound: Math.min(end, parent.bound) });
  }

  #close(): void {
    const level = this.#levels.pop();
    if (level === undefined || this.#levels.length === 0) throw damaged('a delimiter outside any sequence');
    this.#out.item(level.isSequence ? T.SequenceDelimitationItem : T.ItemDelimitationItem, 0, level.to.bigEndian);
  }

  *#element(level: Level): Generator<void, void, void> {
    const tag = this.#tag(level.from.bigEndian);
    if (tag >= 0xfffe0000) {
      this.#pass(8, level);
      this.#delimiter(tag);
      return;
    }
    const header = level.from.explicitVR ? yield* this.#explicitHeader(tag, level) : this.#implicitHeader(tag, level);
    if (this.#levels.length === 1) {
      this.#insert(tag);
      if (this.#edits.has(tag) || tag === LENGTH_TO_END) return yield* this.#leaveOut(header, level);
    }
    if (tag % 0x10000 === 0) return yield* this.#leaveOut(header, level);
    const vr = header.vr ?? impliedVR(tag, level.facts);
    if (header.length === UNDEFINED_LENGTH || vr === 'SQ') this.#sequence(header, vr, level);
    else yield* this.#value(header, vr, level);
  }

  /** An item delimiter; or a sequence delimiter, which closes an item too that lacks its own. */
  #delimiter(tag: Tag): void {
    if (tag === T.Item) throw damaged('an item outside any sequence');
    this.#close();
    if (tag === T.SequenceDelimitationItem) this.#close();
  }

  #implicitHeader(tag: Tag, level: Level): Header {
    const length = this.#uint32(4, level.from.bigEndian);
    this.#pass(8, level);
    return { tag, vr: undefined, letters: undefined, length };
  }

  *#explicitHeader(tag: Tag, level: Level): Generator<void, Header, void> {
    const { bigEndian } = level.from;
    const letters = this.#uint16(4, true);
    const name = String.fromCharCode(letters >>> 8, letters & 0xff);
    const known = isVR(name) ? name : undefined;
    const short = this.#uint16(6, bigEndian);
    const isNew = known === undefined && /^[A-Z]{2}$/.test(name) && short === 0;
    if (isNew || (known !== undefined && traitsOf(known)?.long === true)) {
      if (!(yield* this.#need(12))) throw damaged('the data set ends inside an element');
      const length = this.#uint32(8, bigEndian);
      this.#pass(12, level);
      return { tag, vr: known ?? 'UN', letters: isNew ? letters : undefined, length };
    }
    if (known !== undefined) {
      this.#pass(8, level);
      return { tag, vr: known, letters: undefined, length: short };
    }
    // Without a VR: blank, or an element in implicit form; see readElementHeader.
    const isBlank = letters === 0x2020 || /^[A-Z]{2}$/.test(name);
    const length = isBlank ? short : this.#uint32(4, bigEndian);
    this.#pass(8, level);
    return { tag, vr: undefined, letters: undefined, length };
  }

  *#leaveOut({ length }: Header, level: Level): Generator<void, void, void> {
    this.#bounded(length, level);
    for (let left = length; left > 0; ) {
      if (!(yield* this.#need(1))) throw damaged('the data set ends inside an element');
      left -= this.#taken(Math.min(left, this.#available)).length;
    }
  }

  #bounded(length: number, { bound }: Level): void {
    if (length === UNDEFINED_LENGTH || this.#position + length > bound) throw damaged('an element is longer than what holds it');
  }

  #taken(bytes: number): Buffer {
    const taken = this.#input.subarray(this.#at, this.#at + bytes);
    this.#at += bytes;
    this.#position += bytes;
    return taken;
  }

  #sequence({ tag, vr: written, length }: Header, vr: VR, level: Level): void {
    if (tag === T.PixelData || vr === 'OB' || vr === 'OW') {
      throw new PhosphorError('unsupported', 'compressed pixels, such as those of an icon, where only uncompressed ones can stand');
    }
    const { from, to, facts } = level;
    const isUnknown = written === 'UN';
    const inner = isUnknown ? { from: IMPLICIT_LITTLE, to: IMPLICIT_LITTLE } : { from, to };
    this.#out.header(tag, isUnknown ? 'UN' : 'SQ', length === 0 ? 0 : UNDEFINED_LENGTH, to);
    if (length > 0) this.#open(level, { isSequence: true, ...inner, length, facts });
  }

  *#value(header: Header, vr: VR, level: Level): Generator<void, void, void> {
    const { tag, letters, length } = header;
    const { from, to, facts } = level;
    this.#bounded(length, level);
    const even = length + (length % 2);
    const written = to.explicitVR ? fittingVR(vr, even) : vr;
    // What is written as UN is little endian.
    const swaps = vr !== 'UN' && from.bigEndian !== (written === 'UN' ? false : to.bigEndian);
    if (letters !== undefined && from.bigEndian !== to.bigEndian) {
      throw new PhosphorError('unsupported', 'the byte order of a value with an unknown VR cannot be changed without guessing');
    }
    const unit = swaps ? wordBytes(tag, vr, length, facts) : 1;
    const fact = length === 2 ? factOf(tag) : undefined;
    if (fact !== undefined && (yield* this.#need(2))) facts[fact] = this.#uint16(0, from.bigEndian && vr !== 'UN');
    this.#out.header(tag, letters ?? written, even, to);
    for (let left = length; left > 0; ) {
      if (!(yield* this.#need(Math.min(left, unit)))) throw damaged('the data set ends inside an element');
      const there = Math.min(left, this.#available);
      const bytes = this.#taken(there < left ? there - (there % unit) : there);
      this.#out.value(bytes, unit);
      left -= bytes.length;
    }
    if (length % 2 === 1 && unit === 1) this.#out.value(Uint8Array.of(traitsOf(vr)?.pad ?? 0), 1);
  }

  /** Writes the edits whose place has come. */
  #insert(upTo: number): void {
    const { to } = this.#levels[0] ?? { to: IMPLICIT_LITTLE };
    while (this.#inserts[0] !== undefined && this.#inserts[0].tag <= upTo) {
      const element = this.#inserts.shift()?.element;
      const value = element === undefined ? undefined : encodeValue(element, to.bigEndian, '');
      if (element === undefined || value === undefined) continue;
      this.#out.header(element.tag, element.vr, value.length, to);
      this.#out.value(value, 1);
    }
  }
}

function damaged(message: string): PhosphorError {
  return new PhosphorError('damaged', message);
}
