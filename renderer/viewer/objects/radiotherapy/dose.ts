import type { Item } from '../../dataset/item.ts';
import { type Plane, toPatient } from '../../sync/planes.ts';
import { planeFrom } from '../segmentation/segmentation.ts';

/** What the header of an RT Dose says (PS3.3 C.8.8.3). */
export interface DoseGrid {
  /** Of the first frame. */
  readonly plane: Plane;
  /** Of each frame along the normal, mm from the first. */
  readonly offsets: readonly number[];
  readonly scaling: number;
  /** GY, RELATIVE. */
  readonly units: string;
  /** PHYSICAL, EFFECTIVE, ERROR. */
  readonly type: string;
  readonly summation: string;
}

/** Undefined where the grid has no place in the patient. */
export function readDose(dataset: Item): DoseGrid | undefined {
  const [stepY = 0, stepX = 0] = dataset.numbers('00280030');
  const plane = planeFrom({
    frameOfReferenceUID: dataset.string('00200052'),
    rows: dataset.number('00280010') ?? 0,
    columns: dataset.number('00280011') ?? 0,
    position: dataset.numbers('00200032'),
    orientation: dataset.numbers('00200037'),
    stepX,
    stepY,
  });
  const frames = Math.max(1, dataset.number('00280008') ?? 1);
  const given = dataset.numbers('3004000C');
  if (plane === undefined || (frames > 1 && given.length !== frames)) return undefined;
  // The offsets may be positions along z instead, which then begin with that of the first frame (PS3.3 C.8.8.3.2).
  const first = given[0] ?? 0;
  const offsets = frames === 1 ? [0] : given.map((offset) => offset - first);
  return {
    plane,
    offsets,
    scaling: dataset.number('3004000E') ?? 1,
    units: dataset.string('30040002'),
    type: dataset.string('30040004'),
    summation: dataset.string('3004000A'),
  };
}

/** Dose in the patient: stored values of all frames, one after the other, times `scaling`. */
export interface DoseVolume {
  readonly grid: DoseGrid;
  readonly stored: Float32Array;
  /** The highest dose. */
  readonly maximum: number;
}

export function doseVolume(grid: DoseGrid, frames: readonly ArrayLike<number>[]): DoseVolume {
  const size = grid.plane.rows * grid.plane.columns;
  const stored = new Float32Array(size * frames.length);
  let highest = 0;
  for (const [index, frame] of frames.entries()) {
    for (let i = 0; i < size; i++) {
      const value = frame[i] ?? 0;
      stored[index * size + i] = value;
      if (value > highest) highest = value;
    }
  }
  return { grid, stored, maximum: highest * grid.scaling };
}

/** Dose on a plane at `width` × `height` points spread evenly over its image, between the grid's points interpolated; NaN outside of it. */
export function doseOnPlane({ grid, stored }: DoseVolume, plane: Plane, width: number, height: number): Float32Array {
  const { origin, right, down, normal, stepX, stepY, columns, rows } = grid.plane;
  const out = new Float32Array(width * height).fill(Number.NaN);
  const last = grid.offsets.length - 1;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [px, py, pz] = toPatient(plane, { x: ((column + 0.5) * plane.columns) / width, y: ((row + 0.5) * plane.rows) / height });
      const [dx, dy, dz] = [px - origin[0], py - origin[1], pz - origin[2]];
      const x = (dx * right[0] + dy * right[1] + dz * right[2]) / stepX;
      const y = (dx * down[0] + dy * down[1] + dz * down[2]) / stepY;
      const z = frameAt(grid.offsets, dx * normal[0] + dy * normal[1] + dz * normal[2]);
      if (!(x >= -EDGE && y >= -EDGE && x <= columns - 1 + EDGE && y <= rows - 1 + EDGE) || z === undefined) continue;
      out[row * width + column] =
        interpolated(stored, { columns, rows, last }, clamp(x, columns - 1), clamp(y, rows - 1), z) * grid.scaling;
    }
  }
  return out;
}

/** Rounding must not cut the outermost points off. */
const EDGE = 1e-6;

const clamp = (value: number, most: number): number => Math.min(Math.max(value, 0), most);

/** Where between two frames a distance along the normal lies, as a fractional index. */
function frameAt(offsets: readonly number[], distance: number): number | undefined {
  if (offsets.length === 1) return Math.abs(distance) <= 0.5 ? 0 : undefined;
  for (let i = 0; i + 1 < offsets.length; i++) {
    const [from = 0, to = 0] = [offsets[i], offsets[i + 1]];
    const share = (distance - from) / (to - from);
    if (share >= -EDGE && share <= 1 + EDGE) return i + clamp(share, 1);
  }
  return undefined;
}

function interpolated(
  stored: Float32Array,
  { columns, rows, last }: { columns: number; rows: number; last: number },
  x: number,
  y: number,
  z: number,
): number {
  const [x0, y0, z0] = [Math.floor(x), Math.floor(y), Math.floor(z)];
  const [x1, y1, z1] = [Math.min(x0 + 1, columns - 1), Math.min(y0 + 1, rows - 1), Math.min(z0 + 1, last)];
  const [fx, fy, fz] = [x - x0, y - y0, z - z0];
  const at = (column: number, row: number, frame: number): number => stored[(frame * rows + row) * columns + column] ?? 0;
  const between = (from: number, to: number, share: number): number => from + (to - from) * share;
  const inFrame = (frame: number): number =>
    between(between(at(x0, y0, frame), at(x1, y0, frame), fx), between(at(x0, y1, frame), at(x1, y1, frame), fx), fy);
  return fz === 0 ? inFrame(z0) : between(inFrame(z0), inFrame(z1), fz);
}
