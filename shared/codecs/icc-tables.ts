import { between, type Curve, curveAt, damaged, fixed, signature, type TagPlace } from './icc-reading.ts';

/** An A2B tag of an RGB profile: curves, a grid between whose points is interpolated, curves and a matrix (ICC.1 §10.10 to §10.12). */
export interface TableProfile {
  readonly kind: 'table';
  /** Of each level of red, green, blue: its place, 0 to 1. */
  readonly input: readonly Float64Array[];
  readonly grid: Grid | undefined;
  /** Behind the grid, where they are: curves, 3 × 4 matrix (rows), curves. Curves are evenly spread entries. */
  readonly middle: readonly Float64Array[] | undefined;
  readonly matrix: readonly number[] | undefined;
  readonly output: readonly Float64Array[] | undefined;
  /** How 0 to 1 means colours: XYZ, CIELab, CIELab of the 16 bits of version 2. */
  readonly space: 'xyz' | 'lab' | 'lab-2';
}

interface Grid {
  /** Points along red, green, blue. */
  readonly points: readonly [number, number, number];
  /** Three values, 0 to 1, for each point; blue runs fastest. */
  readonly values: Float32Array;
}

/** Reads `mft1`, `mft2` or `mAB `; undefined for another type, or one that does not take three channels to three. Throws PhosphorError `damaged`. */
export function tableProfile(view: DataView, place: TagPlace, connection: string): TableProfile | undefined {
  if (place.length < 32) throw damaged();
  const kind = signature(view, place.offset);
  if (kind !== 'mft1' && kind !== 'mft2' && kind !== 'mAB ') return undefined;
  if (view.getUint8(place.offset + 8) !== 3 || view.getUint8(place.offset + 9) !== 3) return undefined;
  const space = connection === 'XYZ ' ? 'xyz' : kind === 'mft2' ? 'lab-2' : 'lab';
  return { kind: 'table', ...(kind === 'mAB ' ? stages(view, place) : tables(view, place, kind === 'mft1' ? 1 : 2)), space };
}

type Stages = Omit<TableProfile, 'kind' | 'space'>;

/** lut8Type and lut16Type. Their matrix is for XYZ on the device's side only. */
function tables(view: DataView, { offset, length }: TagPlace, bytes: 1 | 2): Stages {
  const side = view.getUint8(offset + 10);
  const [inputs, outputs] = bytes === 1 ? [256, 256] : [view.getUint16(offset + 48), view.getUint16(offset + 50)];
  const start = offset + (bytes === 1 ? 48 : 52);
  const gridSize = side ** 3 * 3;
  if (side < 2 || inputs < 2 || outputs < 2 || inputs > 4096 || outputs > 4096) throw damaged();
  if (start - offset + (3 * inputs + gridSize + 3 * outputs) * bytes > length) throw damaged();
  const most = bytes === 1 ? 255 : 65_535;
  const read = (from: number, count: number) =>
    Float64Array.from({ length: count }, (_, i) => (bytes === 1 ? view.getUint8(from + i) : view.getUint16(from + 2 * i)) / most);
  const curves = (from: number, count: number) => [0, 1, 2].map((channel) => read(from + channel * count * bytes, count));
  const gridAt = start + 3 * inputs * bytes;
  return {
    input: curves(start, inputs).map((entries) => levels((x) => between(entries, x))),
    grid: { points: [side, side, side], values: Float32Array.from(read(gridAt, gridSize)) },
    middle: undefined,
    matrix: undefined,
    output: curves(gridAt + gridSize * bytes, outputs),
  };
}

/** lutAToBType: A curves, grid, M curves, matrix, B curves; those before the first that is there are left out. */
function stages(view: DataView, { offset, length }: TagPlace): Stages {
  const [b = 0, matrix = 0, m = 0, grid = 0, a = 0] = [12, 16, 20, 24, 28].map((at) => view.getUint32(offset + at));
  const place = (at: number): TagPlace => {
    if (at >= length) throw damaged();
    return { offset: offset + at, length: length - at };
  };
  const curves = (at: number): Curve[] | undefined => (at === 0 ? undefined : threeCurves(view, place(at)));
  if ((grid === 0) !== (a === 0) || (matrix === 0) !== (m === 0) || b === 0) throw damaged();
  const [first, second, third] = [curves(a), curves(m), curves(b)].filter((one) => one !== undefined);
  if (first === undefined) throw damaged();
  // The curves that come first are only ever asked for 256 levels.
  const later = (one: Curve[] | undefined) => one?.map((curve) => Float64Array.from({ length: STEPS + 1 }, (_, i) => curve(i / STEPS)));
  const hasMatrix = matrix !== 0;
  const [middle, output] = a !== 0 && hasMatrix ? [second, third] : [undefined, second];
  return {
    input: first.map(levels),
    grid: grid === 0 ? undefined : gridOf(view, place(grid)),
    middle: later(middle),
    matrix: hasMatrix ? matrixOf(view, place(matrix)) : undefined,
    output: later(output),
  };
}

const STEPS = 4096;

function levels(curve: Curve): Float64Array {
  return Float64Array.from({ length: 256 }, (_, level) => curve(level / 255));
}

