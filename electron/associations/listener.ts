import { availableParallelism } from 'node:os';
import { MessageChannel, type Worker } from 'node:worker_threads';
import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { ASSOCIATION_NUMBERS } from './association-numbers.ts';
import { OwedCommitments } from './commitment-owed.ts';
import type { TakeCommitment } from './commitment-types.ts';
import type { FromListenerThread, ListenerStart, ToListenerThread } from './listener-protocol.ts';
import { ReceivingThread, type ReceivingThreadEvents } from './receiving-thread.ts';
import type { AccessRules, Expectation, Listener, ListenerOptions } from './types.ts';

/** Closing waits this long for C-STOREs in flight and releases, beyond that the threads are ended. */
const CLOSE_BOUND_MS = 5_000;
/** Threads that die more often than this are not started again: something is wrong that a restart does not mend. */
const RESTARTS_PER_MINUTE = 5;
/** Beside the one with the port, on however many cores: a disk takes no more. */
const MAX_THREADS_BESIDE = 3;

/**
 * Opens the receiving port in a thread of its own.
 *
 * @param onThread called with each thread that is started (tests of threads that die); `isBeside`: it has no port
 * @throws PhosphorError `port-in-use`, or `unreachable` when the address is not ours
 */
export async function startListener(options: ListenerOptions, onThread?: OnThread): Promise<Listener> {
  const listener = new ListenerHandle(options, onThread);
  await listener.started;
  return listener;
}

type OnThread = (worker: Worker, isBeside: boolean) => void;

/** Asked of every thread, and answered when each has answered or is gone. */
interface Question {
  readonly waitsFor: Set<ReceivingThread>;
  readonly resolve: () => void;
}

/**
 * The main thread's side of the thread that has the port and of those beside it: requests carry a sequence number and resolve from a map. A thread that dies
 * is replaced at once, with the access rules and expectations of now; what it had acknowledged is on disk, what it had in flight the peer sends again. The
 * others go on meanwhile.
 */
class ListenerHandle implements Listener {
  readonly started: Promise<void>;
  readonly #options: ListenerOptions;
  readonly #onThread: OnThread | undefined;
  readonly #expectations = new Map<string, Expectation>();
  readonly #credited = new Map<string, number>();
  readonly #questions = new Map<number, Question>();
  readonly #commitments = new Map<string, TakeCommitment>();
  readonly #owedCommitments = new OwedCommitments((delivery) => this.#options.events.onCommitmentDelivered?.(delivery));
  readonly #maxBeside: number;
  readonly #beside = new Set<ReceivingThread>();
  #access: AccessRules;
  /** The thread that has the port. */
  #first: ReceivingThread | undefined;
  #port: number;
  #open = 0;
  #lastSeq = 0;
  readonly #restarts = new Restarts();
  /** Of threads without the port: they must not use up those of the one that has it. */
  readonly #restartsBeside = new Restarts();
  #closing: Promise<void> | undefined;
  #failure: PhosphorErrorData | undefined;

  constructor(options: ListenerOptions, onThread: OnThread | undefined) {
    this.#options = options;
    this.#onThread = onThread;
    this.#access = options.access;
    this.#port = options.port;
    this.#maxBeside = threadsBeside(options);
    this.started = this.#startFirst();
  }

  get port(): number {
    return this.#port;
  }

