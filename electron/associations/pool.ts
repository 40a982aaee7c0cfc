import { type MessagePort, Worker } from 'node:worker_threads';
import type { MatchRow, PhosphorErrorData } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { WorklistEntry } from '../dicom/services/index.ts';
import { ASSOCIATION_NUMBERS, type AssociationThreadStart } from './association-numbers.ts';
import { AssociationWorker } from './association-worker.ts';
import { Commitments } from './commitment.ts';
import type { CommitmentPart } from './commitment-relay.ts';
import type { CommitRequest, CommitResult } from './commitment-types.ts';
import type { AnyResult, Failure, Report, Task, TaskResults } from './pool-protocol.ts';
import type {
  AssociationPool,
  CreateAssociationPool,
  EchoRequest,
  FindRequest,
  GetRequest,
  MoveRequest,
  Operation,
  RefusedInstance,
  SentInstance,
  StoredInstance,
  StoreRequest,
  SubOperations,
  WorklistRequest,
} from './types.ts';

/** Enough for many associations and a large answer; past it the thread ends and is replaced instead of taking the process along. */
const MEMORY_LIMIT = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 64 };

/** Room for messages and timers beside the release clock when the pool closes. */
const CLOSE_MARGIN_MS = 500;

/**
 * The association workers as the main thread sees them. A worker starts when the first operation is given to it, an operation goes to the
 * one with the fewest and stays there. A worker that dies is replaced at once; only its own operations end.
 *
 * @param options.workers number of threads, 1–16
 * @param options.onLog lines about associations, in batches
 * @param options.createWorker how a thread is made (tests of failing threads)
 */
export function createAssociationPool(
  options: Parameters<CreateAssociationPool>[0] & { readonly createWorker?: () => Worker },
): AssociationPool {
  return new Pool(options.workers, options.createWorker ?? createAssociationWorker, options.onLog);
}

function createAssociationWorker(): Worker {
  const workerData: AssociationThreadStart = { associationNumbers: ASSOCIATION_NUMBERS };
  return new Worker(new URL('./association-thread.ts', import.meta.url), {
    name: 'phosphor-association',
    resourceLimits: MEMORY_LIMIT,
    workerData,
  });
}

interface LiveOperation {
  readonly worker: AssociationWorker;
  readonly cancel: () => void;
  readonly done: Promise<unknown>;
  readonly boundMs: number;
}

interface ProgressListeners {
  readonly onMatches?: (rows: MatchRow[], acknowledge: () => void) => void;
  readonly onEntries?: (entries: WorklistEntry[], acknowledge: () => void) => void;
  readonly onPending?: (counts: SubOperations) => void;
  readonly onStored?: (instances: StoredInstance[]) => void;
  readonly onRefused?: (instances: RefusedInstance[]) => void;
  readonly onSent?: (instances: SentInstance[]) => void;
  readonly onCommitment?: (part: CommitmentPart) => void;
  readonly onCommitmentAccepted?: () => void;
}

