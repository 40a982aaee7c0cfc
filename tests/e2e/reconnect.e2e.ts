import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import type { Orthanc } from '../support/orthanc.ts';
import { writeProfile } from '../support/profiles.ts';
import { type RecordingProxy, startRecordingProxy } from '../support/recording-proxy.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { phosphor, type RunningWorkstation, startWorkstation } from '../support/workstation.ts';
import { drawer, launchChromium, newPage, openDrawer, searchEverything, showWindow, studyRow, studyTable } from './browser.ts';
import { startClinic } from './pacs.ts';

const SLICES = 300;
/** 300 slices of 128 KB would take 20 s: they are held back until what happens in mid-retrieve has happened. */
const PACED_BYTES_PER_SECOND = 2_000_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let orthanc: Orthanc;
let browser: Browser;

beforeAll(async () => {
  folder = await temporaryFolder('reconnect');
  [orthanc, browser] = await Promise.all([startClinic(folder.path, { studies: 1, instances: SLICES, rows: 256 }), launchChromium()]);
});

afterAll(async () => {
  await browser.close();
  await orthanc.stop();
  await folder[Symbol.asyncDispose]();
});

let rounds = 0;
let profile: string;
let port: number;
let workstation: RunningWorkstation;
let proxy: RecordingProxy;
let page: Page;
let heard: Heard;

// Every test begins with a retrieve that runs, some of it here and most of it still to come.
beforeEach(async () => {
  profile = join(folder.path, `profile-${rounds++}`);
  port = await freePort();
  await writeProfile(profile, { name: 'MAIN', host: '127.0.0.1', port: orthanc.dicomPort, aeTitle: orthanc.aeTitle });
  workstation = await startWorkstation({ profile, port });
  proxy = await startRecordingProxy({ port });
  proxy.setPace(PACED_BYTES_PER_SECOND);
  await orthanc.setModality('PHOSPHOR', '127.0.0.1', proxy.port);
  await open();
  await searchEverything(page);
  await studyRow(page, String(SLICES)).click();
  await page.keyboard.press('Control+r');
  await untilArrived(20);
});

afterEach(async () => {
  await page.context().close();
  await workstation.stop();
  await proxy.close();
});

test('the window reloaded in mid-retrieve shows it at once where it is, counts on, and hears of its end once', async () => {
  const before = await arrived();
  await page.reload();
  await drawer(page)
    .getByText(/\d+ of 300 received/)
    .first()
    .waitFor({ timeout: 30_000 });
  expect(await arrived(), 'the count fell back').toBeGreaterThanOrEqual(before);
  expect(proxy.stores.length, 'the retrieve was over before the reload').toBeLessThan(SLICES);
  await untilArrived(before + 20);
  proxy.setPace(0);
  await untilDone();
  expect(heard.completions(), 'completions heard, before and after').toHaveLength(1);
  await expectAllHere();
});

test('the connection cut in mid-retrieve: the window says so, comes back by itself, and has missed nothing', async () => {
  const notice = page.getByText('The connection to the workstation is interrupted');
  heard.refuse = true;
  heard.cut();
  await notice.waitFor();
  const cutAt = proxy.stores.length;
  expect(cutAt, 'the retrieve was over before the cut').toBeLessThan(SLICES);
  await expect.poll(() => proxy.stores.length, { timeout: 60_000 }).toBeGreaterThan(cutAt + 20);
  heard.refuse = false;
  await notice.waitFor({ state: 'detached', timeout: 30_000 });
  proxy.setPace(0);
  await untilDone();
  expect(heard.completions().length, 'completions heard as events').toBeLessThanOrEqual(1);
  await expectAllHere();
});

test('the connection cut until the retrieve is over: its end is on the list when the connection is back', async () => {
  heard.refuse = true;
  heard.cut();
  proxy.setPace(0);
  await expect.poll(() => proxy.stores.length, { timeout: 60_000 }).toBe(SLICES);
  heard.refuse = false;
  await untilDone();
  await expectAllHere();
});

