import type { ImageModule } from '../contract/index.ts';
import { type Calibration, calibrationAt, type ScaledImage } from './calibration.ts';
import { type Annotation, isArea, type Point } from './model.ts';
import type { ColourPixels, GreyPixels, Pixels } from './pixels.ts';
import { areaOf, type RoiStatistics, roiStatistics, valueAt } from './statistics.ts';

/** A figure with its unit; where it is of a scale that a reader must know about, `note` says so. */
export interface Figure {
  readonly what: 'length' | 'short' | 'angle' | 'area' | 'value' | 'across' | 'along';
  readonly value: number;
  readonly unit: string;
}

export interface Measurement {
  readonly figures: readonly Figure[];
  readonly statistics?: RoiStatistics;
  /** Unit of the modality values; '' = stored values. */
  readonly valueUnit: string;
  readonly note?: Calibration['note'];
  /** Colour of the pixel under a probe. */
  readonly colour?: readonly [red: number, green: number, blue: number];
}

/** What an image says of its scale and of its values. */
export type MeasuredImage = ScaledImage & Pick<ImageModule, 'suv' | 'rescaleType'>;

/** An area of more pixels than this is not evaluated anew with each move of the pointer. */
const SLOW_PIXELS = 1_500_000;

/** What a mark measures, from its points and the modality values of the pixels. `draft`: while it is being drawn. */
export function measure(
  annotation: Annotation,
  image: MeasuredImage,
  modality: string,
  drawn: Pixels | undefined,
  options: { readonly byHand?: Annotation | undefined; readonly draft?: boolean } = {},
): Measurement {
  const { kind, points } = annotation;
  const scale = calibrationAt(image, points, kind === 'calibration' ? annotation : options.byHand);
  const { unit, factor } = valueScale(image, modality);
  const [a, b, c, d] = points;
  const base = { valueUnit: unit, ...(scale.note === undefined ? {} : { note: scale.note }) };
  switch (kind) {
    case 'length':
    case 'calibration':
      return { ...base, figures: a === undefined || b === undefined ? [] : lengthFigures(scale, a, b) };
    case 'bidirectional':
      return {
        ...base,
        figures: [
          ...(a === undefined || b === undefined ? [] : lengthFigures(scale, a, b)),
          ...(c === undefined || d === undefined
            ? []
            : lengthFigures(scale, c, d).map((figure) => ({ ...figure, what: 'short' as const }))),
        ],
      };
    case 'angle':
      return a === undefined || b === undefined || c === undefined
        ? { valueUnit: unit, figures: [] }
        : { valueUnit: unit, figures: [{ what: 'angle', value: angleBetween(scale, [b, a], [b, c]), unit: '°' }] };
    case 'cobb':
      return a === undefined || b === undefined || c === undefined || d === undefined
        ? { valueUnit: unit, figures: [] }
        : { valueUnit: unit, figures: [{ what: 'angle', value: cobbAngle(scale, [a, b], [c, d]), unit: '°' }] };
    case 'probe': {
      if (a === undefined || drawn === undefined) return { valueUnit: unit, figures: [] };
      if (drawn.kind === 'colour') return { valueUnit: unit, figures: [], ...colourAt(drawn, a) };
      const value = valueAt(drawn, a);
      return { valueUnit: unit, figures: value === undefined ? [] : [{ what: 'value', value: value * factor, unit }] };
    }
    default: {
      if (!isArea(kind)) return { valueUnit: unit, figures: [] };
      const pixels = areaOf(kind, points);
      const skip = options.draft === true && pixels > SLOW_PIXELS;
      const statistics = drawn?.kind !== 'grey' || skip ? undefined : statisticsOf(annotation, drawn);
      return {
        ...base,
        figures: areaFigures(scale, pixels),
        ...(statistics === undefined ? {} : { statistics: scaledBy(statistics, factor) }),
      };
    }
  }
}

const known = new WeakMap<Annotation, { drawn: Pixels; statistics: RoiStatistics | undefined }>();

/** Computed once for a mark and the pixels under it. */
function statisticsOf(annotation: Annotation, drawn: GreyPixels): RoiStatistics | undefined {
  if (!isArea(annotation.kind)) return undefined;
  const before = known.get(annotation);
  if (before?.drawn === drawn) return before.statistics;
  const statistics = roiStatistics(drawn, annotation.kind, annotation.points);
  known.set(annotation, { drawn, statistics });
  return statistics;
}

