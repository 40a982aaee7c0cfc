import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import type { DrawableFrame, FrameJob, FromWorker, ToWorker } from './decode-messages.ts';

/** A worker that has jobs and says nothing for this long hangs: it is replaced. */
const HANG_MS = 45_000;

interface Running {
  readonly job: FrameJob;
  readonly worker: number;
  done(result: DrawableFrame | PhosphorErrorData): void;
}

/**
 * Workers that fetch and decode; jobs go to the one with the fewest. A worker that dies or hangs is replaced: the job that it was decoding fails,
 * the others are given out anew.
 */
export class DecodePool {
  readonly size: number;
  readonly #workers: (Worker | undefined)[];
  readonly #running = new Map<number, Running>();
  /** The job that each worker is decoding now; it answers nothing meanwhile. */
  readonly #decoding = new Map<number, number>();
  /** When each worker said something last, or was given a job while it had none; and the clock that asks whether that is too long ago. */
  readonly #heardAt: number[] = [];
  readonly #clocks: (ReturnType<typeof setTimeout> | undefined)[] = [];
  readonly #load: number[];
  readonly #hangMs: number;
  #nextId = 1;
  #closed = false;

  constructor(size = Math.max(2, (globalThis.navigator?.hardwareConcurrency ?? 2) - 1), hangMs = HANG_MS) {
    this.#hangMs = hangMs;
    this.size = Math.min(size, 16);
    this.#workers = Array.from({ length: this.size }, () => undefined);
    this.#load = Array.from({ length: this.size }, () => 0);
  }

  /** Starts the workers ahead of the first job: their code loads while the study's manifest is on its way. */
  warmUp(): void {
    for (let index = 0; index < this.size; index++) if (this.#workers[index] === undefined) this.#start(index);
  }

  /** Calls `done` once, with the frame or with what went wrong. Returns the function that aborts the job. */
  load(job: Omit<FrameJob, 'id'>, done: (result: DrawableFrame | PhosphorErrorData) => void): () => void {
    const id = this.#nextId++;
    this.#give({ ...job, id }, done);
    return () => {
      const running = this.#running.get(id);
      if (running !== undefined) this.#post(running.worker, { kind: 'abort', id });
    };
  }

  #give(job: FrameJob, done: Running['done']): void {
    const worker = this.#load.indexOf(Math.min(...this.#load));
    if (this.#load[worker] === 0) this.#heardAt[worker] = performance.now();
    this.#load[worker] = (this.#load[worker] ?? 0) + 1;
    this.#running.set(job.id, { job, worker, done });
    this.#post(worker, { kind: 'load', job });
    this.#clocks[worker] ??= setTimeout(() => this.#ask(worker), this.#hangMs);
  }

  /** A worker that says something lives: what waits behind it has not hung. */
  #ask(worker: number): void {
    this.#clocks[worker] = undefined;
    const oldest = [...this.#running.values()].find((running) => running.worker === worker);
    if (oldest === undefined || this.#closed) return;
    const left = (this.#heardAt[worker] ?? 0) + this.#hangMs - performance.now();
    if (left > 0) this.#clocks[worker] = setTimeout(() => this.#ask(worker), left);
    else this.#replace(worker, oldest.job.id, { kind: 'timed-out', message: 'the decoder hangs', retryable: false });
  }

  close(): void {
    this.#closed = true;
    for (const worker of this.#workers) worker?.terminate();
    for (const clock of this.#clocks) clearTimeout(clock);
    this.#running.clear();
    this.#workers.fill(undefined);
  }

  #post(index: number, message: ToWorker): void {
    if (this.#closed) return;
    const worker = this.#workers[index] ?? this.#start(index);
    worker.postMessage(message);
  }

  #start(index: number): Worker {
    const worker = prepared.pop() ?? newWorker();
    worker.onmessage = (event: MessageEvent<FromWorker>) => {
      const message = event.data;
      this.#heardAt[index] = performance.now();
      if (message.kind === 'decoding') {
        this.#decoding.set(index, message.id);
        return;
      }
      if (this.#decoding.get(index) === message.id) this.#decoding.delete(index);
      this.#finish(message.id, message.kind === 'failed' ? message.error : message.frame);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#replace(index, undefined, { kind: 'worker-died', message: 'the decoder broke down', retryable: true });
    };
    this.#workers[index] = worker;
    this.#heardAt[index] = performance.now();
    return worker;
  }

  #finish(id: number, result: DrawableFrame | PhosphorErrorData): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    this.#forget(id, running);
    running.done(result);
  }

  #forget(id: number, { worker }: Running): void {
    this.#running.delete(id);
    this.#load[worker] = Math.max(0, (this.#load[worker] ?? 0) - 1);
  }

  /** `suspect`: the job whose time is over, to blame where the worker was not decoding any. */
  #replace(index: number, suspect: number | undefined, error: PhosphorErrorData): void {
    this.#workers[index]?.terminate();
    this.#workers[index] = undefined;
    const culprit = this.#decoding.get(index) ?? suspect;
    this.#decoding.delete(index);
    const jobs = [...this.#running.values()].filter(({ worker }) => worker === index);
    for (const running of jobs) {
      const { job, done } = running;
      // Without a culprit all fail: given out again and again they would end worker after worker.
      if (culprit === undefined || job.id === culprit) this.#finish(job.id, error);
      else {
        this.#forget(job.id, running);
        this.#give(job, done);
      }
    }
  }
}

/** Workers that wait for the next pool, their code loaded: it would take as long as the first image may. */
const prepared: Worker[] = [];
/** As many as every pool has. */
const PREPARED = 2;

/** Starts the workers that the next viewer begins with. */
export function prepareDecoders(): void {
  while (prepared.length < PREPARED) {
    const worker = newWorker();
    worker.onerror = (event) => {
      event.preventDefault();
      prepared.splice(prepared.indexOf(worker), 1);
    };
    prepared.push(worker);
  }
}

function newWorker(): Worker {
  return new Worker(new URL('./decode-worker.ts', import.meta.url), { type: 'module', name: 'decode' });
}
