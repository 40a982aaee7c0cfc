import { Buffer } from 'node:buffer';
import type { Tag } from './dictionary.ts';
import type { Encoding } from './element-header.ts';
import { traitsOf, type VR } from './vr.ts';

const BLOCK_BYTES = 65_536;
/** Longer values are given out by themselves. */
const COPIED_BYTES = 4096;

/** Gathers headers and short values in blocks, so that a data set does not become a thousand chunks. */
export class ReEncodedOutput {
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #filled = 0;
  #given = 0;
  #chunks: Uint8Array[] = [];

  /** What was written since the last call; the caller may keep it. */
  take(): Uint8Array[] {
    this.#cut();
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }

  /** The header of an element (PS3.5 §7.1); `vr` as a number: two letters as they stood there, long form. */
  header(tag: Tag, vr: VR | number, length: number, { explicitVR, bigEndian }: Encoding): void {
    if (!explicitVR) {
      this.item(tag, length, bigEndian);
      return;
    }
    const isLong = typeof vr === 'number' || traitsOf(vr)?.long === true;
    const at = this.#room(isLong ? 12 : 8);
    this.#writeTag(at, tag, bigEndian);
    this.#block.writeUInt16BE(typeof vr === 'number' ? vr : vr.charCodeAt(0) * 0x100 + vr.charCodeAt(1), at + 4);
    if (!isLong) this.#uint16(at + 6, length, bigEndian);
    else {
      this.#uint16(at + 6, 0, bigEndian);
      this.#uint32(at + 8, length, bigEndian);
    }
  }

  /** An item, a delimiter, or the implicit header of an element. */
  item(tag: Tag, length: number, bigEndian: boolean): void {
    const at = this.#room(8);
    this.#writeTag(at, tag, bigEndian);
    this.#uint32(at + 4, length, bigEndian);
  }

  /** Bytes of a value, in words of `unit` bytes whose order is turned round (1: as they are); an incomplete last word is filled up. */
  value(bytes: Uint8Array, unit: 1 | 2 | 4 | 8): void {
    const whole = Math.ceil(bytes.length / unit) * unit;
    if (whole <= COPIED_BYTES) {
      const at = this.#room(whole);
      this.#block.fill(0, at, at + whole);
      this.#block.set(bytes, at);
      swap(this.#block.subarray(at, at + whole), unit);
      return;
    }
    this.#cut();
    if (unit === 1) {
      this.#chunks.push(bytes);
      return;
    }
    const words = Buffer.allocUnsafeSlow(whole);
    words.set(bytes);
    words.fill(0, bytes.length);
    this.#chunks.push(swap(words, unit));
  }

  #room(bytes: number): number {
    if (this.#filled + bytes > BLOCK_BYTES) {
      this.#cut();
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#filled = 0;
      this.#given = 0;
    }
    this.#filled += bytes;
    return this.#filled - bytes;
  }

  #cut(): void {
    if (this.#filled > this.#given) this.#chunks.push(this.#block.subarray(this.#given, this.#filled));
    this.#given = this.#filled;
  }

  #writeTag(at: number, tag: Tag, bigEndian: boolean): void {
    this.#uint16(at, Math.floor(tag / 0x10000), bigEndian);
    this.#uint16(at + 2, tag % 0x10000, bigEndian);
  }

  #uint16(at: number, value: number, bigEndian: boolean): void {
    if (bigEndian) this.#block.writeUInt16BE(value, at);
    else this.#block.writeUInt16LE(value, at);
  }

  #uint32(at: number, value: number, bigEndian: boolean): void {
    if (bigEndian) this.#block.writeUInt32BE(value, at);
    else this.#block.writeUInt32LE(value, at);
  }
}

function swap(words: Buffer, unit: 1 | 2 | 4 | 8): Buffer {
  if (unit === 2) words.swap16();
  else if (unit === 4) words.swap32();
  else if (unit === 8) words.swap64();
  return words;
}
