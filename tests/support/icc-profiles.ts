import { Buffer } from 'node:buffer';

/** Primaries (columns) in XYZ with the white point D50. */
export const ADOBE_RGB = [
  [0.60974, 0.20528, 0.14919],
  [0.31111, 0.62567, 0.06322],
  [0.01947, 0.06087, 0.74457],
] as const;
export const SRGB = [
  [0.43607, 0.38515, 0.14307],
  [0.22249, 0.71687, 0.06061],
  [0.01392, 0.09708, 0.7141],
] as const;

/** `gamma`, or the parametric curve of sRGB. */
export interface ProfileForm {
  readonly matrix: readonly (readonly [number, number, number])[];
  readonly curve: number | 'srgb';
  readonly colourSpace?: string;
  /** With a lookup table beside the matrix. */
  readonly table?: boolean;
}

/** An ICC profile of a display. */
export function iccProfile({ matrix, curve, colourSpace = 'RGB ', table = false }: ProfileForm): Buffer {
  const column = (at: 0 | 1 | 2) => Buffer.concat([Buffer.from('XYZ \0\0\0\0', 'latin1'), ...matrix.map((row) => fixed(row[at]))]);
  const tags: [string, Buffer][] = [
    ['rXYZ', column(0)],
    ['gXYZ', column(1)],
    ['bXYZ', column(2)],
    ...['rTRC', 'gTRC', 'bTRC'].map((name): [string, Buffer] => [name, curveTag(curve)]),
    ...(table ? [['A2B0', Buffer.from('mft1\0\0\0\0\0\0\0\0', 'latin1')] as [string, Buffer]] : []),
  ];
  return profileOf(tags, colourSpace, 'XYZ ');
}

/** An ICC profile of a scanner that says with a grid what its colours are: those of Adobe RGB, more saturated towards the dark. */
export function iccTableProfile(kind: 'mft1' | 'mft2' | 'mAB ' | 'mAB xyz'): Buffer {
  if (kind === 'mAB xyz') return profileOf([['A2B0', stages([5, 7, 6], xyzOf, true)]], 'RGB ', 'XYZ ');
  if (kind === 'mAB ') return profileOf([['A2B0', stages([9, 7, 11], (colour) => labOf(colour, 1), false)]], 'RGB ', 'Lab ');
  const body = kind === 'mft1' ? tables(1, (colour) => labOf(colour, 1)) : tables(2, (colour) => labOf(colour, 65_280 / 65_535));
  return profileOf([['A2B0', body]], 'RGB ', 'Lab ');
}

function profileOf(tags: readonly (readonly [string, Buffer])[], colourSpace: string, connection: string): Buffer {
  const directory = [number(tags.length)];
  const bodies: Buffer[] = [];
  let offset = 128 + 4 + 12 * tags.length;
  for (const [name, body] of tags) {
    directory.push(Buffer.from(name, 'latin1'), number(offset), number(body.length));
    bodies.push(body);
    offset += body.length;
  }
  const header = Buffer.alloc(128);
  header.writeUInt32BE(offset, 0);
  header.writeUInt32BE(0x04200000, 8);
  header.write('mntr', 12, 'latin1');
  header.write(colourSpace, 16, 'latin1');
  header.write(connection, 20, 'latin1');
  header.write('acsp', 36, 'latin1');
  for (const [at, value] of [0.9642, 1, 0.8249].entries()) header.writeInt32BE(Math.round(value * 65_536), 68 + 4 * at);
  return Buffer.concat([header, ...directory, ...bodies]);
}

type Triple = readonly [number, number, number];

/** Places on the grid are those of levels to the power of 1.8; 0 to 1. */
const XYZ = (colour: Triple): Triple => {
  const [r, g, b] = colour.map((one) => (one ** 1.2 + 0.15 * one * (1 - one) * (colour[1] - 0.5)) * 0.98 + 0.01) as unknown as Triple;
  return ADOBE_RGB.map((row) => row[0] * r + row[1] * g + row[2] * b) as unknown as Triple;
};
const xyzOf = (colour: Triple): Triple => XYZ(colour).map((one) => one * (32_768 / 65_535)) as unknown as Triple;

