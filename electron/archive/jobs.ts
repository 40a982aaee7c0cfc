import { ITEM_BATCH, ITEM_CREDITS } from '../../shared/contract/limits.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';

export interface JobProgress {
  readonly done: number;
  readonly total?: number;
  readonly bytes: number;
}

/** Archive worker → main thread, for one job. */
export type JobEvent =
  | { readonly type: 'items'; readonly jobId: number; readonly items: readonly unknown[] }
  | { readonly type: 'progress'; readonly jobId: number; readonly progress: JobProgress };

const PROGRESS_MS = 100;

/**
 * The thread's side of a running job: gathers items into batches, holds the job while the other side has no credit left, and reports
 * progress at most ten times a second.
 */
export class JobReporter<Item> {
  readonly signal: AbortSignal;
  readonly #jobId: number;
  readonly #emit: (event: JobEvent) => void;
  readonly #abort = new AbortController();
  #items: Item[] = [];
  #timer: NodeJS.Timeout | undefined;
  #open = 0;
  #waiting: (() => void)[] = [];
  #progressAt = 0;
  #progress: JobProgress = { done: 0, bytes: 0 };

  constructor(jobId: number, emit: (event: JobEvent) => void) {
    this.#jobId = jobId;
    this.#emit = emit;
    this.signal = this.#abort.signal;
  }

  /** Reports one item; resolves when there is credit for more. Rejects with `cancelled`. */
  async item(item: Item): Promise<void> {
    this.#items.push(item);
    if (this.#items.length >= ITEM_BATCH.items) this.#flush();
    else this.#flushSoon();
    while (this.#open >= ITEM_CREDITS && !this.signal.aborted) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.check();
  }

  progress(progress: JobProgress): void {
    this.#progress = progress;
    const now = performance.now();
    if (now - this.#progressAt < PROGRESS_MS) return;
    this.#progressAt = now;
    this.#emit({ type: 'progress', jobId: this.#jobId, progress });
  }

  /** Throws PhosphorError `cancelled` once the job is cancelled. */
  check(): void {
    if (this.signal.aborted) throw new PhosphorError('cancelled', 'cancelled');
  }

  acknowledge(batches: number): void {
    this.#open = Math.max(0, this.#open - batches);
    if (this.#items.length > 0) this.#flushSoon();
    this.#wake();
  }

  cancel(): void {
    this.#abort.abort();
    this.#wake();
  }

  /** Sends what is left. */
  end(): void {
    this.#flush();
    this.#emit({ type: 'progress', jobId: this.#jobId, progress: this.#progress });
  }

  /** Items that several lanes of the job reported while there was no credit wait for it. */
  #flushSoon(): void {
    if (this.#open >= ITEM_CREDITS) return;
    this.#timer ??= setTimeout(() => this.#flush(), ITEM_BATCH.milliseconds);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#items.length === 0) return;
    this.#emit({ type: 'items', jobId: this.#jobId, items: this.#items });
    this.#items = [];
    this.#open += 1;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** Runs `work` over a stream of things, several at a time; the first error ends it after what is running. */
export async function inParallel<T>(
  things: AsyncIterable<T> | Iterable<T>,
  width: number,
  work: (thing: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let failure: { readonly thrown: unknown } | undefined;
  for await (const thing of things) {
    if (failure !== undefined) break;
    const task: Promise<void> = work(thing)
      .catch((thrown: unknown) => {
        failure ??= { thrown };
      })
      .finally(() => running.delete(task));
    running.add(task);
    if (running.size >= width) await Promise.race(running);
  }
  await Promise.all(running);
  if (failure !== undefined) throw failure.thrown;
}