function lengthFigures(scale: Calibration, a: Point, b: Point): Figure[] {
  const across = Math.abs(b.x - a.x) * scale.x;
  const along = Math.abs(b.y - a.y) * scale.y;
  if (scale.kind !== 'other') return [{ what: 'length', value: Math.hypot(across, along), unit: scale.unitX }];
  const figures: Figure[] = [
    { what: 'across', value: across, unit: scale.unitX },
    { what: 'along', value: along, unit: scale.unitY },
  ];
  return figures.filter(({ unit }) => unit !== '');
}

function areaFigures(scale: Calibration, pixels: number): Figure[] {
  if (scale.kind === 'other') return [];
  return [{ what: 'area', value: pixels * scale.x * scale.y, unit: scale.kind === 'mm' ? 'mm²' : 'px²' }];
}

type Line = readonly [Point, Point];

function angleBetween(scale: Calibration, [o, a]: Line, [p, b]: Line): number {
  const [ax, ay] = [(a.x - o.x) * scale.x, (a.y - o.y) * scale.y];
  const [bx, by] = [(b.x - p.x) * scale.x, (b.y - p.y) * scale.y];
  return (Math.abs(Math.atan2(ax * by - ay * bx, ax * bx + ay * by)) * 180) / Math.PI;
}

/** Between two lines without direction: at most 90°. */
function cobbAngle(scale: Calibration, one: Line, other: Line): number {
  const angle = angleBetween(scale, one, other);
  return angle > 90 ? 180 - angle : angle;
}

/** What a modality value is multiplied with to be read, and its unit; '' where values are what is stored. */
function valueScale(image: MeasuredImage, modality: string): { factor: number; unit: string } {
  if (image.suv !== undefined && 'factor' in image.suv) return { factor: image.suv.factor, unit: 'SUV' };
  const type = image.rescaleType.trim();
  if (type !== '' && type !== 'US') return { factor: 1, unit: type };
  if (modality === 'CT') return { factor: 1, unit: 'HU' };
  return { factor: 1, unit: PET_UNITS[image.reading?.units ?? ''] ?? '' };
}

function scaledBy(statistics: RoiStatistics, factor: number): RoiStatistics {
  if (factor === 1) return statistics;
  const { mean, deviation, minimum, maximum } = statistics;
  return { ...statistics, mean: mean * factor, deviation: deviation * factor, minimum: minimum * factor, maximum: maximum * factor };
}

const PET_UNITS: Readonly<Partial<Record<string, string>>> = {
  BQML: 'Bq/ml',
  GML: 'g/ml SUV',
  CNTS: 'counts',
  CM2ML: 'cm²/ml',
  PROPCPS: 'counts/s',
};

function colourAt(drawn: ColourPixels, { x, y }: Point): Pick<Measurement, 'colour'> {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  if (column < 0 || row < 0 || column >= drawn.columns || row >= drawn.rows) return {};
  const at = (row * drawn.columns + column) * 4;
  return { colour: [drawn.rgba[at] ?? 0, drawn.rgba[at + 1] ?? 0, drawn.rgba[at + 2] ?? 0] };
}

/** A figure for people: as many digits as the hand can set. */
export function formatFigure({ value, unit }: Pick<Figure, 'value' | 'unit'>): string {
  if (unit === 'mm²' && value >= 100) return `${fixed(value / 100, 2)} cm²`;
  if (unit === '°') return `${fixed(value, 1)}°`;
  const digits = unit === 'mm' || unit === 'mm²' ? 1 : unit === 'px' ? 1 : undefined;
  return `${digits === undefined ? formatValue(value) : fixed(value, digits)}${unit === '' ? '' : ` ${unit}`}`;
}

/** A modality value: whole ones whole, others with three significant digits or one decimal. */
export function formatValue(value: number): string {
  if (Number.isInteger(value)) return String(value);
  if (Math.abs(value) >= 100) return fixed(value, 1);
  return String(Number(value.toPrecision(3)));
}

function fixed(value: number, digits: number): string {
  return value.toFixed(digits);
}