class Pool implements AssociationPool {
  readonly #slots: (AssociationWorker | undefined)[];
  readonly #createWorker: () => Worker;
  readonly #onLog: ((lines: string[]) => void) | undefined;
  readonly #live = new Map<number, LiveOperation>();
  readonly #commitments = new Commitments({
    start: (task, listeners) => this.#start(task, listeners),
    taken: (seq, ticket, status) => this.#live.get(seq)?.worker.post({ type: 'commitmentTaken', seq, ticket, status }),
    refuse: (error) => this.#ended(error),
  });
  #lastOperationId = 0;
  /** The longest release clock that an operation came with. */
  #releaseMs = 0;
  #closing: Promise<void> | undefined;

  constructor(workers: number, createWorker: () => Worker, onLog: ((lines: string[]) => void) | undefined) {
    this.#onLog = onLog;
    const size = Math.max(1, Math.min(16, Math.trunc(workers)));
    this.#slots = Array.from({ length: size }, () => undefined);
    this.#createWorker = createWorker;
  }

  echo(request: EchoRequest): Operation<TaskResults['echo']> {
    return this.#start({ kind: 'echo', ...request }, {});
  }

  find({ onMatches, ...request }: FindRequest): Operation<TaskResults['find']> {
    return this.#start({ kind: 'find', ...request }, { onMatches });
  }

  worklist({ onEntries, ...request }: WorklistRequest): Operation<TaskResults['worklist']> {
    return this.#start({ kind: 'worklist', ...request }, { onEntries });
  }

  move({ onPending, ...request }: MoveRequest): Operation<TaskResults['move']> {
    return this.#start({ kind: 'move', ...request }, { onPending });
  }

  get({ onPending, onStored, onRefused, ...request }: GetRequest): Operation<TaskResults['get']> {
    return this.#start({ kind: 'get', ...request }, { onPending, onStored, onRefused }, [request.storage.arrivals]);
  }

  store({ onSent, ...request }: StoreRequest): Operation<TaskResults['store']> {
    return this.#start({ kind: 'store', ...request }, { onSent });
  }

  commit(request: CommitRequest): Operation<CommitResult> {
    return this.#commitments.begin(request);
  }

  moveProgress(operationId: number): void {
    this.#live.get(operationId)?.worker.post({ type: 'moveProgress', seq: operationId });
  }

  workers(): readonly { readonly threadId: number; readonly operations: number }[] {
    return this.#slots.flatMap((worker) => (worker ? [{ threadId: worker.threadId, operations: worker.load }] : []));
  }

  async killWorker(threadId: number): Promise<void> {
    await this.#slots.find((worker) => worker?.threadId === threadId)?.terminate();
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  #start<Kind extends Task['kind']>(
    task: Task & { kind: Kind },
    listeners: ProgressListeners,
    ports: readonly MessagePort[] = [],
  ): Operation<TaskResults[Kind]> {
    if (this.#closing) for (const port of ports) port.close();
    if (this.#closing) return this.#ended(interrupted());
    const operationId = ++this.#lastOperationId;
    const { promise: done, resolve } = Promise.withResolvers<TaskResults[Kind] | Failure>();
    let cancelled = false;
    const cancel = () => {
      if (cancelled) return;
      cancelled = true;
      this.#live.get(operationId)?.worker.post({ type: 'cancel', seq: operationId });
    };
    const worker = this.#leastLoaded();
    const boundMs = (task.clocks.cancelGrace + task.clocks.release) * 1000 + CLOSE_MARGIN_MS;
    this.#releaseMs = Math.max(this.#releaseMs, task.clocks.release * 1000);
    this.#live.set(operationId, { worker, cancel, done, boundMs });
    const onMessage = (message: Report) => deliver(message, listeners, () => worker.post({ type: 'acknowledge', seq: operationId }));
    const onDone = (result: AnyResult) => {
      this.#live.delete(operationId);
      // The worker answers an operation with a result of its own kind.
      resolve(result as TaskResults[Kind] | Failure);
    };
    worker.start(operationId, task, { onMessage, onDone }, ports);
    return { operationId, done, cancel };
  }

  /** An operation that never began. */
  #ended(error: PhosphorErrorData): Operation<never> {
    return { operationId: ++this.#lastOperationId, done: Promise.resolve({ ok: false, error }), cancel() {} };
  }

  /** An idle worker that runs, else a slot that is free, else the worker with the fewest operations. */
  #leastLoaded(): AssociationWorker {
    let best: AssociationWorker | undefined;
    for (const worker of this.#slots) if (worker && (!best || worker.load < best.load)) best = worker;
    const free = this.#slots.indexOf(undefined);
    if (best && (best.load === 0 || free < 0)) return best;
    return this.#fill(free);
  }

  #fill(slot: number): AssociationWorker {
    const onExit = (ended: AssociationWorker) => {
      if (this.#slots[slot] !== ended) return;
      this.#slots[slot] = undefined;
      // A thread that never came up would only fail again: its slot waits for the next operation.
      if (!this.#closing && ended.cameUp) this.#fill(slot);
    };
    const worker = new AssociationWorker(this.#createWorker, onExit, this.#onLog);
    this.#slots[slot] = worker;
    return worker;
  }

  async #shutDown(): Promise<void> {
    this.#commitments.close(interrupted());
    const live = [...this.#live.values()];
    for (const operation of live) operation.cancel();
    const bound = Math.max(0, ...live.map((operation) => operation.boundMs));
    await within(bound, Promise.all(live.map((operation) => operation.done)));
    await Promise.all(this.#slots.map((worker) => worker?.close(this.#releaseMs + CLOSE_MARGIN_MS, interrupted())));
  }
}

function deliver(message: Report, listeners: ProgressListeners, acknowledge: () => void): void {
  if (message.type === 'matches') listeners.onMatches?.(message.rows, once(acknowledge));
  else if (message.type === 'entries') listeners.onEntries?.(message.entries, once(acknowledge));
  else if (message.type === 'pending') listeners.onPending?.(message.counts);
  else if (message.type === 'stored') listeners.onStored?.(message.instances);
  else if (message.type === 'refused') listeners.onRefused?.(message.instances);
  else if (message.type === 'sent') listeners.onSent?.(message.instances);
  else if (message.type === 'commitment') listeners.onCommitment?.(message.part);
  else listeners.onCommitmentAccepted?.();
}

function interrupted(): PhosphorErrorData {
  return new PhosphorError('interrupted', 'the workstation is closing').data;
}

function once(action: () => void): () => void {
  let spent = false;
  return () => {
    if (spent) return;
    spent = true;
    action();
  };
}

async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([work, promise]);
  clearTimeout(timer);
}
