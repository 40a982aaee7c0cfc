/** Of things that are done several at a time, what must happen in their order all the same: giving out names, so that the same export gives the same ones. */
export class Turns {
  #taken = 0;
  #next = 0;
  readonly #passed = new Set<number>();
  readonly #waiting = new Map<number, () => void>();

  /** The next turn, to be taken in the order that counts. Whoever has one must pass it on, whatever becomes of it. */
  take(): Turn {
    const own = this.#taken;
    this.#taken += 1;
    return {
      come: () => (own <= this.#next ? Promise.resolve() : new Promise((resolve) => this.#waiting.set(own, resolve))),
      pass: () => this.#pass(own),
    };
  }

  #pass(own: number): void {
    if (own < this.#next) return;
    this.#passed.add(own);
    while (this.#passed.delete(this.#next)) this.#next += 1;
    this.#waiting.get(this.#next)?.();
    this.#waiting.delete(this.#next);
  }
}

export interface Turn {
  /** Resolves when all earlier turns were passed on. */
  come(): Promise<void>;
  /** Idempotent. */
  pass(): void;
}
