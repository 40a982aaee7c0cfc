import type { JobEvent, JobProgress } from './jobs.ts';
import type { ArchiveJob } from './types.ts';

/** The main thread's side of a running job. Items that came before anyone listened are kept; there are never more than the credits allow. */
export class RunningJob<Item, Result> implements ArchiveJob<Item, Result> {
  readonly done: Promise<Result>;
  readonly #acknowledge: (batches: number) => void;
  readonly #cancel: () => void;
  readonly #itemListeners: ((items: Item[]) => void)[] = [];
  readonly #progressListeners: ((progress: JobProgress) => void)[] = [];
  readonly #early: Item[][] = [];

  constructor(done: Promise<Result>, acknowledge: (batches: number) => void, cancel: () => void) {
    this.done = done;
    // Whoever started the job may look at it later: until then its failure is nobody's unhandled rejection.
    done.catch(() => undefined);
    this.#acknowledge = acknowledge;
    this.#cancel = cancel;
  }

  onItems(listener: (items: Item[]) => void): void {
    this.#itemListeners.push(listener);
    for (const items of this.#early.splice(0)) listener(items);
  }

  onProgress(listener: (progress: JobProgress) => void): void {
    this.#progressListeners.push(listener);
  }

  acknowledge(batches: number): void {
    this.#acknowledge(batches);
  }

  cancel(): void {
    this.#cancel();
  }

  /** An event of the archive worker. */
  take(event: JobEvent): void {
    if (event.type === 'progress') {
      for (const listener of this.#progressListeners) listener(event.progress);
      return;
    }
    const items = event.items as Item[];
    if (this.#itemListeners.length === 0) this.#early.push(items);
    for (const listener of this.#itemListeners) listener(items);
  }
}
