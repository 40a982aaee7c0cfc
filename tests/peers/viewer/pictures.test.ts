import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dataset, TransferSyntaxUID } from '../../../electron/dicom/dataset/index.ts';
import { compareSamples } from '../../conformance/compare.ts';
import type { Picture } from '../../conformance/png.ts';
import { pictureOf, viewFile } from '../../conformance/viewed-file.ts';
import { windowOf } from '../../conformance/window-of.ts';
import { dcmtk } from '../../support/dcmtk.ts';
import { COLUMNS, cells, type GeneratedImage, overlayElements, packed, pattern, ROWS, writeImage } from '../../support/images.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { provideWasmFromPackages } from '../../support/wasm.ts';

const PIXELS = COLUMNS * ROWS;
const BIG = TransferSyntaxUID.ExplicitVRBigEndian;

/** A generated file and how DCMTK is asked to draw it. */
interface Case extends GeneratedImage {
  readonly arguments: readonly string[];
  readonly planes?: boolean;
}

const scaled = (low: number, high: number, turn = 0) => pattern(PIXELS, turn).map((share) => Math.round(low + share * (high - low)));
const stored = (bitsAllocated: 8 | 16 | 32, bitsStored: number, signed = false, highBit = bitsStored - 1) => ({
  BitsAllocated: bitsAllocated,
  BitsStored: bitsStored,
  HighBit: highBit,
  PixelRepresentation: signed ? 1 : 0,
});
const CT = { ...stored(16, 12), RescaleSlope: '1', RescaleIntercept: '-1024' };
const WINDOW = { WindowCenter: '40', WindowWidth: '400' };
const HEAD = { values: { ...CT, ...WINDOW }, pixels: cells(scaled(0, 4095), 16) };
const FIRST = ['+Wi', '1'];

const lut = (entries: number, first: number, bits: number, values: readonly number[]): Dataset => {
  const item = new Dataset();
  item.set(0x00283002, [entries, first & 0xffff, bits], 'US');
  item.set(0x00283004, 'US', 'LO');
  item.set(0x00283006, values, 'US');
  return item;
};
const ramp = (entries: number, highest: number, bend: number) =>
  Array.from({ length: entries }, (_, i) => Math.round(highest * (i / (entries - 1)) ** bend));
const palette = (first: number, bits: 8 | 16) =>
  [1, 2, 0.5].flatMap((bend, i): GeneratedImage['elements'] => [
    [0x00281101 + i, [256, first, bits], 'US'],
    [0x00281201 + i, bits === 8 ? cells(ramp(256, 255, bend), 8) : cells(ramp(256, 65_535, bend), 16), 'OW'],
  ]) as NonNullable<GeneratedImage['elements']>;
const rgb = (turns: readonly number[]) => turns.map((turn) => scaled(0, 255, turn));
const COLOUR = { ...stored(8, 8), SamplesPerPixel: 3, PhotometricInterpretation: 'RGB', PlanarConfiguration: 0 };
const bySample = (planes: readonly number[][]) => (planes[0] ?? []).flatMap((_, i) => planes.map((plane) => plane[i] ?? 0));
const plane = (
  group: number,
  origin: readonly [number, number],
  size: readonly [number, number],
): NonNullable<GeneratedImage['elements']> => [
  [group + 0x10, [size[0]], 'US'],
  [group + 0x11, [size[1]], 'US'],
  [group + 0x40, 'G', 'CS'],
  [group + 0x50, [...origin], 'SS'],
  [group + 0x100, [1], 'US'],
  [group + 0x102, [0], 'US'],
  [group + 0x3000, packed(Array.from({ length: size[0] * size[1] }, (_, i) => (i % 3 === 0 ? 1 : 0))), 'OW'],
];

