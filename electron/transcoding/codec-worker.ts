import { type Transferable, Worker } from 'node:worker_threads';
import { nativeFrameBits } from '../../shared/codecs/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { CodecJobName, CodecJobs, EncodedImage, FromCodecThread, ToCodecThread } from './codec-jobs.ts';

/** Bounds of a codec worker; the defaults are those of the product. */
export interface CodecWorkerOptions {
  /** A job may run this long (milliseconds); then its thread is ended and replaced. */
  readonly runMs?: number;
  /** A job is answered this long after it was asked, its turn or not. */
  readonly totalMs?: number;
  /** A thread without a job is ended after this long: decoders keep the memory of the largest frame that they have seen. */
  readonly idleMs?: number;
  /** Jobs that may wait. */
  readonly maxWaiting?: number;
  readonly maxEncodedBytes?: number;
  /** Bytes of all frames once decoded. */
  readonly maxDecodedBytes?: number;
  readonly maxFrames?: number;
  /** Starts the thread (tests watch it). */
  readonly start?: () => Worker;
}

const MiB = 1024 * 1024;

const DEFAULTS: Required<CodecWorkerOptions> = {
  runMs: 10_000,
  totalMs: 30_000,
  idleMs: 30_000,
  maxWaiting: 256,
  maxEncodedBytes: 256 * MiB,
  maxDecodedBytes: 512 * MiB,
  maxFrames: 10_000,
  // V8's heap only: samples and the decoders' memories lie outside it and are bounded by what a job may hold.
  start: () =>
    new Worker(new URL('./codec-thread.ts', import.meta.url), {
      name: 'phosphor-codec',
      resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 32 },
    }),
};

/**
 * One thread that decodes, as its owner sees it. The thread is started with the first job and ended when there is none for a while; one that
 * hangs or dies takes its job with it and nothing else.
 */
export interface CodecWorker {
  /**
   * Runs one job. The bytes are copied when its turn comes and stay the caller's. Rejects with PhosphorError: `unsupported`, `damaged` (what
   * the decoder says of the bytes), `limit-exceeded` (a bound of CodecWorkerOptions), `busy` (too many wait), `timed-out`, `worker-died`,
   * `interrupted` (closed).
   */
  run<Name extends CodecJobName>(job: Name, args: CodecJobs[Name]['args']): Promise<CodecJobs[Name]['result']>;
  /** Ends the thread; jobs that run or wait are rejected. */
  close(): Promise<void>;
}

/** A codec worker for any thread that needs one. Costs nothing before its first job. */
export function createCodecWorker(options: CodecWorkerOptions = {}): CodecWorker {
  return new ThreadedCodecWorker({ ...DEFAULTS, ...options });
}

interface Waiting {
  readonly message: ToCodecThread;
  readonly resolve: (result: CodecJobs[CodecJobName]['result']) => void;
  readonly reject: (error: PhosphorError) => void;
  readonly deadline: NodeJS.Timeout;
}

