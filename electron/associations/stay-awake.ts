import { availableParallelism } from 'node:os';

/** A thread that has received bytes looks for more for so long before it sleeps. */
const AWAKE_MS = 0.3;
/** Bytes that came in time let it look this many times in vain. */
const MOST_TRUST = 16;
/** On the only core it would keep the peer, or whoever works for it, from running. */
const HAS_OTHER_CORES = availableParallelism() > 1;

/**
 * Keeps a thread from sleeping between the bytes of a fast peer. A peer that waits for each response answers within a few hundred microseconds, and
 * waking a thread takes a good part of that: for small instances a tenth of the whole transfer. It looks for more only as long as more has been coming in
 * time and from one peer alone, and so costs nothing while associations idle and little where a peer is slow; with several the others' bytes keep the thread
 * busy, and their peers need the cores.
 */
export class StayAwake {
  readonly #hasOtherCores: boolean;
  #trust = 0;
  #source: object | undefined;
  #workedUntil = Number.NEGATIVE_INFINITY;
  #lookUntil = 0;
  #isLooking = false;

  constructor(hasOtherCores = HAS_OTHER_CORES) {
    this.#hasOtherCores = hasOtherCores;
  }

  /** It does not sleep. */
  get isLooking(): boolean {
    return this.#isLooking;
  }

  /** Bytes came in. @param source the connection @param now milliseconds */
  came(source: object, now: number): void {
    if (source !== this.#source) {
      this.#source = source;
      this.#trust = 0;
    } else if (now - this.#workedUntil <= AWAKE_MS && this.#trust < MOST_TRUST) this.#trust += 1;
  }

  /** They have been worked on. @param now milliseconds */
  worked(now: number): void {
    this.#workedUntil = now;
    if (this.#trust === 0 || !this.#hasOtherCores) return;
    this.#lookUntil = now + AWAKE_MS;
    if (this.#isLooking) return;
    this.#isLooking = true;
    setImmediate(this.#look);
  }

  // An immediate that is due keeps the event loop from waiting: it asks the system for events, and goes on.
  readonly #look = (): void => {
    if (performance.now() < this.#lookUntil) {
      setImmediate(this.#look);
      return;
    }
    this.#isLooking = false;
    if (this.#trust > 0) this.#trust -= 1;
  };
}
