import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { actionComplete, actionRequest, PhosphorError, tag } from '../../shared/contract/index.ts';
import { mainThreadTasks } from './main-thread-tasks.ts';
import type { FromStoreThread, LoadedActions, StoreCommand, StoreWorkerData, ToStoreThread } from './store-protocol.ts';
import type { ActionRecord, ActionStore, CompleteDraft } from './types.ts';

/** A thread that dies this often without ever answering will not do better. */
const MAX_DEATHS = 5;

const storedComplete = actionComplete.omit({ seq: true });
const storedRecord = z.strictObject({
  actionId: z.uuid(),
  action: actionRequest,
  tag,
  requestedAt: z.number().int().nonnegative(),
  resumed: z.number().int().nonnegative(),
});

interface Pending {
  readonly message: ToStoreThread;
  readonly resolve: (answer: Extract<FromStoreThread, { ok: true }>) => void;
  readonly reject: (error: PhosphorError) => void;
}

/** An ActionStore that has yet to be opened. */
export interface StartedActionStore extends ActionStore {
  /** Opens actions.db and reads what a start needs. @throws PhosphorError `storage`, `storage-full` */
  load(): Promise<LoadedActions>;
}

/** Starts the thread of actions.db. The file is not touched before `load`: the caller may still be waiting for the profile's lock. */
export function startActionStore(file: string): StartedActionStore {
  return new ThreadStore(file);
}

/** Sends in order, answers in order. A thread that dies is replaced, and what it had not answered is sent again (all of it is idempotent). */
class ThreadStore implements StartedActionStore {
  readonly #data: StoreWorkerData;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker;
  #nextId = 1;
  #deaths = 0;
  #closed = false;

  constructor(file: string) {
    this.#data = { file };
    this.#worker = this.#start();
  }

  async load(): Promise<LoadedActions> {
    const { loaded = { unfinished: [], finished: [] } } = await this.#send({ type: 'load' });
    const { unfinished, finished, keptAside } = loaded;
    return {
      unfinished: readable(storedRecord, unfinished),
      finished: readable(storedComplete, finished),
      ...(keptAside === undefined ? {} : { keptAside }),
    };
  }

  async insert(record: ActionRecord): Promise<void> {
    await this.#send({ type: 'insert', record });
  }

  async complete(complete: CompleteDraft): Promise<void> {
    await this.#send({ type: 'complete', complete });
  }

  async resume(actionId: string, resumed: number): Promise<void> {
    await this.#send({ type: 'resume', actionId, resumed });
  }

  async dismiss(actionId: string): Promise<void> {
    await this.#send({ type: 'dismiss', actionId });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    const closing = this.#send({ type: 'close' });
    this.#closed = true;
    await closing.catch(() => undefined);
    await this.#worker.terminate();
  }

  #send(command: StoreCommand): Promise<Extract<FromStoreThread, { ok: true }>> {
    if (this.#closed) return Promise.reject(new PhosphorError('interrupted', 'actions.db is closed'));
    return new Promise((resolve, reject) => {
      const message = { id: this.#nextId, command };
      this.#nextId += 1;
      this.#pending.set(message.id, { message, resolve, reject });
      this.#worker.postMessage(message);
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./store-thread.ts', import.meta.url), { workerData: this.#data, name: 'phosphor-actions' });
    worker.on(
      'message',
      mainThreadTasks.wrap('action store', (answer: FromStoreThread) => {
        this.#deaths = 0;
        const pending = this.#pending.get(answer.id);
        this.#pending.delete(answer.id);
        if (answer.ok) pending?.resolve(answer);
        else pending?.reject(PhosphorError.from(answer.error));
      }),
    );
    // An error is always followed by an exit; both mean that the thread is gone.
    worker.on('error', () => {});
    worker.on('exit', () => this.#replace());
    return worker;
  }

  #replace(): void {
    if (this.#closed && this.#pending.size === 0) return;
    this.#deaths += 1;
    if (this.#deaths > MAX_DEATHS || this.#closed) {
      const pending = [...this.#pending.values()];
      this.#pending.clear();
      for (const { reject } of pending) reject(new PhosphorError('worker-died', 'the thread of actions.db ended'));
      return;
    }
    this.#worker = this.#start();
    for (const { message } of this.#pending.values()) this.#worker.postMessage(message);
  }
}

/** What a file holds that is none of ours is left out. */
function readable<Schema extends z.ZodType>(schema: Schema, stored: readonly unknown[]): z.output<Schema>[] {
  return stored.flatMap((candidate) => {
    const { success, data } = schema.safeParse(candidate);
    return success ? [data] : [];
  });
}
