import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { pduError } from './errors.ts';

/** Big endian writer for the small PDUs (PS3.8 §9.3.1): grows as needed. */
export class ByteWriter {
  #buffer = Buffer.allocUnsafe(1024);
  #length = 0;

  u8(value: number): this {
    this.#reserve(1);
    this.#length = this.#buffer.writeUInt8(value & 0xff, this.#length);
    return this;
  }

  u16(value: number): this {
    this.#reserve(2);
    this.#length = this.#buffer.writeUInt16BE(value, this.#length);
    return this;
  }

  u32(value: number): this {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32BE(value >>> 0, this.#length);
    return this;
  }

  zeros(count: number): this {
    this.#reserve(count);
    this.#buffer.fill(0, this.#length, this.#length + count);
    this.#length += count;
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  ascii(value: string): this {
    return this.bytes(Buffer.from(value, 'latin1'));
  }

  /** Exactly 16 characters, padded with spaces. */
  aeTitle(value: string): this {
    return this.ascii(value.slice(0, 16).padEnd(16, ' '));
  }

  /** A 16-bit length, then what `write` writes. */
  sized16(write: () => void): this {
    this.u16(0);
    const start = this.#length;
    write();
    const length = this.#length - start;
    if (length > 0xffff) throw new PhosphorError('invalid-arguments', 'an item of the association negotiation is longer than 65,535 bytes');
    this.#buffer.writeUInt16BE(length, start - 2);
    return this;
  }

  /** Item or sub-item: type, reserved byte, 16-bit length, contents. */
  item(type: number, write: () => void): this {
    return this.u8(type).u8(0).sized16(write);
  }

  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#buffer.length));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}

/** Big endian reader that never leaves its bytes: a length that does not fit is the peer's fault (A-ABORT, invalid PDU parameter value). */
export class ByteReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#buffer.length - this.#at;
  }

  u8(): number {
    return this.#buffer.readUInt8(this.#advance(1));
  }

  u16(): number {
    return this.#buffer.readUInt16BE(this.#advance(2));
  }

  u32(): number {
    return this.#buffer.readUInt32BE(this.#advance(4));
  }

  skip(count: number): this {
    this.#advance(count);
    return this;
  }

  view(count: number): Uint8Array {
    const start = this.#advance(count);
    return this.#buffer.subarray(start, start + count);
  }

  sub(count: number): ByteReader {
    return new ByteReader(this.view(count));
  }

  /** A copy, for what outlives the PDU. */
  copy(count: number): Uint8Array {
    return new Uint8Array(this.view(count));
  }

  text(count: number): string {
    const start = this.#advance(count);
    return this.#buffer.toString('latin1', start, start + count);
  }

  /** A UID without its padding. */
  uid(count: number): string {
    return trimmed(this.text(count));
  }

  #advance(count: number): number {
    const start = this.#at;
    if (count > this.#buffer.length - start) throw pduError('an item is longer than what holds it');
    this.#at += count;
    return start;
  }
}

/** Without leading and trailing spaces and trailing NULs. */
export function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) === 0x20) start += 1;
  while (end > start && (text.charCodeAt(end - 1) === 0x20 || text.charCodeAt(end - 1) === 0)) end -= 1;
  return text.slice(start, end);
}
