import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

export { launchChromium } from '../support/chromium.ts';

const SCREENSHOTS = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));

export interface Window {
  readonly page: Page;
  /** What the page printed as error, and exceptions nobody caught. */
  readonly errors: string[];
}

/** Opens a launch page as a person's browser would. */
export async function openWindow(browser: Browser, launchPage: string): Promise<Window> {
  return await showWindow(await newPage(browser), launchPage);
}

/** A page in a browser profile of its own, for tests that prepare it. */
export async function newPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
  return await context.newPage();
}

export async function showWindow(page: Page, launchPage: string): Promise<Window> {
  const errors = watchErrors(page);
  await page.goto(launchPage);
  // The offer of a fresh profile, or the table with what the archive holds.
  await page.locator('.fresh, [role="grid"]').first().waitFor();
  await page.locator('.skeleton').waitFor({ state: 'detached' });
  return { page, errors };
}

/** What a page prints as error from now on, and exceptions nobody caught. */
export function watchErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  return errors;
}

/** Adds a node by hand and waits for its echo. */
export async function addNode(page: Page, node: { name: string; host: string; port: number; aeTitle: string }): Promise<void> {
  await page.getByRole('button', { name: 'Add a PACS' }).first().click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(node.name);
  await page.getByRole('textbox', { name: 'Host' }).fill(node.host);
  await page.getByRole('textbox', { name: 'Port' }).fill(String(node.port));
  await page.getByRole('textbox', { name: 'AE title' }).fill(node.aeTitle);
  await page.getByRole('button', { name: 'Test connection' }).click();
}

/** The table of studies, and one study in it by a text of its row. */
export function studyTable(page: Page): Locator {
  return page.getByRole('grid', { name: 'Studies' });
}

export function studyRow(page: Page, text: string | RegExp): Locator {
  return studyTable(page).locator('.study-row').filter({ hasText: text }).first();
}

export function drawer(page: Page): Locator {
  return page.getByRole('region', { name: 'Actions' });
}

/** Opens the list of actions where it is closed. */
export async function openDrawer(page: Page): Promise<Locator> {
  const toggle = drawer(page).locator('.drawer-toggle');
  if ((await toggle.getAttribute('aria-expanded')) === 'false') await toggle.click();
  return drawer(page);
}

/** Asks every source for everything it has. */
export async function searchEverything(page: Page, words = '*'): Promise<void> {
  await page.getByRole('searchbox', { name: 'Search studies' }).fill(words);
  await page.getByRole('searchbox', { name: 'Search studies' }).press('Enter');
}

/** What the image pane tells about itself: the numbers behind the picture. */
export interface PaneState {
  readonly frame: number;
  readonly frames: number;
  readonly loaded: number;
  readonly center: number;
  readonly width: number;
  readonly zoom: number;
  readonly draws: number;
  readonly sopInstanceUID: string;
}

export function imagePane(page: Page): Locator {
  return page.locator('[data-frame-index]').first();
}

export async function paneState(page: Page): Promise<PaneState> {
  const data = await imagePane(page).evaluate((element) => ({ ...(element as unknown as { dataset: Record<string, string> }).dataset }));
  return {
    frame: Number(data.frameIndex),
    frames: Number(data.frameCount),
    loaded: Number(data.loaded),
    center: Number(data.windowCenter),
    width: Number(data.windowWidth),
    zoom: Number(data.zoom),
    draws: Number(data.draws),
    sopInstanceUID: data.sopInstanceUid ?? '',
  };
}

/** Waits until the pane is as `condition` says; what it was instead stands in the failure. */
export async function untilPane(page: Page, what: string, condition: (state: PaneState) => boolean): Promise<PaneState> {
  let state = await paneState(page);
  await expect
    .poll(
      async () => {
        state = await paneState(page);
        return condition(state) || JSON.stringify(state);
      },
      { timeout: 30_000, message: what },
    )
    .toBe(true);
  return state;
}

/** A picture for the documentation; every run makes them anew. */
export async function screenshot(page: Page, name: string): Promise<void> {
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: `${SCREENSHOTS}${name}.png` });
}

export function expectNoErrors(window: Window): void {
  expect(window.errors, 'errors in the page').toEqual([]);
}
