import { ITEM_CREDITS } from '../../shared/contract/limits.ts';
import { Batcher } from './batcher.ts';

/** Results on their way to the main thread: in batches, and when 16 of these are open whoever produces them waits. */
export class CreditedBatches<Item> {
  readonly #batches: Batcher<Item>;
  #open = 0;
  #gate: PromiseWithResolvers<void> | undefined;

  constructor(deliver: (items: Item[]) => void) {
    this.#batches = new Batcher<Item>(
      (items) => {
        this.#open += 1;
        deliver(items);
      },
      () => this.#hasCredit,
    );
  }

  get #hasCredit(): boolean {
    return this.#open < ITEM_CREDITS;
  }

  /** A promise where whoever reads the items is slow: the peer then waits, on the window of its own socket. */
  add(item: Item): Promise<void> | undefined {
    this.#batches.add(item);
    if (this.#hasCredit) return undefined;
    this.#gate ??= Promise.withResolvers<void>();
    return this.#gate.promise;
  }

  /** One batch was taken. */
  acknowledge(): void {
    this.#open -= 1;
    if (!this.#gate || !this.#hasCredit) return;
    this.#batches.flush();
    this.#gate.resolve();
    this.#gate = undefined;
  }

  /** Nothing more is wanted. */
  discard(): void {
    this.#batches.discard();
    this.#gate?.resolve();
  }

  flush(): void {
    this.#batches.flush();
  }
}
