import type { AreaKind, Point } from './model.ts';
import { type GreyPixels, modalityValueAt } from './pixels.ts';

/** Of the modality values of the pixels whose centres lie inside; padding is no value. */
export interface RoiStatistics {
  readonly count: number;
  readonly mean: number;
  /** Of the sample (n − 1). */
  readonly deviation: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Counts of values between minimum and maximum, in equal steps. */
  readonly histogram: readonly number[];
}

const BINS = 48;

export function roiStatistics(frame: GreyPixels, kind: AreaKind, points: readonly Point[]): RoiStatistics | undefined {
  let count = 0;
  let sum = 0;
  let squares = 0;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  // Differences from a value inside keep the sum of squares exact where values are large and alike.
  let shift: number | undefined;
  visit(frame, kind, points, (value) => {
    shift ??= value;
    const difference = value - shift;
    count += 1;
    sum += difference;
    squares += difference * difference;
    if (value < low) low = value;
    if (value > high) high = value;
  });
  if (count === 0 || shift === undefined) return undefined;
  const histogram = Array.from({ length: BINS }, () => 0);
  const span = high - low;
  visit(frame, kind, points, (value) => {
    const bin = span === 0 ? 0 : Math.min(BINS - 1, Math.floor(((value - low) / span) * BINS));
    histogram[bin] = (histogram[bin] ?? 0) + 1;
  });
  return {
    count,
    mean: shift + sum / count,
    deviation: count < 2 ? 0 : Math.sqrt(Math.max(0, (squares - (sum * sum) / count) / (count - 1))),
    minimum: low,
    maximum: high,
    histogram,
  };
}

/** Modality value of the pixel under an image coordinate; undefined outside and on padding. */
export function valueAt(frame: GreyPixels, { x, y }: Point): number | undefined {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  if (column < 0 || row < 0 || column >= frame.columns || row >= frame.rows) return undefined;
  const at = row * frame.columns + column;
  return isPadding(frame, at) ? undefined : finite(modalityValueAt(frame, at));
}

function visit(frame: GreyPixels, kind: AreaKind, points: readonly Point[], take: (value: number) => void): void {
  const { columns, rows } = frame;
  const top = Math.max(0, Math.floor(Math.min(...points.map(({ y }) => y))));
  const bottom = Math.min(rows - 1, Math.ceil(Math.max(...points.map(({ y }) => y))));
  for (let row = top; row <= bottom; row++) {
    for (const [from, to] of spans(kind, points, row + 0.5)) {
      const first = Math.max(0, Math.ceil(from - 0.5));
      const last = Math.min(columns - 1, Math.floor(to - 0.5));
      for (let at = row * columns + first; at <= row * columns + last; at++) {
        const value = isPadding(frame, at) ? undefined : finite(modalityValueAt(frame, at));
        if (value !== undefined) take(value);
      }
    }
  }
}

function isPadding({ levels, padding, paddingLimit = padding }: GreyPixels, at: number): boolean {
  const stored = levels[0]?.samples[at];
  if (stored === undefined || padding === undefined || paddingLimit === undefined) return false;
  return stored >= Math.min(padding, paddingLimit) && stored <= Math.max(padding, paddingLimit);
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

/** Where the line through `y` is inside the shape. */
function spans(kind: AreaKind, points: readonly Point[], y: number): readonly (readonly [number, number])[] {
  if (kind === 'ellipse' || kind === 'rectangle') {
    const { left, top, width, height } = boxOf(points);
    if (y < top || y > top + height) return [];
    if (kind === 'rectangle') return [[left, left + width]];
    const share = height === 0 ? 0 : ((y - top) / height) * 2 - 1;
    const half = (width / 2) * Math.sqrt(Math.max(0, 1 - share * share));
    return [[left + width / 2 - half, left + width / 2 + half]];
  }
  const crossings: number[] = [];
  for (const [index, a] of points.entries()) {
    const b = points[(index + 1) % points.length];
    if (b === undefined || a.y > y === b.y > y) continue;
    crossings.push(a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x));
  }
  crossings.sort((a, b) => a - b);
  return crossings.flatMap((from, index) => (index % 2 === 0 ? [[from, crossings[index + 1] ?? from] as const] : []));
}

export function boxOf(points: readonly Point[]): { left: number; top: number; width: number; height: number } {
  const left = Math.min(...points.map(({ x }) => x));
  const top = Math.min(...points.map(({ y }) => y));
  return { left, top, width: Math.max(...points.map(({ x }) => x)) - left, height: Math.max(...points.map(({ y }) => y)) - top };
}

/** Enclosed pixels, as a real number. */
export function areaOf(kind: AreaKind, points: readonly Point[]): number {
  const { width, height } = boxOf(points);
  if (kind === 'rectangle') return width * height;
  if (kind === 'ellipse') return (Math.PI / 4) * width * height;
  let twice = 0;
  for (const [index, a] of points.entries()) {
    const b = points[(index + 1) % points.length];
    if (b !== undefined) twice += a.x * b.y - b.x * a.y;
  }
  return Math.abs(twice) / 2;
}