/** Behind each other, each padded to four bytes. */
function threeCurves(view: DataView, place: TagPlace): Curve[] {
  let at = 0;
  return [0, 1, 2].map(() => {
    if (at >= place.length) throw damaged();
    const { curve, bytes } = curveAt(view, { offset: place.offset + at, length: place.length - at });
    at += Math.ceil(bytes / 4) * 4;
    return curve;
  });
}

function gridOf(view: DataView, { offset, length }: TagPlace): Grid {
  if (length < 20) throw damaged();
  const points = [view.getUint8(offset), view.getUint8(offset + 1), view.getUint8(offset + 2)] as const;
  const bytes = view.getUint8(offset + 16);
  const count = points[0] * points[1] * points[2] * 3;
  if (points.some((one) => one < 2) || (bytes !== 1 && bytes !== 2) || 20 + count * bytes > length) throw damaged();
  const value = (i: number) => (bytes === 1 ? view.getUint8(offset + 20 + i) / 255 : view.getUint16(offset + 20 + 2 * i) / 65_535);
  return { points, values: Float32Array.from({ length: count }, (_, i) => value(i)) };
}

/** Three rows of three factors and an addend. */
function matrixOf(view: DataView, { offset, length }: TagPlace): number[] {
  if (length < 48) throw damaged();
  const e = Array.from({ length: 12 }, (_, i) => fixed(view, offset + 4 * i));
  return [0, 1, 2].flatMap((row) => [e[3 * row] ?? 0, e[3 * row + 1] ?? 0, e[3 * row + 2] ?? 0, e[9 + row] ?? 0]);
}

/** XYZ (white point D50) of a colour of 8 bits each, written to `out`. */
export function tableToXYZ(profile: TableProfile, red: number, green: number, blue: number, out: Float64Array): void {
  const { input, grid, middle, matrix, output, space } = profile;
  const [x, y, z] = [input[0]?.[red] ?? 0, input[1]?.[green] ?? 0, input[2]?.[blue] ?? 0];
  if (grid === undefined) {
    out[0] = x;
    out[1] = y;
    out[2] = z;
  } else tetrahedral(grid, x, y, z, out);
  if (middle !== undefined) along(middle, out);
  if (matrix !== undefined) multiply(matrix, out);
  if (output !== undefined) along(output, out);
  if (space === 'xyz') for (let i = 0; i < 3; i++) out[i] = (out[i] as number) * (65_535 / 32_768);
  else labToXYZ(out, space === 'lab-2' ? 65_535 / 65_280 : 1);
}

function along(curves: readonly Float64Array[], out: Float64Array): void {
  for (let i = 0; i < 3; i++) out[i] = between(curves[i] as Float64Array, out[i] as number);
}

function multiply(e: readonly number[], out: Float64Array): void {
  const [x = 0, y = 0, z = 0] = out;
  for (let i = 0, at = 0; i < 3; i++, at += 4) {
    out[i] = (e[at] as number) * x + (e[at + 1] as number) * y + (e[at + 2] as number) * z + (e[at + 3] as number);
  }
}

/** Between the four points of the grid that lie nearest: along the largest share first. */
function tetrahedral({ points, values }: Grid, x: number, y: number, z: number, out: Float64Array): void {
  const [u, v, w] = [x * (points[0] - 1), y * (points[1] - 1), z * (points[2] - 1)];
  const [i, j, k] = [
    Math.min(points[0] - 2, Math.floor(u)),
    Math.min(points[1] - 2, Math.floor(v)),
    Math.min(points[2] - 2, Math.floor(w)),
  ];
  const [fx, fy, fz] = [u - i, v - j, w - k];
  const [sx, sy, sz] = [points[1] * points[2] * 3, points[2] * 3, 3];
  const origin = i * sx + j * sy + k * sz;
  // Steps in the order of their shares, largest first.
  let [f1, s1, f2, s2, f3, s3] = [fx, sx, fy, sy, fz, sz];
  if (f1 < f2) [f1, s1, f2, s2] = [f2, s2, f1, s1];
  if (f2 < f3) [f2, s2, f3, s3] = [f3, s3, f2, s2];
  if (f1 < f2) [f1, s1, f2, s2] = [f2, s2, f1, s1];
  for (let c = 0; c < 3; c++) {
    const p0 = values[origin + c] as number;
    const p1 = values[origin + s1 + c] as number;
    const p2 = values[origin + s1 + s2 + c] as number;
    const p3 = values[origin + s1 + s2 + s3 + c] as number;
    out[c] = p0 + (p1 - p0) * f1 + (p2 - p1) * f2 + (p3 - p2) * f3;
  }
}

/** `scale`: by how much the whole range is longer than L* to 100 and a*, b* to 127. */
function labToXYZ(out: Float64Array, scale: number): void {
  const [l = 0, a = 0, b = 0] = out;
  const y = (100 * l * scale + 16) / 116;
  const [green, blue] = [255 * a * scale - 128, 255 * b * scale - 128];
  out[0] = 0.9642 * uncurved(y + green / 500);
  out[1] = uncurved(y);
  out[2] = 0.8249 * uncurved(y - blue / 200);
}

function uncurved(t: number): number {
  return t > 24 / 116 ? t * t * t : (108 / 841) * (t - 16 / 116);
}
