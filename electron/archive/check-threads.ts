import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { CheckMethods } from './check-thread.ts';
import { type AnswerMessage, RpcClient } from './rpc.ts';
import type { ArchiveLocation } from './types.ts';

const THREADS = Math.min(2, availableParallelism());

/** Threads that read and hash files, for as long as one job needs them. Calls go to the one with the fewest under way. */
export class CheckThreads {
  readonly #threads: { readonly worker: Worker; readonly client: RpcClient<CheckMethods>; busy: number }[];

  constructor(location: ArchiveLocation) {
    this.#threads = Array.from({ length: THREADS }, () => {
      const worker = new Worker(new URL('./check-thread.ts', import.meta.url), { workerData: { location } });
      const client = new RpcClient<CheckMethods>(worker);
      worker.on('message', (message: AnswerMessage) => client.answered(message));
      worker.on('error', () => undefined);
      worker.on('exit', () => client.end(new PhosphorError('worker-died', 'the check thread ended')));
      return { worker, client, busy: 0 };
    });
  }

  /** Calls that may be under way at once: one at work and one waiting in each thread. */
  readonly width = THREADS * 2;

  async call<Name extends keyof CheckMethods & string>(
    name: Name,
    args: Parameters<CheckMethods[Name]>[0],
  ): Promise<Awaited<ReturnType<CheckMethods[Name]>>> {
    const thread = this.#threads.reduce((least, one) => (one.busy < least.busy ? one : least));
    thread.busy += 1;
    try {
      return await thread.client.call(name, args);
    } finally {
      thread.busy -= 1;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }
}
