import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import type { CommitmentDelivery } from './commitment-types.ts';

type Owed = Pick<CommitmentDelivery, 'transactionUID' | 'callingAETitle'>;

/** The main thread's book of reports that the listener's thread owes: one that dies with its thread is told of as well. */
export class OwedCommitments {
  readonly #onDelivered: (delivery: CommitmentDelivery) => void;
  readonly #owed = new Map<string, Owed>();

  constructor(onDelivered: (delivery: CommitmentDelivery) => void) {
    this.#onDelivered = onDelivered;
  }

  add(owed: Owed): void {
    this.#owed.set(keyOf(owed), owed);
  }

  settle(delivery: CommitmentDelivery): void {
    this.#owed.delete(keyOf(delivery));
    this.#onDelivered(delivery);
  }

  /** The thread is gone. */
  giveUp(error: PhosphorErrorData): void {
    const owed = [...this.#owed.values()];
    this.#owed.clear();
    for (const one of owed) this.#onDelivered({ ...one, committed: 0, failed: 0, attempts: 0, error });
  }
}

function keyOf({ transactionUID, callingAETitle }: Owed): string {
  return `${callingAETitle} ${transactionUID}`;
}
