import { PhosphorError } from '../contract/phosphor-error.ts';

/** What an ICC profile makes of the pixels of an image. */
export type ColourConversion =
  /** Its colours are those of the screen (sRGB): nothing is to be done. */
  | { readonly kind: 'identity' }
  | { readonly kind: 'matrix'; readonly profile: MatrixProfile }
  /** `reason`: what the profile is made of that is not applied. */
  | { readonly kind: 'not-applied'; readonly reason: 'lookup-table' | 'not-rgb' | 'damaged' };

/** Three curves to linear light, then a matrix to XYZ with the white point D50 (ICC.1 §F.3). */
export interface MatrixProfile {
  /** Linear light of 0 to 255. */
  readonly curves: readonly [Float64Array, Float64Array, Float64Array];
  /** Rows X, Y, Z. */
  readonly matrix: readonly (readonly [number, number, number])[];
}

const HEADER = 128;
const MAX_TAGS = 200;

/** Reads the ICC profile of a colour image (PS3.3 C.11.15). Never throws: what it cannot be used for is said. */
export function readProfile(bytes: Uint8Array): ColourConversion {
  try {
    return profileOf(bytes);
  } catch {
    return { kind: 'not-applied', reason: 'damaged' };
  }
}

function profileOf(bytes: Uint8Array): ColourConversion {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER + 4 || signature(view, 36) !== 'acsp') throw damaged();
  if (signature(view, 16) !== 'RGB ') return { kind: 'not-applied', reason: 'not-rgb' };
  const tags = tagsOf(view);
  const [red, green, blue] = ['rXYZ', 'gXYZ', 'bXYZ'].map((name) => xyzOf(view, tags.get(name)));
  const curves = ['rTRC', 'gTRC', 'bTRC'].map((name) => curveOf(view, tags.get(name)));
  const [r, g, b] = curves;
  const hasMatrix = red !== undefined && green !== undefined && blue !== undefined && r !== undefined && g !== undefined && b !== undefined;
  // A profile that has both means its tables (ICC.1 §8.10.2); of many they say no more than the matrix, but nothing tells which.
  if (tags.has('A2B0') || tags.has('A2B1') || !hasMatrix || signature(view, 20) !== 'XYZ ') {
    return { kind: 'not-applied', reason: 'lookup-table' };
  }
  const profile: MatrixProfile = {
    curves: [r, g, b],
    matrix: [0, 1, 2].map((row) => [red[row] ?? 0, green[row] ?? 0, blue[row] ?? 0] as const),
  };
  return isSRGB(profile) ? { kind: 'identity' } : { kind: 'matrix', profile };
}

/** Colours of a profile in those of the screen (sRGB), in place; relative colorimetric. `rgba`: 8 bits each. */
export function toSRGB(rgba: Uint8ClampedArray, { curves, matrix }: MatrixProfile): void {
  const rows = FROM_XYZ.map((row) =>
    [0, 1, 2].map((column) => row.reduce((sum, factor, i) => sum + factor * (matrix[i]?.[column] ?? 0), 0)),
  );
  const [m0 = [], m1 = [], m2 = []] = rows;
  const [[a = 0, b = 0, c = 0], [d = 0, e = 0, f = 0], [g = 0, h = 0, k = 0]] = [m0, m1, m2];
  const [reds, greens, blues] = curves;
  for (let at = 0; at < rgba.length; at += 4) {
    const x = reds[rgba[at] ?? 0] ?? 0;
    const y = greens[rgba[at + 1] ?? 0] ?? 0;
    const z = blues[rgba[at + 2] ?? 0] ?? 0;
    rgba[at] = encoded(a * x + b * y + c * z);
    rgba[at + 1] = encoded(d * x + e * y + f * z);
    rgba[at + 2] = encoded(g * x + h * y + k * z);
  }
}

/** XYZ (D50) to linear sRGB: the inverse of the matrix of the sRGB profile, chromatic adaptation by Bradford. */
const FROM_XYZ = [
  [3.1338561, -1.6168667, -0.4906146],
  [-0.9787684, 1.9161415, 0.033454],
  [0.0719453, -0.2289914, 1.4052427],
] as const;
const SRGB_MATRIX = [
  [0.4360747, 0.3850649, 0.1430804],
  [0.2225045, 0.7168786, 0.0606169],
  [0.0139322, 0.0971045, 0.7141733],
] as const;

