import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import type { Orthanc } from '../support/orthanc.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { type RunningWorkstation, startWorkstation } from '../support/workstation.ts';
import {
  addNode,
  expectNoErrors,
  launchChromium,
  openDrawer,
  openWindow,
  screenshot,
  searchEverything,
  studyRow,
  studyTable,
  type Window,
} from './browser.ts';
import { startClinic } from './pacs.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let orthanc: Orthanc;
let browser: Browser;
let workstation: RunningWorkstation;
let ownPort: number;
let window: Window;
let page: Page;

beforeAll(async () => {
  folder = await temporaryFolder('failures');
  ownPort = await freePort();
  [orthanc, browser, workstation] = await Promise.all([
    startClinic(folder.path, { studies: 3, instances: 4, rows: 64 }),
    launchChromium(),
    startWorkstation({ profile: join(folder.path, 'profile'), port: ownPort }),
  ]);
  window = await openWindow(browser, await workstation.launchPage());
  page = window.page;
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
});

afterAll(async () => {
  await browser.close();
  await workstation.stop();
  await orthanc.stop();
  await folder[Symbol.asyncDispose]();
});

test('a port where nobody listens: the editor and the source say so, and what to check', async () => {
  await addNode(page, { name: 'WRONGPORT', host: '127.0.0.1', port: await freePort(), aeTitle: 'ORTHANC' });
  await expectAnswer(/Nothing answers at 127\.0\.0\.1, port \d+\./, /Check that WRONGPORT is running and that the port is right/);
  await closeEditor();
  await sourceOf('WRONGPORT')
    .getByText(/Nothing answers/)
    .waitFor();
});

test('a host that does not exist: the name is the thing to check', async () => {
  await addNode(page, { name: 'WRONGHOST', host: 'pacs.invalid', port: 104, aeTitle: 'ORTHANC' });
  await expectAnswer(/host name pacs\.invalid is not known/, /Check the spelling of the host/);
  await closeEditor();
});

test('a wrong AE title: the PACS does not answer to it', async () => {
  await addNode(page, { name: 'WRONGTITLE', host: '127.0.0.1', port: orthanc.dicomPort, aeTitle: 'NOBODY' });
  await expectAnswer(/does not answer to the AE title NOBODY/, /Correct the AE title of WRONGTITLE/);
  await closeEditor();
});

test('a peer that hangs up: the connection broke, and the form keeps what was typed', async () => {
  await using peer = await hangingUp();
  await addNode(page, { name: 'HANGSUP', host: '127.0.0.1', port: peer.port, aeTitle: 'ORTHANC' });
  await expectAnswer(/The connection to HANGSUP broke/, /Try again/);
  expect(await page.getByRole('textbox', { name: 'Port' }).inputValue()).toBe(String(peer.port));
  await closeEditor();
});

test('a wrong entry is criticised at its field before anything is sent', async () => {
  await addNode(page, { name: 'BAD', host: '127.0.0.1', port: 70_000, aeTitle: 'ORTHANC' });
  await page.getByText('A whole number from 1 to 65535.').waitFor();
  await page.getByRole('textbox', { name: 'Port' }).and(page.locator(':focus')).waitFor();
  await closeEditor();
  expect(await page.getByRole('navigation', { name: 'Sources' }).getByText('BAD', { exact: true }).count()).toBe(0);
});

test('a PACS that does not know us as destination: what its administrator needs stands there, ready to copy', async () => {
  await addNode(page, { name: 'MAIN', host: '127.0.0.1', port: orthanc.dicomPort, aeTitle: orthanc.aeTitle });
  await page.getByText(/MAIN answered in/).waitFor();
  await closeEditor();
  for (const name of ['WRONGPORT', 'WRONGHOST', 'WRONGTITLE', 'HANGSUP']) await removeSource(name);
  await (await openDrawer(page)).getByRole('button', { name: 'Dismiss finished' }).click();
  await page.getByText(/needs? you/).waitFor({ state: 'detached' });
  await searchEverything(page);
  await studyTable(page).locator('.study-row').nth(2).waitFor();
  await studyTable(page).locator('.study-row').first().click();
  await page.keyboard.press('Control+r');
  await page
    .getByText(/1 needs you/)
    .first()
    .waitFor({ timeout: 60_000 });

  const list = await openDrawer(page);
  await list.getByText(/MAIN/).first().waitFor();
  const registration = list.locator('.copyable pre');
  await registration.waitFor();
  expect(await registration.innerText()).toMatch(new RegExp(`^AE title: PHOSPHOR\\nHost: 127\\.0\\.0\\.1\\nPort: ${ownPort}$`));
  await list
    .getByText(/administrator|log of the PACS/)
    .first()
    .waitFor();
  await screenshot(page, 'failure');
  await list.getByRole('button', { name: 'Copy for the PACS administrator' }).click();
  await list.getByRole('button', { name: 'Copied' }).waitFor();
  expect(await page.evaluate<string>('navigator.clipboard.readText()')).toContain(`Port: ${ownPort}`);
});

