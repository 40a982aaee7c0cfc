/** Where time comes from: the system's, or a test's. Milliseconds, monotonic. */
export interface TimeSource {
  now(): number;
  /** Calls `tick` about every `milliseconds` until the returned function is called. Must not keep a process alive. */
  every(milliseconds: number, tick: () => void): () => void;
}

export const systemTime: TimeSource = {
  now: () => performance.now(),
  every(milliseconds, tick) {
    const handle = setInterval(tick, milliseconds);
    handle.unref();
    return () => clearInterval(handle);
  },
};

/** How finely clocks are looked at. One timer serves all associations of a thread, instead of one per PDU. */
export const TICK_MS = 100;

export interface Ticking {
  tick(now: number): void;
}

/**
 * A coarse clock that runs while somebody listens. Its time is the time in which this thread was able to work: a blocked event loop or a
 * suspended computer does not count, so that no peer is blamed for a pause of ours.
 */
export class Ticker {
  #now = 0;
  #last = 0;
  #stop: (() => void) | undefined;
  readonly #listeners = new Set<Ticking>();
  readonly #time: TimeSource;

  constructor(time: TimeSource) {
    this.#time = time;
  }

  /** Milliseconds as of the newest tick. */
  get now(): number {
    return this.#now;
  }

  /** The moment `seconds` from now; the tick that is under way is added, so that a clock never runs short. */
  in(seconds: number): number {
    return this.#now + seconds * 1000 + TICK_MS;
  }

  add(listener: Ticking): void {
    this.#listeners.add(listener);
    if (this.#stop !== undefined) return;
    this.#last = this.#time.now();
    this.#stop = this.#time.every(TICK_MS, () => this.#tick());
  }

  remove(listener: Ticking): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  #tick(): void {
    const now = this.#time.now();
    this.#now += Math.min(now - this.#last, 2 * TICK_MS);
    this.#last = now;
    for (const listener of this.#listeners) listener.tick(this.#now);
  }
}

const tickers = new WeakMap<TimeSource, Ticker>();

/** The one ticker of a time source. */
export function tickerOf(time: TimeSource): Ticker {
  let ticker = tickers.get(time);
  if (ticker === undefined) {
    ticker = new Ticker(time);
    tickers.set(time, ticker);
  }
  return ticker;
}
