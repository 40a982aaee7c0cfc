import { ITEM_BATCH } from '../../shared/contract/limits.ts';

/**
 * Collects items and hands them on in order, at most 64 at a time and none later than 50 ms after it came: messages between threads cost
 * the main thread time by their number, not by their size.
 */
export class Batcher<Item> {
  readonly #deliver: (items: Item[]) => void;
  readonly #hasCredit: () => boolean;
  #items: Item[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param hasCredit false = batches wait; the owner calls `flush` when credit comes, and stops adding until then */
  constructor(deliver: (items: Item[]) => void, hasCredit: () => boolean = () => true) {
    this.#deliver = deliver;
    this.#hasCredit = hasCredit;
  }

  add(item: Item): void {
    this.#items.push(item);
    if (this.#items.length >= ITEM_BATCH.items) this.#tryFlush();
    else this.#timer ??= setTimeout(() => this.#tryFlush(), ITEM_BATCH.milliseconds);
  }

  /** Hands on what is there now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#items.length === 0) return;
    const items = this.#items;
    this.#items = [];
    this.#deliver(items);
  }

  #tryFlush(): void {
    if (this.#hasCredit()) this.flush();
  }

  /** Forgets what has not been handed on. */
  discard(): void {
    this.#items = [];
    this.flush();
  }
}

/** Hands on only the newest value, at most once per interval, and always the last one. */
export class Throttle<Value> {
  readonly #deliver: (value: Value) => void;
  readonly #milliseconds: number;
  #pending: { value: Value } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(deliver: (value: Value) => void, milliseconds: number) {
    this.#deliver = deliver;
    this.#milliseconds = milliseconds;
  }

  set(value: Value): void {
    if (this.#timer !== undefined) {
      this.#pending = { value };
      return;
    }
    this.#deliver(value);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const pending = this.#pending;
      this.#pending = undefined;
      if (pending) this.set(pending.value);
    }, this.#milliseconds);
  }

  /** Hands on what waits and stops. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending) this.#deliver(pending.value);
  }
}
