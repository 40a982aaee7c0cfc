import type { ValueTable } from '../../shared/codecs/index.ts';
import { valueAt } from '../../shared/codecs/lookup-table.ts';
import type { ImageModule } from '../../shared/contract/index.ts';
import { modalityFunction } from '../../shared/marks/index.ts';

/** A window as the file stores it, with its label. */
export type StoredWindow = ImageModule['windows'][number];

export type VOIFunction = StoredWindow['function'];

export interface Window {
  readonly center: number;
  readonly width: number;
  readonly function: VOIFunction;
  /** Instead of the function: this table of the image's VOI LUT Sequence (0-based); center and width are then what it covers. */
  readonly voiLUT?: number | undefined;
}

/** What turns stored values into grey: Modality LUT (rescale), VOI LUT (window), polarity. */
export interface GreyTransform {
  /** Range of stored values; the table has an entry for each, starting at min(first, 0). */
  readonly first: number;
  readonly last: number;
  readonly slope: number;
  readonly intercept: number;
  /** Instead of slope and intercept. */
  readonly modalityLUT?: ValueTable | undefined;
  readonly voiLUTs?: readonly ValueTable[] | undefined;
  /** From grey levels to those of a presentation state (PS3.3 C.11.4). */
  readonly presentationLUT?: ValueTable | undefined;
  readonly window: Window;
  readonly invert: boolean;
  /** Stored value that means "no pixel here": what the reader inverts leaves it as it is. With a limit the range up (or down) to it. */
  readonly padding: number | undefined;
  readonly paddingLimit?: number | undefined;
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

type GreyValues = Omit<GreyTransform, 'window' | 'invert'>;

/** How a frame is drawn with a window; `invert` is the reader's. */
export function greyTransform(
  frame: GreyValues,
  image: Pick<ImageModule, 'photometricInterpretation' | 'presentationLUTShape'>,
  window: Window,
  invert: boolean,
): GreyTransform {
  const { first, last, slope, intercept, modalityLUT, voiLUTs, presentationLUT } = frame;
  const padding = invert ? { padding: frame.padding, paddingLimit: frame.paddingLimit } : { padding: undefined };
  return { first, last, slope, intercept, modalityLUT, voiLUTs, presentationLUT, window, invert: invert !== isInverse(image), ...padding };
}

/** Look-up table of stored values to grey levels; entry 0 belongs to min(first, 0), as cornerstone indexes it. */
export function greyTable(transform: GreyTransform): Uint8ClampedArray {
  const { first, last, invert, padding, paddingLimit = padding } = transform;
  const origin = Math.min(first, 0);
  const table = new Uint8ClampedArray(last - origin + 1);
  const toGrey = greyFunction(transform);
  for (let stored = first; stored <= last; stored++) {
    const grey = toGrey(stored);
    table[stored - origin] = invert ? 255 - grey : grey;
  }
  if (padding !== undefined && paddingLimit !== undefined) {
    const from = Math.max(first, Math.min(padding, paddingLimit));
    const to = Math.min(last, Math.max(padding, paddingLimit));
    // A bright frame around a dark picture would dazzle.
    for (let at = from - origin; at <= to - origin; at++) table[at] = 255 - (table[at] ?? 0);
  }
  return table;
}

/** Modality and VOI transformation of one stored value to a grey level 0–255, unrounded, not inverted. */
export function greyFunction(
  transform: Pick<GreyTransform, 'slope' | 'intercept' | 'modalityLUT' | 'voiLUTs' | 'presentationLUT' | 'window'>,
): (stored: number) => number {
  const { presentationLUT, ...before } = transform;
  if (presentationLUT !== undefined) return presentedFunction(greyFunction(before), presentationLUT);
  const { voiLUTs, window } = transform;
  const toModality = modalityFunction(transform);
  const voi = window.voiLUT === undefined ? undefined : voiLUTs?.[window.voiLUT];
  if (voi === undefined) return (stored) => greyOf(toModality(stored), window);
  const white = 2 ** voi.bits - 1;
  return (stored) => (valueAt(voi, toModality(stored)) / white) * 255;
}

/** The whole range of grey levels goes through the whole table (PS3.3 C.11.6.1.1). */
function presentedFunction(toGrey: (stored: number) => number, table: ValueTable): (stored: number) => number {
  const last = table.values.length - 1;
  const white = 2 ** table.bits - 1;
  return (stored) => {
    const share = Math.max(0, Math.min(1, toGrey(stored) / 255));
    return ((table.values[Math.round(share * last)] ?? 0) / white) * 255;
  };
}

/** The lowest value is white: MONOCHROME1, or a Presentation LUT Shape that says so of MONOCHROME2 (PS3.3 C.7.6.3.1.2, C.11.6.1.2). */
export function isInverse({
  photometricInterpretation,
  presentationLUTShape,
}: Pick<ImageModule, 'photometricInterpretation' | 'presentationLUTShape'>): boolean {
  return photometricInterpretation === 'MONOCHROME1' || presentationLUTShape === 'INVERSE';
}

/** What the file offers to look through: its windows, then its VOI LUTs. */
export function storedWindows(image: Pick<ImageModule, 'windows' | 'voiLUTs'>): (Window & { readonly label: string })[] {
  const usable = image.windows.filter(({ center, width }) => Number.isFinite(center) && Number.isFinite(width) && width > 0);
  const tables = (image.voiLUTs ?? []).map(({ firstMapped, entries, label }, voiLUT) => ({
    center: firstMapped + entries / 2,
    width: entries,
    function: 'LINEAR' as const,
    voiLUT,
    label,
  }));
  return [...usable, ...tables];
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
    // From a table on, dragging goes on with the line that covers the same values.
    voiLUT: undefined,
    width: Math.min(MAX_WIDTH, Math.max(least, step(start.width + dx * perPixel))),
    center: step(start.center + dy * perPixel),
  };
}

/** A window's number for people: whole where the values are, else three significant digits. */
export function formatWindowValue(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}
