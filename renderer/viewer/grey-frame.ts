import type { DecodedFrame, Samples, ValueTable } from '../../shared/codecs/index.ts';
import type { ImageModule } from '../../shared/contract/index.ts';
import { modalityFunction, storedPadding } from '../../shared/marks/index.ts';
import type { ExactSamples, GreyFrame, GreyLevel, GreySamples } from './decode-messages.ts';
import { isLarge } from './stack.ts';
import type { Window } from './voi.ts';

/** Everything the page needs to draw a monochrome frame without looking at its pixels: range, padding, histogram window, pyramid. */
export function toGreyFrame(decoded: DecodedFrame, image: ImageModule, tables: GreyTables = {}): GreyFrame {
  const { samples, slope, intercept, bits, exact } = toSixteenBits(decoded, image);
  const signed = samples instanceof Int8Array || samples instanceof Int16Array;
  const first = signed ? -(2 ** (bits - 1)) : 0;
  const last = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  const padding = exact === undefined ? storedPadding(image.pixelPaddingValue, first, last) : undefined;
  const paddingLimit = padding === undefined ? undefined : storedPadding(image.pixelPaddingRangeLimit, first, last);
  const histogram = countValues(samples, first, last);
  if (padding !== undefined) clear(histogram, padding - first, (paddingLimit ?? padding) - first);
  const { low, high, p1, p99 } = quantiles(histogram, first);
  const { modalityLUT, voiLUTs } = tables;
  const toModality = modalityFunction({ slope, intercept, modalityLUT });
  const level: GreyLevel = { columns: decoded.columns, rows: decoded.rows, samples };
  return {
    kind: 'grey',
    columns: decoded.columns,
    rows: decoded.rows,
    levels: isLarge(decoded) ? pyramid(level) : [level],
    first,
    last,
    slope,
    intercept,
    ...(modalityLUT === undefined ? {} : { modalityLUT }),
    ...(voiLUTs === undefined ? {} : { voiLUTs }),
    ...(exact === undefined ? {} : { exact }),
    padding,
    ...(paddingLimit === undefined ? {} : { paddingLimit }),
    low: Math.min(toModality(low), toModality(high)),
    high: Math.max(toModality(low), toModality(high)),
    autoWindow: spanning(toModality(p1), toModality(p99)),
  };
}

export interface GreyTables {
  readonly modalityLUT?: ValueTable | undefined;
  readonly voiLUTs?: readonly ValueTable[] | undefined;
}

/** Look-up tables reach 16 bits: deeper values are scaled down to their own range, and the rescale takes that back. */
function toSixteenBits(
  decoded: DecodedFrame,
  image: ImageModule,
): { samples: GreySamples; slope: number; intercept: number; bits: number; exact?: ExactSamples } {
  const { samples, bitsStored } = decoded;
  const { rescaleSlope, rescaleIntercept } = image;
  const slope = Number.isFinite(rescaleSlope) && rescaleSlope !== 0 ? rescaleSlope : 1;
  const intercept = Number.isFinite(rescaleIntercept) ? rescaleIntercept : 0;
  const isShallow = samples.BYTES_PER_ELEMENT <= 2;
  if (isShallow) return { samples: samples as GreySamples, slope, intercept, bits: bitsStored };
  const [low, high] = extent(samples, image);
  const isFloat = samples instanceof Float32Array || samples instanceof Float64Array;
  const step = Math.max(isFloat ? Number.MIN_VALUE : 1, (high - low) / 65_535);
  const scaled = new Uint16Array(samples.length);
  // What is no number at all, and padding outside of the range, goes to its ends.
  for (let i = 0; i < samples.length; i++) scaled[i] = Math.max(0, Math.min(65_535, Math.round(((samples[i] ?? 0) - low) / step)));
  const exact = { samples, slope, intercept };
  return { samples: scaled, slope: slope * step, intercept: intercept + low * slope, bits: 16, exact };
}

/** Smallest and largest finite value, padding left out. */
function extent(samples: Samples, { pixelPaddingValue, pixelPaddingRangeLimit }: ImageModule): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const from = Math.min(pixelPaddingValue ?? Number.NaN, pixelPaddingRangeLimit ?? pixelPaddingValue ?? Number.NaN);
  const to = Math.max(pixelPaddingValue ?? Number.NaN, pixelPaddingRangeLimit ?? pixelPaddingValue ?? Number.NaN);
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i] ?? 0;
    if (!Number.isFinite(value) || (value >= from && value <= to)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? [0, 0] : [low, high];
}

function clear(histogram: Uint32Array, from: number, to: number): void {
  histogram.fill(0, Math.min(from, to), Math.max(from, to) + 1);
}

function countValues(samples: GreySamples, first: number, last: number): Uint32Array {
  const histogram = emptyHistogram(last - first + 1);
  // Four of five pixels of a large image tell its histogram no better.
  const step = samples.length > 4_000_000 ? 5 : 1;
  for (let i = 0; i < samples.length; i += step) {
    const at = (samples[i] as number) - first;
    histogram[at] = (histogram[at] as number) + 1;
  }
  return histogram;
}

let lastHistogram = new Uint32Array(0);

/** The same memory for all frames of a series: that of 16 bits takes a quarter of a megabyte. */
function emptyHistogram(length: number): Uint32Array {
  if (lastHistogram.length === length) lastHistogram.fill(0);
  else lastHistogram = new Uint32Array(length);
  return lastHistogram;
}

function quantiles(histogram: Uint32Array, first: number): { low: number; high: number; p1: number; p99: number } {
  let total = 0;
  let low = -1;
  let high = 0;
  for (let i = 0; i < histogram.length; i++) {
    const count = histogram[i] as number;
    if (count === 0) continue;
    if (low < 0) low = i;
    high = i;
    total += count;
  }
  if (total === 0) return { low: first, high: first, p1: first, p99: first };
  let seen = 0;
  let p1 = low;
  let p99 = high;
  for (let i = low; i <= high; i++) {
    const before = seen;
    seen += histogram[i] ?? 0;
    if (before <= total * 0.01 && seen > total * 0.01) p1 = i;
    if (before < total * 0.99 && seen >= total * 0.99) p99 = i;
  }
  return { low: low + first, high: high + first, p1: p1 + first, p99: p99 + first };
}

function spanning(a: number, b: number): Window {
  const low = Math.min(a, b);
  const high = Math.max(a, b);
  return { center: (low + high) / 2, width: Math.max(high - low, high > 16 ? 1 : 1e-3), function: 'LINEAR_EXACT' };
}

/** Each level has half the size of the one before, every value the mean of four; down to a few hundred pixels. */
function pyramid(level: GreyLevel): GreyLevel[] {
  const levels = [level];
  let last = level;
  while (last.columns > 512 || last.rows > 512) {
    last = halve(last);
    levels.push(last);
  }
  return levels;
}

function halve({ columns, rows, samples }: GreyLevel): GreyLevel {
  const width = Math.max(1, columns >> 1);
  const height = Math.max(1, rows >> 1);
  const halved = new (samples.constructor as new (length: number) => GreySamples)(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    let from = 2 * y * columns;
    const below = rows > 1 ? columns : 0;
    const right = columns > 1 ? 1 : 0;
    for (let x = 0; x < width; x++, from += 2, to++) {
      const sum = (samples[from] ?? 0) + (samples[from + right] ?? 0) + (samples[from + below] ?? 0) + (samples[from + below + right] ?? 0);
      halved[to] = (sum + 2) >> 2;
    }
  }
  return { columns: width, rows: height, samples: halved };
}
