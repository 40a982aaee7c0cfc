import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { type RunningWorkstation, startWorkstation } from '../support/workstation.ts';
import {
  expectNoErrors,
  imagePane,
  launchChromium,
  newPage,
  paneState,
  screenshot,
  searchEverything,
  showWindow,
  studyRow,
  studyTable,
  untilPane,
  type Window,
} from './browser.ts';

const DEMO_STUDIES = 9;
const THORAX = 'CT Thorax with contrast';
const THORAX_SLICES = 500;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let workstation: RunningWorkstation;
let browser: Browser;
let window: Window;
let page: Page;

// One reader's session from the first start on: each test goes on where the one before it ended.
beforeAll(async () => {
  folder = await temporaryFolder('demo');
  [workstation, browser] = await Promise.all([
    startWorkstation({ profile: join(folder.path, 'profile'), port: await freePort() }),
    launchChromium(),
  ]);
  page = await newPage(browser);
  await page.addInitScript(
    `new MutationObserver(() => { globalThis.sawTable ||= document.querySelector('[role="grid"]') !== null; }).observe(document, { childList: true, subtree: true });`,
  );
  window = await showWindow(page, await workstation.launchPage());
});

afterAll(async () => {
  await browser.close();
  await workstation.stop();
  await folder[Symbol.asyncDispose]();
});

test('the first that a fresh profile shows is what to do, and no empty table before it', async () => {
  await page.getByRole('heading', { name: 'No PACS yet' }).waitFor();
  expect(await page.evaluate<boolean>('globalThis.sawTable')).toBe(false);
});

test('a fresh profile offers the demo PACS, whose patients are found by their names in their own scripts', async () => {
  await page.getByRole('button', { name: 'Try the demo PACS' }).click();
  await page.getByText('Demo PACS').first().waitFor();
  await untilStudies(DEMO_STUDIES);
  for (const name of ['Åsa', 'Мария', 'Ελένη', 'Gildong', 'Nizar', 'Tarou']) await studyRow(page, name).waitFor();
  for (const [words, studies] of [
    ['sjöb', 3],
    ['козл', 1],
    ['PH-1002 mod:ct', 1],
  ] as const) {
    await searchEverything(page, words);
    await untilStudies(studies);
  }
  await page.getByRole('button', { name: 'Clear the search' }).click();
  await untilStudies(DEMO_STUDIES);

  await studyRow(page, 'MR Hjärna').click();
  await page.keyboard.press('ArrowRight');
  await studyTable(page).locator('.series-row').first().waitFor();
  await page.getByRole('complementary', { name: 'Study' }).locator('.series-line').first().waitFor();
  await screenshot(page, 'browser');
  await page.keyboard.press('ArrowLeft');
});

test('Enter on a remote study brings it and opens it as it arrives; the slice on screen stays', async () => {
  await studyRow(page, THORAX).click();
  await page.keyboard.press('Enter');
  await imagePane(page).waitFor({ timeout: 60_000 });
  await untilPane(page, 'an image is shown', ({ sopInstanceUID }) => sopInstanceUID !== '');
  await page.keyboard.press('End');
  const before = await untilPane(page, 'the last slice so far is shown', ({ frame, frames }) => frame === frames - 1);
  expect(before.frames, 'the study was complete before it could be looked at').toBeLessThan(THORAX_SLICES);
  await screenshot(page, 'arriving');

  const after = await untilPane(page, 'all slices have arrived', ({ frames }) => frames === THORAX_SLICES);
  expect(after.sopInstanceUID, 'the slice on screen').toBe(before.sopInstanceUID);
  await page.getByText(/\d+ of 500 arrived/).waitFor({ state: 'detached' });
});

test('wheel and keys move through the slices', async () => {
  await imagePane(page).hover();
  await page.keyboard.press('Home');
  await untilPane(page, 'Home', ({ frame }) => frame === 0);
  await page.mouse.wheel(0, 100);
  await untilPane(page, 'one notch of the wheel', ({ frame }) => frame === 1);
  await page.keyboard.press('ArrowDown');
  await untilPane(page, 'arrow down', ({ frame }) => frame === 2);
  await page.keyboard.press('ArrowUp');
  await untilPane(page, 'arrow up', ({ frame }) => frame === 1);
  await page.keyboard.press('End');
  await untilPane(page, 'End', ({ frame }) => frame === THORAX_SLICES - 1);
  await page.keyboard.press('Home');
  for (let notch = 0; notch < 40; notch += 1) await page.mouse.wheel(0, 100);
  await untilPane(page, '40 notches of the wheel', ({ frame }) => frame === 40);
});

test('presets and the right button set the window; reset takes it back', async () => {
  const stored = await paneState(page);
  await page.keyboard.press('2');
  await untilPane(page, 'lung window by key', ({ center, width }) => center === -600 && width === 1500);
  await page.keyboard.press('5');
  await untilPane(page, 'mediastinal window by key', ({ center, width }) => center === 50 && width === 350);
  await drag('right', 80, 0);
  await untilPane(page, 'wider by a drag to the right', ({ center, width }) => width > 350 && Math.abs(center - 50) < 1);
  await drag('right', 0, 60);
  await untilPane(page, 'another level by a drag down', ({ center }) => Math.abs(center - 50) > 1);
  await page.keyboard.press('Backspace');
  await untilPane(page, 'reset', ({ center, width }) => center === stored.center && width === stored.width);
});

