import { Worker } from 'node:worker_threads';
import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { ASSOCIATION_NUMBERS } from './association-numbers.ts';
import { OwedCommitments } from './commitment-owed.ts';
import { CommitmentInbox } from './commitment-relay.ts';
import type { TakeCommitment } from './commitment-types.ts';
import type { FromListenerThread, ListenerStart, ToListenerThread } from './listener-protocol.ts';
import type { AccessRules, Expectation, Listener, ListenerOptions } from './types.ts';
import { workerDied } from './worker-died.ts';

/** Closing waits this long for C-STOREs in flight and releases, beyond that the thread is ended. */
const CLOSE_BOUND_MS = 5_000;
/** A thread that dies more often than this is not started again: something is wrong that a restart does not mend. */
const RESTARTS_PER_MINUTE = 5;

/**
 * Opens the receiving port in a thread of its own.
 *
 * @param onThread called with each thread that is started (tests of threads that die)
 * @throws PhosphorError `port-in-use`, or `unreachable` when the address is not ours
 */
export async function startListener(options: ListenerOptions, onThread?: (worker: Worker) => void): Promise<Listener> {
  const listener = new ListenerHandle(options, onThread);
  await listener.started;
  return listener;
}

type Answer = () => void;

/**
 * The main thread's side: requests carry a sequence number and resolve from a map. A thread that dies is replaced at once on the same
 * port, with the access rules and expectations of now; what it had acknowledged is on disk, what it had in flight the peer sends again.
 */
class ListenerHandle implements Listener {
  readonly started: Promise<void>;
  readonly #options: ListenerOptions;
  readonly #onThread: ((worker: Worker) => void) | undefined;
  readonly #expectations = new Map<string, Expectation>();
  readonly #credited = new Map<string, number>();
  readonly #answers = new Map<number, Answer>();
  readonly #commitments = new Map<string, TakeCommitment>();
  readonly #owedCommitments = new OwedCommitments((delivery) => this.#options.events.onCommitmentDelivered?.(delivery));
  readonly #commitmentInbox = new CommitmentInbox(
    'listener',
    (transactionUID) => this.#commitments.get(transactionUID) ?? this.#options.events.onUnmatchedCommitment,
    (ticket, status) => this.#post({ type: 'commitmentTaken', ticket, status }),
  );
  #access: AccessRules;
  #worker: Worker | undefined;
  #port: number;
  #lastSeq = 0;
  #restarts: number[] = [];
  #listening = false;
  #closing: Promise<void> | undefined;
  #failure: PhosphorErrorData | undefined;

  constructor(options: ListenerOptions, onThread: ((worker: Worker) => void) | undefined) {
    this.#options = options;
    this.#onThread = onThread;
    this.#access = options.access;
    this.#port = options.port;
    this.started = this.#start();
  }

  get port(): number {
    return this.#port;
  }

  setAccess(rules: AccessRules): void {
    this.#access = rules;
    this.#post({ type: 'setAccess', access: rules });
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

  #start(): Promise<void> {
    const { storage, access: _, events: __, ...rest } = this.#options;
    const arrivals = storage && (typeof storage.arrivals === 'function' ? storage.arrivals() : storage.arrivals);
    const start: ListenerStart = {
      ...rest,
      port: this.#port,
      access: this.#access,
      associationNumbers: ASSOCIATION_NUMBERS,
      expectations: [...this.#expectations.values()],
      ...(storage && arrivals ? { storage: { location: storage.location, arrivals } } : {}),
    };
    const worker = new Worker(new URL('./listener-thread.ts', import.meta.url), {
      name: 'phosphor-listener',
      workerData: start,
      transferList: arrivals ? [arrivals] : [],
    });
    this.#worker = worker;
    this.#onThread?.(worker);
    this.#listening = false;
    const before = this.#lastSeq;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let cause: PhosphorErrorData | undefined;
    worker.on('message', (message: FromListenerThread) => {
      if (message.type === 'failed') cause = message.error;
      if (message.type === 'listening') {
        this.#port = message.port;
        this.#listening = true;
        resolve();
        // The thread started with every expectation: those who asked the one before it have what they asked for.
        this.#answerAll(before);
        this.#options.events.onState({ state: 'listening' });
      } else this.#receive(message);
    });
    worker.on('error', (thrown) => {
      cause ??= workerDied('listener thread', thrown);
    });
    worker.once('exit', () => {
      const error = cause ?? workerDied('listener thread', undefined);
      const hadListened = this.#listening;
      this.#owedCommitments.giveUp(error);
      this.#worker = undefined;
      this.#listening = false;
      this.#commitmentInbox.clear();
      if (!hadListened) reject(PhosphorError.from(error));
      else if (!this.#closing) this.#replace(error);
      if (this.#closing) this.#answerAll();
    });
    return promise;
  }

  #replace(error: PhosphorErrorData): void {
    this.#options.events.onAssociations({ open: 0 });
    const now = performance.now();
    this.#restarts = [...this.#restarts.filter((at) => now - at < 60_000), now];
    const { storage } = this.#options;
    if (this.#restarts.length > RESTARTS_PER_MINUTE || (storage && typeof storage.arrivals !== 'function')) {
      this.#fail(error);
      return;
    }
    this.#start().then(
      () => this.#options.events.onState({ state: 'restarted', error }),
      (thrown) => this.#fail(thrown instanceof PhosphorError ? thrown.data : error),
    );
  }

  #fail(error: PhosphorErrorData): void {
    this.#failure = error;
    this.#answerAll();
    if (!this.#closing) this.#options.events.onState({ state: 'failed', error });
  }

  #receive(message: FromListenerThread): void {
    const { events } = this.#options;
    if (message.type === 'done') {
      this.#answers.get(message.seq)?.();
      this.#answers.delete(message.seq);
    } else if (message.type === 'stored') {
      for (const { actionId } of message.instances) {
        const credited = actionId === undefined ? undefined : this.#credited.get(actionId);
        if (actionId !== undefined && credited !== undefined) this.#credited.set(actionId, credited + 1);
      }
      events.onStored(message.instances);
    } else if (message.type === 'refused') events.onRefused(message.instances);
    else if (message.type === 'log') events.onLog?.(message.lines);
    else if (message.type === 'associations') events.onAssociations(message.change);
    else if (message.type === 'commitment') this.#commitmentInbox.receive(message.part);
    else if (message.type === 'commitmentOwed') this.#owedCommitments.add(message.owed);
    else if (message.type === 'commitmentDelivered') this.#owedCommitments.settle(message.delivery);
  }

  /** Resolves when the thread has done it; also when the thread is gone, because a new one starts from the state of now. */
  #request(make: (seq: number) => ToListenerThread): Promise<void> {
    if (this.#failure || (this.#closing && !this.#worker)) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const seq = ++this.#lastSeq;
    this.#answers.set(seq, resolve);
    this.#post(make(seq));
    return promise;
  }

  #post(message: ToListenerThread): void {
    // A thread that is still starting reads the message once it is up; between two threads the next one starts with the state of now.
    this.#worker?.postMessage(message);
  }

  #answerAll(upTo = this.#lastSeq): void {
    for (const [seq, answer] of this.#answers) {
      if (seq > upTo) continue;
      this.#answers.delete(seq);
      answer();
    }
  }

  async #shutDown(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return this.#answerAll();
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    this.#post({ type: 'close', seq: ++this.#lastSeq });
    const timer = setTimeout(() => void worker.terminate(), CLOSE_BOUND_MS + this.#options.clocks.release * 1000);
    await exited;
    clearTimeout(timer);
  }
}
