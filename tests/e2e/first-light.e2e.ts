import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import type { Orthanc } from '../support/orthanc.ts';
import { type RecordingProxy, startRecordingProxy } from '../support/recording-proxy.ts';
import { storedDataSetHash } from '../support/stored-file.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { startWorkstation } from '../support/workstation.ts';
import { addNode, expectNoErrors, launchChromium, openWindow, screenshot } from './browser.ts';
import { startHospital } from './pacs.ts';

const CT_SLICES = 500;
/** 500 CT of half a megabyte would take a minute: they are held back until the reader has done what is to be done meanwhile. */
const PACED_BYTES_PER_SECOND = 4_500_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let orthanc: Orthanc;
let browser: Browser;

beforeAll(async () => {
  folder = await temporaryFolder('e2e');
  [orthanc, browser] = await Promise.all([startHospital(), launchChromium()]);
});

afterAll(async () => {
  await browser.close();
  await orthanc.stop();
  await folder[Symbol.asyncDispose]();
});

test('a reader adds a PACS, searches it, and works on while 500 slices arrive; everything stored is what was on the wire', async () => {
  const profile = join(folder.path, 'profile-paced');
  const port = await freePort();
  await using workstation = await startWorkstation({ profile, port });
  await using proxy = await startRecordingProxy({ port });
  await orthanc.setModality('PHOSPHOR', '127.0.0.1', proxy.port);
  const window = await openWindow(browser, await workstation.launchPage());
  const { page } = window;
  await screenshot(page, 'empty');

  await addNode(page, { name: 'MAIN', host: '127.0.0.1', port: orthanc.dicomPort, aeTitle: orthanc.aeTitle });
  await page.getByText(/MAIN answered in/).waitFor();
  await screenshot(page, 'add-a-pacs');
  await page.keyboard.press('Escape');

  // Search by part of a name, and bring a smaller study first: it is read while the big one arrives.
  await searchFor(page, 'a');
  const grid = page.getByRole('grid', { name: 'Studies' });
  await grid.getByRole('row').filter({ hasText: 'CT Huvud' }).first().click();
  await page.keyboard.press('Control+r');
  await page.getByRole('region', { name: 'Actions' }).getByText(/done/).first().waitFor({ timeout: 60_000 });
  await screenshot(page, 'search');

  proxy.setPace(PACED_BYTES_PER_SECOND);
  const before = proxy.stores.length;
  await grid
    .getByRole('row')
    .filter({ hasText: String(CT_SLICES) })
    .first()
    .click();
  await page.keyboard.press('Control+r');
  await grid.getByText(/\d+ of 500 received/).waitFor({ timeout: 30_000 });
  await workOn(page, proxy, before);
  proxy.setPace(0);

  await page
    .getByRole('region', { name: 'Actions' })
    .getByText(/500 of 500 images|500 images/)
    .first()
    .waitFor({ timeout: 60_000 });
  await expectEverythingStored(profile, proxy);
  expectNoErrors(window);
  await page.context().close();
});

async function searchFor(page: Page, words: string): Promise<void> {
  const field = page.getByRole('searchbox', { name: 'Search studies' });
  await field.fill(words);
  await page.getByRole('grid', { name: 'Studies' }).getByRole('row').nth(4).waitFor();
}

/** What a reader does meanwhile: types, scrolls the table, opens another study and scrolls it. Fails if the retrieve ended before. */
async function workOn(page: Page, proxy: RecordingProxy, before: number): Promise<void> {
  const stillArriving = (gesture: string) =>
    expect(proxy.stores.length - before, `the retrieve was over before: ${gesture}`).toBeLessThan(CT_SLICES);
  const field = page.getByRole('searchbox', { name: 'Search studies' });
  await field.fill('');
  await field.pressSequentially('a', { delay: 60 });
  await expect.poll(() => field.inputValue()).toBe('a');
  stillArriving('typing in the search field');

  const grid = page.getByRole('grid', { name: 'Studies' });
  await grid.hover();
  for (let i = 0; i < 10; i++) await page.mouse.wheel(0, 120);
  for (let i = 0; i < 10; i++) await page.mouse.wheel(0, -120);
  stillArriving('scrolling the table');
  await grid.getByText(/\d+ of 500 received/).waitFor();
  await screenshot(page, 'retrieving');

  await grid.getByRole('row').filter({ hasText: 'CT Huvud' }).first().dblclick();
  const pane = page.locator('[data-frame-index]').first();
  await pane.waitFor();
  await expect.poll(() => pane.getAttribute('data-loaded'), { timeout: 15_000 }).not.toBe('0');
  const first = Number(await pane.getAttribute('data-frame-index'));
  await pane.hover();
  for (let i = 0; i < 40; i++) await page.mouse.wheel(0, 100);
  await expect.poll(async () => Number(await pane.getAttribute('data-frame-index')), { timeout: 10_000 }).not.toBe(first);
  stillArriving('scrolling another study');
  await screenshot(page, 'viewer');
  await page.keyboard.press('Escape');
  await grid.waitFor();
}

/** Each instance that Orthanc sent is in the archive, and its data set is byte for byte what the proxy saw. */
async function expectEverythingStored(profile: string, proxy: RecordingProxy): Promise<void> {
  const files = new Map(
    (await readdir(profile, { recursive: true })).filter((path) => path.endsWith('.dcm')).map((path) => [path.split('/').at(-1), path]),
  );
  expect(proxy.stores.length).toBeGreaterThanOrEqual(CT_SLICES);
  const wrong: string[] = [];
  for (const store of proxy.stores) {
    const path = files.get(`${createHash('sha256').update(store.sopInstanceUID).digest('hex')}.dcm`);
    if (path === undefined || (await storedDataSetHash(join(profile, path))) !== store.sha256) wrong.push(store.sopInstanceUID);
  }
  expect(wrong, 'instances that are missing or differ from the wire').toEqual([]);
}
