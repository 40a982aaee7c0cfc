import { type MessagePort, Worker } from 'node:worker_threads';
import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import { CommitmentInbox } from './commitment-relay.ts';
import type { TakeCommitment } from './commitment-types.ts';
import type { FromListenerThread, ListenerStart, ToListenerThread } from './listener-protocol.ts';
import { workerDied } from './worker-died.ts';

export interface ReceivingThreadEvents {
  readonly onMessage: (message: FromListenerThread, from: ReceivingThread) => void;
  /** Once, when the thread is gone. */
  readonly onExit: (error: PhosphorErrorData, thread: ReceivingThread) => void;
  /** Who waits for a storage commitment report. */
  readonly takerOf: (transactionUID: string) => TakeCommitment | undefined;
}

/** The main thread's side of one receiving thread. */
export class ReceivingThread {
  readonly worker: Worker;
  readonly #commitments: CommitmentInbox;

  /** @param start what its `storage` says about a port is transferred */
  constructor(start: ListenerStart, events: ReceivingThreadEvents) {
    this.#commitments = new CommitmentInbox('listener', events.takerOf, (ticket, status) =>
      this.post({ type: 'commitmentTaken', ticket, status }),
    );
    this.worker = new Worker(new URL('./listener-thread.ts', import.meta.url), {
      name: start.isBeside ? 'phosphor-receive' : 'phosphor-listener',
      workerData: start,
      transferList: start.storage ? [start.storage.arrivals] : [],
    });
    let cause: PhosphorErrorData | undefined;
    this.worker.on('message', (message: FromListenerThread) => {
      if (message.type === 'failed') cause = message.error;
      if (message.type === 'commitment') this.#commitments.receive(message.part);
      else events.onMessage(message, this);
    });
    this.worker.on('error', (thrown) => {
      cause ??= workerDied('listener thread', thrown);
    });
    this.worker.once('exit', () => {
      this.#commitments.clear();
      events.onExit(cause ?? workerDied('listener thread', undefined), this);
    });
  }

  /** A thread that is still starting reads it once it is up. */
  post(message: ToListenerThread): void {
    this.worker.postMessage(message);
  }

  connect(line: MessagePort): void {
    const message: ToListenerThread = { type: 'connect', line };
    this.worker.postMessage(message, [line]);
  }
}
