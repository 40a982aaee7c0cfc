import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary.ts';
import { type MadeStudy, writeVolume } from '../support/volume.ts';
import { expectNoErrors, screenshot } from './browser.ts';
import { dragOver, openStudy, panes, type Reading, startReading, untilData } from './viewer.ts';

const STUDY: MadeStudy = {
  patientName: 'Ekström^Siv',
  patientID: 'R-1',
  patientBirthDate: '19480312',
  studyInstanceUID: '1.2.826.0.1.3680043.9.31',
  studyDate: '20261119',
  studyDescription: 'CT to report on',
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let reading: Reading;

// One reader's session: each test goes on where the one before it ended.
beforeAll(async () => {
  folder = await temporaryFolder('viewer-reports');
  const files = join(folder.path, 'files');
  await writeVolume(files, STUDY, { planes: ['AX'] });
  reading = await startReading(folder.path, files);
});

afterAll(async () => {
  await reading[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const pane = () => panes(reading.page).first();
const mark = (kind: string) => pane().locator(`[data-kind="${kind}"]`);
const panel = () => reading.page.getByRole('complementary', { name: 'Measurements' });
const told = () => panel().locator('[data-told]');
const wordsOf = async (kind: string): Promise<string> => (await mark(kind).last().locator('tspan').allTextContents()).join(' ');

test('what is drawn is there when the window is loaded anew', async () => {
  const { page } = reading;
  await openStudy(page, 'CT to report on');
  await page.keyboard.press('l');
  await dragOver(page, pane(), [
    [20, 100],
    [60, 100],
  ]);
  await page.keyboard.press('r');
  await dragOver(page, pane(), [
    [40, 50],
    [60, 80],
  ]);
  await page.keyboard.press('k');
  await page.keyboard.press('d');
  await reading.page.locator('.viewer-panel[data-unsaved="false"]').waitFor();
  const words = [await wordsOf('length'), await wordsOf('rectangle')];
  await page.reload();
  await openStudy(page, 'CT to report on');
  await mark('length').waitFor();
  await mark('rectangle').waitFor();
  expect([await wordsOf('length'), await wordsOf('rectangle')]).toEqual(words);
  await expect.poll(() => panel().locator('[data-measurement]').count(), { timeout: 20_000 }).toBe(3);
});

test('a report, a selection of key images and a capture become series of the study', async () => {
  const { page } = reading;
  for (const [name, sentence] of [
    ['Report', 'Report with 2 marks saved in the study.'],
    ['Key images', 'Selection of 1 image saved in the study.'],
    ['Capture', 'Picture saved in the study.'],
  ] as const) {
    await panel().getByRole('button', { name, exact: true }).click();
    await panel().getByText(sentence).waitFor();
  }
  await expect.poll(() => page.getByRole('listbox', { name: 'Series' }).getByRole('option').count(), { timeout: 20_000 }).toBe(4);
  await panel().locator('[data-report="measurements"]').getByText('2 are in the list above.').waitFor();
  await screenshot(page, 'viewer-save');
});

test('a mark that was deleted is read from the report, and taken over again to the same place and value', async () => {
  const words = await wordsOf('length');
  await panel().locator('[data-measurement="length"]').getByRole('button', { name: 'Delete' }).click();
  await mark('length').waitFor({ state: 'detached' });
  const line = told().filter({ hasText: 'Length' });
  await line.waitFor();
  await screenshot(reading.page, 'viewer-from-report');
  expect(words).toBe(await line.locator('.report-values').textContent());
  await line.getByRole('button', { name: 'Take over' }).click();
  await mark('length').waitFor();
  expect(await wordsOf('length')).toBe(words);
  await expect.poll(() => told().count(), { timeout: 20_000 }).toBe(0);
});

test('the capture shows the picture with its marks', async () => {
  await panel().getByRole('button', { name: 'Show it' }).click();
  await untilData(pane(), 'frame-count', /^1$/);
  await untilData(pane(), 'ready', /^true$/);
  const yellow = await pane()
    .locator('.viewer-canvas canvas')
    .evaluate((element) => {
      const canvas = element as unknown as {
        width: number;
        height: number;
        getContext(kind: '2d'): { getImageData(...box: number[]): { data: number[] } };
      };
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let at = 0; at < data.length; at += 4) if ((data[at] ?? 0) - (data[at + 2] ?? 0) > 60) count += 1;
      return count;
    });
  expect(yellow, 'pixels of the colour of marks').toBeGreaterThan(100);
  expectNoErrors(reading.window);
});