const STEPS = 4096;
const ENCODED = Uint8ClampedArray.from({ length: STEPS + 1 }, (_, i) => {
  const linear = i / STEPS;
  return 255 * (linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055);
});

/** Near black the curve is steep: there it is computed. */
function encoded(linear: number): number {
  if (linear <= 0) return 0;
  if (linear < 0.02) return Math.round(255 * (linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055));
  return ENCODED[Math.min(STEPS, Math.round(linear * STEPS))] ?? 255;
}

function linearOf(level: number): number {
  const share = level / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

/** Within what 8 bits can tell. */
function isSRGB({ curves, matrix }: MatrixProfile): boolean {
  const isMatrix = SRGB_MATRIX.every((row, i) => row.every((value, j) => Math.abs(value - (matrix[i]?.[j] ?? 0)) < 0.002));
  return isMatrix && curves.every((curve) => curve.every((linear, level) => Math.abs(linear - linearOf(level)) < 0.002));
}

interface TagPlace {
  readonly offset: number;
  readonly length: number;
}

function tagsOf(view: DataView): Map<string, TagPlace> {
  const count = view.getUint32(HEADER);
  if (count > MAX_TAGS) throw damaged();
  const tags = new Map<string, TagPlace>();
  for (let i = 0; i < count; i++) {
    const at = HEADER + 4 + 12 * i;
    const [offset, length] = [view.getUint32(at + 4), view.getUint32(at + 8)];
    if (offset + length > view.byteLength) throw damaged();
    tags.set(signature(view, at), { offset, length });
  }
  return tags;
}

function xyzOf(view: DataView, place: TagPlace | undefined): [number, number, number] | undefined {
  if (place === undefined || place.length < 20 || signature(view, place.offset) !== 'XYZ ') return undefined;
  return [8, 12, 16].map((at) => fixed(view, place.offset + at)) as [number, number, number];
}

/** curveType and parametricCurveType (ICC.1 §10.6, §10.18) at the 256 levels. */
function curveOf(view: DataView, place: TagPlace | undefined): Float64Array | undefined {
  if (place === undefined || place.length < 12) return undefined;
  const { offset, length } = place;
  const kind = signature(view, offset);
  if (kind === 'para') return parametric(view, offset, length);
  if (kind !== 'curv') return undefined;
  const count = view.getUint32(offset + 8);
  if (count > 65_536 || 12 + 2 * count > length) throw damaged();
  if (count === 0) return Float64Array.from({ length: 256 }, (_, level) => level / 255);
  if (count === 1) {
    const gamma = view.getUint16(offset + 12) / 256;
    return Float64Array.from({ length: 256 }, (_, level) => (level / 255) ** gamma);
  }
  const entry = (i: number) => view.getUint16(offset + 12 + 2 * i) / 65_535;
  return Float64Array.from({ length: 256 }, (_, level) => {
    const at = (level / 255) * (count - 1);
    const below = Math.min(count - 2, Math.floor(at));
    return entry(below) + (entry(below + 1) - entry(below)) * (at - below);
  });
}

const PARAMETERS = [1, 3, 4, 5, 7] as const;

function parametric(view: DataView, offset: number, length: number): Float64Array {
  const type = view.getUint16(offset + 8);
  const count = PARAMETERS[type];
  if (count === undefined || 12 + 4 * count > length) throw damaged();
  const [g = 1, a = 1, b = 0, third = 0, d = 0, e = 0, f = 0] = Array.from({ length: count }, (_, i) => fixed(view, offset + 12 + 4 * i));
  const value = (x: number): number => {
    if (type === 0) return x ** g;
    if (type === 1) return x >= -b / a ? (a * x + b) ** g : 0;
    if (type === 2) return x >= -b / a ? (a * x + b) ** g + third : third;
    if (type === 3) return x >= d ? (a * x + b) ** g : third * x;
    return x >= d ? (a * x + b) ** g + e : third * x + f;
  };
  return Float64Array.from({ length: 256 }, (_, level) => Math.max(0, Math.min(1, value(level / 255))));
}

/** s15Fixed16Number. */
function fixed(view: DataView, at: number): number {
  return view.getInt32(at) / 65_536;
}

function signature(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
}

const damaged = (): PhosphorError => new PhosphorError('damaged', 'the ICC profile is damaged');
