const LONGEST_MS = 0x7fff_ffff;

/**
 * A clock that runs out unless it is re-armed. 0 seconds = off. Re-arming costs no system call and no new timer. What came while this thread was kept
 * from working is heard before the clock is believed: no peer is blamed for a pause of ours.
 */
export class StallClock {
  readonly #onExpired: () => void;
  #milliseconds = 0;
  #timer: NodeJS.Timeout | undefined;
  #due: NodeJS.Immediate | undefined;
  #armedAt = 0;
  /** What is left of it while it stands still. */
  #left: number | undefined;
  /** The timer runs for what was left, not for the whole. */
  #isShort = false;

  constructor(seconds: number, onExpired: () => void) {
    this.#onExpired = onExpired;
    this.use(seconds);
  }

  /** Starts anew with another length. */
  use(seconds: number): void {
    this.stop();
    this.#milliseconds = Math.min(seconds * 1000, LONGEST_MS);
    if (seconds > 0) this.#run(this.#milliseconds);
  }

  rearm(): void {
    if (this.#timer === undefined) return;
    clearImmediate(this.#due);
    this.#due = undefined;
    this.#armedAt = performance.now();
    if (!this.#isShort) this.#timer.refresh();
    else this.use(this.#milliseconds / 1000);
  }

  /** Stands still, and goes on with `resume` where it was. One that has run out does not: only `rearm` saves it. */
  pause(): void {
    if (this.#timer === undefined || this.#due !== undefined) return;
    this.#left = Math.max(0, this.#milliseconds - (performance.now() - this.#armedAt));
    this.#halt();
  }

  resume(): void {
    const left = this.#left;
    if (left === undefined) return;
    this.#left = undefined;
    this.#run(left);
    this.#armedAt -= this.#milliseconds - left;
    if (left === 0) this.#expire();
  }

  stop(): void {
    this.#halt();
    this.#left = undefined;
  }

  #halt(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#due);
    this.#due = undefined;
    this.#timer = undefined;
  }

  #run(milliseconds: number): void {
    this.#armedAt = performance.now();
    this.#isShort = milliseconds < this.#milliseconds;
    // Timers come before sockets in a turn of the event loop, immediates after them.
    this.#timer = setTimeout(() => this.#expire(), milliseconds);
  }

  #expire(): void {
    this.#due ??= setImmediate(this.#onExpired);
  }
}