function labOf(colour: Triple, scale: number): Triple {
  const [x, y, z] = XYZ(colour).map((one, i) => {
    const t = one / ([0.9642, 1, 0.8249][i] ?? 1);
    return t > (24 / 116) ** 3 ? Math.cbrt(t) : (841 / 108) * t + 16 / 116;
  }) as unknown as Triple;
  return [((116 * y - 16) / 100) * scale, ((500 * (x - y) + 128) / 255) * scale, ((200 * (y - z) + 128) / 255) * scale];
}

const unit = (value: number, bytes: 1 | 2): Buffer => {
  const cell = Buffer.alloc(bytes);
  cell.writeUIntBE(Math.round(Math.max(0, Math.min(1, value)) * (bytes === 1 ? 255 : 65_535)), 0, bytes);
  return cell;
};

function grid([across, down, deep]: Triple, bytes: 1 | 2, of: (colour: Triple) => Triple): Buffer {
  const cells: Buffer[] = [];
  for (let r = 0; r < across; r++)
    for (let g = 0; g < down; g++)
      for (let b = 0; b < deep; b++)
        for (const value of of([r / (across - 1), g / (down - 1), b / (deep - 1)])) cells.push(unit(value, bytes));
  return Buffer.concat(cells);
}

/** lut8Type, lut16Type. */
function tables(bytes: 1 | 2, of: (colour: Triple) => Triple): Buffer {
  const side = bytes === 1 ? 9 : 17;
  const head = Buffer.alloc(bytes === 1 ? 48 : 52);
  head.write(bytes === 1 ? 'mft1' : 'mft2', 0, 'latin1');
  head.set([3, 3, side], 8);
  for (const at of [12, 28, 44]) head.writeInt32BE(65_536, at);
  const [inputs, outputs] = bytes === 1 ? [256, 256] : [64, 2];
  if (bytes === 2) {
    head.writeUInt16BE(inputs, 48);
    head.writeUInt16BE(outputs, 50);
  }
  const curve = (count: number, gamma: number) => Array.from({ length: count }, (_, i) => unit((i / (count - 1)) ** gamma, bytes));
  const three = (count: number, gamma: number) => Buffer.concat([0, 1, 2].flatMap(() => curve(count, gamma)));
  return Buffer.concat([head, three(inputs, 1.8), grid([side, side, side], bytes, of), three(outputs, 1)]);
}

/** lutAToBType: with a matrix and curves behind the grid, or without. */
function stages(points: Triple, of: (colour: Triple) => Triple, matrix: boolean): Buffer {
  const power = Buffer.concat([Buffer.from('para\0\0\0\0\0\0\0\0', 'latin1'), fixed(1.8)]);
  const same = Buffer.from('curv\0\0\0\0\0\0\0\0', 'latin1');
  const bent = Buffer.concat([Buffer.from('curv\0\0\0\0', 'latin1'), number(3), unit(0, 2), unit(0.25, 2), unit(1, 2), Buffer.alloc(2)]);
  const head = Buffer.alloc(32);
  head.write('mAB ', 0, 'latin1');
  head.set([3, 3], 8);
  const gridHead = Buffer.alloc(20);
  gridHead.set(points, 0);
  gridHead.set([matrix ? 1 : 2], 16);
  const parts: [number, Buffer][] = [
    [28, Buffer.concat([power, power, power])],
    [24, Buffer.concat([gridHead, grid(points, matrix ? 1 : 2, of)])],
    ...(matrix
      ? ([
          [20, Buffer.concat([bent, same, bent])],
          [16, Buffer.concat([0.9, 0.05, 0, 0.02, 0.95, 0, 0, 0.03, 0.9, 0.01, 0.005, 0].map(fixed))],
        ] as [number, Buffer][])
      : []),
    [12, Buffer.concat([same, same, same])],
  ];
  let at = 32;
  const bodies: Buffer[] = [];
  for (const [place, body] of parts) {
    head.writeUInt32BE(at, place);
    const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
    bodies.push(padded);
    at += padded.length;
  }
  return Buffer.concat([head, ...bodies]);
}

function curveTag(curve: number | 'srgb'): Buffer {
  if (curve === 'srgb') {
    const parameters = [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045];
    return Buffer.concat([Buffer.from('para\0\0\0\0\0\x03\0\0', 'latin1'), ...parameters.map(fixed)]);
  }
  const gamma = Buffer.alloc(4);
  gamma.writeUInt16BE(Math.round(curve * 256), 0);
  return Buffer.concat([Buffer.from('curv\0\0\0\0', 'latin1'), number(1), gamma]);
}

function fixed(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(Math.round(value * 65_536), 0);
  return bytes;
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}
