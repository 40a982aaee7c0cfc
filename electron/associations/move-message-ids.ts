import { PhosphorError } from '../../shared/contract/phosphor-error.ts';

/**
 * Message IDs for C-MOVE-RQ (PS3.7 §9.1.4): one 16-bit counter, unique among all live moves. Together with our AE title the ID is what a
 * peer's C-STOREs carry back as Move Originator, so two moves may never share one, whichever association they run on.
 */
export class MoveMessageIds {
  readonly #live = new Set<number>();
  #last = 0;

  /** The next free ID, 1–65535. Throws PhosphorError `limit-exceeded` when every one is taken. */
  take(): number {
    if (this.#live.size >= 0xffff) throw new PhosphorError('limit-exceeded', 'every C-MOVE message ID is in use');
    do this.#last = this.#last >= 0xffff ? 1 : this.#last + 1;
    while (this.#live.has(this.#last));
    this.#live.add(this.#last);
    return this.#last;
  }

  /** Gives an ID back. Idempotent. */
  release(messageId: number): void {
    this.#live.delete(messageId);
  }
}

/** The one counter of this process. */
export const moveMessageIds = new MoveMessageIds();