class ThreadedCodecWorker implements CodecWorker {
  readonly #options: Required<CodecWorkerOptions>;
  readonly #waiting: Waiting[] = [];
  #running: { readonly job: Waiting; readonly clock: NodeJS.Timeout } | undefined;
  #thread: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: Required<CodecWorkerOptions>) {
    this.#options = options;
  }

  run<Name extends CodecJobName>(job: Name, args: CodecJobs[Name]['args']): Promise<CodecJobs[Name]['result']> {
    const refusal = this.#refusal(args);
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => this.#expire(waiting), this.#options.totalMs);
      const waiting: Waiting = { message: { job, args }, resolve, reject, deadline };
      this.#waiting.push(waiting);
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const closed = new PhosphorError('interrupted', 'the codec worker is closed');
    for (const waiting of this.#waiting.splice(0)) settle(waiting, () => waiting.reject(closed));
    await this.#replace(closed);
  }

  #refusal(image: EncodedImage): PhosphorError | undefined {
    const { maxWaiting, maxFrames, maxEncodedBytes, maxDecodedBytes } = this.#options;
    if (this.#closed) return new PhosphorError('interrupted', 'the codec worker is closed');
    if (this.#waiting.length >= maxWaiting) return new PhosphorError('busy', 'too many images wait for the codec worker');
    const { frames, image: description } = image;
    const encoded = frames.reduce((sum, { fragments }) => sum + bytesOf(fragments), 0);
    const decoded = (frames.length * nativeFrameBits(description)) / 8;
    if (frames.length > maxFrames || encoded > maxEncodedBytes || !(decoded <= maxDecodedBytes)) {
      return new PhosphorError('limit-exceeded', 'the image is larger than what the codec worker takes');
    }
    return undefined;
  }

  #next(): void {
    if (this.#running !== undefined || this.#closed) return;
    const job = this.#waiting.shift();
    clearTimeout(this.#idle);
    if (job === undefined) {
      this.#rest();
      return;
    }
    try {
      const thread = this.#started();
      thread.ref();
      const clock = setTimeout(() => this.#timeOut(), this.#options.runMs);
      this.#running = { job, clock };
      const { message, transfer } = packed(job.message);
      thread.postMessage(message, transfer);
    } catch {
      const error = new PhosphorError('worker-died', 'the codec thread cannot be started or reached');
      settle(job, () => job.reject(error));
      void this.#replace(error);
    }
  }

  #rest(): void {
    if (this.#thread === undefined) return;
    this.#thread.unref();
    this.#idle = setTimeout(() => void this.#replace(undefined), this.#options.idleMs).unref();
  }

  #started(): Worker {
    if (this.#thread !== undefined) return this.#thread;
    const thread = this.#options.start();
    this.#thread = thread;
    thread.on('message', (answer: FromCodecThread) => {
      if (thread === this.#thread) this.#answered(answer);
    });
    // Without a listener the error would end the process; the exit that follows is what counts.
    thread.on('error', () => undefined);
    thread.on('exit', () => {
      if (thread === this.#thread) void this.#replace(new PhosphorError('worker-died', 'the codec thread ended'));
    });
    return thread;
  }

  #answered(answer: FromCodecThread): void {
    const job = this.#stopRunning();
    if (job !== undefined) {
      settle(job, () => (answer.ok ? job.resolve(answer.result) : job.reject(PhosphorError.from(answer.error))));
    }
    this.#next();
  }

  #timeOut(): void {
    void this.#replace(new PhosphorError('timed-out', 'the codec thread took too long'));
  }

  /** The caller has its answer; a job that runs goes on until its own clock ends it. */
  #expire(job: Waiting): void {
    const at = this.#waiting.indexOf(job);
    if (at !== -1) this.#waiting.splice(at, 1);
    job.reject(new PhosphorError('timed-out', 'the codec worker took too long'));
  }

  /** Gives up the thread, and with `error` the job that it runs; the next job starts another one. */
  async #replace(error: PhosphorError | undefined): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    clearTimeout(this.#idle);
    const job = this.#stopRunning();
    if (job !== undefined && error !== undefined) settle(job, () => job.reject(error));
    const ended = thread?.terminate();
    this.#next();
    await ended;
  }

  #stopRunning(): Waiting | undefined {
    const running = this.#running;
    this.#running = undefined;
    clearTimeout(running?.clock);
    return running?.job;
  }
}

function settle(job: Waiting, answer: () => void): void {
  clearTimeout(job.deadline);
  answer();
}

/** The frames in one buffer of the thread's own: views would take the whole file behind them along. */
function packed({ job, args }: ToCodecThread): { message: ToCodecThread; transfer: Transferable[] } {
  const bytes = new Uint8Array(args.frames.reduce((sum, { fragments }) => sum + bytesOf(fragments), 0));
  let at = 0;
  const frames = args.frames.map((frame) => ({
    ...frame,
    fragments: frame.fragments.map((fragment) => {
      bytes.set(fragment, at);
      at += fragment.length;
      return bytes.subarray(at - fragment.length, at);
    }),
  }));
  return { message: { job, args: { ...args, frames } }, transfer: [bytes.buffer] };
}

function bytesOf(fragments: readonly Uint8Array[]): number {
  return fragments.reduce((sum, { length }) => sum + length, 0);
}
