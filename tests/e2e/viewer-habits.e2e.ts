import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pdfLayout } from '../support/pdf-layout.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { type MadeStudy, writeVolume } from '../support/volume.ts';
import { expectNoErrors, screenshot, watchErrors } from './browser.ts';
import { dragOver, openStudy, panes, type Reading, startReading, untilData } from './viewer.ts';

const STUDY: MadeStudy = {
  patientName: 'Ågren^Elin',
  patientID: 'H-7',
  patientBirthDate: '19610412',
  studyInstanceUID: '1.2.826.0.1.3680043.9.71',
  studyDate: '20261118',
  studyDescription: 'CT with habits',
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let reading: Reading;

// One reader's session: each test goes on where the one before it ended.
beforeAll(async () => {
  folder = await temporaryFolder('viewer-habits');
  const files = join(folder.path, 'files');
  await writeVolume(files, STUDY, { planes: ['AX', 'COR'] });
  // Two screens beside each other, as Chromium without a display can have them.
  reading = await startReading(folder.path, files, ['--screen-info={0,0 1600x1200 label=Left}{1600,0 2560x1440 label=Right}']);
  await reading.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
});

afterAll(async () => {
  await reading[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const pane = () => panes(reading.page).first();
const menu = async (item: string | RegExp) => {
  await reading.page.getByRole('button', { name: 'Copy, print, windows, settings' }).click();
  await reading.page.getByRole('menuitem', { name: item }).click();
};
const dialog = () => reading.page.getByRole('dialog');

test('a window of the reader’s own is on its key at once, and after a reload', async () => {
  const { page } = reading;
  await openStudy(page, 'CT with habits');
  await page.keyboard.press('Control+,');
  await dialog().getByRole('textbox', { name: 'Name of window 3' }).fill('Petrous');
  await dialog().getByRole('textbox', { name: 'Width of window 3' }).fill('3900');
  await dialog().getByRole('textbox', { name: 'Level of window 3' }).fill('700');
  await page.keyboard.press('Enter');
  await dialog().getByText('Saved.').waitFor();
  await screenshot(page, 'viewer-windows');
  await page.keyboard.press('Escape');
  await page.keyboard.press('3');
  await untilData(pane(), 'window-width', /^3900$/);
  await page.getByRole('button', { name: 'Windows', exact: true }).click();
  await page.getByRole('menuitem', { name: /Petrous/ }).waitFor();
  await page.keyboard.press('Escape');
  await page.reload();
  await page.locator('[role="grid"]').waitFor();
  await openStudy(page, 'CT with habits');
  await page.keyboard.press('3');
  await untilData(pane(), 'window-width', /^3900$/);
});

test('corner text moves where the reader wants it; who the patient is stays', async () => {
  const { page } = reading;
  await pane().locator('.viewer-tr [data-item="series"]').waitFor();
  await menu('Corner text …');
  await dialog().getByRole('combobox', { name: 'Where Series: modality' }).selectOption('bottomRight');
  await dialog().getByRole('combobox', { name: 'Where Window stands' }).selectOption('');
  await dialog().getByRole('combobox', { name: 'Where Columns × rows stands' }).selectOption('topLeft');
  await dialog().getByText('Saved.').waitFor();
  await screenshot(page, 'viewer-corner-text');
  await page.keyboard.press('Escape');
  await pane().locator('.viewer-br [data-item="series"]').waitFor();
  await expect.poll(() => pane().locator('.viewer-tl [data-item="image-size"]').textContent()).toBe('128 × 128');
  expect(await pane().locator('[data-item="window"]').count()).toBe(0);
  const who = await pane().getByTestId('who').innerText();
  for (const fixed of ['Ågren, Elin', 'H-7', '1961-04-12', '2026-11-18']) expect(who).toContain(fixed);
  // Neither of the four is among what can be moved or taken away.
  await menu('Corner text …');
  expect(
    (await dialog().locator('[data-item]').allTextContents()).filter((item) => /^(Name|Patient|Birth|Date of the study)/.test(item)),
  ).toEqual([]);
  await dialog().getByRole('button', { name: 'As the program brings them' }).click();
  await page.keyboard.press('Escape');
  await pane().locator('.viewer-tr [data-item="series"]').waitFor();
});

test('a key is changed by pressing it, its tooltip follows, two meanings are shown and resolved', async () => {
  const { page } = reading;
  await page.keyboard.press('F1');
  await dialog().getByRole('textbox', { name: 'Search by command or key' }).fill('length');
  const row = dialog().locator('[data-command="tool:length"]');
  await row.getByRole('button', { name: 'Another key for Tool: Length' }).click();
  await page.keyboard.press('i');
  await row.getByText('I is also: Invert').waitFor();
  await dialog().getByText('1 key has two meanings').waitFor();
  await screenshot(page, 'viewer-keys');
  await row.getByRole('button', { name: 'Take L from Tool: Length' }).click();
  await row.getByRole('button', { name: 'Only here' }).click();
  await dialog().getByText('Esc always goes one step back.').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('i');
  const length = page.getByRole('button', { name: /^Length: drag/ });
  await expect.poll(() => length.getAttribute('aria-pressed')).toBe('true');
  expect(await length.getAttribute('aria-keyshortcuts')).toBe('I');
  expect(await page.getByRole('button', { name: 'Invert' }).getAttribute('aria-pressed')).toBe('false');
  await page.keyboard.press('F1');
  await dialog().getByRole('button', { name: 'All keys as the program brings them' }).click();
  await page.keyboard.press('Escape');
  await page.keyboard.press('i');
  await expect.poll(() => page.getByRole('button', { name: 'Invert' }).getAttribute('aria-pressed')).toBe('true');
  await page.keyboard.press('i');
});

test('the picture in the clipboard is the pane with its marks, and without the patient where that is asked', async () => {
  const { page } = reading;
  for (let slice = 0; slice < 30; slice++) await page.keyboard.press('ArrowDown');
  await untilData(pane(), 'frame-index', /^30$/);
  await page.keyboard.press('l');
  await dragOver(page, pane(), [
    [30, 100],
    [90, 100],
  ]);
  await pane().locator('[data-kind="length"]').waitFor();
  await page.keyboard.press('Control+c');
  await page.getByText('The picture is in the clipboard, with').waitFor();
  const withPatient = await clipboardPicture(page);
  await page.keyboard.press('Control+Shift+c');
  await page.getByText('The picture is in the clipboard, without').waitFor();
  const without = await clipboardPicture(page);
  const box = await pane().boundingBox();
  expect([withPatient.width, withPatient.height]).toEqual([Math.round(box?.width ?? 0), Math.round(box?.height ?? 0)]);
  // The mark is yellow in both; bright text stands at the top left of the first only; the middle is the image's own grey in both.
  for (const picture of [withPatient, without]) {
    expect(picture.yellow).toBeGreaterThan(50);
    expect(picture.middle).toEqual(await canvasMiddle(page));
  }
  expect(withPatient.whiteAtTopLeft).toBeGreaterThan(200);
  expect(without.whiteAtTopLeft).toBe(0);
});

test('the print page has the patient at its head, the marked image in true size on its paper', async () => {
  const { page } = reading;
  await page.keyboard.press('k');
  await page.keyboard.press('Control+p');
  await dialog().getByRole('radio', { name: 'The key image' }).check();
  await dialog().getByRole('checkbox', { name: 'True size' }).check();
  await screenshot(page, 'viewer-print');
  await page.evaluate('window.print = () => undefined');
  await dialog().getByRole('button', { name: 'Print', exact: true }).click();
  await page.locator('.print-root[data-ready="true"]').waitFor({ state: 'attached', timeout: 60_000 });
  const text = await page.locator('.print-root').evaluate((root) => (root as unknown as { textContent: string }).textContent);
  for (const words of ['Ågren, Elin', 'H-7', '1961-04-12', '2026-11-18', 'True size', 'Page 1 of 1']) expect(text).toContain(words);
  const pdf = await page.pdf({ preferCSSPageSize: true });
  const { pages, widths } = pdfLayout(pdf);
  expect(pages).toBe(1);
  // A4 less its margins is 190 mm: 190 / 25.4 × 72 points.
  expect(widths.some((width) => Math.abs(width - 538.6) < 1.5)).toBe(true);
  await page.locator('.print-root').waitFor({ state: 'detached' });
  // 60 columns of 1 mm were drawn over: their line is 60 mm of the 190 on paper. Measured on the picture itself.
  await page.keyboard.press('Control+p');
  await dialog().getByRole('checkbox', { name: 'True size' }).check();
  await dialog().getByRole('checkbox', { name: 'With the patient' }).uncheck();
  await dialog().getByRole('button', { name: 'Print', exact: true }).click();
  await page.locator('.print-root[data-ready="true"]').waitFor({ state: 'attached', timeout: 60_000 });
  expect(await page.locator('.print-root').evaluate((root) => (root as unknown as { textContent: string }).textContent)).not.toContain(
    'Elin',
  );
  const longest = await longestYellowRun(page);
  expect(Math.abs(longest * 190 - 60)).toBeLessThan(1.5);
  await page.evaluate('window.dispatchEvent(new Event("afterprint"))');
  await dialog().waitFor({ state: 'detached' });
});

test('a series in a window of its own scrolls and windows with the first, while they are linked', async () => {
  const { page } = reading;
  await allowScreens(page);
  const opened = page.context().waitForEvent('page');
  await page.keyboard.press('n');
  const second = await opened;
  // On the screen that the first window is not on, and on all of it.
  await expect.poll(() => second.evaluate('[screenX, screenY]')).toEqual([1600, 0]);
  const errors = watchErrors(second);
  const other = second.locator('.viewer-pane').first();
  await second.locator('.viewer-pane[data-ready="true"]').first().waitFor({ timeout: 30_000 });
  await untilData(other, 'frame-index', /^30$/);
  expect(await other.getByTestId('who').innerText()).toContain('Ågren, Elin');
  // Not linked yet.
  await page.keyboard.press('ArrowDown');
  await untilData(pane(), 'frame-index', /^31$/);
  expect(await other.getAttribute('data-frame-index')).toBe('30');
  await menu('Link the windows: scroll and window');
  await page.keyboard.press('ArrowDown');
  await untilData(other, 'frame-index', /^32$/);
  await second.keyboard.press('2');
  await untilData(pane(), 'window-width', /^1500$/);
  await second.keyboard.press('ArrowUp');
  await untilData(pane(), 'frame-index', /^31$/);
  await second.reload();
  await second.locator('.viewer-pane[data-ready="true"]').first().waitFor({ timeout: 30_000 });
  await untilData(other, 'frame-index', /^30$/);
  await menu('Link the windows: scroll and window');
  const closed = second.waitForEvent('close');
  // The window may be gone before the key is up.
  await second.keyboard.press('Escape').catch(() => undefined);
  await closed;
  expect(errors).toEqual([]);
});

test('a test pattern has its exact grey levels on the screen, and the screen is judged by a table', async () => {
  const { page } = reading;
  await page.getByRole('button', { name: 'Copy, print, windows, settings' }).click();
  await page.getByRole('menuitem', { name: 'Test pattern' }).hover();
  await page.getByRole('menuitem', { name: 'All 256 grey levels' }).click();
  const levels = await page.locator('.pattern canvas').evaluate((element) => {
    const canvas = element as unknown as {
      width: number;
      height: number;
      getContext(kind: '2d'): { getImageData(...box: number[]): { data: Uint8ClampedArray } };
    };
    const { data } = canvas.getContext('2d').getImageData(0, 10, canvas.width, 1);
    return Array.from({ length: canvas.width }, (_, x) => [data[4 * x], data[4 * x + 1], data[4 * x + 2], data[4 * x + 3]]);
  });
  for (const [x, colour] of levels.entries()) {
    const level = Math.floor((256 * x) / levels.length);
    expect(colour).toEqual([level, level, level, 255]);
  }
  await menu('Check the screen against the GSDF …');
  const panel = page.getByRole('complementary', { name: /GSDF/ });
  // sRGB-like, 0.5 to 300 cd/m²: not what PS3.14 asks for.
  const table = Array.from({ length: 18 }, (_, index) => `${index * 15}, ${(0.5 + 299.5 * ((index * 15) / 255) ** 2.2).toFixed(3)}`);
  await panel
    .locator('input[type="file"]')
    .setInputFiles({ name: 'meter.csv', mimeType: 'text/csv', buffer: Buffer.from(table.join('\n')) });
  await panel.locator('[data-verdict="failed"]').waitFor();
  await panel.getByRole('button', { name: 'Show the patch' }).click();
  await page.locator('[data-pattern="luminance"]').waitFor();
  await screenshot(page, 'viewer-gsdf');
  await panel.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Take the pattern away' }).click();
});

test('the About box says what it is not, and under which licences its parts come', async () => {
  const { page } = reading;
  await menu('About Phosphor …');
  await dialog().getByText('Phosphor is not a certified medical device.').waitFor();
  await expect.poll(() => dialog().locator('.about-licences li').count()).toBeGreaterThan(20);
  await dialog().getByText('react-dom', { exact: true }).click();
  await dialog().locator('details[open] pre', { hasText: 'Permission is hereby granted' }).waitFor();
  await screenshot(page, 'about');
  await page.keyboard.press('Escape');
  await dialog().waitFor({ state: 'detached' });
  expectNoErrors(reading.window);
});

/** Playwright does not know the permission by name. */
async function allowScreens(page: Page): Promise<void> {
  const own = await page.context().newCDPSession(page);
  const { targetInfo } = await own.send('Target.getTargetInfo');
  const all = await reading.browser.newBrowserCDPSession();
  const { browserContextId } = targetInfo;
  await all.send('Browser.grantPermissions', {
    permissions: ['windowManagement', 'clipboardReadWrite', 'clipboardSanitizedWrite'],
    origin: new URL(page.url()).origin,
    ...(browserContextId === undefined ? {} : { browserContextId }),
  });
  expect(await page.evaluate('screen.isExtended')).toBe(true);
}

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly yellow: number;
  readonly whiteAtTopLeft: number;
  readonly middle: number[];
}

async function clipboardPicture(page: Page): Promise<Picture> {
  return await page.evaluate(`(async () => {
    const [item] = await navigator.clipboard.read();
    const bitmap = await createImageBitmap(await item.getType('image/png'));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d');
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    let yellow = 0;
    let whiteAtTopLeft = 0;
    for (let y = 0; y < bitmap.height; y++) for (let x = 0; x < bitmap.width; x++) {
      const at = 4 * (y * bitmap.width + x);
      if (data[at] > 200 && data[at + 1] > 150 && data[at + 2] < 140) yellow += 1;
      if (x < 160 && y < 90 && data[at] > 200 && data[at + 2] > 200) whiteAtTopLeft += 1;
    }
    const middle = 4 * (Math.floor(bitmap.height / 2) * bitmap.width + Math.floor(bitmap.width / 2));
    return { width: bitmap.width, height: bitmap.height, yellow, whiteAtTopLeft, middle: [...data.slice(middle, middle + 3)] };
  })()`);
}

async function canvasMiddle(page: Page): Promise<number[]> {
  return await page.evaluate(`(() => {
    const canvas = document.querySelector('.viewer-canvas canvas');
    return [...canvas.getContext('2d').getImageData(Math.floor(canvas.width / 2), Math.floor(canvas.height / 2), 1, 1).data.slice(0, 3)];
  })()`);
}

/** The longest yellow line of the picture to be printed, as a share of its width. */
async function longestYellowRun(page: Page): Promise<number> {
  return await page.evaluate(`(async () => {
    const image = document.querySelector('.print-root img');
    await image.decode();
    const bitmap = { width: image.naturalWidth, height: image.naturalHeight };
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    let longest = 0;
    for (let y = 0; y < bitmap.height; y++) {
      let run = 0;
      for (let x = 0; x < bitmap.width; x++) {
        const at = 4 * (y * bitmap.width + x);
        run = data[at] > 180 && data[at + 1] > 130 && data[at + 2] < 150 ? run + 1 : 0;
        longest = Math.max(longest, run);
      }
    }
    return longest / bitmap.width;
  })()`);
}
