import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { generateSyntheticStudies } from '../../electron/demo/phantom/index.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { writeMammograms } from '../support/volume.ts';
import { decodeCold } from './viewer-decode.ts';
import { bareDrawing, drawingTime, emptyPageWheel, type Latency, latencyOf, openViewerBench } from './viewer-page.ts';
import { scrollWhileRetrieving } from './viewer-retrieve.ts';

const INPUTS = 60;
/** Each turn of the wheel has to find another slice. */
const FEWEST = 200;
/** A retrieve of fewer may be over before the first slice is scrolled. */
const LONG_ENOUGH = 500;

/** What a reader feels, measured in the window without a GPU. Each resolves with one line of JSON. */
export const VIEWER_BENCHES: Readonly<Record<string, (part: number) => Promise<string>>> = {
  'viewer-ct': async (part) => JSON.stringify({ name: 'viewer-ct', ...(await ct(Math.max(FEWEST, 1000 * part))), unit: 'ms' }),
  'viewer-mammogram': async () => JSON.stringify({ name: 'viewer-mammogram', ...(await mammogram()), unit: 'ms' }),
  'viewer-memory': async (part) => JSON.stringify({ name: 'viewer-memory', ...(await memory(5000 * part)), unit: 'MB' }),
  'viewer-retrieve': async (part) =>
    JSON.stringify({ name: 'viewer-retrieve', ...(await scrollWhileRetrieving(Math.max(LONG_ENOUGH, 1000 * part))), unit: 'ms' }),
  'viewer-decode': async (part) =>
    JSON.stringify({ name: 'viewer-decode', ...(await decodeCold(Math.max(20, Math.round(500 * part)))), unit: 's' }),
};

/** 1,000 local slices of 512²: opening, loading all, and each gesture in one pane and in nine linked ones. */
async function ct(slices: number): Promise<object> {
  await using folder = await temporaryFolder('bench-viewer');
  const files = join(folder.path, 'files');
  generateSyntheticStudies(
    { patients: 1, studiesPerPatient: 1, seriesPerStudy: 1, instancesPerSeries: slices, rows: 512, columns: 512, seed: 21 },
    files,
  );
  await using bench = await openViewerBench(folder.path, files);
  const { page } = bench;
  const opening = await open(page, slices);
  await page.locator('.viewer-pane').first().hover();
  const one = await gestures(page, 1);
  const drawing = await drawingTime(page, INPUTS, () => page.mouse.wheel(0, -100));
  const bare = await bareDrawing(page, 512, 512);
  await fillGrid(page);
  const nine = await gestures(page, 9);
  return {
    ...opening,
    ...named('one', one),
    ...named('nine', nine),
    drawing: round(drawing),
    bareDrawing: round(bare),
    ratio: round(drawing / bare),
    ...(await control(page)),
  };
}

async function control(page: Page): Promise<object> {
  const { p50, p95, pageP95 } = await emptyPageWheel(page, INPUTS);
  return { 'emptyPage.wheel.p50': round(p50), 'emptyPage.wheel.p95': round(p95), 'emptyPage.wheel.pageP95': round(pageP95) };
}

async function mammogram(): Promise<object> {
  await using folder = await temporaryFolder('bench-viewer');
  const files = join(folder.path, 'files');
  await writeMammograms(
    files,
    {
      studyInstanceUID: '1.2.826.0.1.3680043.9.21',
      patientName: 'Bench^Mammo',
      patientID: 'B-1',
      patientBirthDate: '19700101',
      studyDate: '20261118',
      studyDescription: 'Mammography',
    },
    { rows: 4096, columns: 3328 },
  );
  await using bench = await openViewerBench(folder.path, files);
  const { page } = bench;
  await open(page, 4);
  await page.keyboard.press('g');
  await page.locator('[data-grid="1x1"]').click();
  await page.locator('.viewer-pane').first().hover();
  // Four images of one slice each: there is nothing to scroll through.
  const fitted = await drags(page, 1);
  await page.keyboard.press('o');
  const atOneToOne = await drags(page, 1);
  await page.keyboard.down('Control');
  const drawing = await drawingTime(page, INPUTS, (index) => page.mouse.wheel(0, index % 40 < 20 ? -40 : 40));
  await page.keyboard.up('Control');
  const bare = await bareDrawing(page, 3328, 4096);
  const drawn = { drawing: round(drawing), bareDrawing: round(bare), ratio: round(drawing / bare) };
  return { ...named('fit', fitted), ...named('oneToOne', atOneToOne), ...drawn, ...(await control(page)) };
}