test('after the PACS was told, the same retrieve succeeds with one click and nothing needs the reader any more', async () => {
  await orthanc.setModality('PHOSPHOR', '127.0.0.1', ownPort);
  const list = await openDrawer(page);
  await list.getByRole('button', { name: 'Try again' }).click();
  await list.getByText(/4 of 4 images/).waitFor({ timeout: 60_000 });
  await page.getByText(/needs you/).waitFor({ state: 'detached' });
  expectNoErrors(window);
});

test('our port in use: the window says which, and what to do; searching still works', async () => {
  await using taken = await listening();
  const profile = join(folder.path, 'profile-port');
  await using second = await startWorkstation({ profile, port: taken.port });
  const other = await openWindow(browser, await second.launchPage());
  await addNode(other.page, { name: 'MAIN', host: '127.0.0.1', port: orthanc.dicomPort, aeTitle: orthanc.aeTitle });
  await other.page.getByText(/MAIN answered in/).waitFor();
  await other.page.keyboard.press('Escape');
  await other.page.getByText('Cannot receive').waitFor();
  await searchEverything(other.page);
  await studyTable(other.page).locator('.study-row').first().click();
  await other.page.keyboard.press('Control+r');
  const list = await openDrawer(other.page);
  await list.getByText(`Another program uses port ${taken.port}, so nothing can be received.`).waitFor({ timeout: 60_000 });
  await list.getByText(/choose another port in the settings/).waitFor();
  await other.page.context().close();
});

test('settings that cannot be read are kept aside, the defaults hold, and the window says so', async () => {
  const profile = join(folder.path, 'profile-settings');
  await mkdir(profile, { recursive: true, mode: 0o700 });
  await writeFile(join(profile, 'settings.jsonc'), '{ "aeTitle": "MYSTATION", ');
  await using damaged = await startWorkstation({ profile, port: await freePort() });
  const other = await openWindow(browser, await damaged.launchPage());
  const notice = other.page.getByRole('region', { name: 'Notices' }).getByText(/settings could not be read.*kept as/);
  await notice.waitFor();
  const kept = /kept as (\S+?)\.?$/.exec(await notice.innerText())?.[1] ?? '';
  const files = await readdir(profile);
  const aside = files.find((name) => kept.includes(name) && name !== 'settings.jsonc');
  expect(aside, `${kept} among ${files.join(', ')}`).toBeDefined();
  expect(await readFile(join(profile, aside ?? ''), 'utf8')).toContain('MYSTATION');
  await other.page.context().close();
});

test('a damaged index is set aside and made anew from the stored files; the study is found again', async () => {
  const profile = join(folder.path, 'profile');
  const row = studyTable(page).locator('.study-row').first();
  const patientID = await row.getByRole('gridcell').nth(1).innerText();
  await page.context().close();
  await workstation.stop();
  await writeFile(join(profile, 'index.db'), Buffer.alloc(8192, 'not a database '));
  workstation = await startWorkstation({ profile, port: ownPort });
  window = await openWindow(browser, await workstation.launchPage());
  page = window.page;
  await page.getByRole('region', { name: 'Notices' }).getByText(/index/).first().waitFor();
  await page.getByRole('searchbox', { name: 'Search studies' }).fill(patientID);
  await studyRow(page, patientID).waitFor({ timeout: 60_000 });
  await studyRow(page, patientID).locator('[data-where="local"]').waitFor({ timeout: 60_000 });
  expectNoErrors(window);
});

async function expectAnswer(sentence: RegExp, nextStep: RegExp): Promise<void> {
  const answer = page.locator('.answer[data-good="false"]');
  await answer.getByText(sentence).waitFor({ timeout: 60_000 });
  await answer.getByText(nextStep).waitFor();
}

async function closeEditor(): Promise<void> {
  await page.keyboard.press('Escape');
  await page.getByRole('form').or(page.locator('form.editor')).first().waitFor({ state: 'detached' });
}

function sourceOf(name: string) {
  return page.getByRole('navigation', { name: 'Sources' }).getByRole('listitem').filter({ hasText: name });
}

async function removeSource(name: string): Promise<void> {
  await page.getByRole('button', { name: `What to do with ${name}` }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await sourceOf(name).waitFor({ state: 'detached' });
  // The offer to undo stays a while.
  const removed = page.getByRole('region', { name: 'Notices' }).locator('.notice').filter({ hasText: name });
  await removed.getByRole('button', { name: 'Undo' }).waitFor();
  await removed.getByRole('button', { name: 'Dismiss' }).click();
}

interface Peer extends AsyncDisposable {
  readonly port: number;
}

/** Takes every connection and closes it at once. */
function hangingUp(): Promise<Peer> {
  return serve(createServer((socket) => socket.on('error', () => undefined).once('data', () => socket.destroy())));
}

/** Another program on a port, on all addresses as ours would be. */
function listening(): Promise<Peer> {
  return serve(createServer(), '::');
}

async function serve(server: Server, host = '127.0.0.1'): Promise<Peer> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) };
}
