import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';

/**
 * Raw deflate (RFC 1951) decoded synchronously as its bytes arrive, output in pieces of at most 32 KiB, so that no stream can make it hold
 * more than its window whatever its compression ratio. Node's zlib can stop neither in the middle of a chunk nor go on later without a
 * callback. Made for headers: it stops for good as soon as the sink wants no more.
 */
export class InflateStream {
  readonly #sink: (bytes: Uint8Array) => boolean;
  readonly #steps: Generator<void, void, void>;
  readonly #window = new Uint8Array(WINDOW);
  #written = 0;
  #flushed = 0;
  #input: Uint8Array = new Uint8Array(0);
  #at = 0;
  #bits = 0;
  #count = 0;
  #ended = false;

  /** `sink` gets views that are valid during the call; false = wants no more. */
  constructor(sink: (bytes: Uint8Array) => boolean) {
    this.#sink = sink;
    this.#steps = this.#blocks();
  }

  /** Decodes what these bytes allow. Throws PhosphorError `damaged` for what is no deflate stream. */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && !this.#ended; at += PIECE) {
      this.#input = chunk.subarray(at, at + PIECE);
      this.#at = 0;
      if (this.#steps.next().done === true) this.#ended = true;
      this.#flush();
    }
  }

  /** Yields whenever it needs more input. */
  *#blocks(): Generator<void, void, void> {
    let last = false;
    while (!last && !this.#ended) {
      last = (yield* this.#take(1)) === 1;
      const type = yield* this.#take(2);
      if (type === 0) yield* this.#stored();
      else if (type === 1) yield* this.#codes(FIXED_LITERALS, FIXED_DISTANCES);
      else if (type === 2) {
        const { literals, distances } = yield* this.#tables();
        yield* this.#codes(literals, distances);
      } else throw damaged();
    }
  }

  *#stored(): Generator<void, void, void> {
    this.#bits >>>= this.#count % 8;
    this.#count -= this.#count % 8;
    const length = yield* this.#take(16);
    const check = yield* this.#take(16);
    if ((length ^ check) !== 0xffff) throw damaged();
    for (let left = length; left > 0 && !this.#ended; left -= 1) this.#put(yield* this.#take(8));
  }

  *#codes(literals: Huffman, distances: Huffman): Generator<void, void, void> {
    while (!this.#ended) {
      const symbol = yield* this.#symbol(literals);
      if (symbol < 256) {
        this.#put(symbol);
        continue;
      }
      if (symbol === 256) return;
      const [base, extra] = LENGTHS[symbol - 257] ?? [0, 0];
      if (base === 0) throw damaged();
      const length = base + (yield* this.#take(extra));
      const [from, more] = DISTANCES[yield* this.#symbol(distances)] ?? [0, 0];
      const distance = from + (yield* this.#take(more));
      if (from === 0 || distance > this.#written) throw damaged();
      for (let i = 0; i < length && !this.#ended; i += 1) this.#put(this.#window[(this.#written - distance) & MASK] ?? 0);
    }
  }

  *#tables(): Generator<void, { literals: Huffman; distances: Huffman }, void> {
    const literalCount = 257 + (yield* this.#take(5));
    const distanceCount = 1 + (yield* this.#take(5));
    const codeCount = 4 + (yield* this.#take(4));
    const codeLengths = new Uint8Array(19);
    for (let i = 0; i < codeCount; i += 1) codeLengths[CODE_ORDER[i] ?? 0] = yield* this.#take(3);
    const codes = huffman(codeLengths);
    const lengths = new Uint8Array(literalCount + distanceCount);
    for (let i = 0; i < lengths.length; ) {
      const symbol = yield* this.#symbol(codes);
      if (symbol < 16) {
        lengths[i] = symbol;
        i += 1;
        continue;
      }
      const [base, extra] = REPEATS[symbol - 16] ?? [0, 0];
      const repeat = base + (yield* this.#take(extra));
      if (i + repeat > lengths.length || (symbol === 16 && i === 0)) throw damaged();
      lengths.fill(symbol === 16 ? (lengths[i - 1] ?? 0) : 0, i, i + repeat);
      i += repeat;
    }
    return { literals: huffman(lengths.subarray(0, literalCount)), distances: huffman(lengths.subarray(literalCount)) };
  }

  *#take(count: number): Generator<void, number, void> {
    while (this.#count < count) {
      if (this.#at >= this.#input.length) yield;
      else {
        this.#bits |= (this.#input[this.#at] ?? 0) << this.#count;
        this.#at += 1;
        this.#count += 8;
      }
    }
    const value = this.#bits & ((1 << count) - 1);
    this.#bits >>>= count;
    this.#count -= count;
    return value;
  }

  /** Canonical Huffman decoding, a bit at a time (RFC 1951 §3.2.2). */
  *#symbol({ counts, symbols }: Huffman): Generator<void, number, void> {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length < 16; length += 1) {
      code |= yield* this.#take(1);
      const count = counts[length] ?? 0;
      if (code - count < first) return symbols[index + (code - first)] ?? 0;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw damaged();
  }

  #put(byte: number): void {
    this.#window[this.#written & MASK] = byte;
    this.#written += 1;
    if ((this.#written & MASK) === 0) this.#flush();
  }

  #flush(): void {
    const start = this.#flushed & MASK;
    const length = this.#written - this.#flushed;
    this.#flushed = this.#written;
    if (length > 0 && !this.#sink(this.#window.subarray(start, start + length))) this.#ended = true;
  }
}

/** Input between two deliveries: small, so that a header is found before its pixels are inflated. */
const PIECE = 512;
const WINDOW = 32 * 1024;
const MASK = WINDOW - 1;

interface Huffman {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

function huffman(lengths: Uint8Array): Huffman {
  const counts = new Uint16Array(16);
  for (const length of lengths) counts[length] = (counts[length] ?? 0) + 1;
  counts[0] = 0;
  const offsets = new Uint16Array(17);
  for (let i = 1; i < 16; i += 1) offsets[i + 1] = (offsets[i] ?? 0) + (counts[i] ?? 0);
  const symbols = new Uint16Array(lengths.length);
  lengths.forEach((length, symbol) => {
    if (length === 0) return;
    const at = offsets[length] ?? 0;
    symbols[at] = symbol;
    offsets[length] = at + 1;
  });
  return { counts, symbols };
}

function damaged(): PhosphorError {
  return new PhosphorError('damaged', 'the deflated data set cannot be inflated');
}

type Range = readonly [base: number, extraBits: number];

function ranges(first: number, extras: readonly number[]): Range[] {
  let base = first;
  return extras.map((extra) => {
    const range: Range = [base, extra];
    base += 1 << extra;
    return range;
  });
}

/** RFC 1951 §3.2.5; the last length code stands for 258 alone. */
const LENGTHS: readonly Range[] = [
  ...ranges(3, [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5]),
  [258, 0],
];
const DISTANCES: readonly Range[] = ranges(
  1,
  Array.from({ length: 30 }, (_, code) => (code < 2 ? 0 : Math.floor(code / 2) - 1)),
);
/** Codes 16, 17, 18 of the code length alphabet (§3.2.7). */
const REPEATS: readonly Range[] = [
  [3, 2],
  [3, 3],
  [11, 7],
];
const CODE_ORDER: readonly number[] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const FIXED_LITERALS = huffman(Uint8Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8)));
const FIXED_DISTANCES = huffman(new Uint8Array(30).fill(5));