const CASES: readonly Case[] = [
  { name: 'CT, 12 bits, rescaled, window', ...HEAD, arguments: FIRST },
  { name: 'MONOCHROME1', ...HEAD, values: { ...HEAD.values, PhotometricInterpretation: 'MONOCHROME1' }, arguments: FIRST },
  {
    name: 'signed, 16 bits',
    values: { ...stored(16, 16, true), WindowCenter: '-200', WindowWidth: '1500' },
    pixels: cells(scaled(-2000, 2000), 16),
    arguments: FIRST,
  },
  {
    name: 'signed, 12 bits, big endian',
    transferSyntaxUID: BIG,
    values: { ...stored(16, 12, true), ...WINDOW },
    pixels: cells(
      scaled(-2048, 2047).map((v) => v & 0xfff),
      16,
    ),
    arguments: FIRST,
  },
  {
    name: '10 bits from high bit 13',
    values: stored(16, 10, false, 13),
    pixels: cells(
      scaled(0, 1023).map((v) => v << 4),
      16,
    ),
    arguments: ['+Wm'],
  },
  { name: '8 bits', values: stored(8, 8), pixels: cells(scaled(0, 255), 8), pixelVR: 'OB', arguments: ['+Wm'] },
  {
    name: '16 bits',
    values: { ...stored(16, 16), WindowCenter: '30000', WindowWidth: '50000' },
    pixels: cells(scaled(0, 65_535), 16),
    arguments: FIRST,
  },
  {
    name: 'signed, 10 bits from high bit 11',
    values: { ...stored(16, 10, true, 11), WindowCenter: '-50', WindowWidth: '600' },
    pixels: cells(
      scaled(-512, 511).map((v) => (v & 0x3ff) << 2),
      16,
    ),
    arguments: FIRST,
  },
  {
    name: 'MONOCHROME1, signed, falling slope',
    values: {
      ...stored(16, 12, true),
      PhotometricInterpretation: 'MONOCHROME1',
      RescaleSlope: '-2',
      RescaleIntercept: '10',
      WindowCenter: '100',
      WindowWidth: '4000',
    },
    pixels: cells(
      scaled(-2048, 2047).map((v) => v & 0xfff),
      16,
    ),
    arguments: FIRST,
  },
  {
    name: 'the second of several windows',
    values: { ...CT, WindowCenter: ['40', '-600', '300'], WindowWidth: ['400', '1500', '2000'] },
    pixels: HEAD.pixels,
    arguments: ['+Wi', '2'],
  },
  {
    name: 'the second of several VOI LUTs',
    values: { ...stored(16, 12), VOILUTSequence: [lut(1024, 512, 12, ramp(1024, 4095, 0.5)), lut(512, 2000, 10, ramp(512, 1023, 2))] },
    pixels: HEAD.pixels,
    arguments: ['+Wl', '2'],
  },
  {
    name: '14 bits, steep slope',
    values: { ...stored(16, 14), RescaleSlope: '0.35', RescaleIntercept: '-12.5', WindowCenter: '2000', WindowWidth: '3000' },
    pixels: cells(scaled(0, 16_383), 16),
    arguments: FIRST,
  },
  {
    name: '32 bits',
    values: { ...stored(32, 32), WindowCenter: '1000000', WindowWidth: '50000' },
    pixels: cells(scaled(0, 2_000_000), 32),
    arguments: FIRST,
  },
  { name: 'window of one value', values: { ...CT, WindowCenter: '40', WindowWidth: '1' }, pixels: HEAD.pixels, arguments: FIRST },
  { name: 'sigmoid window', values: { ...CT, ...WINDOW, VOILUTFunction: 'SIGMOID' }, pixels: HEAD.pixels, arguments: ['+Wfs', ...FIRST] },
  {
    name: 'Modality LUT',
    values: { ...stored(16, 12), ModalityLUTSequence: lut(4096, 0, 16, ramp(4096, 65_535, 2)) },
    pixels: HEAD.pixels,
    arguments: ['+Wm'],
  },
  {
    name: 'VOI LUT',
    values: { ...stored(16, 12), VOILUTSequence: lut(1024, 512, 12, ramp(1024, 4095, 0.5)) },
    pixels: HEAD.pixels,
    arguments: ['+Wl', '1'],
  },
  {
    name: 'VOI LUT after rescale, negative first value',
    values: { ...CT, VOILUTSequence: lut(2048, -1024, 10, ramp(2048, 1023, 2)) },
    pixels: HEAD.pixels,
    arguments: ['+Wl', '1'],
  },
  { name: 'overlay', ...HEAD, elements: plane(0x60000000, [1, 1], [ROWS, COLUMNS]), arguments: FIRST, planes: true },
  {
    name: 'small overlays off the corner',
    ...HEAD,
    elements: [...plane(0x60000000, [-3, 5], [12, 11]), ...plane(0x60020000, [25, 30], [9, 13])],
    arguments: FIRST,
    planes: true,
  },
  {
    name: 'overlay in the unused bits',
    values: HEAD.values,
    pixels: cells(
      scaled(0, 4095).map((v, i) => v | (i % 5 === 0 ? 0x2000 : 0)),
      16,
    ),
    elements: overlayElements({ allocated: 16, position: 13 }),
    arguments: FIRST,
    planes: true,
  },
  { name: 'RGB by pixel', values: COLOUR, pixels: cells(bySample(rgb([0, 1, 2])), 8), pixelVR: 'OB', arguments: [] },
  {
    name: 'RGB by plane',
    values: { ...COLOUR, PlanarConfiguration: 1 },
    pixels: cells(rgb([0, 1, 2]).flat(), 8),
    pixelVR: 'OB',
    arguments: [],
  },
  {
    name: 'CMYK (retired)',
    values: { ...COLOUR, PhotometricInterpretation: 'CMYK', SamplesPerPixel: 4 },
    // Where the inks together are more than the paper takes, DCMTK's samples overflow.
    pixels: cells(
      bySample(rgb([0, 1, 2, 3])).map((level) => level >> 1),
      8,
    ),
    pixelVR: 'OB',
    arguments: [],
  },
  {
    name: 'ARGB (retired)',
    values: { ...COLOUR, PhotometricInterpretation: 'ARGB', SamplesPerPixel: 4 },
    elements: palette(0, 8),
    pixels: cells(bySample([rgb([3])[0]?.map((level, i) => (i % 3 === 0 ? level : 0)) ?? [], ...rgb([0, 1, 2])]), 8),
    pixelVR: 'OB',
    arguments: [],
  },
  {
    name: 'palette of 8 bits',
    values: { ...stored(8, 8), PhotometricInterpretation: 'PALETTE COLOR' },
    elements: palette(0, 8),
    pixels: cells(scaled(0, 255), 8),
    pixelVR: 'OB',
    arguments: [],
  },
  {
    name: 'palette of 16 bits from value 100',
    values: { ...stored(16, 16), PhotometricInterpretation: 'PALETTE COLOR' },
    elements: palette(100, 16),
    pixels: cells(scaled(0, 400), 16),
    arguments: [],
  },
];

