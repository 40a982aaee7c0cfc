import { Buffer } from 'node:buffer';
import type { PersonName } from '../../../shared/contract/index.ts';
import { characterSetOr } from './character-sets.ts';
import { Dataset } from './dataset.ts';
import { decodeDataset } from './decode.ts';
import { type Tag, vrOf } from './dictionary.ts';
import { type DatasetLimits, limitsFrom } from './limits.ts';
import { parsePersonName } from './person-name.ts';
import { Tag as T } from './tags.ts';
import { TransferSyntaxUID } from './transfer-syntaxes.ts';
import { decodeValue } from './values.ts';
import { isVR, traitsOf, type VR } from './vr.ts';

/** The values of an identifier, as rows are made of them. */
export type IdentifierValues = Pick<Dataset, 'string' | 'strings' | 'uid' | 'number' | 'personName'>;

/**
 * Reads the identifiers of C-FIND responses, one after the other, without building a data set of each: a person waits for an archive that answers with
 * ten thousand matches. What is not flat, regular and little endian is left to the whole reader; both give the same values.
 */
export class IdentifierReader {
  readonly #transferSyntaxUID: string;
  readonly #limits: Partial<DatasetLimits>;
  readonly #flat: FlatIdentifier | undefined;
  readonly #fallback: string;

  /** `fallbackCharacterSet` is for answers that declare none, or none that is known; '': there is none. */
  constructor(transferSyntaxUID: string, limits: Partial<DatasetLimits> = {}, fallbackCharacterSet = '') {
    this.#fallback = fallbackCharacterSet;
    this.#transferSyntaxUID = transferSyntaxUID;
    this.#limits = limits;
    const { elements } = limitsFrom(limits);
    if (transferSyntaxUID === TransferSyntaxUID.ExplicitVRLittleEndian)
      this.#flat = new FlatIdentifier(true, elements, fallbackCharacterSet);
    if (transferSyntaxUID === TransferSyntaxUID.ImplicitVRLittleEndian)
      this.#flat = new FlatIdentifier(false, elements, fallbackCharacterSet);
  }

  /** Valid until the next call. Throws PhosphorError `damaged`, `limit-exceeded`. */
  read(bytes: Uint8Array): IdentifierValues {
    if (this.#flat?.read(bytes) === true) return this.#flat;
    return decodeDataset(bytes, this.#transferSyntaxUID, this.#limits, this.#fallback);
  }
}

/** Explicit VRs by their two letters as a number, little endian. UN is left to the whole reader: it may be any VR (PS3.5 §6.2.2). */
const VRS: ReadonlyMap<number, { readonly vr: VR; readonly long: boolean }> = new Map(
  [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
    .flatMap((first, _, letters) => letters.map((second) => first + second))
    .filter((vr) => isVR(vr) && vr !== 'UN')
    .map((vr) => [vr.charCodeAt(0) + vr.charCodeAt(1) * 256, { vr: vr as VR, long: traitsOf(vr)?.long === true }]),
);

const SPACE = 0x20;
const ESCAPE = 0x1b;
const BACKSLASH = 0x5c;

/** Where the elements of a flat data set stand. Values are decoded when they are asked for. */
class FlatIdentifier implements IdentifierValues {
  readonly #explicitVR: boolean;
  readonly #most: number;
  readonly #tags: Tag[] = [];
  readonly #offsets: number[] = [];
  readonly #ends: number[] = [];
  readonly #vrs: (VR | undefined)[] = [];
  #count = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #characterSet = '';
  readonly #fallback: string;

  constructor(explicitVR: boolean, most: number, fallback: string) {
    this.#fallback = fallback;
    this.#explicitVR = explicitVR;
    this.#most = most;
  }

  /** False for what is not flat, in ascending order, whole and within the bound; an undefined length is no end that fits. */
  read(bytes: Uint8Array): boolean {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const { length: size } = buffer;
    this.#bytes = buffer;
    this.#count = 0;
    this.#characterSet = '';
    for (let at = 0, last = -1; at < size; ) {
      if (at + 8 > size || this.#count === this.#most) return false;
      const tag = buffer.readUInt16LE(at) * 0x10000 + buffer.readUInt16LE(at + 2);
      if (tag <= last || tag >= T.Item) return false;
      last = tag;
      let vr: VR | undefined;
      let start = at + 8;
      let length: number;
      if (this.#explicitVR) {
        const form = VRS.get(buffer.readUInt16LE(at + 4));
        if (form === undefined) return false;
        vr = form.vr;
        if (form.long) start = at + 12;
        if (start > size) return false;
        length = form.long ? buffer.readUInt32LE(at + 8) : buffer.readUInt16LE(at + 6);
      } else length = buffer.readUInt32LE(at + 4);
      if (start + length > size) return false;
      this.#tags[this.#count] = tag;
      this.#offsets[this.#count] = start;
      this.#ends[this.#count] = start + length;
      this.#vrs[this.#count] = vr;
      this.#count += 1;
      at = start + length;
    }
    this.#characterSet = characterSetOr(this.strings(T.SpecificCharacterSet).join('\\'), this.#fallback);
    return true;
  }

  string(tag: Tag): string {
    const index = this.#indexOf(tag);
    if (index < 0) return '';
    return this.#plain(index) ?? this.#asDataset(index).string(tag);
  }

  strings(tag: Tag): string[] {
    const index = this.#indexOf(tag);
    return index < 0 ? [] : this.#asDataset(index).strings(tag);
  }

  uid(tag: Tag): string {
    return this.string(tag);
  }

  number(tag: Tag): number | undefined {
    const index = this.#indexOf(tag);
    return index < 0 ? undefined : this.#asDataset(index).number(tag);
  }

  personName(tag: Tag): PersonName {
    return parsePersonName(this.string(tag));
  }

  #indexOf(tag: Tag): number {
    for (let index = 0; index < this.#count; index += 1) if (this.#tags[index] === tag) return index;
    return -1;
  }

  #vrAt(index: number): VR {
    return this.#vrs[index] ?? vrOf(this.#tags[index] ?? 0);
  }

  /** A single text value of plain ASCII, without its padding; undefined for everything else. ISO_IR 13 is not ASCII. */
  #plain(index: number): string | undefined {
    const vr = this.#vrAt(index);
    const traits = traitsOf(vr);
    if (traits?.kind !== 'text' || this.#characterSet.includes('13')) return undefined;
    const bytes = this.#bytes;
    let start = this.#offsets[index] ?? 0;
    let end = this.#ends[index] ?? 0;
    while (end > start && (bytes[end - 1] === SPACE || bytes[end - 1] === 0)) end -= 1;
    if (!KEEPS_LEADING_SPACES.has(vr)) while (start < end && bytes[start] === SPACE) start += 1;
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte >= 0x7f || byte === ESCAPE || byte === BACKSLASH) return undefined;
    }
    return start === end ? '' : bytes.toString('latin1', start, end);
  }

  #asDataset(index: number): Dataset {
    const vr = this.#vrAt(index);
    const dataset = new Dataset();
    if (vr === 'SQ') return dataset;
    const bytes = this.#bytes.subarray(this.#offsets[index], this.#ends[index]);
    dataset.setElement({ tag: this.#tags[index] ?? 0, vr, value: decodeValue(bytes, vr, false, this.#characterSet) });
    return dataset;
  }
}

/** PS3.5 §6.2. */
const KEEPS_LEADING_SPACES: ReadonlySet<VR> = new Set(['LT', 'ST', 'UT', 'UC']);
