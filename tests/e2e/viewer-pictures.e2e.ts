import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeFileMeta, readPart10Meta, TransferSyntaxUID } from '../../electron/dicom/dataset/index.ts';
import { type ChromiumViewer, fromRGBA, startChromiumViewer } from '../conformance/chromium-viewer.ts';
import { compareSamples } from '../conformance/compare.ts';
import { pictureOf, viewFile } from '../conformance/viewed-file.ts';
import { windowOf } from '../conformance/window-of.ts';
import { COLUMNS, cells, type GeneratedImage, overlayElements, packed, pattern, ROWS, writeImage } from '../support/images.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { provideWasmFromPackages } from '../support/wasm.ts';
import { expectNoErrors } from './browser.ts';
import { openStudy, startReading } from './viewer.ts';

const PIXELS = COLUMNS * ROWS;
const GREY = { BitsAllocated: 16, BitsStored: 12, HighBit: 11, RescaleIntercept: '-1024', WindowCenter: '40', WindowWidth: '400' };
const grey = cells(
  pattern(PIXELS).map((share) => Math.round(share * 4095)),
  16,
);

const LARGE = { rows: 1500, columns: 1000 };
const IMAGES: readonly GeneratedImage[] = [
  { name: 'grey', values: GREY, pixels: grey },
  { name: 'MONOCHROME1', values: { ...GREY, PhotometricInterpretation: 'MONOCHROME1' }, pixels: grey },
  {
    name: '32 bits in a narrow window',
    values: { BitsAllocated: 32, BitsStored: 32, HighBit: 31, WindowCenter: '1000000', WindowWidth: '300' },
    pixels: cells(
      pattern(PIXELS).map((share) => Math.round(999_000 + share * 2000)),
      32,
    ),
  },
  {
    name: 'larger than the pane',
    values: { ...GREY, Rows: LARGE.rows, Columns: LARGE.columns },
    pixels: cells(
      pattern(LARGE.rows * LARGE.columns).map((share) => Math.round(share * 4095)),
      16,
    ),
  },
  {
    name: 'colour',
    values: { BitsAllocated: 8, BitsStored: 8, HighBit: 7, SamplesPerPixel: 3, PhotometricInterpretation: 'RGB', PlanarConfiguration: 0 },
    pixels: cells(
      pattern(PIXELS * 3).map((share) => Math.round(share * 255)),
      8,
    ),
    pixelVR: 'OB',
  },
  {
    name: 'colour, larger than the pane',
    values: {
      BitsAllocated: 8,
      BitsStored: 8,
      HighBit: 7,
      SamplesPerPixel: 3,
      PhotometricInterpretation: 'RGB',
      PlanarConfiguration: 0,
      Rows: LARGE.rows,
      Columns: LARGE.columns,
    },
    pixels: cells(
      pattern(LARGE.rows * LARGE.columns * 3).map((share) => Math.round(share * 255)),
      8,
    ),
    pixelVR: 'OB',
  },
  {
    name: 'overlay and shutter',
    values: { ...GREY, ShutterShape: 'CIRCULAR', CenterOfCircularShutter: [12, 14], RadiusOfCircularShutter: 9 },
    elements: overlayElements({ allocated: 1, position: 0, data: packed(Array.from({ length: PIXELS }, (_, i) => (i % 7 === 0 ? 1 : 0))) }),
    pixels: grey,
  },
];

describe('on the canvas of a real window', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let viewer: ChromiumViewer;
  beforeAll(async () => {
    provideWasmFromPackages();
    folder = await temporaryFolder('viewer-pictures');
    viewer = await startChromiumViewer();
  });
  afterAll(async () => {
    await viewer.close();
    await folder[Symbol.asyncDispose]();
  });

  test.each(IMAGES)('an image ($name) is, pixel by pixel, what its tables say', async (image) => {
    const path = await writeImage(folder.path, image);
    const drawn = await viewer.draw(path, 0, '+Wi 1', true);
    if ('refused' in drawn) throw new Error(drawn.refused);
    const drawable = await viewFile(path).drawable(0);
    const wanted = pictureOf(drawable, windowOf('+Wi 1', drawable), { planes: true });
    expect(compareSamples(wanted, fromRGBA(drawn.rgba, drawn.columns, drawn.rows, wanted.samplesPerPixel), false)).toMatchObject({
      kind: 'equal',
    });
  });

  test.each([0, 1, 8])('a deflated data set with %i bytes behind its end is shown', async (trailer) => {
    const plain = await readFile(await writeImage(folder.path, { name: `plain ${trailer}`, values: GREY, pixels: grey }));
    const { dataSetOffset } = readPart10Meta(plain);
    const meta = encodeFileMeta({
      sopClassUID: '1.2',
      sopInstanceUID: '1.3',
      transferSyntaxUID: TransferSyntaxUID.DeflatedExplicitVRLittleEndian,
    });
    const path = join(folder.path, `deflated-${trailer}.dcm`);
    await writeFile(path, Buffer.concat([meta, deflateRawSync(plain.subarray(dataSetOffset)), Buffer.alloc(trailer)]));
    expect(await viewer.draw(path, 0, '+Wi 1', true)).toMatchObject({ columns: COLUMNS, rows: ROWS });
  });

  test('a worker that hangs is ended, and the next image is decoded by another', async () => {
    const path = await writeImage(folder.path, { name: 'after a hang', values: GREY, pixels: grey });
    expect(await viewer.outliveHang(path)).toEqual({ hung: 'timed-out', other: 'grey' });
  });
});

