import { curveAt, damaged, fixed, signature, type TagPlace, tagsOf } from './icc-reading.ts';
import { type TableProfile, tableProfile, tableToXYZ } from './icc-tables.ts';

/** What an ICC profile makes of the pixels of an image. */
export type ColourConversion =
  /** Its colours are those of the screen (sRGB): nothing is to be done. */
  | { readonly kind: 'identity' }
  | { readonly kind: 'profile'; readonly profile: MatrixProfile | TableProfile }
  /** `reason`: what the profile is made of that is not applied. */
  | { readonly kind: 'not-applied'; readonly reason: 'unsupported' | 'not-rgb' | 'damaged' };

/** Three curves to linear light, then a matrix to XYZ with the white point D50 (ICC.1 §F.3). */
export interface MatrixProfile {
  readonly kind: 'matrix';
  /** Linear light of 0 to 255. */
  readonly curves: readonly [Float64Array, Float64Array, Float64Array];
  /** Rows X, Y, Z. */
  readonly matrix: readonly (readonly [number, number, number])[];
}

const HEADER = 128;
/** Of input, display and output devices, and colour spaces: what they say is how device colours look. */
const CLASSES: ReadonlySet<string> = new Set(['scnr', 'mntr', 'prtr', 'spac']);

/** Reads the ICC profile of a colour image (PS3.3 C.11.15). Never throws: what it cannot be used for is said. */
export function readProfile(bytes: Uint8Array): ColourConversion {
  try {
    return profileOf(bytes);
  } catch {
    return { kind: 'not-applied', reason: 'damaged' };
  }
}

/** Tells profiles apart: the same for the same bytes, the zero that makes their length even left out. */
export function profileName(bytes: Uint8Array): string {
  const end = bytes.length > 0 && bytes.at(-1) === 0 ? bytes.length - 1 : bytes.length;
  let [one, other] = [2_166_136_261, 5381];
  for (let i = 0; i < end; i++) {
    const byte = bytes[i] as number;
    one = Math.imul(one ^ byte, 16_777_619);
    other = (Math.imul(other, 33) + byte) | 0;
  }
  return `${end}:${one}:${other}`;
}

function profileOf(bytes: Uint8Array): ColourConversion {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER + 4 || signature(view, 36) !== 'acsp') throw damaged();
  if (signature(view, 16) !== 'RGB ') return { kind: 'not-applied', reason: 'not-rgb' };
  const tags = tagsOf(view);
  const connection = signature(view, 20);
  // Of a profile that has both, the tables count (ICC.1 §9.1); relative colorimetric where it has that, else perceptual.
  const tables = tags.get('A2B1') ?? tags.get('A2B0');
  if (!CLASSES.has(signature(view, 12)) || (connection !== 'XYZ ' && connection !== 'Lab '))
    return { kind: 'not-applied', reason: 'unsupported' };
  if (tables !== undefined) {
    const profile = tableProfile(view, tables, connection);
    return profile === undefined ? { kind: 'not-applied', reason: 'unsupported' } : { kind: 'profile', profile };
  }
  const [red, green, blue] = ['rXYZ', 'gXYZ', 'bXYZ'].map((name) => xyzOf(view, tags.get(name)));
  const [r, g, b] = ['rTRC', 'gTRC', 'bTRC'].map((name) => curveOf(view, tags.get(name)));
  if (!red || !green || !blue || !r || !g || !b || connection !== 'XYZ ') return { kind: 'not-applied', reason: 'unsupported' };
  const profile: MatrixProfile = {
    kind: 'matrix',
    curves: [r, g, b],
    matrix: [0, 1, 2].map((row) => [red[row] ?? 0, green[row] ?? 0, blue[row] ?? 0] as const),
  };
  return isSRGB(profile) ? { kind: 'identity' } : { kind: 'profile', profile };
}

/** Colours of a profile in those of the screen (sRGB), in place; relative colorimetric. `rgba`: 8 bits each. */
export function toSRGB(rgba: Uint8ClampedArray, profile: MatrixProfile | TableProfile): void {
  if (profile.kind === 'matrix') fromMatrix(rgba, profile);
  else fromTables(rgba, profile);
}

function fromTables(rgba: Uint8ClampedArray, profile: TableProfile): void {
  const xyz = new Float64Array(3);
  // Neighbours are often alike.
  let last = -1;
  let [red, green, blue] = [0, 0, 0];
  const [m0, m1, m2] = FROM_XYZ;
  for (let at = 0; at < rgba.length; at += 4) {
    const [r, g, b] = [rgba[at] as number, rgba[at + 1] as number, rgba[at + 2] as number];
    const colour = (r << 16) | (g << 8) | b;
    if (colour !== last) {
      last = colour;
      tableToXYZ(profile, r, g, b, xyz);
      const [x, y, z] = [xyz[0] as number, xyz[1] as number, xyz[2] as number];
      red = encoded(m0[0] * x + m0[1] * y + m0[2] * z);
      green = encoded(m1[0] * x + m1[1] * y + m1[2] * z);
      blue = encoded(m2[0] * x + m2[1] * y + m2[2] * z);
    }
    rgba[at] = red;
    rgba[at + 1] = green;
    rgba[at + 2] = blue;
  }
}

function fromMatrix(rgba: Uint8ClampedArray, { curves, matrix }: MatrixProfile): void {
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

function xyzOf(view: DataView, place: TagPlace | undefined): [number, number, number] | undefined {
  if (place === undefined || place.length < 20 || signature(view, place.offset) !== 'XYZ ') return undefined;
  return [8, 12, 16].map((at) => fixed(view, place.offset + at)) as [number, number, number];
}

/** A curve at the 256 levels. */
function curveOf(view: DataView, place: TagPlace | undefined): Float64Array | undefined {
  if (place === undefined || place.length < 12) return undefined;
  const { curve } = curveAt(view, place);
  return Float64Array.from({ length: 256 }, (_, level) => curve(level / 255));
}
