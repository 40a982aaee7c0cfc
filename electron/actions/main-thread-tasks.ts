/**
 * Own CPU time of everything that we do on the main thread: each command, message handler and timer is wrapped, and what it cost (thread
 * CPU time, so that a busy machine does not count) goes into a small histogram. Benchmarks and tests read it.
 */
export interface TaskReport {
  readonly tasks: number;
  /** Name and milliseconds of the longest one since the last reset. */
  readonly longestTask: { readonly name: string; readonly ms: number };
  /** How many tasks took at most this many milliseconds; the last bound is Infinity. */
  readonly histogram: readonly { readonly upToMs: number; readonly tasks: number }[];
}

const BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, Number.POSITIVE_INFINITY] as const;

class MainThreadTasks {
  #counts: number[] = BOUNDS_MS.map(() => 0);
  #longest = { name: '', ms: 0 };
  #depth = 0;

  /** Runs and measures the synchronous part of `task`. Nested tasks count into the outermost only. */
  run<T>(name: string, task: () => T): T {
    if (this.#depth > 0) return task();
    this.#depth += 1;
    const before = process.threadCpuUsage();
    try {
      return task();
    } finally {
      this.#depth -= 1;
      const { user, system } = process.threadCpuUsage(before);
      this.#record(name, (user + system) / 1000);
    }
  }

  /** For a stretch that is no function of its own: the answer ends it. Nothing else may be awaited in between. */
  begin(name: string): () => void {
    if (this.#depth > 0) return () => {};
    this.#depth += 1;
    const before = process.threadCpuUsage();
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#depth -= 1;
      const { user, system } = process.threadCpuUsage(before);
      this.#record(name, (user + system) / 1000);
    };
  }

  /** The same function, measured. */
  wrap<A extends unknown[], R>(name: string, handler: (...args: A) => R): (...args: A) => R {
    return (...args) => this.run(name, () => handler(...args));
  }

  report(): TaskReport {
    return {
      tasks: this.#counts.reduce((sum, n) => sum + n, 0),
      longestTask: this.#longest,
      histogram: BOUNDS_MS.map((upToMs, i) => ({ upToMs, tasks: this.#counts[i] ?? 0 })),
    };
  }

  reset(): void {
    this.#counts = BOUNDS_MS.map(() => 0);
    this.#longest = { name: '', ms: 0 };
  }

  #record(name: string, ms: number): void {
    const bucket = BOUNDS_MS.findIndex((bound) => ms <= bound);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    if (ms > this.#longest.ms) this.#longest = { name, ms };
  }
}

/** The one meter of this process. */
export const mainThreadTasks = new MainThreadTasks();
