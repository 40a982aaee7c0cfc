import { PhosphorError } from '../contract/phosphor-error.ts';
import { lookUp, type PaletteTable } from './palette.ts';
import type { DecodedFrame } from './types.ts';

export interface Palette {
  readonly red: PaletteTable;
  readonly green: PaletteTable;
  readonly blue: PaletteTable;
}

/** RGBA of each entry of a palette, whatever values they are for. */
export function paletteColours({ red, green, blue }: Palette): Uint8ClampedArray<ArrayBuffer> {
  const entries = Math.max(red.entries.length, green.entries.length, blue.entries.length);
  const rgba = new Uint8ClampedArray(entries * 4);
  for (let i = 0; i < entries; i++) {
    for (const [channel, table] of [red, green, blue].entries()) rgba[4 * i + channel] = lookUp(table, table.firstMapped + i);
    rgba[4 * i + 3] = 255;
  }
  return rgba;
}

/**
 * A colour frame as 8-bit RGBA, opaque, ready for a canvas (PS3.3 C.7.6.3.1.2). Samples of more than 8 bits keep their upper 8. Throws
 * PhosphorError `unsupported` for a photometric interpretation that has no such form, `damaged` where a palette is missing.
 */
export function toRGBA(frame: DecodedFrame, palette?: Palette): Uint8ClampedArray<ArrayBuffer> {
  const pixels = frame.rows * frame.columns;
  const rgba = new Uint8ClampedArray(pixels * 4);
  const { samples, photometricInterpretation: photometric } = frame;
  if (photometric === 'PALETTE COLOR') {
    if (palette === undefined) throw new PhosphorError('damaged', 'PALETTE COLOR without palette');
    for (let p = 0, to = 0; p < pixels; p++, to += 4) {
      const value = samples[p] ?? 0;
      putPalette(rgba, to, palette, value);
      rgba[to + 3] = 255;
    }
    return rgba;
  }
  const planes = photometric === 'ARGB' || photometric === 'CMYK' ? 4 : 3;
  if (frame.samplesPerPixel < planes || frame.samplesPerPixel > 4) {
    throw new PhosphorError('unsupported', `${photometric} with ${frame.samplesPerPixel} samples per pixel`);
  }
  const convert = COLOUR_SPACES[photometric];
  if (convert === undefined) throw new PhosphorError('unsupported', `photometric interpretation ${photometric}`);
  const shift = Math.max(0, frame.bitsStored - 8);
  const stride = frame.samplesPerPixel;
  const overlaid = photometric === 'ARGB' ? palette : undefined;
  for (let p = 0, from = 0, to = 0; p < pixels; p++, from += stride, to += 4) {
    const fourth = stride === 4 ? (samples[from + 3] ?? 0) >>> shift : 0;
    convert(rgba, to, (samples[from] ?? 0) >>> shift, (samples[from + 1] ?? 0) >>> shift, (samples[from + 2] ?? 0) >>> shift, fourth);
    rgba[to + 3] = 255;
    const index = samples[from] ?? 0;
    if (overlaid !== undefined && index > 0) putPalette(rgba, to, overlaid, index);
  }
  return rgba;
}

function putPalette(rgba: Uint8ClampedArray, at: number, palette: Palette, index: number): void {
  rgba[at] = lookUp(palette.red, index);
  rgba[at + 1] = lookUp(palette.green, index);
  rgba[at + 2] = lookUp(palette.blue, index);
}

type Convert = (rgba: Uint8ClampedArray, at: number, a: number, b: number, c: number, d: number) => void;

const keep: Convert = (rgba, at, r, g, b) => {
  rgba[at] = r;
  rgba[at + 1] = g;
  rgba[at + 2] = b;
};

/** ITU-R BT.601, full range: black 0, white 255 (PS3.3 C.7.6.3.1.2). */
const fullRange: Convert = (rgba, at, y, cb, cr) => {
  rgba[at] = y + 1.402 * (cr - 128);
  rgba[at + 1] = y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128);
  rgba[at + 2] = y + 1.772 * (cb - 128);
};

/** The retired studio-range variant: black 16, white 235. */
const studioRange: Convert = (rgba, at, y, cb, cr) => {
  const luma = 1.164383 * (y - 16);
  rgba[at] = luma + 1.596027 * (cr - 128);
  rgba[at + 1] = luma - 0.391762 * (cb - 128) - 0.812968 * (cr - 128);
  rgba[at + 2] = luma + 2.017232 * (cb - 128);
};

/** Retired: hue once around the circle, saturation, value, from their least to their greatest sample. */
const hueSaturationValue: Convert = (rgba, at, h, s, v) => {
  // A circle of 256 steps, as DCMTK has it: the last one is not the first again.
  const sixth = (h / 256) * 6;
  const part = sixth - Math.floor(sixth);
  const [p, q, t] = [v * (1 - s / 255), v * (1 - (s / 255) * part), v * (1 - (s / 255) * (1 - part))];
  const [r, g, b] = SECTORS[Math.floor(sixth) % 6]?.(v, p, q, t) ?? [v, v, v];
  rgba[at] = r;
  rgba[at + 1] = g;
  rgba[at + 2] = b;
};

const SECTORS: readonly ((v: number, p: number, q: number, t: number) => readonly [number, number, number])[] = [
  (v, p, _q, t) => [v, t, p],
  (v, p, q) => [q, v, p],
  (v, p, _q, t) => [p, v, t],
  (v, p, q) => [p, q, v],
  (v, p, _q, t) => [t, p, v],
  (v, p, q) => [v, p, q],
];

/** Retired: cyan, magenta, yellow and black, 0 = no ink. */
const inks: Convert = (rgba, at, c, m, y, k) => {
  rgba[at] = 255 - c - k;
  rgba[at + 1] = 255 - m - k;
  rgba[at + 2] = 255 - y - k;
};

/** Retired: the first plane is an index into the palette where it is not 0; there the palette's colour stands in place of the others. */
const indexed: Convert = (rgba, at, _alpha, r, g, b) => keep(rgba, at, r, g, b, 0);

const COLOUR_SPACES: Readonly<Partial<Record<string, Convert>>> = {
  RGB: keep,
  YBR_FULL: fullRange,
  YBR_FULL_422: fullRange,
  YBR_PARTIAL_422: studioRange,
  YBR_PARTIAL_420: studioRange,
  YBR_ICT: keep,
  YBR_RCT: keep,
  HSV: hueSaturationValue,
  CMYK: inks,
  ARGB: indexed,
};
