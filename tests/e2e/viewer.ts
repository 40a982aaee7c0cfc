import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { phosphor, startWorkstation } from '../support/workstation.ts';
import { launchChromium, openWindow, studyRow, type Window } from './browser.ts';

/** A workstation whose archive holds given files, and its window. */
export interface Reading extends AsyncDisposable {
  readonly browser: Browser;
  readonly window: Window;
  readonly page: Page;
}

export async function startReading(folder: string, files: string, chromium: readonly string[] = []): Promise<Reading> {
  const profile = join(folder, 'profile');
  const [workstation, browser] = await Promise.all([startWorkstation({ profile, port: await freePort() }), launchChromium(chromium)]);
  const imported = await phosphor(['import', files, '--profile', profile]);
  if (imported.code !== 0) throw new Error(`phosphor import: ${imported.stderr}`);
  const window = await openWindow(browser, await workstation.launchPage());
  return {
    browser,
    window,
    page: window.page,
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      await workstation.stop();
    },
  };
}

/** Opens a study by double click and waits for its first image. */
export async function openStudy(page: Page, text: string): Promise<void> {
  await page.getByRole('searchbox', { name: 'Search studies' }).fill('');
  await studyRow(page, text).dblclick();
  await page.locator('.viewer-pane[data-ready="true"]').first().waitFor({ timeout: 30_000 });
}

export function panes(page: Page): Locator {
  return page.locator('.viewer-pane');
}

/** A data attribute of a pane, once it is as expected. */
export async function untilData(pane: Locator, name: string, expected: string | RegExp): Promise<void> {
  await expect.poll(() => pane.getAttribute(`data-${name}`), { timeout: 20_000, message: name }).toMatch(expected);
}

/** Where a point of the image is on the page. */
export async function onPage(pane: Locator, x: number, y: number): Promise<{ x: number; y: number }> {
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = ((await pane.getAttribute('data-matrix')) ?? '').split(' ').map(Number);
  const box = await pane.boundingBox();
  if (box === null) throw new Error('the pane is not on the page');
  return { x: box.x + a * x + c * y + e, y: box.y + b * x + d * y + f };
}

/** Presses, moves through the points of the image and releases. */
export async function dragOver(page: Page, pane: Locator, points: readonly (readonly [number, number])[]): Promise<void> {
  for (const [index, [x, y]] of points.entries()) {
    const at = await onPage(pane, x, y);
    await page.mouse.move(at.x, at.y, { steps: index === 0 ? 1 : 4 });
    if (index === 0) await page.mouse.down();
  }
  await page.mouse.up();
}
