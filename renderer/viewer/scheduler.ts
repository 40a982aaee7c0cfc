/** Lower goes first. `visible` may also use the slots kept free for it. */
export const PRIORITY = { visible: 0, near: 1, series: 2, others: 3, thumbnail: 4 } as const;
export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY];

interface Wish {
  readonly priority: Priority;
  readonly keys: readonly string[];
  readonly wanted: ReadonlySet<string>;
  /** Keys before this one are done: a long stack is not searched from its start for every frame. */
  first: number;
}

/**
 * Decides which frame is loaded next. Each owner (a pane, the series strip) states all it wants, in order, and states it anew whenever
 * the reader moves: what is no longer wanted is thereby dropped, and what is under way without being wanted is reported for abortion.
 */
export class Scheduler {
  readonly #wishes = new Map<string, Wish>();
  readonly #running = new Map<string, number>();
  #taken = 0;
  readonly #done: (key: string) => boolean;
  readonly #slots: number;
  readonly #reserved: number;
  readonly #weight: (key: string) => number;

  /** `done`: the frame is loaded or failed. `slots` run at once, `reserved` more for visible frames; `weight`: the slots that a frame takes. */
  constructor(options: { done: (key: string) => boolean; slots: number; reserved: number; weight?: (key: string) => number }) {
    this.#done = options.done;
    this.#slots = options.slots;
    this.#reserved = options.reserved;
    this.#weight = options.weight ?? (() => 1);
  }

  /** Replaces what the owner wanted. Returns the keys under way that nobody wants any more. */
  want(owner: string, priority: Priority, keys: readonly string[]): string[] {
    const name = `${owner}/${priority}`;
    if (keys.length === 0) this.#wishes.delete(name);
    else this.#wishes.set(name, { priority, keys, wanted: new Set(keys), first: 0 });
    const wishes = [...this.#wishes.values()];
    return [...this.#running.keys()].filter((key) => !wishes.some(({ wanted }) => wanted.has(key)));
  }

  /** The next key to load, which counts as running from now on; undefined when nothing is wanted (up to `last`) or all slots are taken. */
  next(last: Priority = PRIORITY.thumbnail): string | undefined {
    for (const wish of [...this.#wishes.values()].sort((a, b) => a.priority - b.priority)) {
      if (wish.priority > last) return undefined;
      const limit = wish.priority === PRIORITY.visible ? this.#slots + this.#reserved : this.#slots;
      if (this.#taken >= limit) continue;
      const key = this.#firstOpen(wish);
      if (key === undefined) continue;
      const weight = this.#weight(key);
      this.#running.set(key, weight);
      this.#taken += weight;
      return key;
    }
    return undefined;
  }

  #firstOpen(wish: Wish): string | undefined {
    let contiguous = true;
    for (let i = wish.first; i < wish.keys.length; i++) {
      const key = wish.keys[i];
      if (key === undefined) return undefined;
      if (this.#done(key)) {
        if (contiguous) wish.first = i + 1;
        continue;
      }
      contiguous = false;
      if (!this.#running.has(key)) return key;
    }
    return undefined;
  }

  /** Somebody looks at it, or is about to. */
  isVisible(key: string): boolean {
    for (const { priority, wanted } of this.#wishes.values()) if (priority === PRIORITY.visible && wanted.has(key)) return true;
    return false;
  }

  finished(key: string): void {
    this.#taken -= this.#running.get(key) ?? 0;
    this.#running.delete(key);
  }
}