/** 5,000 slices (2.6 GB decoded) scrolled through twice. */
async function memory(slices: number): Promise<object> {
  await using folder = await temporaryFolder('bench-viewer');
  const files = join(folder.path, 'files');
  generateSyntheticStudies(
    { patients: 1, studiesPerPatient: 1, seriesPerStudy: 1, instancesPerSeries: slices, rows: 512, columns: 512, seed: 22 },
    files,
  );
  await using bench = await openViewerBench(folder.path, files);
  const { page } = bench;
  await page.locator('.study-row').first().dblclick();
  await page.locator('.viewer-pane[data-ready="true"]').first().waitFor({ timeout: 60_000 });
  await page.locator('.viewer-pane').first().hover();
  const passes: number[] = [];
  let peak = 0;
  for (let pass = 0; pass < 2; pass++) {
    for (let slice = 0; slice < slices; slice += 50) {
      await page.evaluate(`(${TURNS})(${pass === 0 ? 100 : -100})`);
      await page.locator('.viewer-pane[data-ready="true"]').first().waitFor({ timeout: 20_000 });
      peak = Math.max(peak, await bench.rendererMB());
    }
    passes.push(round(await bench.rendererMB()));
  }
  return { afterFirstPass: passes[0], afterSecondPass: passes[1], peak: round(peak) };
}

/** A turn of the wheel with each animation frame, from within the page: a real one takes 20 ms to get there. */
const TURNS = `(delta) => new Promise((done) => {
  const pane = document.querySelector('.viewer-pane');
  let left = 50;
  const turn = () => {
    pane.dispatchEvent(new WheelEvent('wheel', { deltaY: delta, bubbles: true, cancelable: true }));
    left -= 1;
    if (left === 0) done();
    else requestAnimationFrame(turn);
  };
  turn();
})`;

/** Double click to the first image, and to all images in the cache. */
async function open(page: Page, images: number): Promise<{ firstImage: number; allLoaded: number }> {
  // The window fetches its viewer when it has nothing else to do; a person takes longer than that.
  await page.waitForLoadState('networkidle');
  await page.locator('.study-row').first().dblclick();
  await page.waitForFunction(`document.querySelector('.viewer-pane')?.dataset.ready === 'true'`, undefined, { polling: 5 });
  const firstImage = await page.evaluate<number>(
    `performance.getEntriesByName('phosphor:first-image').at(-1).startTime - viewerMeter.opened`,
  );
  await page.waitForFunction(`document.querySelector('.viewer-pane')?.dataset.loaded === '${images}'`, undefined, {
    polling: 20,
    timeout: 60_000,
  });
  const allLoaded = await page.evaluate<number>('performance.now() - viewerMeter.opened');
  return { firstImage: round(firstImage), allLoaded: round(allLoaded) };
}

/** The series in nine panes, linked in everything. */
async function fillGrid(page: Page): Promise<void> {
  await page.keyboard.press('g');
  await page.locator('[data-grid="3x3"]').click();
  for (let pane = 0; pane < 9; pane++) {
    await page.locator('.viewer-card').first().dragTo(page.locator('.viewer-pane').nth(pane));
    await page.locator('.viewer-pane').nth(pane).and(page.locator('[data-ready="true"]')).waitFor();
  }
  await page
    .locator('.viewer-pane')
    .nth(4)
    .click({ position: { x: 150, y: 100 } });
  await page.keyboard.press('y');
}

interface Drags {
  readonly window: Latency;
  readonly zoom: Latency;
  readonly wheelZoom: Latency;
  readonly pan: Latency;
}

async function gestures(page: Page, panes: number): Promise<Drags & { readonly scroll: Latency }> {
  await toPane(page, panes);
  const scroll = await latencyOf(page, panes, INPUTS, () => page.mouse.wheel(0, 100));
  return { scroll, ...(await drags(page, panes)) };
}

/** The middle of the pane that the inputs go to; the pointer is there afterwards. */
async function toPane(page: Page, panes: number): Promise<readonly [x: number, y: number]> {
  const box = await page
    .locator('.viewer-pane')
    .nth(panes === 1 ? 0 : 4)
    .boundingBox();
  if (box === null) throw new Error('no pane');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  return [x, y];
}

async function drags(page: Page, panes: number): Promise<Drags> {
  const [x, y] = await toPane(page, panes);
  const drag = async (button: 'left' | 'right' | 'middle', dx: number, dy: number) => {
    await page.mouse.move(x, y);
    await page.mouse.down({ button });
    const latency = await latencyOf(page, panes, INPUTS, (index) => page.mouse.move(x + (index % 60) * dx, y + ((index + 30) % 60) * dy));
    await page.mouse.up({ button });
    return latency;
  };
  const window = await drag('right', 2, 1);
  // With the tool, and with the wheel, which DevTools keeps to itself for as long as a frame.
  await page.keyboard.press('z');
  const zoom = await drag('left', 1, 2);
  await page.keyboard.press('Backspace');
  await page.keyboard.down('Control');
  const wheelZoom = await latencyOf(page, panes, INPUTS, (index) => page.mouse.wheel(0, index % 40 < 20 ? -40 : 40));
  await page.keyboard.up('Control');
  const pan = await drag('middle', 2, 1);
  await page.keyboard.press('Backspace');
  return { window, zoom, wheelZoom, pan };
}

function named(prefix: string, gestures: Drags): Record<string, number> {
  return Object.fromEntries(
    Object.entries(gestures).flatMap(([name, { p50, p95, pageP95 }]: [string, Latency]) => [
      [`${prefix}.${name}.p50`, round(p50)],
      [`${prefix}.${name}.p95`, round(p95)],
      [`${prefix}.${name}.pageP95`, round(pageP95)],
    ]),
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
