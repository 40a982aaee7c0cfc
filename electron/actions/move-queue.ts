import { cancelledError, onAbort } from './waiting.ts';

interface Waiting {
  readonly nodeId: string;
  readonly studyInstanceUID: string;
  readonly start: () => void;
}

/** Moves that may run at once from one node. */
const MOVES_PER_NODE = 2;

/**
 * Who may move now: at most so many moves from a node at once, and never two of the same study from the same node (the second would
 * bring the same instances again). First come, first served; one that is blocked lets others pass.
 */
export class MoveQueue {
  readonly #perNode: number;
  readonly #running = new Set<Waiting>();
  readonly #waiting: Waiting[] = [];

  constructor(perNode = MOVES_PER_NODE) {
    this.#perNode = perNode;
  }

  /** Resolves with the function that gives the place back. Rejects with PhosphorError `cancelled`. */
  acquire(nodeId: string, studyInstanceUID: string, signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const entry: Waiting = {
        nodeId,
        studyInstanceUID,
        start: () => {
          unwatch();
          resolve(() => {
            if (this.#running.delete(entry)) this.#next();
          });
        },
      };
      let unwatch = () => {};
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
      const same = [...this.#running].filter(({ nodeId }) => nodeId === entry.nodeId);
      if (same.length >= this.#perNode || same.some((it) => it.studyInstanceUID === entry.studyInstanceUID)) continue;
      this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      this.#running.add(entry);
      entry.start();
    }
  }
}
