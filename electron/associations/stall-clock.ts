/** A clock that runs out unless it is re-armed. 0 seconds = off. Re-arming costs no system call and no new timer. */
export class StallClock {
  readonly #onExpired: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(seconds: number, onExpired: () => void) {
    this.#onExpired = onExpired;
    this.use(seconds);
  }

  /** Starts anew with another length. */
  use(seconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = seconds > 0 ? setTimeout(this.#onExpired, Math.min(seconds * 1000, 0x7fff_ffff)) : undefined;
  }

  rearm(): void {
    this.#timer?.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
