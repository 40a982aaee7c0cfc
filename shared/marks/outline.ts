import type { Annotation, Point } from './model.ts';
import { boxOf } from './statistics.ts';

/** From image coordinates to those of what is drawn on. */
type Place = (point: Point) => Point;

/**
 * The lines of a mark where it is drawn; a closed one ends where it began. `unit`: how much of that is a pixel of an ordinary screen, the measure
 * of heads and ticks.
 */
export function outlineOf(annotation: Annotation, place: Place, unit = 1): readonly (readonly Point[])[] {
  const points = annotation.points.map(place);
  const [a, b, c, d] = points;
  if (a === undefined) return [];
  switch (annotation.kind) {
    case 'length':
    case 'calibration':
      return b === undefined ? [dot(a, unit)] : [[a, b], tick(a, b, unit), tick(b, a, unit)];
    case 'bidirectional':
      return [points.slice(0, 2), points.slice(2, 4)];
    case 'angle':
      return [points];
    case 'cobb':
      if (b === undefined) return [dot(a, unit)];
      if (c === undefined) return [[a, b]];
      return [[a, b], d === undefined ? dot(c, unit) : [c, d]];
    case 'arrow':
      return b === undefined ? [dot(a, unit)] : [[a, b], arrowHead(a, b, unit)];
    case 'ellipse':
    case 'rectangle':
      return [boxOutline(annotation, place)];
    case 'freehand':
    case 'polygon':
      return [[...points, a]];
    case 'probe':
      return [
        [moved(a, -6 * unit, 0), moved(a, 6 * unit, 0)],
        [moved(a, 0, -6 * unit), moved(a, 0, 6 * unit)],
      ];
    case 'spine':
    case 'text':
      return [dot(a, unit)];
    default:
      return [];
  }
}

/** Where the lines beside a mark begin, the middle of their height: right of it, of an arrow at its tail, of an angle between its legs. */
export function labelPlace({ kind }: Annotation, points: readonly Point[], unit = 1): Point {
  const { left, top, width, height } = boxOf(points);
  const tail = kind === 'arrow' ? points[1] : undefined;
  if (tail !== undefined) return moved(tail, 8 * unit, 0);
  const [a, vertex, b] = kind === 'angle' ? points : [];
  if (a !== undefined && vertex !== undefined && b !== undefined) return inside(a, vertex, b, unit);
  return { x: left + width + 10 * unit, y: top + height / 2 };
}

function moved({ x, y }: Point, across: number, down: number): Point {
  return { x: x + across, y: y + down };
}

function dot(at: Point, unit: number): Point[] {
  return [moved(at, -unit, 0), moved(at, unit, 0)];
}

/** A stroke across the end of a length. */
function tick(at: Point, from: Point, unit: number): Point[] {
  const length = Math.hypot(at.x - from.x, at.y - from.y) || 1;
  const [x, y] = [((at.y - from.y) / length) * 5 * unit, ((from.x - at.x) / length) * 5 * unit];
  return [moved(at, x, y), moved(at, -x, -y)];
}

function arrowHead(tip: Point, from: Point, unit: number): Point[] {
  const angle = Math.atan2(from.y - tip.y, from.x - tip.x);
  const side = (turn: number) => moved(tip, 11 * unit * Math.cos(angle + turn), 11 * unit * Math.sin(angle + turn));
  return [side(0.4), tip, side(-0.4)];
}

/** Ellipse or rectangle in image coordinates, which may be shown turned. */
function boxOutline({ kind, points }: Annotation, place: Place): Point[] {
  const { left, top, width, height } = boxOf(points);
  const at = (x: number, y: number) => place({ x: left + (width / 2) * (1 + x), y: top + (height / 2) * (1 + y) });
  if (kind === 'rectangle') return [at(-1, -1), at(1, -1), at(1, 1), at(-1, 1), at(-1, -1)];
  return Array.from({ length: 73 }, (_, index) => at(Math.cos((index * Math.PI) / 36), Math.sin((index * Math.PI) / 36)));
}

/** Between the legs of an angle. */
function inside(a: Point, vertex: Point, b: Point, unit: number): Point {
  const towards = (point: Point) => {
    const length = Math.hypot(point.x - vertex.x, point.y - vertex.y) || 1;
    return { x: (point.x - vertex.x) / length, y: (point.y - vertex.y) / length };
  };
  const [one, other] = [towards(a), towards(b)];
  const [x, y] = [one.x + other.x, one.y + other.y];
  const length = Math.hypot(x, y) || 1;
  return { x: vertex.x + ((x / length) * 24 - (x < 0 ? 36 : 0)) * unit, y: vertex.y + (y / length) * 24 * unit };
}
