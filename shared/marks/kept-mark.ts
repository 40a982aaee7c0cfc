import { type Annotation, type AnnotationKind, DRAWN_KINDS, type Point } from './model.ts';

const KINDS: readonly AnnotationKind[] = [...DRAWN_KINDS, 'key-image'];
const MAX_POINTS = 100_000;

/** A mark as user.db keeps it, among those of its study: points as pairs of thousandths, and when it was changed (ms since the epoch). */
export function keptMark({ studyInstanceUID: _, points, ...rest }: Annotation, at: number): object {
  return { ...rest, points: points.map(({ x, y }) => [thousandths(x), thousandths(y)]), at };
}

/** Of a pixel: finer than any hand. */
function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Undefined for what this version does not understand. Without a schema: threads read marks too. */
export function readMark(entry: unknown, studyInstanceUID: string): { annotation: Annotation; at: number } | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const kept: Readonly<Partial<Record<string, unknown>>> = { ...entry };
  const { at, frame, millimetres } = kept;
  const kind = KINDS.find((one) => one === kept.kind);
  const [id, name] = [textOf(kept.id, 1, 64), textOf(kept.name, 0, 1_000)];
  const [seriesInstanceUID, sopInstanceUID] = [textOf(kept.seriesInstanceUID, 1, 128), textOf(kept.sopInstanceUID, 1, 128)];
  const points = pointsOf(kept.points);
  if (kind === undefined || id === undefined || name === undefined || seriesInstanceUID === undefined) return undefined;
  if (sopInstanceUID === undefined || points === undefined || !isWhole(at) || !isWhole(frame) || frame > 1e6) return undefined;
  if (millimetres !== undefined && !(typeof millimetres === 'number' && millimetres > 0 && millimetres <= 1e6)) return undefined;
  const whole = { id, kind, studyInstanceUID, seriesInstanceUID, sopInstanceUID, frame, points, name };
  return { annotation: millimetres === undefined ? whole : { ...whole, millimetres }, at };
}

function textOf(value: unknown, shortest: number, longest: number): string | undefined {
  return typeof value === 'string' && value.length >= shortest && value.length <= longest ? value : undefined;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function pointsOf(value: unknown): Point[] | undefined {
  if (!Array.isArray(value) || value.length > MAX_POINTS) return undefined;
  const points: Point[] = [];
  for (const pair of value as unknown[]) {
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    const [x, y] = pair as unknown[];
    if (!isCoordinate(x) || !isCoordinate(y)) return undefined;
    points.push({ x, y });
  }
  return points;
}

function isCoordinate(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= 1e6;
}