/** DCMTK cuts off the fractions of its conversion (diybrpxt.h) and takes 127.5 for the middle; ours is that of PS3.3 C.7.6.3.1.2, rounded. */
const YBR: Case = {
  name: 'YBR_FULL',
  values: { ...COLOUR, PhotometricInterpretation: 'YBR_FULL' },
  pixels: cells(bySample(rgb([0, 1, 2])), 8),
  pixelVR: 'OB',
  arguments: [],
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  provideWasmFromPackages();
  folder = await temporaryFolder('pictures');
});
afterAll(() => folder[Symbol.asyncDispose]());

describe('a generated image is drawn as DCMTK draws it', () => {
  it.each(CASES)('$name', async (one) => {
    const path = await writeImage(folder.path, one);
    const picture = await viewerPicture(path, one);
    expect(compareSamples(await drawnByDCMTK(path, one), picture, false)).toMatchObject({
      kind: expect.stringMatching(/^(equal|within tolerance)$/),
    });
  });
});

const HSV: Case = { ...YBR, name: 'HSV', values: { ...COLOUR, PhotometricInterpretation: 'HSV' } };

it.each([YBR, HSV])('$name is drawn as the standard says, which is DCMTK give or take its rounding', async (one) => {
  const path = await writeImage(folder.path, one);
  const { detail } = compareSamples(await drawnByDCMTK(path, one), await viewerPicture(path, one), false);
  expect(Number(/largest (\d+)/.exec(detail)?.[1] ?? 0)).toBeLessThanOrEqual(2);
});

describe('compressed by DCMTK, it is drawn as before', () => {
  it.each([
    ['JPEG lossless', 'dcmcjpeg', '+e1', true],
    ['JPEG extended, 12 bits', 'dcmcjpeg', '+ee', false],
    ['JPEG spectral selection', 'dcmcjpeg', '+es', false],
    ['JPEG progressive', 'dcmcjpeg', '+ep', false],
    ['JPEG-LS lossless', 'dcmcjpls', '+el', true],
    ['RLE', 'dcmcrle', '', true],
    ['deflated', 'dcmconv', '+td', true],
    ['implicit VR', 'dcmconv', '+ti', true],
    ['big endian', 'dcmconv', '+tb', true],
  ])('%s', async (name, tool, option, isExact) => {
    const source = await writeImage(folder.path, { ...HEAD, name: `before ${name}` });
    const target = `${source}.compressed`;
    const { code, output } = await dcmtk(tool, ...(option === '' ? [] : [option]), source, target);
    expect([code, output]).toEqual([0, expect.any(String)]);
    const [before, after] = await Promise.all([source, target].map((path) => viewerPicture(path, { arguments: FIRST })));
    if (before === undefined || after === undefined) throw new Error('no picture');
    const { detail, kind } = compareSamples(before, after, !isExact);
    if (isExact) expect(kind).toBe('equal');
    else expect(Number(/mean ([\d.]+)/.exec(detail)?.[1] ?? 0)).toBeLessThan(40);
    if (tool === 'dcmcjpeg')
      expect(compareSamples(await drawnByDCMTK(target, { arguments: FIRST }), after, false).kind).not.toBe('different');
  });
});

async function viewerPicture(path: string, { arguments: asked, planes = false }: Pick<Case, 'arguments' | 'planes'>): Promise<Picture> {
  const drawable = await viewFile(path).drawable(0);
  return pictureOf(drawable, windowOf(asked.join(' '), drawable), { planes });
}

async function drawnByDCMTK(path: string, { arguments: asked, planes = false }: Pick<Case, 'arguments' | 'planes'>): Promise<Picture> {
  const target = `${path}.pnm`;
  const { code, output } = await dcmtk('dcmj2pnm', ...(planes ? [] : ['-O']), ...asked, '+op', path, target);
  if (code !== 0) throw new Error(output);
  return readPNM(await readFile(target));
}

/** Binary PGM or PPM of 8 bits. */
function readPNM(file: Buffer): Picture {
  const head = /^P([56])\s+(?:#.*\n)*(\d+)\s+(\d+)\s+255\n/.exec(file.subarray(0, 200).toString('latin1'));
  if (head === null) throw new Error('no PNM');
  const [whole, kind, columns, rows] = head;
  return { columns: Number(columns), rows: Number(rows), samplesPerPixel: kind === '5' ? 1 : 3, samples: file.subarray(whole.length) };
}
