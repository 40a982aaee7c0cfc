import fs from 'node:fs';
import { promisify } from 'node:util';

const fsync = promisify(fs.fsync);

/** A disk that takes longer than this is waited for on the thread pool: everybody else on this thread has to wait as well. */
const SHORT_MS = 2;
/** Of the average of how long the disk took, each wait changes this part. */
const WEIGHT = 1 / 8;
/** One long wait on the thread itself is answered by so many on the thread pool. */
const PENALTY = 64;

/**
 * The fsyncs of one writer. Handing one to the thread pool and hearing of its end wakes two threads, which takes as long as a good disk needs: where
 * only one arrival is under way and the disk has been quick, it is done on the thread itself. With several they wait for the disk together.
 */
export class DiskSync {
  readonly #alone: () => boolean;
  #averageMs = SHORT_MS / 2;
  #penalty = 0;

  /** @param alone no other arrival is under way */
  constructor(alone = () => false) {
    this.#alone = alone;
  }

  /** Undefined: done. Throws, or rejects with, the system's error. */
  sync(fd: number): Promise<void> | undefined {
    const started = performance.now();
    if (this.#penalty > 0) this.#penalty -= 1;
    if (this.#penalty > 0 || this.#averageMs > SHORT_MS || !this.#alone()) {
      return fsync(fd).then(() => this.#took(performance.now() - started));
    }
    fs.fsyncSync(fd);
    const took = performance.now() - started;
    if (took > 4 * SHORT_MS) this.#penalty = PENALTY;
    this.#took(took);
    return undefined;
  }

  #took(milliseconds: number): void {
    this.#averageMs += (milliseconds - this.#averageMs) * WEIGHT;
  }
}
