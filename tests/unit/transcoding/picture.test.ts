import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { EncodedImage, PictureRecipe } from '../../../electron/transcoding/index.ts';
import { createCodecWorker } from '../../../electron/transcoding/index.ts';
import { decodeFrame } from '../../../shared/codecs/index.ts';
import type { Annotation } from '../../../shared/marks/index.ts';
import { part10, sample, temporaryFolder } from '../archive/fixtures.ts';

const SIZE = 64;
const IMAGE = {
  rows: SIZE,
  columns: SIZE,
  samplesPerPixel: 1,
  photometricInterpretation: 'MONOCHROME2',
  planarConfiguration: 0,
  bitsAllocated: 16,
  bitsStored: 12,
  highBit: 11,
  pixelRepresentation: 0,
};
const RAMP = Uint16Array.from({ length: SIZE * SIZE }, (_, i) => i % 4096);
const RECIPE: PictureRecipe = {
  format: 'png',
  bits: 8,
  quality: 95,
  rescaleSlope: 2,
  rescaleIntercept: -1000,
  window: { center: 1200, width: 3000, function: 'LINEAR' },
  inverse: false,
};

function encoded(recipe: Partial<PictureRecipe>): EncodedImage {
  const frames = [{ fragments: [new Uint8Array(RAMP.buffer)] }];
  return { transferSyntaxUID: '1.2.840.10008.1.2.1', image: IMAGE, frames, recipe: { ...RECIPE, ...recipe } };
}

async function made(recipe: Partial<PictureRecipe> = {}): Promise<Buffer> {
  const codec = createCodecWorker();
  onTestFinished(() => codec.close());
  return Buffer.from((await codec.run('picture', encoded(recipe))).bytes);
}

/** Samples of a grey PNG file whose rows are differences. */
function pixelsOf(png: Buffer): number[] {
  const wide = png[24] === 16 ? 2 : 1;
  const row = SIZE * wide;
  const start = png.indexOf('IDAT') + 4;
  const filtered = zlib.inflateSync(png.subarray(start, start + png.readUInt32BE(start - 8)));
  const bytes = Buffer.alloc(row * SIZE);
  for (let y = 0; y < SIZE; y += 1) {
    for (let x = 0; x < row; x += 1) {
      bytes[y * row + x] = (filtered[y * (row + 1) + 1 + x] ?? 0) + (x < wide ? 0 : (bytes[y * row + x - wide] ?? 0));
    }
  }
  return Array.from({ length: SIZE * SIZE }, (_, i) => (wide === 2 ? bytes.readUInt16BE(2 * i) : (bytes[i] ?? 0)));
}

/** Samples of a colour PNG file of 8 bits. */
function rgbOf(png: Buffer): Buffer {
  expect(png[25]).toBe(2);
  const start = png.indexOf('IDAT') + 4;
  const filtered = zlib.inflateSync(png.subarray(start, start + png.readUInt32BE(start - 8)));
  const row = 3 * SIZE;
  const bytes = Buffer.alloc(row * SIZE);
  for (let y = 0; y < SIZE; y += 1) {
    for (let x = 0; x < row; x += 1)
      bytes[y * row + x] = (filtered[y * (row + 1) + 1 + x] ?? 0) + (x < 3 ? 0 : (bytes[y * row + x - 3] ?? 0));
  }
  return bytes;
}

