/** Numbers that come again with the same seed (a xorshift; nothing here needs better ones). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ 0x85ebca6b) >>> 0 || 1;
    for (let i = 0; i < 4; i += 1) this.#next();
  }

  /** A number of its own for the `index`th case: a case can be made again without those before it. */
  static of(seed: number, index: number): Random {
    return new Random((seed ^ Math.imul(index + 1, 0x27d4eb2d)) >>> 0);
  }

  #next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }

  /** An integer from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return this.#next() % Math.max(1, limit);
  }

  chance(probability: number): boolean {
    return this.#next() / 0x1_0000_0000 < probability;
  }

  pick<T>(values: readonly [T, ...T[]]): T {
    return values[this.below(values.length)] ?? values[0];
  }

  /** The same values in an order of chance. */
  shuffled<T>(values: readonly T[]): T[] {
    return values
      .map((value) => ({ value, at: this.#next() }))
      .sort((a, b) => a.at - b.at)
      .map(({ value }) => value);
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let i = 0; i < length; i += 1) bytes[i] = this.#next() & 0xff;
    return bytes;
  }
}
