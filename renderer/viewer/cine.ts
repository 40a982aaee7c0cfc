/** What plays: a series that knows its frame on the screen. */
export interface CineSource {
  /** How long the frame on the screen is to stay; undefined where the file does not say. */
  frameTimeMs(): number | undefined;
  /** Whether the frame that was asked for last is on the screen: a slow one is waited for, not skipped. */
  isShown(): boolean;
  position(): number;
  count(): number;
  show(index: number): void;
  /** It stopped by itself. */
  ended(): void;
}

/** At the end: from the start again, back and forth, or stop. */
export const CINE_MODES = ['loop', 'sweep', 'once'] as const;
export type CineMode = (typeof CINE_MODES)[number];

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
  /** Frames a second; undefined = as the file says. */
  rate: number | undefined;
  mode: CineMode = 'loop';
  readonly #source: CineSource;
  readonly #refreshes: Refreshes;
  #request: number | undefined;
  #last = 0;
  #direction: 1 | -1 = 1;

  constructor(source: CineSource, refreshes: Refreshes) {
    this.#source = source;
    this.#refreshes = refreshes;
  }

  get playing(): boolean {
    return this.#request !== undefined;
  }

  get framesPerSecond(): number {
    return Math.round(1000 / this.#interval());
  }

  start(): void {
    if (this.#request !== undefined) return;
    this.#last = performance.now();
    this.#direction = 1;
    if (this.mode === 'once' && this.#source.position() >= this.#source.count() - 1) this.#source.show(0);
    this.#request = this.#refreshes.request(this.#tick);
  }

  stop(): void {
    if (this.#request !== undefined) this.#refreshes.cancel(this.#request);
    this.#request = undefined;
  }

  #interval(): number {
    if (this.rate !== undefined) return 1000 / this.rate;
    const said = this.#source.frameTimeMs();
    return said !== undefined && said > 0 ? said : DEFAULT_FRAME_MS;
  }

  readonly #tick = (time: number): void => {
    if (this.#source.isShown() && time - this.#last >= this.#interval() - TOLERANCE_MS) {
      this.#last = time;
      this.#next();
    }
    // The next frame may have ended the series' playing.
    if (this.#request !== undefined) this.#request = this.#refreshes.request(this.#tick);
  };

  #next(): void {
    const count = this.#source.count();
    const at = this.#source.position();
    if (this.mode === 'once' && at >= count - 1) {
      this.stop();
      this.#source.ended();
      return;
    }
    if (this.mode === 'sweep' && (at + this.#direction < 0 || at + this.#direction >= count))
      this.#direction = this.#direction === 1 ? -1 : 1;
    this.#source.show((at + (this.mode === 'sweep' ? this.#direction : 1) + count) % count);
  }
}
