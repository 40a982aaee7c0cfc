import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeBlendingState } from '../support/blending-state.ts';
import { writeObjects } from '../support/objects-beside.ts';
import { pdfLayout } from '../support/pdf-layout.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { type MadeStudy, writeVolume } from '../support/volume.ts';
import { expectNoErrors, screenshot } from './browser.ts';
import { onPage, openStudy, panes, type Reading, startReading, untilData } from './viewer.ts';

const STUDY: MadeStudy = {
  patientName: 'Öberg^Karin',
  patientID: 'R-300',
  patientBirthDate: '19620304',
  studyInstanceUID: '1.2.826.0.1.3680043.9.7',
  studyDate: '20261118',
  studyDescription: 'CT with objects',
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let reading: Reading;

beforeAll(async () => {
  folder = await temporaryFolder('viewer-objects');
  const files = join(folder.path, 'files');
  await writeVolume(files, STUDY, { planes: ['AX'] });
  await writeObjects(files, STUDY);
  await writeBlendingState(files, STUDY);
  reading = await startReading(folder.path, files);
  await openStudy(reading.page, STUDY.studyDescription);
});

afterAll(async () => {
  await reading[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** A series of the study in the strip. */
const card = (number: number): Locator => reading.page.locator(`[data-series-uid="${STUDY.studyInstanceUID}.${number}"].viewer-card`);

test('a segmentation, contours and a dose lie over the images, each where it belongs, with what their colours mean', async () => {
  const { page } = reading;
  await card(14).click();
  const pane = panes(page).first();
  await untilData(pane, 'series-uid', /\.9\.7\.1$/);
  await page.getByRole('checkbox', { name: /Metal/ }).waitFor();
  await pane.focus();
  await page.keyboard.press('Home');
  for (let slice = 0; slice < 40; slice++) await page.keyboard.press('ArrowDown');
  await untilData(pane, 'frame-index', /^40$/);
  await untilData(pane.getByTestId('overlay'), 'patches', '1');
  // The middle of the cube, and a place beside it.
  const inside = await overlayAlpha(pane, 89, 59);
  const outside = await overlayAlpha(pane, 70, 59);
  expect([inside > 60, outside]).toEqual([true, 0]);
  await screenshot(page, 'viewer-segmentation');

  await card(15).click();
  await page.getByTestId('contour').waitFor({ state: 'attached' });
  const path = await page.getByTestId('contour').getAttribute('d');
  const box = await pane.boundingBox();
  const corner = await onPage(pane, 84.5, 54.5);
  const [x = 0, y = 0] = (path?.match(/[\d.]+/g) ?? []).map(Number);
  expect(Math.hypot(x - (corner.x - (box?.x ?? 0)), y - (corner.y - (box?.y ?? 0))), 'the first corner').toBeLessThan(2);

  await card(16).click();
  await page.getByText('95 %').waitFor();
  await untilData(pane.getByTestId('overlay'), 'patches', '2');
  await page.getByText('1.88 Gy').waitFor();
  const lines = pane.getByTestId('isodose');
  const levels = await page.evaluate<string[]>(
    `[...document.querySelectorAll('[data-testid="isodose"]')].map((one) => one.dataset.percent)`,
  );
  expect([levels.includes('107'), ...levels.slice(-4)]).toEqual([false, '70', '50', '30', '10']);
  expect((await pane.locator('[data-percent="50"]').getAttribute('d'))?.length).toBeGreaterThan(100);
  await screenshot(page, 'viewer-radiotherapy');
  // Of the dose that was prescribed, half is where it was a fourth of the highest.
  await page.getByRole('textbox', { name: /^The dose that is 100 %/ }).fill('0.94');
  await page.getByText('1.01 Gy').waitFor();
  expect(await lines.first().getAttribute('data-percent')).toBe('107');
  await page.getByRole('checkbox', { name: 'Lines' }).uncheck();
  expect(await lines.count()).toBe(0);
  await page.getByRole('checkbox', { name: 'Wash' }).uncheck();
  await untilData(pane.getByTestId('overlay'), 'patches', '1');
  for (let i = 0; i < 3; i++) await page.getByRole('button', { name: 'Take the overlay away' }).first().click();
  await page.getByTestId('overlay').waitFor({ state: 'detached' });
});

test('a blending state lays coloured images over those of the pane', async () => {
  const { page } = reading;
  await card(1).click();
  const pane = panes(page).first();
  await untilData(pane, 'series-uid', /\.9\.7\.1$/);
  await page.getByRole('button', { name: 'Presentation states' }).click();
  await page.getByRole('menuitem', { name: 'FUSION' }).click();
  await untilData(pane, 'presentation-state', /\.18\.1$/);
  const blended = pane.getByTestId('blend');
  await untilData(blended, 'blended', 'true');
  // The palette goes from green to red; what it is laid over shines through.
  const at = await onPage(pane, 89.5, 59.5);
  const [red = 0, green = 0, blue = -1, alpha] = await pixelOf(blended, at);
  expect([red > green, blue, alpha]).toEqual([true, 0, 102]);
  await screenshot(page, 'viewer-blending');
  await page.getByRole('button', { name: 'Presentation states' }).click();
  await page.getByRole('menuitem', { name: 'As stored' }).click();
  await blended.waitFor({ state: 'detached' });
});

/** A canvas of the page, whose types the tests do not know. */
interface PageCanvas {
  readonly width: number;
  getBoundingClientRect(): { readonly x: number; readonly y: number; readonly width: number };
  getContext(kind: '2d'): { getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray } };
}

/** Opacity of what lies over a point of the image, 0 to 255. */
async function overlayAlpha(pane: Locator, x: number, y: number): Promise<number> {
  return (await pixelOf(pane.getByTestId('overlay'), await onPage(pane, x + 0.5, y + 0.5)))[3] ?? -1;
}

/** Red, green, blue and opacity of a canvas at a place on the page. */
function pixelOf(layer: Locator, at: { readonly x: number; readonly y: number }): Promise<number[]> {
  return layer.evaluate((element, point) => {
    const canvas = element as unknown as PageCanvas;
    const box = canvas.getBoundingClientRect();
    const scale = canvas.width / box.width;
    return [...canvas.getContext('2d').getImageData((point.x - box.x) * scale, (point.y - box.y) * scale, 1, 1).data];
  }, at);
}

test('a report reads like a document, and its link shows the image with the region that was marked on it', async () => {
  const { page } = reading;
  await card(11).click();
  const sheet = page.locator('[data-object="report"]');
  await sheet.getByRole('heading', { name: 'Diagnostic imaging report' }).waitFor();
  for (const text of ['Äsk, Ivar', 'A cube of metal lies in the left half', '14.1 mm', 'Verified'])
    await sheet.getByText(text).first().waitFor();
  await screenshot(page, 'viewer-report');
  await sheet.getByRole('button', { name: 'Image', exact: true }).click();
  await expect.poll(() => panes(page).count()).toBe(2);
  await untilData(panes(page).nth(1), 'sop-instance-uid', /\.1\.41$/);
  await panes(page).nth(1).getByTestId('report-mark').waitFor({ state: 'attached' });
  await screenshot(page, 'viewer-report-image');
});

test('the table of elements opens with a key, is searched, and shows what differs from the other pane', async () => {
  const { page } = reading;
  await panes(page)
    .nth(1)
    .click({ position: { x: 40, y: 200 } });
  await page.keyboard.press('Shift+T');
  const sheet = page.getByRole('region', { name: 'Elements' });
  await sheet.getByText('(0008,0018)').waitFor();
  await sheet.getByRole('searchbox').fill('patient name');
  await sheet.getByText('PatientName').waitFor();
  await sheet.getByText('Öberg^Karin').waitFor();
  expect(await sheet.locator('[data-tag]').count()).toBe(1);
  await sheet.getByRole('searchbox').fill('');
  await screenshot(page, 'viewer-elements');
  const before = (await sheet.locator('option').filter({ hasText: 'Instance before' }).getAttribute('value')) ?? '';
  await sheet.getByRole('combobox').selectOption(before);
  await sheet.getByText('ImagePositionPatient').waitFor();
  expect(await sheet.getByText('PatientName').count(), 'what is the same is not listed').toBe(0);
  await screenshot(page, 'viewer-difference');
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'detached' });
});

test('an ECG is drawn on paper, and a PDF page by page with text that can be selected', async () => {
  const { page } = reading;
  await panes(page).first().focus();
  await card(13).click();
  const wave = page.locator('[data-object="waveform"]');
  await wave.getByText('2 leads · 10 s · 500 Hz').waitFor();
  await expect.poll(() => wave.locator('canvas').getAttribute('data-drawn')).toBe('25 10');
  const waves = await printed();
  expect(waves.pages).toBe(1);
  // Ten seconds are 250 mm of paper: 708.7 points.
  expect(waves.widths.some((width) => Math.abs(width - 708.7) < 1)).toBe(true);
  await wave.getByRole('combobox', { name: 'Speed' }).selectOption('50');
  await expect.poll(() => wave.locator('canvas').getAttribute('data-drawn')).toBe('50 10');
  await screenshot(page, 'viewer-ecg');
  const fetched: string[] = [];
  page.on('request', (request) => fetched.push(request.url()));
  await card(12).click();
  const document = page.locator('[data-object="pdf"]');
  await document.locator('canvas[data-drawn="true"]').waitFor({ timeout: 30_000 });
  await document.getByText('No sign of malignancy').waitFor({ state: 'attached' });
  // Neither the fonts nor what their codes mean are in the file: they come with the program.
  await document.getByText('所見なし').waitFor({ state: 'attached' });
  for (const needed of [/\/cmaps\/.*\.bcmap$/, /\/standard_fonts\/.*\.(ttf|pfb)$/])
    expect(fetched.some((url) => needed.test(url))).toBe(true);
  await screenshot(page, 'viewer-pdf');
  const saved = page.waitForEvent('download');
  await document.getByRole('link', { name: 'Save the file' }).click();
  expect((await saved).suggestedFilename()).toBe('document.pdf');
  const letter = await printed();
  expect(letter.pages).toBe(1);
  // A page of A4 is a sheet of A4: 595 points wide.
  expect(letter.widths.some((width) => Math.abs(width - 595) < 1)).toBe(true);
  expectNoErrors(reading.window);
});

/** What the print dialog makes of the object in the active pane, as the PDF that the system would write. */
async function printed(): Promise<{ pages: number; widths: number[] }> {
  const { page } = reading;
  await page.evaluate('window.print = () => undefined');
  await page.keyboard.press('Control+p');
  await page.getByRole('dialog').getByRole('button', { name: 'Print', exact: true }).click();
  await page.locator('.print-root[data-ready="true"]').waitFor({ state: 'attached', timeout: 60_000 });
  const pdf = await page.pdf({ preferCSSPageSize: true });
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  return pdfLayout(pdf);
}

test('a CDA document is read as text, with every letter of it, and nothing in it runs', async () => {
  const { page } = reading;
  const title = await page.title();
  await card(17).click();
  const letter = page.locator('[data-object="cda"]');
  await letter.getByRole('heading', { name: 'Entlassbrief für Frau Öberg' }).waitFor();
  for (const text of ['Befund', 'Kein Anhalt für Malignität & kein Erguß.', 'Größe', '14 mm', 'A file of the type application/pdf'])
    await letter.getByText(text).first().waitFor();
  expect(await letter.locator('script, img').count()).toBe(0);
  expect(await letter.innerText()).not.toMatch(/document\.title|JVBER/);
  expect(await page.title()).toBe(title);
  await screenshot(page, 'viewer-cda');
  expectNoErrors(reading.window);
});

test('a CDA document that is hostile is refused, or read as far as it is text, and never runs', async () => {
  const source = await readFile(new URL('../../renderer/viewer/objects/document/cda.ts', import.meta.url), 'utf8');
  const page = await reading.browser.newPage();
  await page.addScriptTag({ type: 'module', content: `${stripTypeScriptTypes(source)}; globalThis.readCda = readCda;` });
  const read = (xml: string | Buffer) =>
    page.evaluate(
      `(async () => JSON.stringify(readCda(new Uint8Array(await (await fetch('data:text/xml;base64,${Buffer.from(xml).toString('base64')}')).arrayBuffer()))))()`,
    ) as Promise<string>;
  const laughs = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('');
  expect(await read(`<!DOCTYPE a [<!ENTITY l0 "ha">${laughs}]><ClinicalDocument><title>&l9;</title></ClinicalDocument>`)).toBe('"broken"');
  expect(await read('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><title>&x;</title></a>')).toBe('"broken"');
  for (const broken of ['', 'no xml', '<a><b></a>', '<a>&undeclared;</a>', `${'<a>'.repeat(200_000)}`, '\0\0\0\0']) {
    expect(await read(broken), broken.slice(0, 20)).toBe('"broken"');
  }
  expect(await read(`<a><title>${'x'.repeat(9 * 1024 * 1024)}</title></a>`)).toBe('"too-large"');
  // Deep, long and wide: bounded, and it says so.
  const deep = JSON.parse(await read(`${'<section>'.repeat(150)}<text>deep</text>${'</section>'.repeat(150)}`));
  expect(deep).toEqual({ title: '', blocks: [], cut: true });
  const long = JSON.parse(await read(`<a><text>${'<paragraph>p</paragraph>'.repeat(50_000)}</text></a>`));
  expect([long.blocks.length <= 5001, long.cut]).toEqual([true, true]);
  const mixed = JSON.parse(await read('<a><text>before<paragraph>in</paragraph>after <b>bold</b><br/>below</text></a>'));
  expect(mixed.blocks.map(({ cells: [line] }: { cells: string[] }) => line)).toEqual(['before', 'in', 'after bold', 'below']);
  const utf16 = Buffer.from('\ufeff<a><title>山</title></a>', 'utf16le');
  expect(JSON.parse(await read(utf16)).title).toBe('山');
  const run =
    '<a xmlns:h="http://www.w3.org/1999/xhtml"><h:script>globalThis.ran = 1</h:script><text>t<h:img src="x" onerror="globalThis.ran = 1"/></text></a>';
  expect(JSON.parse(await read(run)).blocks).toEqual([{ kind: 'line', cells: ['t'] }]);
  expect(await page.evaluate('globalThis.ran ?? 0')).toBe(0);
  await page.close();
});
