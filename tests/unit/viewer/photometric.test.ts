import { afterAll, beforeAll, expect, it } from 'vitest';
import { fitScale, pixelAspect } from '../../../renderer/viewer/geometry.ts';
import { storedWindows } from '../../../renderer/viewer/voi.ts';
import { pictureOf, viewFile } from '../../conformance/viewed-file.ts';
import { COLUMNS, cells, type GeneratedImage, packed, pattern, ROWS, writeImage } from '../../support/images.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { provideWasmFromPackages } from '../../support/wasm.ts';

const PIXELS = COLUMNS * ROWS;
const TWELVE = { BitsAllocated: 16, BitsStored: 12, HighBit: 11 };
const values = pattern(PIXELS).map((share) => Math.round(share * 4095));
const level = (share: number) => Math.round(255 * Math.max(0, Math.min(1, share)));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  provideWasmFromPackages();
  folder = await temporaryFolder('photometric');
});
afterAll(() => folder[Symbol.asyncDispose]());

/** What stands on the screen at one to one, through the first window of the file or the automatic one. */
async function shown(image: GeneratedImage) {
  const drawable = await viewFile(await writeImage(folder.path, image)).drawable(0);
  const [window] = storedWindows(drawable.image);
  return { ...drawable, samples: [...pictureOf(drawable, window, { planes: true }).samples] };
}

/** Within what rounding leaves open. */
function expectNear(given: readonly number[], wanted: readonly number[]): void {
  expect(given).toHaveLength(wanted.length);
  expect(Math.max(...given.map((one, i) => Math.abs(one - (wanted[i] ?? 0))))).toBeLessThanOrEqual(1);
}

it('an image of 1 bit is black and white', async () => {
  const bits = values.map((value) => (value % 2) as 0 | 1);
  const { samples } = await shown({
    name: '1 bit',
    values: { BitsAllocated: 1, BitsStored: 1, HighBit: 0 },
    pixels: packed(bits),
    pixelVR: 'OB',
  });
  expect(samples).toEqual(bits.map((bit) => bit * 255));
});

it.each(['OF', 'OD'] as const)('floating point of VR %s goes through its window without being rounded', async (pixelVR) => {
  const numbers = pattern(PIXELS).map((share) => share * 2e-3 - 1e-3);
  const typed = pixelVR === 'OF' ? Float32Array.from(numbers) : Float64Array.from(numbers);
  const window = { WindowCenter: '0.0001', WindowWidth: '0.001', VOILUTFunction: 'LINEAR_EXACT' };
  const { samples } = await shown({
    name: `floats ${pixelVR}`,
    values: { BitsAllocated: pixelVR === 'OF' ? 32 : 64, ...window },
    pixels: new Uint8Array(typed.buffer),
    pixelVR,
  });
  expectNear(
    samples,
    numbers.map((value) => level((value - 1e-4) / 1e-3 + 0.5)),
  );
});

it('a window of LINEAR_EXACT is that of PS3.3 C.11.2.1.3.2', async () => {
  const window = { WindowCenter: '2000', WindowWidth: '10', VOILUTFunction: 'LINEAR_EXACT' };
  const near = values.map((value) => 1990 + (value % 21));
  const { samples } = await shown({ name: 'linear exact', values: { ...TWELVE, ...window }, pixels: cells(near, 16) });
  expectNear(
    samples,
    near.map((value) => level((value - 2000) / 10 + 0.5)),
  );
});

it('Presentation LUT Shape INVERSE turns black and white round', async () => {
  const window = { WindowCenter: '2048', WindowWidth: '4096' };
  const image = { values: { ...TWELVE, ...window }, pixels: cells(values, 16) };
  const { samples: plain } = await shown({ name: 'plain', ...image });
  const { samples } = await shown({ name: 'inverse', ...image, values: { ...image.values, PresentationLUTShape: 'INVERSE' } });
  expectNear(
    samples,
    plain.map((grey) => 255 - grey),
  );
});

it('a segmented palette of 16 bits gives the colours that its segments describe', async () => {
  // Two values, a line up to the highest, then the same two and the line again.
  const segments = [0, 2, 0, 1000, 1, 126, 65_535];
  const data = cells([...segments, 2, 1, 0, 0, 1, 127, 0], 16);
  const { samples } = await shown({
    name: 'segmented palette',
    values: { BitsAllocated: 8, BitsStored: 8, HighBit: 7, PhotometricInterpretation: 'PALETTE COLOR' },
    elements: [0, 1, 2].flatMap(
      (i): NonNullable<GeneratedImage['elements']> => [
        [0x00281101 + i, [257, 0, 16], 'US'],
        [0x00281221 + i, data, 'OW'],
      ],
    ),
    pixels: cells(
      values.map((value) => value & 0xff),
      8,
    ),
    pixelVR: 'OB',
  });
  const line = (from: number, to: number, count: number) => Array.from({ length: count }, (_, i) => from + ((to - from) * (i + 1)) / count);
  const wanted = [0, 1000, ...line(1000, 65_535, 126), 0, 1000, ...line(1000, 0, 127)].map((value) => value >> 8);
  expectNear(
    samples,
    values.flatMap((value) => [0, 1, 2].map(() => wanted[value & 0xff] ?? 0)),
  );
});

it('colour of YBR_FULL_422 shares its chroma between two pixels', async () => {
  const columns = 38;
  const pairs = Array.from({ length: (columns * ROWS) / 2 }, (_, i) => [(i * 7) % 256, (i * 13) % 256, (i * 29) % 256, (i * 31) % 256]);
  const { samples } = await shown({
    name: 'ybr 422',
    values: {
      Columns: columns,
      SamplesPerPixel: 3,
      PhotometricInterpretation: 'YBR_FULL_422',
      PlanarConfiguration: 0,
      BitsAllocated: 8,
      BitsStored: 8,
      HighBit: 7,
    },
    pixels: cells(pairs.flat(), 8),
    pixelVR: 'OB',
  });
  const clamp = (value: number) => Math.max(0, Math.min(255, Math.round(value)));
  const wanted = pairs.flatMap(([first = 0, second = 0, cb = 0, cr = 0]) =>
    [first, second].flatMap((y) =>
      [y + 1.402 * (cr - 128), y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128), y + 1.772 * (cb - 128)].map(clamp),
    ),
  );
  expectNear(samples, wanted);
});

it('a range of padding takes no part in the automatic window', async () => {
  const padded = values.map((value, i) => (i % 4 === 0 ? 4000 + (i % 90) : 500 + (value % 100)));
  const range: GeneratedImage['elements'] = [
    [0x00280120, [4000], 'US'],
    [0x00280121, [4095], 'US'],
  ];
  const { frame } = await shown({ name: 'padded', values: TWELVE, elements: range, pixels: cells(padded, 16) });
  if (frame.kind !== 'grey') throw new Error('not grey');
  expect([frame.low, frame.high]).toEqual([500, 599]);
  expect(frame.autoWindow.center + frame.autoWindow.width / 2).toBeLessThan(601);
});

it('pixels that are not square are drawn as high and as wide as they are', async () => {
  const { image } = await shown({ name: 'aspect', values: { ...TWELVE, PixelAspectRatio: ['2', '1'] }, pixels: cells(values, 16) });
  expect(pixelAspect(image)).toBe(0.5);
  // Twice as high as wide: the rows decide.
  expect(fitScale(image, 0, { width: 1000, height: ROWS * 2 * 3 })).toBeCloseTo(3);
});
