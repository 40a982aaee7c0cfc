import type { ImageModule, UltrasoundRegion } from '../contract/index.ts';
import type { Annotation, Point } from './model.ts';

/** What a pixel measures where a mark stands. */
export interface Calibration {
  /** `other`: an ultrasound region of time, velocity or the like. */
  readonly kind: 'mm' | 'px' | 'other';
  /** Width and height of a pixel, in the units below. */
  readonly x: number;
  readonly y: number;
  readonly unitX: string;
  readonly unitY: string;
  /** Where the scale comes from, if a reader must know: a key of the catalogue. */
  readonly note?: 'detector' | 'magnified' | 'byHand' | 'ultrasound';
}

/** What an image says of its scale. */
export type ScaledImage = Pick<ImageModule, 'pixelSpacing' | 'pixelAspectRatio' | 'reading'>;

/** Units of an ultrasound region, Physical Units X/Y Direction (PS3.3 C.8.5.5.1.15). */
const ULTRASOUND_UNITS: Readonly<Partial<Record<number, string>>> = {
  1: '%',
  2: 'dB',
  4: 's',
  5: 'Hz',
  6: 'dB/s',
  7: 'cm/s',
  8: 'cm²',
  9: 'cm²/s',
  12: '°',
};
const CENTIMETRES = 3;

/**
 * The scale at `points`: the reader's own calibration, else the ultrasound region that holds them all, else Pixel Spacing, else Imager Pixel
 * Spacing (at the detector; PS3.3 §10.7.1.3), else pixels in their aspect ratio.
 */
export function calibrationAt(image: ScaledImage, points: readonly Point[], byHand?: Annotation): Calibration {
  const own = byHand === undefined ? undefined : calibrationByHand(image, byHand);
  if (own !== undefined) return own;
  const { reading } = image;
  if (reading?.ultrasoundRegions !== undefined) {
    const region = reading.ultrasoundRegions.find((candidate) => points.every((point) => holds(candidate, point)) && isScaled(candidate));
    if (region !== undefined) return ofRegion(region);
  }
  const spacing = usableSpacing(image);
  const imager = reading?.imagerPixelSpacing;
  if (spacing !== undefined) {
    // Equal to the detector's own and not corrected: the same thing under another name.
    const same = imager !== undefined && spacing.every((value, index) => Math.abs(value - (imager[index] ?? 0)) < 1e-6);
    return { ...millimetres(spacing), ...(same && reading?.calibrationType === undefined ? { note: 'detector' as const } : {}) };
  }
  if (imager !== undefined) {
    const factor = reading?.magnification ?? 1;
    return { ...millimetres([imager[0] / factor, imager[1] / factor]), note: factor === 1 ? 'detector' : 'magnified' };
  }
  return pixels(image);
}

function millimetres([row, column]: readonly [number, number] | readonly number[]): Calibration {
  return { kind: 'mm', x: column ?? 1, y: row ?? 1, unitX: 'mm', unitY: 'mm' };
}

/** Pixels, the shorter side of one counting as 1. */
function pixels({ pixelAspectRatio }: ScaledImage): Calibration {
  const [vertical, horizontal] = pixelAspectRatio ?? [1, 1];
  const aspect = horizontal / vertical;
  const usable = Number.isFinite(aspect) && aspect > 0.01 && aspect < 100 ? aspect : 1;
  return { kind: 'px', x: Math.max(1, usable), y: Math.max(1, 1 / usable), unitX: 'px', unitY: 'px' };
}

function calibrationByHand(image: ScaledImage, { points, millimetres: known }: Annotation): Calibration | undefined {
  const [a, b] = points;
  if (a === undefined || b === undefined || known === undefined || !(known > 0)) return undefined;
  const { x, y } = pixels(image);
  const [row = y, column = x] = usableSpacing(image) ?? [];
  const length = Math.hypot((a.x - b.x) * column, (a.y - b.y) * row);
  if (!(length > 0)) return undefined;
  const factor = known / length;
  return { kind: 'mm', x: column * factor, y: row * factor, unitX: 'mm', unitY: 'mm', note: 'byHand' };
}

function holds({ minX, minY, maxX, maxY }: UltrasoundRegion, { x, y }: Point): boolean {
  return x >= minX && x <= maxX + 1 && y >= minY && y <= maxY + 1;
}

function isScaled({ unitsX, unitsY, deltaX, deltaY }: UltrasoundRegion): boolean {
  const known = (unit: number) => unit === CENTIMETRES || ULTRASOUND_UNITS[unit] !== undefined;
  return (known(unitsX) && deltaX > 0) || (known(unitsY) && deltaY > 0);
}

function ofRegion({ unitsX, unitsY, deltaX, deltaY }: UltrasoundRegion): Calibration {
  if (unitsX === CENTIMETRES && unitsY === CENTIMETRES) {
    return { kind: 'mm', x: deltaX * 10, y: deltaY * 10, unitX: 'mm', unitY: 'mm', note: 'ultrasound' };
  }
  const axis = (unit: number, delta: number) =>
    unit === CENTIMETRES ? { size: delta * 10, name: 'mm' } : { size: delta, name: ULTRASOUND_UNITS[unit] ?? '' };
  const [x, y] = [axis(unitsX, deltaX), axis(unitsY, deltaY)];
  return { kind: 'other', x: x.size, y: y.size, unitX: x.name, unitY: y.name };
}

/** Size of an image pixel along the image's columns and rows in mm; undefined where it is not known. */
export function usableSpacing(image: Pick<ImageModule, 'pixelSpacing'>): readonly [row: number, column: number] | undefined {
  const spacing = image.pixelSpacing;
  return spacing?.every((value) => Number.isFinite(value) && value > 0) === true ? spacing : undefined;
}