test('the window closed in mid-retrieve: a new one shows the retrieve that ended meanwhile', async () => {
  await page.context().close();
  expect(proxy.stores.length, 'the retrieve was over before the window closed').toBeLessThan(SLICES);
  proxy.setPace(0);
  await expect.poll(() => proxy.stores.length, { timeout: 60_000 }).toBe(SLICES);
  await open();
  await untilDone();
  await searchEverything(page);
  await expectAllHere();
});

test('the workstation killed in mid-retrieve: what had arrived is here, the retrieve stands as broken off, once, and can be tried again', async () => {
  await workstation.kill('SIGKILL');
  const stored = (await readdir(join(profile, 'archive'), { recursive: true })).filter((path) => path.endsWith('.dcm')).length;
  expect(stored, 'some had arrived').toBeGreaterThan(0);
  expect(stored, 'all had arrived').toBeLessThan(SLICES);
  await page.context().close();
  proxy.setPace(0);

  workstation = await startWorkstation({ profile, port });
  await open();
  const list = await openDrawer(page);
  const brokenOff = list.getByRole('listitem').filter({ hasText: 'broken off' });
  await brokenOff.waitFor({ timeout: 30_000 });
  expect(await list.getByRole('listitem').filter({ hasText: 'Retrieve' }).count(), 'retrieves on the list').toBe(1);
  await brokenOff.getByText(/was closed while this was running/).waitFor();
  const { code, lines, stderr } = await phosphor(['list', '--json', '--level', 'image', '--profile', profile]);
  expect(code, stderr).toBe(0);
  const found = lines.filter((line) => typeof line.sopInstanceUID === 'string').length;
  expect(found, `instances that the search finds; ${stderr}`).toBeGreaterThanOrEqual(stored);

  await brokenOff.getByRole('button', { name: 'Try again' }).click();
  await untilDone();
  await searchEverything(page);
  await expectAllHere();
});

/** What the page's sockets to the workstation carried, and the means to cut them. */
interface Heard {
  completions(): string[];
  cut(): void;
  refuse: boolean;
}

async function open(): Promise<void> {
  const opened = await newPage(browser);
  const completions: string[] = [];
  const cuts = new Set<() => void>();
  const hearing: Heard = {
    completions: () => completions,
    cut: () => {
      for (const cut of cuts) cut();
    },
    refuse: false,
  };
  await opened.routeWebSocket(/\/contract$/, (route) => {
    if (hearing.refuse) {
      void route.close({ code: 4000 });
      return;
    }
    const server = route.connectToServer();
    const cut = () => {
      cuts.delete(cut);
      void server.close();
      void route.close({ code: 4000 });
    };
    cuts.add(cut);
    server.onMessage((message) => {
      if (!cuts.has(cut)) return;
      const { kind, event } = JSON.parse(String(message)) as {
        kind: string;
        event?: { type: string; actionId: string; action: { command: string } };
      };
      if (kind === 'event' && event?.type === 'ActionComplete' && event.action.command === 'retrieve') completions.push(event.actionId);
      route.send(message);
    });
  });
  heard = hearing;
  ({ page } = await showWindow(opened, await workstation.launchPage()));
}

async function arrived(): Promise<number> {
  const text = await drawer(page).innerText();
  return Number(/(\d+) of 300 received/.exec(text)?.[1] ?? 0);
}

async function untilArrived(least: number): Promise<void> {
  await expect.poll(arrived, { timeout: 60_000 }).toBeGreaterThanOrEqual(least);
}

async function untilDone(): Promise<void> {
  const list = await openDrawer(page);
  const done = list.getByRole('listitem').filter({ hasText: `${SLICES} of ${SLICES} images` });
  await done.waitFor({ timeout: 90_000 });
  expect(await done.count()).toBe(1);
}

async function expectAllHere(): Promise<void> {
  await studyTable(page).locator('.study-row [data-where="local"]').first().waitFor({ timeout: 30_000 });
  expect(new Set(proxy.stores.map(({ sopInstanceUID }) => sopInstanceUID)).size).toBe(SLICES);
}
