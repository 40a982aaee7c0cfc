import type { ValueTable } from '../codecs/index.ts';
import { valueAt } from '../codecs/lookup-table.ts';

/** Pixels that marks are measured on. */
export type Pixels = GreyPixels | ColourPixels;

export interface ColourPixels {
  readonly kind: 'colour';
  readonly columns: number;
  readonly rows: number;
  readonly rgba: ArrayLike<number>;
}

/** How stored values become modality values (PS3.3 C.11.1). */
export interface ModalityRule {
  readonly slope: number;
  readonly intercept: number;
  /** Stands in place of slope and intercept. */
  readonly modalityLUT?: ValueTable | undefined;
}

export interface GreyPixels extends ModalityRule {
  readonly kind: 'grey';
  readonly columns: number;
  readonly rows: number;
  /** The first holds the stored values, row by row. */
  readonly levels: readonly { readonly samples: ArrayLike<number> }[];
  /** Stored values as they are, where `levels` hold them scaled down: 32 bits and floating point. */
  readonly exact?: { readonly samples: ArrayLike<number>; readonly slope: number; readonly intercept: number } | undefined;
  /** Stored value that means "no pixel here"; with a limit the range up (or down) to it. */
  readonly padding: number | undefined;
  readonly paddingLimit?: number | undefined;
}

/** The value of a pixel after the Modality LUT: Hounsfield units and the like. `at` = row × columns + column. */
export function modalityValueAt(pixels: GreyPixels, at: number): number {
  const { exact } = pixels;
  return modalityFunction({ ...pixels, ...exact })((exact?.samples ?? pixels.levels[0]?.samples)?.[at] ?? 0);
}

/** Stored value → modality value. */
export function modalityFunction({ slope, intercept, modalityLUT }: ModalityRule): (stored: number) => number {
  return modalityLUT === undefined ? (stored) => stored * slope + intercept : (stored) => valueAt(modalityLUT, stored);
}

/** Some writers encode the padding of signed pixels as an unsigned number: 63536 is −2000. `first` and `last`: what can be stored. */
export function storedPadding(padding: number | undefined, first: number, last: number): number | undefined {
  if (padding === undefined) return undefined;
  const value = first < 0 && padding > last ? padding - 2 ** 16 : padding;
  return value >= first && value <= last ? value : undefined;
}
