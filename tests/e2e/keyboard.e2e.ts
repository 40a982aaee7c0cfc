import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import type { Orthanc } from '../support/orthanc.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { type RunningWorkstation, startWorkstation } from '../support/workstation.ts';
import {
  drawer,
  expectNoErrors,
  imagePane,
  launchChromium,
  openWindow,
  screenshot,
  studyTable,
  untilPane,
  type Window,
} from './browser.ts';
import { startClinic } from './pacs.ts';

const SLICES = 40;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let orthanc: Orthanc;
let browser: Browser;
let workstation: RunningWorkstation;
let window: Window;
let page: Page;

beforeAll(async () => {
  folder = await temporaryFolder('keyboard');
  const port = await freePort();
  [orthanc, browser, workstation] = await Promise.all([
    startClinic(folder.path, { studies: 4, instances: SLICES, rows: 128 }),
    launchChromium(),
    startWorkstation({ profile: join(folder.path, 'profile'), port }),
  ]);
  await orthanc.setModality('PHOSPHOR', '127.0.0.1', port);
  window = await openWindow(browser, await workstation.launchPage());
  page = window.page;
});

afterAll(async () => {
  await browser.close();
  await workstation.stop();
  await orthanc.stop();
  await folder[Symbol.asyncDispose]();
});

test('from the first start to the closed study without a mouse, and the focus is always seen', async () => {
  // The PACS is added in the form.
  await tabTo('Add a PACS');
  await page.keyboard.press('Enter');
  await expectFocus('Name');
  for (const [index, value] of ['MAIN', '127.0.0.1', String(orthanc.dicomPort), orthanc.aeTitle].entries()) {
    if (index > 0) await page.keyboard.press('Tab');
    await page.keyboard.type(value);
  }
  await expectFocusSeen();
  await page.keyboard.press('Enter');
  await page.locator('form.editor').waitFor({ state: 'detached' });

  // Search; arrow down goes from the field into the table.
  await page.keyboard.press('/');
  await expectFocus('Search studies');
  await page.keyboard.type('*');
  await page.keyboard.press('Enter');
  await studyTable(page).locator('.study-row').nth(3).waitFor({ timeout: 60_000 });
  await page.keyboard.press('ArrowDown');
  await expectFocus('Studies');
  await expectFocusSeen();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  const selected = studyTable(page).locator('.study-row[aria-selected="true"]');
  await expect.poll(() => selected.getAttribute('aria-rowindex')).toBe('4');
  const name = await selected.getByRole('gridcell').first().innerText();
  await page.keyboard.press('ArrowRight');
  await studyTable(page).locator('.series-row').first().waitFor();
  await screenshot(page, 'keyboard');
  await page.keyboard.press('ArrowLeft');

  // Retrieve, look at what runs, open.
  await page.keyboard.press('Control+r');
  await page.keyboard.press('Control+j');
  await drawer(page).getByText(`${SLICES} of ${SLICES} images`).first().waitFor({ timeout: 60_000 });
  await expectFocus('Studies');
  await page.keyboard.press('Enter');
  await imagePane(page).waitFor();
  await untilPane(page, 'the series is there', ({ frames, sopInstanceUID }) => frames === SLICES && sopInstanceUID !== '');
  await page.getByTestId('who').getByText(name).waitFor();

  // Scroll, set a window, close.
  await page.keyboard.press('End');
  await untilPane(page, 'End', ({ frame }) => frame === SLICES - 1);
  for (let step = 0; step < 5; step += 1) await page.keyboard.press('ArrowUp');
  await untilPane(page, 'five slices up', ({ frame }) => frame === SLICES - 6);
  await page.keyboard.press('3');
  await untilPane(page, 'bone window', ({ width }) => width === 2500);
  await page.keyboard.press('Shift+Tab');
  await expectFocusSeen();
  await page.keyboard.press('Escape');
  await imagePane(page).waitFor({ state: 'detached' });
  await expectFocus('Studies');
  await expect.poll(() => selected.getByRole('gridcell').first().innerText()).toBe(name);
  expectNoErrors(window);
});

test('Tab walks through every control of the browser window, and each shows that it has the focus', async () => {
  await page.keyboard.press('/');
  const names: string[] = [];
  for (let stop = 0; stop < 60; stop += 1) {
    await page.keyboard.press('Tab');
    const name = await focusedName();
    if (name === 'Search studies') break;
    // From the last control Tab leaves the page and comes back to its first.
    if (name === '') continue;
    names.push(name);
    await expectFocusSeen();
  }
  for (const wanted of ['Settings', 'Search in Local', 'Search in MAIN', 'What to do with MAIN', 'Add a PACS', 'Studies'])
    expect(names, `among ${names.join(' | ')}`).toContainEqual(expect.stringContaining(wanted));
  expectNoErrors(window);
});

async function tabTo(name: string): Promise<void> {
  for (let stop = 0; stop < 20; stop += 1) {
    await page.keyboard.press('Tab');
    if ((await focusedName()) === name) return;
  }
  throw new Error(`Tab does not reach ${name}`);
}

async function expectFocus(name: string): Promise<void> {
  await expect.poll(focusedName).toBe(name);
}

/** The name of what has the focus, as a screen reader would say it; empty where nothing has it. */
async function focusedName(): Promise<string> {
  const focused = page.locator(':focus');
  if ((await focused.count()) === 0) return '';
  const [line = ''] = (await focused.ariaSnapshot()).split('\n');
  return /^- \w+ "([^"]*)"/.exec(line)?.[1] ?? line;
}

/** The few parts of a page that {@link expectFocusSeen} looks at. */
interface PageElement {
  readonly outerHTML: string;
  getAttribute(name: string): string | null;
  closest(selector: string): PageElement | null;
}
interface PageGlobals {
  readonly document: { readonly activeElement: PageElement | null; getElementById(id: string): PageElement | null };
  getComputedStyle(element: PageElement): { readonly outlineStyle: string; readonly outlineWidth: string; readonly boxShadow: string };
}

/** A ring of at least one pixel around what has the focus, or around the row or field that stands for it. */
async function expectFocusSeen(): Promise<void> {
  const seen = await page.evaluate(() => {
    const { document, getComputedStyle } = globalThis as unknown as PageGlobals;
    const ring = (element: PageElement | null | undefined): boolean => {
      if (element == null) return false;
      const style = getComputedStyle(element);
      return (style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== 'none';
    };
    const focused = document.activeElement;
    const row = focused?.getAttribute('aria-activedescendant');
    const rings = [focused, row == null ? undefined : document.getElementById(row), focused?.closest('.search')];
    return { ring: rings.some(ring), what: focused?.outerHTML.slice(0, 200) };
  });
  expect(seen.ring, `no ring around ${seen.what}`).toBe(true);
}
