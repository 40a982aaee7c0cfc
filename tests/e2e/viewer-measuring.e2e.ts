import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary.ts';
import { hounsfieldAt, type MadeStudy, writeVolume } from '../support/volume.ts';
import { expectNoErrors, screenshot } from './browser.ts';
import { dragOver, onPage, openStudy, panes, type Reading, startReading, untilData } from './viewer.ts';

const STUDY: MadeStudy = {
  patientName: 'Nyström^Maj',
  patientID: 'M-1',
  patientBirthDate: '19550606',
  studyInstanceUID: '1.2.826.0.1.3680043.9.11',
  studyDate: '20261118',
  studyDescription: 'CT to measure in',
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let reading: Reading;

// One reader's session: each test goes on where the one before it ended.
beforeAll(async () => {
  folder = await temporaryFolder('viewer-measuring');
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
/** Numbers of a mark's label. */
const numbersOf = async (kind: string): Promise<number[]> => {
  const lines = await mark(kind).last().locator('tspan').allTextContents();
  return (
    lines
      .join(' ')
      .match(/-?\d+(\.\d+)?/g)
      ?.map(Number) ?? []
  );
};

test('a length that is dragged reads in millimetres', async () => {
  const { page } = reading;
  await openStudy(page, 'CT to measure in');
  // z = 10 mm: tissue, air and the cube of metal.
  for (let slice = 0; slice < 40; slice++) await page.keyboard.press('ArrowDown');
  await untilData(panes(page).first(), 'frame-index', /^40$/);
  await page.keyboard.press('l');
  await dragOver(page, pane(), [
    [20, 100],
    [60, 100],
  ]);
  await mark('length').waitFor();
  expect((await numbersOf('length'))[0]).toBeCloseTo(40, 0);
});

test('a rectangle reads the Hounsfield units inside it', async () => {
  const { page } = reading;
  await page.keyboard.press('r');
  await dragOver(page, pane(), [
    [40, 50],
    [60, 80],
  ]);
  await mark('rectangle').waitFor();
  const [mean = 0, , low = 0, high = 0, area = 0] = await numbersOf('rectangle');
  // Columns 40–59 are x from −24 to −5 mm.
  expect(Math.abs(mean - hounsfieldAt(-14, 0, 10))).toBeLessThan(1.5);
  expect(low).toBeGreaterThanOrEqual(hounsfieldAt(-25, 0, 10));
  expect(high).toBeLessThanOrEqual(hounsfieldAt(-4, 0, 10));
  expect(Math.abs(area - 6)).toBeLessThan(0.3);
});

test('angle, Cobb angle, polygon and probe are set click by click', async () => {
  const { page } = reading;
  const click = async (x: number, y: number) => {
    const at = await onPage(pane(), x, y);
    await page.mouse.move(at.x, at.y, { steps: 2 });
    await page.mouse.click(at.x, at.y);
  };
  await page.keyboard.press('a');
  for (const [x, y] of [
    [100, 30],
    [80, 30],
    [80, 10],
  ] as const)
    await click(x, y);
  await mark('angle').waitFor();
  expect((await numbersOf('angle'))[0]).toBeCloseTo(90, 0);

  await page.getByRole('button', { name: 'More tools' }).click();
  await page.getByRole('menuitem', { name: /Cobb angle/ }).click();
  for (const [x, y] of [
    [10, 20],
    [30, 20],
    [10, 40],
    [30, 30],
  ] as const)
    await click(x, y);
  await mark('cobb').waitFor();
  expect(Math.abs((await numbersOf('cobb'))[0] ?? 0) - (Math.atan(0.5) * 180) / Math.PI).toBeLessThan(1);

  await page.keyboard.press('b');
  await click(89.5, 59.5);
  await mark('probe').waitFor();
  expect(await numbersOf('probe')).toEqual([1000]);
});

test('what was drawn is moved by its points, taken back, listed, renamed, jumped to and deleted', async () => {
  const { page } = reading;
  await dragOver(page, pane(), [
    [60, 100],
    [80, 100],
  ]);
  expect((await numbersOf('length'))[0]).toBeCloseTo(60, 0);
  await page.keyboard.press('Control+z');
  await expect.poll(async () => (await numbersOf('length'))[0]).toBeCloseTo(40, 0);
  await page.keyboard.press('Control+Shift+z');
  await expect.poll(async () => (await numbersOf('length'))[0]).toBeCloseTo(60, 0);

  await page.keyboard.press('d');
  const panel = page.getByRole('complementary', { name: 'Measurements' });
  await expect.poll(() => panel.locator('[data-measurement]').count()).toBe(5);
  await panel.locator('[data-measurement="length"] .viewer-measurement-line').dblclick();
  await panel.getByRole('textbox', { name: 'Name of the mark' }).fill('Lesion');
  await page.keyboard.press('Enter');
  await panel.getByText('Lesion').waitFor();
  await panel.locator('[data-measurement="rectangle"] .viewer-measurement-line').click();
  await panel.locator('.viewer-histogram').waitFor();
  await screenshot(page, 'viewer-measurements');

  await page.locator('.viewer-pane').click({ position: { x: 20, y: 400 } });
  await page.keyboard.press('Home');
  await untilData(pane(), 'frame-index', /^0$/);
  expect(await mark('length').count()).toBe(0);
  await panel.locator('[data-measurement="length"] .viewer-measurement-line').click();
  await untilData(pane(), 'frame-index', /^40$/);
  await mark('length').waitFor();
  await panel.locator('[data-measurement="length"]').getByRole('button', { name: 'Delete' }).click();
  await mark('length').waitFor({ state: 'detached' });
});

test('a text asks for its words on the image', async () => {
  const { page } = reading;
  await page.keyboard.press('t');
  const at = await onPage(pane(), 100, 20);
  await page.mouse.click(at.x, at.y);
  await page.getByRole('textbox', { name: 'Text' }).fill('Look here');
  await page.keyboard.press('Enter');
  await pane().getByText('Look here').waitFor();
  await page.keyboard.press('t');
  await page.mouse.click(at.x, at.y + 400);
  await page.getByRole('textbox', { name: 'Text' }).press('Escape');
  await expect.poll(() => mark('text').count()).toBe(1);
});

test('a known length calibrates the image, and every length on it follows', async () => {
  const { page } = reading;
  await page.keyboard.press('l');
  await dragOver(page, pane(), [
    [20, 110],
    [40, 110],
  ]);
  expect((await numbersOf('length'))[0]).toBeCloseTo(20, 0);
  await page.getByRole('button', { name: 'More tools' }).click();
  await page.getByRole('menuitem', { name: /Calibration/ }).click();
  await dragOver(page, pane(), [
    [20, 120],
    [40, 120],
  ]);
  await page.getByRole('textbox', { name: 'True length' }).fill('10');
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await numbersOf('length'))[0]).toBeCloseTo(10, 0);
  await pane().getByText('calibrated by hand').first().waitFor();
});

test('window, flip and colours are one step each to take back', async () => {
  const { page } = reading;
  await page.keyboard.press('w');
  await page.keyboard.press('2');
  await untilData(pane(), 'window-width', /^1500$/);
  await page.keyboard.press('3');
  await untilData(pane(), 'window-width', /^2500$/);
  await page.keyboard.press('Control+z');
  await untilData(pane(), 'window-width', /^1500$/);
  await page.keyboard.press('Control+z');
  await untilData(pane(), 'window-width', /^400$/);
  await page.getByRole('button', { name: 'Turn, size, colours, filter' }).click();
  await page.getByRole('menuitem', { name: 'Hot iron' }).click();
  const red = () =>
    pane()
      .locator('.viewer-canvas canvas')
      .evaluate((element) => {
        const canvas = element as unknown as {
          width: number;
          height: number;
          getContext(kind: '2d'): { getImageData(...box: number[]): { data: number[] } };
        };
        const [r = 0, g = 0] = canvas.getContext('2d').getImageData(canvas.width / 2 - 60, canvas.height / 2, 1, 1).data;
        return r - g;
      });
  await expect.poll(red).toBeGreaterThan(30);
  await page.keyboard.press('Control+z');
  await expect.poll(red).toBe(0);
  expectNoErrors(reading.window);
});
