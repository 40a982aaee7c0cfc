import type { ImageModule } from '../../../shared/contract/index.ts';
import type { Point } from '../geometry.ts';

export type Vector = readonly [x: number, y: number, z: number];

/** Where a frame lies in the patient (PS3.3 C.7.6.2.1.1); mm. */
export interface Plane {
  readonly frameOfReferenceUID: string;
  /** Centre of the first pixel. */
  readonly origin: Vector;
  /** Unit vectors along rows (to the right) and columns (downwards), and their normal. */
  readonly right: Vector;
  readonly down: Vector;
  readonly normal: Vector;
  /** Between columns and between rows. */
  readonly stepX: number;
  readonly stepY: number;
  readonly columns: number;
  readonly rows: number;
}

/** The plane of a frame; undefined where position, orientation or spacing is absent or cannot be used. */
export function planeOfFrame(image: ImageModule, frame: number): Plane | undefined {
  const own = image.reading?.frames?.[frame];
  const position = own?.position ?? (frame === 0 || image.reading?.frames === undefined ? image.imagePositionPatient : undefined);
  const orientation = own?.orientation ?? image.imageOrientationPatient;
  const [stepY = 0, stepX = 0] = image.pixelSpacing ?? [];
  if (position === undefined || orientation?.length !== 6 || !(stepX > 0) || !(stepY > 0)) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = orientation;
  const right = unit([a, b, c]);
  const down = unit([d, e, f]);
  if (right === undefined || down === undefined || !position.every(Number.isFinite)) return undefined;
  const normal = unit(cross(right, down));
  if (normal === undefined) return undefined;
  return {
    frameOfReferenceUID: image.reading?.frameOfReferenceUID ?? '',
    origin: position,
    right,
    down,
    normal,
    stepX,
    stepY,
    columns: image.columns,
    rows: image.rows,
  };
}

/** Image coordinates (0\0 is the outer corner of the first pixel) → patient coordinates. */
export function toPatient(plane: Plane, { x, y }: Point): Vector {
  const across = (x - 0.5) * plane.stepX;
  const along = (y - 0.5) * plane.stepY;
  const at = (axis: 0 | 1 | 2) => plane.origin[axis] + plane.right[axis] * across + plane.down[axis] * along;
  return [at(0), at(1), at(2)];
}

/** Patient coordinates → image coordinates of the foot of the perpendicular, and its signed length. */
export function toImage(plane: Plane, point: Vector): Point & { readonly distance: number } {
  const from = subtract(point, plane.origin);
  return {
    x: dot(from, plane.right) / plane.stepX + 0.5,
    y: dot(from, plane.down) / plane.stepY + 0.5,
    distance: dot(from, plane.normal),
  };
}

const PARALLEL = 0.995;
const NEARLY_ACROSS = 0.98;

export function areParallel(a: Pick<Plane, 'normal'>, b: Pick<Plane, 'normal'>): boolean {
  return Math.abs(dot(a.normal, b.normal)) > PARALLEL;
}

export function shareSpace(a: Plane | undefined, b: Plane | undefined): boolean {
  return a !== undefined && b !== undefined && a.frameOfReferenceUID !== '' && a.frameOfReferenceUID === b.frameOfReferenceUID;
}

/** The line in which `other` cuts `plane`, as far as the image of `other` reaches, in image coordinates of `plane`; undefined where they are nearly parallel. */
export function referenceLine(plane: Plane, other: Plane): readonly [Point, Point] | undefined {
  if (Math.abs(dot(plane.normal, other.normal)) > NEARLY_ACROSS) return undefined;
  const corners = [
    [0, 0],
    [other.columns, 0],
    [other.columns, other.rows],
    [0, other.rows],
  ].map(([x = 0, y = 0]) => toImage(plane, toPatient(other, { x, y })));
  const ends: Point[] = [];
  for (const [index, a] of corners.entries()) {
    const b = corners[(index + 1) % corners.length];
    if (b === undefined || a.distance > 0 === b.distance > 0) continue;
    const share = a.distance / (a.distance - b.distance);
    ends.push({ x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share });
  }
  const [one, two] = ends;
  return one === undefined || two === undefined ? undefined : [one, two];
}

/** The plane nearest to a point of the patient, of those in its space; undefined where none is. */
export function nearestPlane(planes: readonly (Plane | undefined)[], frameOfReferenceUID: string, point: Vector): number | undefined {
  let best: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, plane] of planes.entries()) {
    if (plane === undefined || plane.frameOfReferenceUID !== frameOfReferenceUID) continue;
    const distance = Math.abs(dot(subtract(point, plane.origin), plane.normal));
    if (distance < least - 1e-6) {
      least = distance;
      best = index;
    }
  }
  return best;
}

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function subtract(a: Vector, b: Vector): Vector {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function unit(vector: Vector): Vector | undefined {
  const length = Math.hypot(...vector);
  return length > 1e-6 && Number.isFinite(length) ? [vector[0] / length, vector[1] / length, vector[2] / length] : undefined;
}
