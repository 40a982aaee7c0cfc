import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ALL_FORMATS, BlobSource, EncodedPacketSink, Input } from 'mediabunny';
import { expect, test } from 'vitest';
import { COLUMNS, cells, pattern, ROWS, writeImage } from '../support/images.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { expectNoErrors } from './browser.ts';
import { openStudy, startReading } from './viewer.ts';

const FRAMES = 12;

test('a cine is saved as a video with every frame, at its own rate; where the browser has no encoder it says so', async () => {
  await using folder = await temporaryFolder('video');
  const files = join(folder.path, 'files');
  await mkdir(files);
  await writeImage(files, {
    name: 'cine',
    values: { BitsAllocated: 8, BitsStored: 8, HighBit: 7, NumberOfFrames: String(FRAMES), FrameTime: '40', CineRate: '25' },
    elements: [],
    pixels: cells(
      Array.from({ length: FRAMES }, (_, turn) => pattern(ROWS * COLUMNS, turn).map((share) => Math.round(share * 255))).flat(),
      8,
    ),
    pixelVR: 'OB',
  });
  await using reading = await startReading(folder.path, files);
  const { page, window } = reading;
  await openStudy(page, 'Pattern');
  const choose = async () => {
    await page.getByRole('button', { name: 'Speed and direction' }).click();
    await page.getByRole('menuitem', { name: /Save as a video/ }).click();
  };
  const saving = page.waitForEvent('download', { timeout: 60_000 });
  await choose();
  const download = await saving;
  expect(download.suggestedFilename()).toMatch(/^cine\.(mp4|webm)$/);
  await page.getByRole('status').filter({ hasText: 'The video was saved' }).waitFor();
  const input = new Input({ source: new BlobSource(new Blob([await readFile(await download.path())])), formats: ALL_FORMATS });
  const track = await input.getPrimaryVideoTrack();
  if (track === null) throw new Error('no picture in the video');
  const times: number[] = [];
  for await (const packet of new EncodedPacketSink(track).packets()) times.push(packet.timestamp);
  expect(times).toHaveLength(FRAMES);
  expect(Math.max(...times) / (FRAMES - 1)).toBeCloseTo(0.04, 2);
  expect([track.displayWidth, track.displayHeight]).toEqual([38, 30]);
  input.dispose();

  await page.evaluate(() => Reflect.deleteProperty(globalThis, 'VideoEncoder'));
  await choose();
  await page.getByRole('status').filter({ hasText: 'no encoder' }).waitFor();
  expectNoErrors(window);
});
