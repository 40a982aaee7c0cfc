import type { Transferable, Worker } from 'node:worker_threads';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { type AnswerMessage, type EventMessage, type Methods, RpcClient } from './rpc.ts';

/** Deaths within a minute after which a thread is not started again. */
const MAX_DEATHS = 5;

export interface ThreadOptions<Event> {
  readonly name: string;
  /** Must hold the literal `new Worker(new URL(…, import.meta.url))`, which the bundler rewrites. */
  readonly start: () => Worker;
  readonly onEvent: (event: Event) => void;
  /** Called after a dead thread was replaced: hand it again what it needs. */
  readonly onReplaced: () => void;
}

/**
 * One long-lived thread of the archive as the main thread sees it. When it dies, calls in flight fail with `worker-died` and a new one
 * takes its place at once; a thread that keeps dying stays dead.
 */
export class ArchiveThread<M extends Methods, Event> {
  readonly #options: ThreadOptions<Event>;
  readonly #deaths: number[] = [];
  #worker: Worker;
  #client: RpcClient<M>;
  #closing = false;

  constructor(options: ThreadOptions<Event>) {
    this.#options = options;
    const { worker, client } = this.#start();
    this.#worker = worker;
    this.#client = client;
  }

  call<Name extends keyof M & string>(
    name: Name,
    args: Parameters<M[Name]>[0],
    transfer: readonly Transferable[] = [],
  ): Promise<Awaited<ReturnType<M[Name]>>> {
    return this.#client.call(name, args, transfer);
  }

  /** Ends the thread for good. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#worker.terminate();
  }

  /** Ends the thread as a crash would: it is replaced. */
  async kill(): Promise<void> {
    await this.#worker.terminate();
  }

  #start(): { worker: Worker; client: RpcClient<M> } {
    const worker = this.#options.start();
    const client = new RpcClient<M>(worker);
    worker.on('message', (message: AnswerMessage | EventMessage<Event>) => {
      if (message.type === 'answer') client.answered(message);
      else this.#options.onEvent(message.event);
    });
    // Without a listener the error would end the process; the exit that follows is what counts.
    worker.on('error', () => undefined);
    worker.on('exit', () => this.#died(client));
    return { worker, client };
  }

  #died(client: RpcClient<M>): void {
    client.end(new PhosphorError('worker-died', `the ${this.#options.name} thread ended`));
    if (this.#closing) return;
    const now = Date.now();
    this.#deaths.push(now);
    while (this.#deaths[0] !== undefined && this.#deaths[0] < now - 60_000) this.#deaths.shift();
    if (this.#deaths.length > MAX_DEATHS) return;
    const started = this.#start();
    this.#worker = started.worker;
    this.#client = started.client;
    this.#options.onReplaced();
  }
}
