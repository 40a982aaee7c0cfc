import { cancelledError, onAbort } from './waiting.ts';

interface Waiting {
  readonly place: string;
  readonly thing: string;
  readonly start: () => void;
}

/**
 * Whose turn it is: at most so many at once in one place, and never two for the same thing there. For moves the place is a node and the
 * thing a study, because a second move would bring the same instances again. First come, first served; one that is blocked lets others
 * pass.
 */
export class TurnQueue {
  readonly #perPlace: number;
  readonly #running = new Set<Waiting>();
  readonly #waiting: Waiting[] = [];

  constructor(perPlace: number) {
    this.#perPlace = perPlace;
  }

  /** Resolves with the function that gives the turn back. Rejects with PhosphorError `cancelled`. */
  acquire(place: string, thing: string, signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      let unwatch = () => {};
      const entry: Waiting = {
        place,
        thing,
        start: () => {
          unwatch();
          resolve(() => {
            if (this.#running.delete(entry)) this.#next();
          });
        },
      };
      this.#waiting.push(entry);
      unwatch = onAbort(signal, () => {
        const at = this.#waiting.indexOf(entry);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(cancelledError());
      });
      this.#next();
    });
  }

  #next(): void {
    for (const entry of [...this.#waiting]) {
      const beside = [...this.#running].filter(({ place }) => place === entry.place);
      if (beside.length >= this.#perPlace || beside.some(({ thing }) => thing === entry.thing)) continue;
      this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      this.#running.add(entry);
      entry.start();
    }
  }
}
