/** What plays: a series that knows its frame on the screen. */
export interface CineSource {
  /** How long the frame on the screen is to stay; undefined where the file does not say. */
  frameTimeMs(): number | undefined;
  /** Whether the frame that was asked for last is on the screen: a slow one is waited for, not skipped. */
  isShown(): boolean;
  next(): void;
}

/** The screen's own rhythm: requestAnimationFrame and cancelAnimationFrame. */
export interface Refreshes {
  request(callback: (time: number) => void): number;
  cancel(handle: number): void;
}

const DEFAULT_FRAME_MS = 100;
/** Half a refresh of tolerance: 33 ms at 60 Hz must not become 50. */
const TOLERANCE_MS = 8;

/** Shows one frame after the other, each for its time, in step with the screen. */
export class Cine {
  readonly #source: CineSource;
  readonly #refreshes: Refreshes;
  #request: number | undefined;
  #last = 0;

  constructor(source: CineSource, refreshes: Refreshes) {
    this.#source = source;
    this.#refreshes = refreshes;
  }

  get playing(): boolean {
    return this.#request !== undefined;
  }

  start(): void {
    if (this.#request !== undefined) return;
    this.#last = performance.now();
    this.#request = this.#refreshes.request(this.#tick);
  }

  stop(): void {
    if (this.#request !== undefined) this.#refreshes.cancel(this.#request);
    this.#request = undefined;
  }

  readonly #tick = (time: number): void => {
    const said = this.#source.frameTimeMs();
    const interval = said !== undefined && said > 0 ? said : DEFAULT_FRAME_MS;
    if (this.#source.isShown() && time - this.#last >= interval - TOLERANCE_MS) {
      this.#last = time;
      this.#source.next();
    }
    // The next frame may have ended the series' playing.
    if (this.#request !== undefined) this.#request = this.#refreshes.request(this.#tick);
  };
}
