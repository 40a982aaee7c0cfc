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
  header.write('mntr', 12, 'latin1');
  header.write(colourSpace, 16, 'latin1');
  header.write('XYZ ', 20, 'latin1');
  header.write('acsp', 36, 'latin1');
  return Buffer.concat([header, ...directory, ...bodies]);
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