const EIGHT = { BitsAllocated: 8, BitsStored: 8, HighBit: 7 };
const JPEG = '1.2.840.10008.1.2.4.50';
/** What lies about itself; the first and the last are honest. */
const SERIES: readonly GeneratedImage[] = [
  { name: 'honest', values: GREY, pixels: grey },
  { name: 'no rows', values: { ...GREY, Rows: 0 }, pixels: grey },
  { name: 'more pixels than memory', values: { ...GREY, Rows: 65_535, Columns: 65_535, NumberOfFrames: '2147483647' }, pixels: grey },
  { name: 'a palette that is not there', values: { ...EIGHT, PhotometricInterpretation: 'PALETTE COLOR' }, pixels: grey },
  {
    name: 'samples that are not there',
    values: { ...EIGHT, SamplesPerPixel: 3, PhotometricInterpretation: 'RGB' },
    pixels: grey.subarray(0, 200),
  },
  { name: 'bits that nobody has', values: { BitsAllocated: 64, BitsStored: 77, HighBit: 3 }, pixels: grey },
  { name: 'no frame at all', values: { ...GREY, NumberOfFrames: '0' }, pixels: grey },
  { name: 'a spacing that is no number', values: { ...GREY, PixelSpacing: ['NaN', '-1'], PixelAspectRatio: [0, 0] }, pixels: grey },
  { name: 'native pixels said to be JPEG', values: EIGHT, pixels: grey, pixelVR: 'OB', transferSyntaxUID: JPEG },
  { name: 'a window of nothing', values: { ...GREY, WindowCenter: '1e300', WindowWidth: '-5' }, pixels: grey },
  { name: 'honest again', values: GREY, pixels: grey },
];

test('a series of images that lie about themselves: each is drawn or says why not, and the window lives on', async () => {
  await using folder = await temporaryFolder('lies');
  const files = join(folder.path, 'files');
  await mkdir(files);
  for (const [index, image] of SERIES.entries()) {
    await writeImage(files, { ...image, values: { ...image.values, InstanceNumber: index + 1 } });
  }
  await using reading = await startReading(folder.path, files);
  const { page } = reading;
  await openStudy(page, 'Pattern');
  const pane = page.locator('.viewer-pane').first();
  const seen: string[] = [];
  for (let index = 0; index < SERIES.length; index++) {
    if (index > 0) await page.keyboard.press('ArrowDown');
    await expect.poll(() => pane.getAttribute('data-wanted-index')).toBe(String(index));
    const ready = pane.and(page.locator('[data-ready="true"]'));
    const tile = pane.locator('.viewer-tile');
    await ready.or(tile).first().waitFor({ timeout: 20_000 });
    seen.push((await tile.count()) > 0 ? 'tile' : 'drawn');
  }
  expect([seen[0], seen.at(-1)]).toEqual(['drawn', 'drawn']);
  expect(seen.filter((what) => what === 'tile').length).toBeGreaterThanOrEqual(5);
  expectNoErrors(reading.window);
});

const DATA = process.env.DICOM_TEST_DATA;

test.skipIf(DATA === undefined)('a film plays in its pane; one that cannot be decoded says so and can be saved', async () => {
  await using folder = await temporaryFolder('films');
  const films = join(folder.path, 'films');
  await mkdir(films);
  for (const name of ['video_h264_high41_mp4.dcm', 'video_mpeg2_mpml.dcm']) {
    await copyFile(join(DATA ?? '', 'derived', name), join(films, name));
  }
  await using reading = await startReading(folder.path, films);
  const { page } = reading;
  const rows = page.getByRole('grid', { name: 'Studies' }).locator('.study-row');
  const seen: string[] = [];
  for (let index = 0; index < (await rows.count()); index++) {
    await rows.nth(index).dblclick();
    const film = page.locator('[data-film]').first();
    await film.waitFor({ timeout: 30_000 });
    seen.push((await film.getAttribute('data-film')) ?? '');
    await expect.poll(() => page.locator('[data-film] a[download]').first().getAttribute('download')).toMatch(/^film\.(mp4|mpg)$/);
    if (seen.at(-1) === 'playable') {
      const player = page.locator('[data-film] video');
      await player.evaluate((element) => (element as unknown as { play(): Promise<void> }).play());
      await expect.poll(() => player.evaluate((element) => (element as unknown as { currentTime: number }).currentTime)).toBeGreaterThan(0);
    }
    await page.keyboard.press('Escape');
    await rows.first().waitFor();
  }
  expect(seen.sort()).toEqual(['playable', 'refused']);
  expectNoErrors(reading.window);
});
