import type { Point } from '../../geometry.ts';
import { type Plane, toImage } from '../../sync/planes.ts';
import type { Colour } from '../colours.ts';
import type { Contour, RegionOfInterest } from './structures.ts';

/** A contour in image coordinates. */
export interface DrawnContour {
  readonly closed: boolean;
  readonly points: readonly Point[];
}

/** Contours of a region that lie in a plane, `reach` mm before and behind it. */
export function contoursOn(region: RegionOfInterest, plane: Plane, reach: number): DrawnContour[] {
  if (region.frameOfReferenceUID !== '' && region.frameOfReferenceUID !== plane.frameOfReferenceUID) return [];
  const drawn: DrawnContour[] = [];
  for (const contour of region.contours) {
    const points = pointsOn(contour, plane, reach);
    if (points !== undefined) drawn.push({ closed: contour.type.startsWith('CLOSED'), points });
  }
  return drawn;
}

function pointsOn({ points }: Contour, plane: Plane, reach: number): Point[] | undefined {
  const drawn: Point[] = [];
  for (let i = 0; i + 2 < points.length; i += 3) {
    const at = toImage(plane, [points[i] ?? 0, points[i + 1] ?? 0, points[i + 2] ?? 0]);
    if (Math.abs(at.distance) > reach) return undefined;
    drawn.push({ x: at.x, y: at.y });
  }
  return drawn.length === 0 ? undefined : drawn;
}

/** Levels of a dose, per cent of its maximum or of what was prescribed, and what is painted from each on. */
export const DOSE_LEVELS: readonly { readonly percent: number; readonly colour: Colour }[] = [
  { percent: 107, colour: [158, 1, 120] },
  { percent: 100, colour: [178, 16, 40] },
  { percent: 95, colour: [214, 47, 39] },
  { percent: 90, colour: [244, 109, 67] },
  { percent: 80, colour: [253, 174, 97] },
  { percent: 70, colour: [254, 224, 100] },
  { percent: 50, colour: [120, 198, 121] },
  { percent: 30, colour: [65, 182, 196] },
  { percent: 10, colour: [69, 117, 180] },
];

/** RGBA of a dose plane: each point has the colour of the highest level that it reaches. `hundred`: the dose that is 100 %. */
export function paintDose(dose: Float32Array, hundred: number, isShown: (percent: number) => boolean): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(dose.length * 4);
  for (let i = 0; i < dose.length; i++) {
    const percent = ((dose[i] ?? 0) / hundred) * 100;
    const level = DOSE_LEVELS.find((one) => percent >= one.percent);
    if (level === undefined || !isShown(level.percent)) continue;
    rgba.set(level.colour, i * 4);
    rgba[i * 4 + 3] = 255;
  }
  return rgba;
}
