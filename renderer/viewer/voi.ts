import type { ImageModule } from '../../shared/contract/index.ts';

/** A window as the file stores it, with its label. */
export type StoredWindow = ImageModule['windows'][number];

export type VOIFunction = StoredWindow['function'];

export interface Window {
  readonly center: number;
  readonly width: number;
  readonly function: VOIFunction;
}

/** What turns stored values into grey: Modality LUT (rescale), VOI LUT (window), polarity. */
export interface GreyTransform {
  /** Range of stored values; the table has an entry for each, starting at min(first, 0). */
  readonly first: number;
  readonly last: number;
  readonly slope: number;
  readonly intercept: number;
  readonly window: Window;
  readonly invert: boolean;
  /** Stored value that means "no pixel here": drawn black whatever the window. */
  readonly padding: number | undefined;
}

/**
 * Grey level (0–255, unrounded) of a modality value. PS3.3 C.11.2.1.2: LINEAR counts its centre between two pixel values and its width
 * by their number, LINEAR_EXACT does not, SIGMOID is the curve of C.11.2.1.3.1.
 */
export function greyOf(value: number, { center, width, function: kind }: Window): number {
  if (kind === 'SIGMOID') return 255 / (1 + Math.exp((-4 * (value - center)) / width));
  if (kind === 'LINEAR_EXACT' || width <= 1) {
    if (width <= 1 && kind === 'LINEAR') return value <= center - 0.5 ? 0 : 255;
    return ((value - center) / width + 0.5) * 255;
  }
  return ((value - (center - 0.5)) / (width - 1) + 0.5) * 255;
}

/** Look-up table of stored values to grey levels; entry 0 belongs to min(first, 0), as cornerstone indexes it. */
export function greyTable(transform: GreyTransform): Uint8ClampedArray {
  const { first, last, slope, intercept, window, invert, padding } = transform;
  const origin = Math.min(first, 0);
  const table = new Uint8ClampedArray(last - origin + 1);
  for (let stored = first; stored <= last; stored++) {
    const grey = greyOf(stored * slope + intercept, window);
    table[stored - origin] = invert ? 255 - grey : grey;
  }
  if (padding !== undefined && padding >= first && padding <= last) table[padding - origin] = 0;
  return table;
}

/** Narrowest and widest window that a drag may reach. */
const MIN_WIDTH = 1e-3;
const MAX_WIDTH = 1e7;

/**
 * Window after the pointer moved by (dx, dy) px since the drag began: to the right wider, downwards a higher
 * centre (darker); the speed follows the range of values so that a CT and a PET feel alike.
 */
export function dragWindow(start: Window, dx: number, dy: number, valueRange: number): Window {
  const perPixel = Math.max(start.width, valueRange / 16) / 320;
  const integral = valueRange > 64;
  const step = (value: number) => (integral ? Math.round(value) : value);
  const least = integral ? 1 : MIN_WIDTH;
  return {
    ...start,
    width: Math.min(MAX_WIDTH, Math.max(least, step(start.width + dx * perPixel))),
    center: step(start.center + dy * perPixel),
  };
}

/** A window's number for people: whole where the values are, else three significant digits. */
export function formatWindowValue(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}