describe('a frame as a picture', () => {
  it('has its overlays in white, separate ones and those in unused bits of the pixels', async () => {
    const plane = { rows: 2, columns: 16, origin: [3, -1] as const, bytes: Uint8Array.of(0xff, 0xff, 0, 0x80), firstBit: 0, bitsApart: 1 };
    const cells = new Uint8Array(Uint16Array.from({ length: SIZE * SIZE }, (_, i) => (i === 70 ? 0x8000 : 0)).buffer);
    const embedded = { rows: SIZE, columns: SIZE, origin: [1, 1] as const, bytes: cells, firstBit: 15, bitsApart: 16 };
    const [plain, drawn] = [pixelsOf(await made()), pixelsOf(await made({ overlays: [plane, embedded] }))];
    const changed = drawn.flatMap((grey, at) => (grey === plain[at] ? [] : [at]));
    expect(changed).toEqual([70, ...Array.from({ length: 14 }, (_, i) => 2 * SIZE + i), 3 * SIZE + 13]);
    expect(changed.map((at) => drawn[at])).toEqual(changed.map(() => 255));
  });

  it('says when letters of its text cannot be drawn', async () => {
    const codec = createCodecWorker();
    onTestFinished(() => codec.close());
    const text = (line: string) => ({ topLeft: [line], topRight: [], bottomLeft: [], bottomRight: [] });
    const isWhole = async (line: string) => (await codec.run('picture', encoded({ text: text(line) }))).textIsWhole;
    const lines = ['Doe Jane Ünal Люксембург', 'Wang 王 小東', '黃 小东', '山田 太郎 やまだ', '김 희중', 'שרון דבורה', 'นามสกุล'];
    expect(await Promise.all(lines.map(isWhole))).toEqual(lines.map(() => true));
    expect([await isWhole('قباني لنزار'), await isWhole('𠀋')]).toEqual([false, false]);
  });

  it('shows floating point pixels through their window', async () => {
    const codec = createCodecWorker();
    onTestFinished(() => codec.close());
    const values = Float32Array.from({ length: SIZE * SIZE }, (_, i) => (i % SIZE) / SIZE);
    const { bytes } = await codec.run('picture', {
      transferSyntaxUID: '1.2.840.10008.1.2.1',
      image: { ...IMAGE, bitsAllocated: 32, bitsStored: 32, highBit: 31, sampleFormat: 'float' },
      frames: [{ fragments: [new Uint8Array(values.buffer)] }],
      recipe: { ...RECIPE, rescaleSlope: 1, rescaleIntercept: 0, window: { center: 0.5, width: 1, function: 'LINEAR_EXACT' } },
    });
    const grey = pixelsOf(Buffer.from(bytes));
    expect([grey[0], grey[32], grey[63]]).toEqual([0, 128, 251]);
  });

  it('has the grey levels that DCMTK draws', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'ramp.dcm');
    const one = sample('1.2.3', { RescaleSlope: 2, RescaleIntercept: -1000 }, { rows: SIZE });
    const pixels = Buffer.from(RAMP.buffer);
    fs.writeFileSync(file, Buffer.concat([part10(one).subarray(0, -pixels.length), pixels]));
    const out = path.join(folder, 'ramp.pgm');
    expect(spawnSync('dcm2pnm', ['+Ww', '1200', '3000', '--write-raw-pnm', file, out]).status).toBe(0);
    const theirs = fs.readFileSync(out).subarray(-SIZE * SIZE);
    const ours = pixelsOf(await made());
    const furthest = Math.max(...ours.map((grey, i) => Math.abs(grey - (theirs[i] ?? 0))));
    expect(furthest).toBeLessThanOrEqual(1);
    expect(new Set(ours).size).toBeGreaterThan(200);
  });

  it('keeps more levels in 16 bits, and the same picture in a TIFF file', async () => {
    const deep = pixelsOf(await made({ bits: 16 }));
    expect(new Set(deep).size).toBeGreaterThan(1000);
    const tiff = await made({ bits: 16, format: 'tiff' });
    expect(tiff.subarray(0, 4).toString('latin1')).toBe('II*\0');
    const bytes = tiff.subarray(-2 * SIZE * SIZE);
    expect(Array.from({ length: SIZE * SIZE }, (_, i) => bytes.readUInt16LE(2 * i))).toEqual(deep);
  });

  it('is a JPEG file that decodes to nearly the same', async () => {
    const jpeg = await made({ format: 'jpeg' });
    const ours = pixelsOf(await made());
    const { provideWasm } = await import('../../../shared/codecs/index.ts');
    provideWasm(
      async () => new Uint8Array(fs.readFileSync(new URL(import.meta.resolve('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm')))),
    );
    const image = { ...IMAGE, bitsAllocated: 8, bitsStored: 8, highBit: 7 };
    const { samples } = await decodeFrame({ transferSyntaxUID: '1.2.840.10008.1.2.4.50', image, fragments: [jpeg] });
    const mean = ours.reduce((sum, grey, i) => sum + Math.abs(grey - (samples[i] ?? 0)), 0) / ours.length;
    expect(mean).toBeLessThan(3);
  });

  it('is inverted where the lowest value is white, and spans what is there where no window is named', async () => {
    const { window: _, ...rest } = RECIPE;
    const codec = createCodecWorker();
    onTestFinished(() => codec.close());
    const bytes = (await codec.run('picture', { ...encoded({}), recipe: { ...rest, inverse: true } })).bytes;
    const pixels = pixelsOf(Buffer.from(bytes));
    expect([pixels[0], pixels.at(-1)]).toEqual([255, 0]);
  });

  it('bears text in its corners and nowhere else', async () => {
    const text = { topLeft: ['Łódź'], topRight: [], bottomLeft: [], bottomRight: ['𠀋'] };
    const [plain, written] = [pixelsOf(await made()), pixelsOf(await made({ text }))];
    const changed = plain.flatMap((grey, i) => (grey === written[i] ? [] : [[i % SIZE, Math.floor(i / SIZE)] as const]));
    expect(changed.length).toBeGreaterThan(40);
    expect(changed.filter(([x, y]) => !(y < 20 && x < 50) && !(y > 44 && x > 40))).toEqual([]);
  });

  it('bears the marks of the viewer with their figures, in colour, where they stand', async () => {
    const at = { id: 'a', studyInstanceUID: '1', seriesInstanceUID: '1', sopInstanceUID: '1', frame: 0 };
    const box: Annotation = {
      ...at,
      kind: 'rectangle',
      name: '',
      points: [
        { x: 8, y: 30 },
        { x: 24, y: 50 },
      ],
    };
    const image = { pixelSpacing: [0.5, 0.5] as [number, number], rescaleType: 'HU' };
    const [bare, named] = [
      rgbOf(await made({ marks: marksOf([box]) })),
      rgbOf(await made({ marks: marksOf([{ ...box, name: 'Liver' }]) })),
    ];
    const plain = pixelsOf(await made());
    const differs = (x: number, y: number) => [0, 1, 2].some((c) => bare[3 * (y * SIZE + x) + c] !== plain[y * SIZE + x]);
    expect([differs(8, 40), differs(24, 40), differs(16, 30), differs(16, 50)]).toEqual([true, true, true, true]);
    expect(differs(2, 2)).toBe(false);
    const [red = 0, green = 0, blue = 0] = bare.slice(3 * (40 * SIZE + 8), 3 * (40 * SIZE + 8) + 3);
    expect(red > green && green > blue).toBe(true);
    expect(named.equals(bare)).toBe(false);

    function marksOf(marks: readonly Annotation[]): NonNullable<PictureRecipe['marks']> {
      return { marks, image, modality: 'CT' };
    }
  });
});
