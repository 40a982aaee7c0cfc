import type { MessagePort, Worker } from 'node:worker_threads';
import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { AnyResult, FromAssociationWorker, Report, Task, ToAssociationWorker } from './pool-protocol.ts';
import { workerDied } from './worker-died.ts';

/** Called on the main thread for what an operation reports; `done` is the last. */
export interface OperationListener {
  onMessage(message: Report): void;
  onDone(result: AnyResult): void;
}

const PING_EVERY_MS = 10_000;
/** A thread that has not answered for this long hangs: its sockets get no attention and its clocks do not run. */
const UNRESPONSIVE_MS = 60_000;

/**
 * The main thread's side of one association worker: a map of sequence number → listener. Whatever ends the thread – an exception, no
 * more memory, `terminate`, a hang – ends each of its operations with `worker-died`, once, and then calls `onExit`.
 */
export class AssociationWorker {
  readonly threadId: number;
  readonly #worker: Worker;
  readonly #onLog: ((lines: string[]) => void) | undefined;
  readonly #operations = new Map<number, OperationListener>();
  readonly #exited: Promise<void>;
  #cause: PhosphorErrorData | undefined;
  #online = false;
  #dead = false;
  #watchdog: NodeJS.Timeout | undefined;
  #lastHeard = 0;

  /** @param onLog lines about the associations of the thread */
  constructor(create: () => Worker, onExit: (worker: AssociationWorker) => void, onLog?: (lines: string[]) => void) {
    this.#onLog = onLog;
    this.#worker = create();
    this.threadId = this.#worker.threadId;
    this.#worker.on('online', () => {
      this.#online = true;
    });
    this.#worker.on('message', (message: FromAssociationWorker) => this.#receive(message));
    this.#worker.on('error', (thrown) => {
      this.#cause = workerDied('association worker', thrown);
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#end(this.#cause ?? workerDied('association worker', undefined));
        onExit(this);
        resolve();
      });
    });
    // Live operations keep the process alive, an idle worker does not.
    this.#worker.unref();
  }

  /** Number of live operations. */
  get load(): number {
    return this.#operations.size;
  }

  /** False when the thread never came up: replacing it at once would only fail again. */
  get cameUp(): boolean {
    return this.#online;
  }

  /** `ports` of the task go with it. */
  start(seq: number, task: Task, listener: OperationListener, ports: readonly MessagePort[] = []): void {
    if (this.#dead) {
      for (const port of ports) port.close();
      listener.onDone({ ok: false, error: workerDied('association worker', undefined) });
      return;
    }
    this.#operations.set(seq, listener);
    this.#worker.ref();
    this.#watch();
    this.post({ type: 'start', seq, task }, ports);
  }

  post(message: ToAssociationWorker, ports: readonly MessagePort[] = []): void {
    if (!this.#dead) this.#worker.postMessage(message, ports);
  }

  /** Lets the thread end by itself, and ends it when it has not after `milliseconds`. */
  async close(milliseconds: number, error: PhosphorErrorData): Promise<void> {
    this.#cause = error;
    this.#worker.ref();
    this.post({ type: 'close' });
    const timer = setTimeout(() => void this.#worker.terminate(), milliseconds);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Ends the thread at once. Resolves when it is gone and its operations have ended. */
  async terminate(cause?: PhosphorErrorData): Promise<void> {
    this.#cause ??= cause;
    await this.#worker.terminate();
    await this.#exited;
  }

  #receive(message: FromAssociationWorker): void {
    this.#lastHeard = performance.now();
    if (message.type === 'pong') return;
    if (message.type === 'log') {
      this.#onLog?.(message.lines);
      return;
    }
    const listener = this.#operations.get(message.seq);
    if (!listener) return;
    if (message.type === 'done') this.#finish(message.seq, listener, message.result);
    else listener.onMessage(message);
  }

  #finish(seq: number, listener: OperationListener, result: AnyResult): void {
    this.#operations.delete(seq);
    if (this.#operations.size === 0) {
      clearInterval(this.#watchdog);
      this.#watchdog = undefined;
      this.#worker.unref();
    }
    listener.onDone(result);
  }

  #end(error: PhosphorErrorData): void {
    this.#dead = true;
    for (const [seq, listener] of [...this.#operations]) this.#finish(seq, listener, { ok: false, error });
  }

  #watch(): void {
    if (this.#watchdog) return;
    this.#lastHeard = performance.now();
    let lastTick = this.#lastHeard;
    this.#watchdog = setInterval(() => {
      const now = performance.now();
      // A suspended machine or a stopped main thread is no proof against the worker.
      if (now - lastTick > 2 * PING_EVERY_MS) this.#lastHeard = now;
      lastTick = now;
      if (now - this.#lastHeard > UNRESPONSIVE_MS) {
        void this.terminate(
          new PhosphorError('worker-died', 'the association worker did not answer', { code: 'ERR_WORKER_UNRESPONSIVE' }).data,
        );
      } else this.post({ type: 'ping' });
    }, PING_EVERY_MS);
    this.#watchdog.unref();
  }
}
