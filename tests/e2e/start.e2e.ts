import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { startWorkstation } from '../support/workstation.ts';
import { launchChromium, openWindow } from './browser.ts';
import { type Display, startDisplay } from './display.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let display: Display;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = await temporaryFolder('start');
  display = await startDisplay();
  // The installed browser as it is, only that this test may look into its windows.
  const browser = join(folder.path, 'browser');
  await writeFile(browser, '#!/bin/sh\nexec /usr/bin/chromium --remote-debugging-port=0 "$@"\n', { mode: 0o755 });
  // A folder without Electron: the same on every machine, and nothing is downloaded.
  const noElectron = join(folder.path, 'no-electron');
  await mkdir(noElectron);
  environment = { ...process.env, DISPLAY: display.name, PHOSPHOR_BROWSER: browser, ELECTRON_OVERRIDE_DIST_PATH: noElectron };
  delete environment.WAYLAND_DISPLAY;
});

afterAll(async () => {
  await display[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

test('npm start opens an app window of the installed browser, says why in one line, and ends when the window is closed', async () => {
  const profile = join(folder.path, 'closed');
  await using started = await npmStart(profile);
  await using shown = await lookInto(profile);
  await shown.page.getByRole('button', { name: 'Try the demo PACS' }).waitFor();
  expect(started.printed()).toMatch(/^Opening the window in a browser: ELECTRON_OVERRIDE_DIST_PATH holds no Electron\.$/m);
  if (process.getuid?.() === 0) expect(started.printed()).toMatch(/^Running as root: the browser is started with --no-sandbox\.$/m);
  expect(started.printed(), 'the token of the launch page').not.toMatch(/launch=/);
  await shown.page.close();
  expect(await started.ended).toBe(0);
  expect(await processesOf(profile), 'what is left of the browser').toEqual([]);
});

test('a second start on the same profile opens a window on the running workstation and ends; Ctrl-C ends everything', async () => {
  const profile = join(folder.path, 'twice');
  await using first = await npmStart(profile);
  await using shown = await lookInto(profile);
  await shown.page.getByRole('button', { name: 'Try the demo PACS' }).waitFor();
  const second = await npmStart(profile);
  expect(await second.ended).toBe(0);
  expect(second.printed()).toMatch(/^Phosphor is already running; a window on it was opened\.$/m);
  await expect.poll(() => pagesOf(shown.browser).length, { timeout: 30_000 }).toBe(2);
  const [, other] = pagesOf(shown.browser);
  await other?.getByRole('button', { name: 'Try the demo PACS' }).waitFor();

  first.interrupt();
  // npm ends by the signal itself, after what it started.
  await first.ended;
  expect(await processesOf(profile), 'what is left').toEqual([]);
});

test('without a display it says how to open the window and serves it', async () => {
  const profile = join(folder.path, 'no-display');
  await using workstation = await startWorkstation({ profile, port: await freePort() });
  await expect.poll(workstation.printed).toMatch(/Ctrl-C ends Phosphor/);
  expect(workstation.printed()).toMatch(/^There is no display here \(neither DISPLAY nor WAYLAND_DISPLAY is set\)\.$/m);
  expect(workstation.printed()).toMatch(/^Phosphor is running\. Open this page/m);
  const named = /^ {4}(\/\S+\.html)$/m.exec(workstation.printed())?.[1];
  const browser = await launchChromium();
  try {
    const { page } = await openWindow(browser, `file://${named}`);
    await page.getByRole('button', { name: 'Try the demo PACS' }).waitFor();
  } finally {
    await browser.close();
  }
  expect(workstation.printed()).toContain(`phosphor window --profile ${profile}`);
});

test('the desktop window asked for where it cannot be opened: one sentence and exit code 1', async () => {
  const withDisplay = await npmStart(join(folder.path, 'desktop'), ['--host=desktop']);
  expect(await withDisplay.ended).toBe(1);
  expect(withDisplay.printed()).toMatch(/^The desktop window cannot be opened: ELECTRON_OVERRIDE_DIST_PATH holds no Electron\.$/m);
  const withoutDisplay = await npmStart(join(folder.path, 'desktop'), ['--host=desktop'], { DISPLAY: '' });
  expect(await withoutDisplay.ended).toBe(1);
  expect(withoutDisplay.printed()).toMatch(/^The desktop window cannot be opened: there is no display\.$/m);
});

test('an option that does not exist is answered with those that do', async () => {
  const started = await npmStart(join(folder.path, 'typo'), ['--prot=104']);
  expect(await started.ended).toBe(1);
  expect(started.printed()).toMatch(/^npm start takes --host=desktop\|loopback, --profile=DIR, --ae-title=TITLE and --port=PORT/m);
});

interface Started extends AsyncDisposable {
  printed(): string;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
  /** What Ctrl-C in its terminal does: a signal to everything it started. */
  interrupt(): void;
}

async function npmStart(profile: string, more: readonly string[] = [], overrides: NodeJS.ProcessEnv = {}): Promise<Started> {
  const args = ['start', '--', `--profile=${profile}`, `--port=${await freePort()}`, ...more];
  const child: ChildProcess = spawn('npm', args, {
    cwd: ROOT,
    env: { ...environment, ...overrides },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk;
    });
  }
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const signal = (name: NodeJS.Signals) => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, name);
  };
  return {
    printed: () => printed,
    ended,
    interrupt: () => signal('SIGINT'),
    [Symbol.asyncDispose]: async () => {
      signal('SIGTERM');
      await ended;
    },
  };
}

/** The window that the workstation opened, through the browser's own debugging port. */
async function lookInto(profile: string): Promise<{ browser: Browser; page: Page } & AsyncDisposable> {
  const portFile = join(profile, 'browser', 'DevToolsActivePort');
  let port = '';
  await expect
    .poll(
      async () => {
        port = (await readFile(portFile, 'utf8').catch(() => '')).split('\n')[0] ?? '';
        return port;
      },
      { timeout: 60_000, message: 'a browser was started' },
    )
    .toMatch(/^\d+$/);
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
  await expect.poll(() => pagesOf(browser).length, { timeout: 30_000 }).toBe(1);
  const [page] = pagesOf(browser);
  if (page === undefined) throw new Error('the window has gone');
  return { browser, page, [Symbol.asyncDispose]: () => browser.close() };
}

function pagesOf(browser: Browser): Page[] {
  return browser.contexts().flatMap((context) => context.pages());
}

/** Processes that name a profile on their command line. */
async function processesOf(profile: string): Promise<string[]> {
  const lines = await Promise.all(
    (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => line.includes(profile) && !line.includes('crashpad'));
}
