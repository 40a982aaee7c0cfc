import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import type { DrawableFrame, FrameJob, FromWorker, ToWorker } from './decode-messages.ts';

/** A frame that takes longer than this hangs its decoder: the worker is replaced. */
const HANG_MS = 60_000;

interface Running {
  readonly worker: number;
  readonly timer: ReturnType<typeof setTimeout>;
  done(result: DrawableFrame | PhosphorErrorData): void;
}

/** Workers that fetch and decode; jobs go to the one with the fewest. A worker that dies or hangs is replaced, its jobs fail. */
export class DecodePool {
  readonly size: number;
  readonly #workers: (Worker | undefined)[];
  readonly #running = new Map<number, Running>();
  #nextId = 1;
  #closed = false;

  constructor(size = Math.max(2, (globalThis.navigator?.hardwareConcurrency ?? 2) - 1)) {
    this.size = Math.min(size, 16);
    this.#workers = Array.from({ length: this.size }, () => undefined);
  }

  /** Starts the workers ahead of the first job: their code loads while the study's manifest is on its way. */
  warmUp(): void {
    for (let index = 0; index < this.size; index++) if (this.#workers[index] === undefined) this.#start(index);
  }

  /** Calls `done` once, with the frame or with what went wrong. Returns the function that aborts the job. */
  load(job: Omit<FrameJob, 'id'>, done: (result: DrawableFrame | PhosphorErrorData) => void): () => void {
    const id = this.#nextId++;
    const worker = this.#leastLoaded();
    const timer = setTimeout(() => this.#replace(worker, { kind: 'timed-out', message: 'the decoder hangs', retryable: false }), HANG_MS);
    this.#running.set(id, { worker, timer, done });
    this.#post(worker, { kind: 'load', job: { ...job, id } });
    return () => {
      if (this.#running.has(id)) this.#post(worker, { kind: 'abort', id });
    };
  }

  close(): void {
    this.#closed = true;
    for (const worker of this.#workers) worker?.terminate();
    for (const { timer } of this.#running.values()) clearTimeout(timer);
    this.#running.clear();
    this.#workers.fill(undefined);
  }

  #leastLoaded(): number {
    const load = this.#workers.map(() => 0);
    for (const { worker } of this.#running.values()) load[worker] = (load[worker] ?? 0) + 1;
    return load.indexOf(Math.min(...load));
  }

  #post(index: number, message: ToWorker): void {
    if (this.#closed) return;
    const worker = this.#workers[index] ?? this.#start(index);
    worker.postMessage(message);
  }

  #start(index: number): Worker {
    const worker = new Worker(new URL('./decode-worker.ts', import.meta.url), { type: 'module', name: `decode-${index}` });
    worker.onmessage = (event: MessageEvent<FromWorker>) => {
      const message = event.data;
      this.#finish(message.id, message.kind === 'failed' ? message.error : message.frame);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#replace(index, { kind: 'worker-died', message: 'the decoder broke down', retryable: true });
    };
    this.#workers[index] = worker;
    return worker;
  }

  #finish(id: number, result: DrawableFrame | PhosphorErrorData): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    this.#running.delete(id);
    clearTimeout(running.timer);
    running.done(result);
  }

  #replace(index: number, error: PhosphorErrorData): void {
    this.#workers[index]?.terminate();
    this.#workers[index] = undefined;
    for (const [id, { worker }] of [...this.#running]) if (worker === index) this.#finish(id, error);
  }
}
