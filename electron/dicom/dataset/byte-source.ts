import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';

/** Random access to bytes: a file that the caller opened, or memory. `read` may give fewer bytes than asked, none past the end. */
export interface ByteSource {
  readonly size: number;
  read(offset: number, length: number): Uint8Array;
}

/** A source over bytes in memory; what it reads are views, not copies. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) => bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + length, bytes.length)),
  };
}

const WINDOW = 64 * 1024;

/** Small reads at rising offsets of a source, served from one window so that a file is not asked for every eight bytes. */
export class SourceReader {
  readonly #source: ByteSource;
  #bytes: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #base = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  get size(): number {
    return this.#source.size;
  }

  /** Exactly `length` bytes at `offset`; throws `damaged` when the source ends before. The view is valid until the next call. */
  bytes(offset: number, length: number): Uint8Array {
    const at = this.#locate(offset, length);
    return this.#bytes.subarray(at, at + length);
  }

  /** As `bytes`, copied or otherwise safe to keep. */
  keep(offset: number, length: number): Uint8Array {
    if (length <= 4096) return this.bytes(offset, length).slice();
    const bytes = this.#source.read(offset, length);
    if (bytes.length < length) throw ended();
    return bytes;
  }

  uint16(offset: number, littleEndian: boolean): number {
    const at = this.#locate(offset, 2);
    return this.#view.getUint16(at, littleEndian);
  }

  uint32(offset: number, littleEndian: boolean): number {
    const at = this.#locate(offset, 4);
    return this.#view.getUint32(at, littleEndian);
  }

  #locate(offset: number, length: number): number {
    const at = offset - this.#base;
    if (at >= 0 && at + length <= this.#bytes.length) return at;
    if (offset < 0 || offset + length > this.#source.size) throw ended();
    this.#bytes = this.#source.read(offset, Math.max(length, Math.min(WINDOW, this.#source.size - offset)));
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
    this.#base = offset;
    if (this.#bytes.length < length) throw ended();
    return 0;
  }
}

function ended(): PhosphorError {
  return new PhosphorError('damaged', 'the data end inside an element');
}
