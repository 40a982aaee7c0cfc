import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import type { DrawableFrame, FrameJob, FromWorker, ToWorker } from './decode-messages.ts';

/** A worker that has jobs and says nothing for this long hangs: it is replaced. */
const HANG_MS = 45_000;

interface Running {
  readonly job: FrameJob;
  readonly worker: number;
  timer: ReturnType<typeof setTimeout>;
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
  readonly #hangMs: number;
  #nextId = 1;
  #closed = false;

  constructor(size = Math.max(2, (globalThis.navigator?.hardwareConcurrency ?? 2) - 1), hangMs = HANG_MS) {
    this.#hangMs = hangMs;
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
    this.#give({ ...job, id }, done);
    return () => {
      const running = this.#running.get(id);
      if (running !== undefined) this.#post(running.worker, { kind: 'abort', id });
    };
  }

  #give(job: FrameJob, done: Running['done']): void {
    const worker = this.#leastLoaded();
    this.#running.set(job.id, { job, worker, timer: this.#clock(worker, job.id), done });
    this.#post(worker, { kind: 'load', job });
  }

  #clock(worker: number, id: number): ReturnType<typeof setTimeout> {
    const error: PhosphorErrorData = { kind: 'timed-out', message: 'the decoder hangs', retryable: false };
    return setTimeout(() => this.#replace(worker, id, error), this.#hangMs);
  }

  /** A worker that says something lives: what waits behind it has not hung. */
  #heard(worker: number): void {
    for (const [id, running] of this.#running) {
      if (running.worker !== worker) continue;
      clearTimeout(running.timer);
      running.timer = this.#clock(worker, id);
    }
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
      this.#heard(index);
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
    return worker;
  }

  #finish(id: number, result: DrawableFrame | PhosphorErrorData): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    this.#running.delete(id);
    clearTimeout(running.timer);
    running.done(result);
  }

  /** `suspect`: the job whose time is over, to blame where the worker was not decoding any. */
  #replace(index: number, suspect: number | undefined, error: PhosphorErrorData): void {
    this.#workers[index]?.terminate();
    this.#workers[index] = undefined;
    const culprit = this.#decoding.get(index) ?? suspect;
    this.#decoding.delete(index);
    const jobs = [...this.#running.values()].filter(({ worker }) => worker === index);
    for (const { job, timer, done } of jobs) {
      // Without a culprit all fail: given out again and again they would end worker after worker.
      if (culprit === undefined || job.id === culprit) this.#finish(job.id, error);
      else {
        clearTimeout(timer);
        this.#running.delete(job.id);
        this.#give(job, done);
      }
    }
  }
}
