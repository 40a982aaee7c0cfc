import type { GreyFrame, GreyLevel, GreySamples } from './decode-messages.ts';

export const FILTERS = ['none', 'smooth', 'sharpen'] as const;
export type Filter = (typeof FILTERS)[number];

const filtered = new WeakMap<GreyFrame, Map<Filter, GreyFrame>>();

/** The frame smoothed or sharpened over 3 × 3 pixels; each level is computed when it is first drawn and kept with the frame. */
export function filterFrame(frame: GreyFrame, filter: Filter): GreyFrame {
  if (filter === 'none') return frame;
  let kinds = filtered.get(frame);
  if (kinds === undefined) {
    kinds = new Map();
    filtered.set(frame, kinds);
  }
  let result = kinds.get(filter);
  if (result === undefined) {
    result = { ...frame, levels: frame.levels.map((level) => new LazyLevel(level, filter, frame)) };
    kinds.set(filter, result);
  }
  return result;
}

class LazyLevel implements GreyLevel {
  readonly columns: number;
  readonly rows: number;
  readonly #source: GreyLevel;
  readonly #filter: Filter;
  readonly #frame: Pick<GreyFrame, 'first' | 'last' | 'padding'>;
  #samples: GreySamples | undefined;

  constructor(source: GreyLevel, filter: Filter, frame: Pick<GreyFrame, 'first' | 'last' | 'padding'>) {
    this.columns = source.columns;
    this.rows = source.rows;
    this.#source = source;
    this.#filter = filter;
    this.#frame = frame;
  }

  get samples(): GreySamples {
    this.#samples ??= convolve(this.#source, this.#filter === 'smooth' ? 0 : 1, this.#frame);
    return this.#samples;
  }
}

/** The binomial mean of 3 × 3 pixels, or the pixel and `gain` times its difference from that mean. Padding stays, edges stay. */
export function convolve(
  { columns, rows, samples }: GreyLevel,
  gain: number,
  { first, last, padding }: Pick<GreyFrame, 'first' | 'last' | 'padding'>,
): GreySamples {
  const result = samples.slice();
  for (let y = 1; y < rows - 1; y++) {
    for (let x = 1; x < columns - 1; x++) {
      const at = y * columns + x;
      const own = samples[at] ?? 0;
      if (own === padding) continue;
      const sum =
        (samples[at - columns - 1] ?? 0) +
        (samples[at - columns + 1] ?? 0) +
        (samples[at + columns - 1] ?? 0) +
        (samples[at + columns + 1] ?? 0) +
        2 * ((samples[at - columns] ?? 0) + (samples[at + columns] ?? 0) + (samples[at - 1] ?? 0) + (samples[at + 1] ?? 0)) +
        4 * own;
      const value = gain === 0 ? sum / 16 : own + gain * (own - sum / 16);
      result[at] = Math.round(value < first ? first : value > last ? last : value);
    }
  }
  return result;
}