  setAccess(rules: AccessRules): void {
    this.#access = rules;
    for (const thread of this.#threads()) thread.post({ type: 'setAccess', access: rules });
  }

  async expect(expectation: Expectation): Promise<void> {
    if (this.#failure) throw PhosphorError.from(this.#failure);
    this.#expectations.set(expectation.actionId, expectation);
    if (!this.#credited.has(expectation.actionId)) this.#credited.set(expectation.actionId, 0);
    await this.#request((seq) => ({ type: 'expect', seq, expectation }));
    if (this.#failure) throw PhosphorError.from(this.#failure);
  }

  async unexpect(actionId: string): Promise<{ credited: number }> {
    this.#expectations.delete(actionId);
    await this.#request((seq) => ({ type: 'unexpect', seq, actionId }));
    const credited = this.#credited.get(actionId) ?? 0;
    this.#credited.delete(actionId);
    return { credited };
  }

  expectCommitment(transactionUID: string, take: TakeCommitment): () => void {
    this.#commitments.set(transactionUID, take);
    return () => {
      if (this.#commitments.get(transactionUID) === take) this.#commitments.delete(transactionUID);
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  #threads(): ReceivingThread[] {
    return this.#first ? [this.#first, ...this.#beside] : [...this.#beside];
  }

  /** Starts the thread that has the port; resolves when it listens. */
  #startFirst(before?: ReceivingThread): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let listened = false;
    this.#first = this.#start(
      false,
      (message) => {
        if (message.type !== 'listening') return;
        listened = true;
        this.#port = message.port;
        resolve();
        // It started with every expectation: those who asked the one before it have what they asked for.
        if (before) this.#noAnswerFrom(before);
        this.#options.events.onState({ state: 'listening' });
      },
      (error, thread) => {
        this.#first = undefined;
        this.#owedCommitments.giveUp(error);
        if (!listened) reject(PhosphorError.from(error));
        else if (!this.#closing) this.#replaceFirst(error, thread);
        if (this.#closing) this.#noAnswerFrom(thread);
      },
    );
    for (const beside of this.#beside) connect(this.#first, beside);
    return promise;
  }

  #startBeside(): void {
    const thread = this.#start(
      true,
      () => {},
      (error) => {
        this.#beside.delete(thread);
        // The next one starts with the state of now.
        this.#noAnswerFrom(thread);
        if (this.#closing || this.#failure) return;
        if (this.#restartsBeside.mayStart()) {
          this.#startBeside();
          this.#options.events.onState({ state: 'restarted', error });
        } else this.#first?.post({ type: 'noMoreThreads' });
      },
    );
    this.#beside.add(thread);
    if (this.#first) connect(this.#first, thread);
  }

  #start(isBeside: boolean, onMessage: (message: FromListenerThread) => void, onExit: ReceivingThreadEvents['onExit']): ReceivingThread {
    const { storage, access: _, events, ...rest } = this.#options;
    const arrivals = storage && (typeof storage.arrivals === 'function' ? storage.arrivals() : storage.arrivals);
    const start: ListenerStart = {
      ...rest,
      isBeside,
      threadsBeside: this.#maxBeside,
      port: this.#port,
      access: this.#access,
      associationNumbers: ASSOCIATION_NUMBERS,
      expectations: [...this.#expectations.values()],
      ...(storage && arrivals ? { storage: { location: storage.location, arrivals } } : {}),
    };
    const thread = new ReceivingThread(start, {
      onMessage: (message, from) => {
        onMessage(message);
        this.#receive(message, from);
      },
      onExit,
      takerOf: (transactionUID) => this.#commitments.get(transactionUID) ?? events.onUnmatchedCommitment,
    });
    this.#onThread?.(thread.worker, isBeside);
    return thread;
  }

  #replaceFirst(error: PhosphorErrorData, before: ReceivingThread): void {
    this.#open = 0;
    this.#options.events.onAssociations({ open: 0 });
    const { storage } = this.#options;
    if (!this.#restarts.mayStart() || (storage && typeof storage.arrivals !== 'function')) {
      this.#fail(error);
      return;
    }
    this.#startFirst(before).then(
      () => this.#options.events.onState({ state: 'restarted', error }),
      (thrown) => this.#fail(thrown instanceof PhosphorError ? thrown.data : error),
    );
  }

  #fail(error: PhosphorErrorData): void {
    this.#failure = error;
    this.#answerAll();
    if (!this.#closing) this.#options.events.onState({ state: 'failed', error });
  }

  #receive(message: FromListenerThread, from: ReceivingThread): void {
    const { events } = this.#options;
    if (message.type === 'done') this.#answer(message.seq, from);
    else if (message.type === 'stored') {
      for (const { actionId } of message.instances) {
        const credited = actionId === undefined ? undefined : this.#credited.get(actionId);
        if (actionId !== undefined && credited !== undefined) this.#credited.set(actionId, credited + 1);
      }
      events.onStored(message.instances);
    } else if (message.type === 'refused') events.onRefused(message.instances);
    else if (message.type === 'log') events.onLog?.(message.lines);
    else if (message.type === 'open') {
      this.#open = message.open;
      events.onAssociations({ open: this.#open });
    } else if (message.type === 'turnedAway') events.onAssociations({ open: this.#open, refused: message.caller });
    else if (message.type === 'askForThread') this.#giveThread();
    else if (message.type === 'commitmentOwed') this.#owedCommitments.add(message.owed);
    else if (message.type === 'commitmentDelivered') this.#owedCommitments.settle(message.delivery);
  }

  #giveThread(): void {
    if (this.#closing || this.#failure || this.#beside.size >= this.#maxBeside) return;
    this.#startBeside();
  }

  /** Resolves when every thread has done it; also when one is gone, because a new one starts from the state of now. */
  #request(make: (seq: number) => ToListenerThread): Promise<void> {
    const threads = this.#threads();
    if (this.#failure || threads.length === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const seq = ++this.#lastSeq;
    this.#questions.set(seq, { waitsFor: new Set(threads), resolve });
    for (const thread of threads) thread.post(make(seq));
    return promise;
  }

  #answer(seq: number, from: ReceivingThread): void {
    const question = this.#questions.get(seq);
    if (!question?.waitsFor.delete(from) || question.waitsFor.size > 0) return;
    this.#questions.delete(seq);
    question.resolve();
  }

  #noAnswerFrom(thread: ReceivingThread): void {
    for (const seq of [...this.#questions.keys()]) this.#answer(seq, thread);
  }

  #answerAll(): void {
    for (const { resolve } of this.#questions.values()) resolve();
    this.#questions.clear();
  }

  async #shutDown(): Promise<void> {
    const threads = this.#threads();
    if (threads.length === 0) return this.#answerAll();
    const exited = Promise.all(threads.map(({ worker }) => new Promise<void>((resolve) => worker.once('exit', () => resolve()))));
    for (const thread of threads) thread.post({ type: 'close', seq: ++this.#lastSeq });
    const terminate = () => {
      for (const { worker } of threads) void worker.terminate();
    };
    const timer = setTimeout(terminate, CLOSE_BOUND_MS + this.#options.clocks.release * 1000);
    await exited;
    clearTimeout(timer);
  }
}

class Restarts {
  #times: number[] = [];

  mayStart(): boolean {
    const now = performance.now();
    this.#times = [...this.#times.filter((at) => now - at < 60_000), now];
    return this.#times.length <= RESTARTS_PER_MINUTE;
  }
}

function connect(first: ReceivingThread, beside: ReceivingThread): void {
  const { port1, port2 } = new MessageChannel();
  first.connect(port1);
  beside.connect(port2);
}

/** A thread needs a line of its own to the archive; and the book of the commitments that we owe is one. */
function threadsBeside({ storage, storageCommitment }: ListenerOptions): number {
  if (typeof storage?.arrivals !== 'function' || storageCommitment) return 0;
  return Math.min(MAX_THREADS_BESIDE, Math.max(1, availableParallelism() - 1));
}