test('Ctrl and wheel zoom, the middle button pans, reset takes both back', async () => {
  const { zoom } = await paneState(page);
  const whole = await picture();
  await imagePane(page).hover();
  await page.keyboard.down('Control');
  for (let notch = 0; notch < 3; notch += 1) await page.mouse.wheel(0, -100);
  await page.keyboard.up('Control');
  const zoomed = await untilPane(page, 'zoomed in', (state) => state.zoom > zoom * 1.2);
  const near = await picture();
  await drag('middle', 90, 40);
  await untilPane(page, 'drawn anew', ({ draws }) => draws > zoomed.draws);
  const moved = await picture();
  expect(moved.equals(near), 'the image did not move').toBe(false);
  await page.keyboard.press('Backspace');
  await untilPane(page, 'reset', (state) => state.zoom === zoom);
  await expect.poll(async () => (await picture()).equals(whole)).toBe(true);
});

test('Tab hides the tools and never the patient; Esc goes back a step at a time', async () => {
  const tools = page.getByRole('toolbar', { name: 'Viewer tools' });
  await tools.waitFor();
  await page.keyboard.press('Tab');
  await tools.waitFor({ state: 'detached' });
  const who = page.getByTestId('who');
  for (const text of [/Yamada/, 'PH-1002', '1949-11-22', '2026-11-17']) await who.getByText(text).first().waitFor();
  await page.keyboard.press('Escape');
  await tools.waitFor();
  await toMiddle();
  await page.keyboard.press('5');
  await untilPane(page, 'mediastinal window', ({ width }) => width === 350);
  await screenshot(page, 'viewer-ct');
  await page.keyboard.press('Escape');
  await imagePane(page).waitFor({ state: 'detached' });
  await studyTable(page).and(page.locator(':focus')).waitFor();
});

test('MR, radiograph and colour ultrasound open as well; the ultrasound plays', async () => {
  // Noise does not compress: a smaller window keeps the pictures small.
  await page.setViewportSize({ width: 976, height: 610 });
  await openByEnter('MR Εγκεφάλου');
  // At the last series that has arrived so far the key stays where it is, and so does an arrow at the end of a series.
  await expect
    .poll(
      async () => {
        const { frames } = await paneState(page);
        if (frames !== 28) await page.keyboard.press('PageDown');
        return frames;
      },
      { timeout: 30_000, interval: 300 },
    )
    .toBe(28);
  await untilPane(page, 'the series has arrived', ({ frames, loaded }) => frames === 28 && loaded === frames);
  for (let slice = 0; slice < 12; slice += 1) await page.keyboard.press('ArrowDown');
  await untilPane(page, 'a slice further in', ({ frame }) => frame >= 12);
  await allLoaded();
  await screenshot(page, 'viewer-mr');
  await page.keyboard.press('Escape');

  await openByEnter('Gildong');
  await screenshot(page, 'viewer-cr');
  await page.keyboard.press('Escape');

  await openByEnter('Эхокардиография');
  await allLoaded();
  await page.keyboard.press('c');
  const frames = new Set<number>();
  await expect
    .poll(async () => frames.add((await paneState(page)).frame).size, { timeout: 30_000, interval: 50 })
    .toBeGreaterThanOrEqual(5);
  await screenshot(page, 'viewer-us');
  await page.keyboard.press('c');
  const { frame } = await paneState(page);
  await untilPane(page, 'it stands still', (state) => Math.abs(state.frame - frame) <= 1);
  await page.keyboard.press('Escape');
  expectNoErrors(window);
});

test('on a large screen table and image use the room', async () => {
  await page.setViewportSize({ width: 1920, height: 1080 });
  await openByEnter(THORAX);
  await allLoaded();
  const box = await imagePane(page).boundingBox();
  expect(((box?.width ?? 0) * (box?.height ?? 0)) / (1920 * 1080), 'part of the screen that is image').toBeGreaterThan(0.8);
  await page.keyboard.press('Escape');
  expectNoErrors(window);
});

async function untilStudies(count: number): Promise<void> {
  await page
    .locator('.study-foot')
    .getByText(new RegExp(`^${count} stud(y|ies)$`))
    .waitFor({ timeout: 120_000 });
}

/** A click on the middle of the bar beside the image. */
async function toMiddle(): Promise<void> {
  await page.getByRole('scrollbar', { name: 'Images of the series' }).click();
  await untilPane(page, 'the middle of the series', ({ frame, frames }) => Math.abs(frame - frames / 2) < 5);
}

async function openByEnter(text: string): Promise<void> {
  await studyRow(page, text).click();
  await page.keyboard.press('Enter');
  await imagePane(page).waitFor({ timeout: 60_000 });
  await untilPane(page, 'an image is shown', ({ sopInstanceUID }) => sopInstanceUID !== '');
}

async function allLoaded(): Promise<void> {
  await untilPane(page, 'the series is loaded', ({ loaded, frames }) => loaded === frames);
}

async function drag(button: 'right' | 'middle', dx: number, dy: number): Promise<void> {
  const box = await imagePane(page).boundingBox();
  if (box === null) throw new Error('no image pane');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down({ button });
  await page.mouse.move(x + dx / 2, y + dy / 2);
  await page.mouse.move(x + dx, y + dy);
  await page.mouse.up({ button });
}

/** The pixels of the image itself, without the text on it. */
async function picture(): Promise<Buffer> {
  const data = await imagePane(page)
    .locator('canvas')
    .first()
    .evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL());
  return Buffer.from(data);
}
