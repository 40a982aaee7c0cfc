import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary.ts';
import { type MadeStudy, SLICES, writeMammograms, writeVolume } from '../support/volume.ts';
import { expectNoErrors, screenshot } from './browser.ts';
import { onPage, openStudy, panes, type Reading, startReading, untilData } from './viewer.ts';

const PATIENT = { patientName: 'Öberg^Karin', patientID: 'R-100', patientBirthDate: '19620304' };
const NOW: MadeStudy = { ...PATIENT, studyInstanceUID: '1.2.826.0.1.3680043.9.1', studyDate: '20261118', studyDescription: 'CT today' };
const BEFORE: MadeStudy = { ...PATIENT, studyInstanceUID: '1.2.826.0.1.3680043.9.2', studyDate: '20250110', studyDescription: 'CT before' };
const STRANGER: MadeStudy = {
  ...PATIENT,
  patientName: 'Other^Person',
  studyInstanceUID: '1.2.826.0.1.3680043.9.3',
  studyDate: '20240101',
  studyDescription: 'CT of somebody else',
};
const SCREENING: MadeStudy = {
  patientName: 'Lind^Eva',
  patientID: 'R-200',
  patientBirthDate: '19700101',
  studyInstanceUID: '1.2.826.0.1.3680043.9.4',
  studyDate: '20261117',
  studyDescription: 'Mammography',
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let reading: Reading;

beforeAll(async () => {
  folder = await temporaryFolder('viewer-panes');
  const files = join(folder.path, 'files');
  await writeVolume(files, NOW);
  await writeVolume(files, BEFORE, { planes: ['AX'] });
  await writeVolume(files, STRANGER, { planes: ['AX'], without: [20, 21] });
  await writeMammograms(files, SCREENING, { rows: 640, columns: 480 });
  reading = await startReading(folder.path, files);
});

afterAll(async () => {
  await reading[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

test('G and a click make a grid, and the series of the study fill it', async () => {
  const { page } = reading;
  await openStudy(page, 'CT today');
  await page.keyboard.press('g');
  await page.locator('[data-grid="2x2"]').hover();
  await page.locator('[data-grid="2x2"]').click();
  await expect.poll(() => panes(page).count()).toBe(4);
  for (const at of [0, 1, 2]) await untilData(panes(page).nth(at), 'ready', 'true');
  const shown = await Promise.all([0, 1, 2].map((at) => panes(page).nth(at).getAttribute('data-series-uid')));
  expect(new Set(shown).size, 'three different series').toBe(3);
  for (const at of [0, 1, 2]) {
    const who = panes(page).nth(at).getByTestId('who');
    for (const text of ['Öberg, Karin', 'R-100', '1962-03-04', '2026-11-18']) await who.getByText(text).first().waitFor();
  }
  await screenshot(page, 'viewer-grid');
});

test('slices of one patient space cut each other as reference lines, and the cross-hair goes to the same place in all', async () => {
  const { page } = reading;
  const [axial, coronal, sagittal] = [panes(page).nth(0), panes(page).nth(1), panes(page).nth(2)];
  await axial.click({ position: { x: 20, y: 120 } });
  await coronal.getByTestId('reference-line').waitFor({ state: 'attached' });
  await page.keyboard.press('x');
  // The middle of the metal cube: (25, −5, 10) mm is column 89, row 59 of the axial slice at z = 10.
  await page.keyboard.press('Home');
  for (let slice = 0; slice < 40; slice++) await page.keyboard.press('ArrowDown');
  await untilData(axial, 'frame-index', /^40$/);
  const at = await onPage(axial, 89.5, 59.5);
  await page.mouse.click(at.x, at.y);
  await untilData(coronal, 'sop-instance-uid', /\.2\.60$/);
  await untilData(sagittal, 'sop-instance-uid', /\.3\.90$/);
  await screenshot(page, 'viewer-crosshair');
  await page.keyboard.press('Escape');
  await page.keyboard.press('w');
});

test('F shows one pane alone and back; double click does the same; arrows go from pane to pane', async () => {
  const { page } = reading;
  const visible = () => page.locator('.viewer-slot:not([hidden])').count();
  await page.keyboard.press('f');
  await expect.poll(visible).toBe(1);
  await page.keyboard.press('Escape');
  await expect.poll(visible).toBe(4);
  await panes(page)
    .nth(1)
    .dblclick({ position: { x: 60, y: 160 } });
  await expect.poll(visible).toBe(1);
  await page.keyboard.press('f');
  await expect.poll(visible).toBe(4);
  const active = () => page.locator('.viewer-cell[data-active="true"] .viewer-pane').getAttribute('data-pane');
  const before = await active();
  await page.keyboard.press('ArrowRight');
  await expect.poll(active).not.toBe(before);
  await page.keyboard.press('ArrowLeft');
  await expect.poll(active).toBe(before);
});

test('a prior opens beside the current study with both dates, linked panes scroll through the same places', async () => {
  const { page } = reading;
  await page.keyboard.press('g');
  await page.locator('[data-grid="1x2"]').click();
  await expect.poll(() => panes(page).count()).toBe(2);
  await panes(page)
    .nth(0)
    .click({ position: { x: 40, y: 300 } });
  await page.locator(`[data-series-uid="${NOW.studyInstanceUID}.1"].viewer-card`).click();
  await page.getByTitle('Open for comparison').filter({ hasText: '2025-01-10' }).click();
  const card = page.locator(`[data-series-uid="${BEFORE.studyInstanceUID}.1"].viewer-card`);
  await card.dragTo(panes(page).nth(1));
  await untilData(panes(page).nth(1), 'ready', 'true');
  await panes(page).nth(1).getByText('Prior').waitFor();
  await panes(page).nth(0).getByText('Current').waitFor();
  await page.locator('.viewer-patient').getByText('2026-11-18 · 2025-01-10').waitFor();

  await panes(page).nth(0).hover();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Home');
  await page.keyboard.press('y');
  for (let notch = 0; notch < 12; notch++) await page.mouse.wheel(0, 100);
  await untilData(panes(page).nth(0), 'frame-index', /^12$/);
  await untilData(panes(page).nth(1), 'frame-index', /^12$/);
  await page.keyboard.press('2');
  await untilData(panes(page).nth(1), 'window-width', /^1500$/);
  await screenshot(page, 'viewer-comparison');
  await page.keyboard.press('y');
});

test('a study under the same ID but another name is marked in its pane, and missing slices are told', async () => {
  const { page } = reading;
  await page.getByTitle('Open for comparison').filter({ hasText: '2024-01-01' }).click();
  const card = page.locator(`[data-series-uid="${STRANGER.studyInstanceUID}.1"].viewer-card`);
  await card.dragTo(panes(page).nth(1));
  await panes(page).nth(1).getByText('Different patient').waitFor();
  await panes(page).nth(1).getByText('2 slices seem to be missing').waitFor();
  await untilData(panes(page).nth(1), 'frame-count', new RegExp(`^${SLICES - 2}$`));
  await screenshot(page, 'viewer-other-patient');
  await page.keyboard.press('Escape');
  await page.locator('.viewer').waitFor({ state: 'detached' });
});

test('mammograms hang in mirrored pairs, chest walls together', async () => {
  const { page } = reading;
  await openStudy(page, 'Mammography');
  await expect.poll(() => panes(page).count()).toBe(4);
  for (const [at, number] of [1, 2, 3, 4].entries()) {
    await untilData(panes(page).nth(at), 'sop-instance-uid', new RegExp(`\\.1\\.${number}$`));
  }
  const right = panes(page).nth(0);
  const box = await right.boundingBox();
  const wall = await onPage(right, 480, 320);
  expect(Math.abs(wall.x - ((box?.x ?? 0) + (box?.width ?? 0))), 'the right breast touches the middle').toBeLessThan(2);
  await panes(page).nth(0).getByText('Lengths at the detector').waitFor();
  await screenshot(page, 'viewer-mammograms');
  await page.keyboard.press('Escape');
  expectNoErrors(reading.window);
});
