import { join } from 'node:path';
import { _electron as electron } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleMain } from '../../build/scripts/bundle-main.ts';
import { installedElectron } from '../../build/scripts/electron-binary.ts';
import { ROOT } from '../../build/scripts/root.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { drawer, imagePane, studyRow, untilPane, watchErrors } from './browser.ts';
import { type Display, startDisplay } from './display.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let display: Display | undefined;

beforeAll(async () => {
  folder = await temporaryFolder('electron');
  if (process.platform === 'linux') display = await startDisplay();
  await bundleMain();
});

afterAll(async () => {
  await display?.[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

test('the desktop window finds a study of the demo PACS, brings it and shows it', async () => {
  const executablePath = installedElectron();
  if (executablePath === undefined) throw new Error('no Electron program is installed');
  const { ELECTRON_RUN_AS_NODE: _, WAYLAND_DISPLAY: __, ...environment } = definedOf(process.env);
  const application = await electron.launch({
    executablePath,
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ROOT,
      `--profile=${join(folder.path, 'profile')}`,
      `--port=${await freePort()}`,
    ],
    cwd: ROOT,
    env: { ...environment, ...(display === undefined ? {} : { DISPLAY: display.name }) },
    timeout: 60_000,
  });
  try {
    const page = await application.firstWindow();
    const errors = watchErrors(page);
    await page.getByRole('button', { name: 'Try the demo PACS' }).click({ timeout: 60_000 });
    await studyRow(page, 'Chest PA').waitFor({ timeout: 120_000 });
    await studyRow(page, 'Ελένη').click();
    await page.keyboard.press('Enter');
    await imagePane(page).waitFor({ timeout: 60_000 });
    await untilPane(page, 'every slice of the series is there and decoded', ({ loaded, frames }) => frames > 1 && loaded === frames);
    await page.keyboard.press('End');
    await untilPane(page, 'End', ({ frame, frames }) => frame === frames - 1);
    await page.keyboard.press('Escape');
    await drawer(page)
      .getByText(/78 of 78 images/)
      .first()
      .waitFor({ timeout: 60_000 });

    // What a page must not have: Node, and a way to other pages.
    expect(await page.evaluate(() => 'require' in globalThis || 'process' in globalThis)).toBe(false);
    expect(errors, 'errors in the page').toEqual([]);
    const windows = await application.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
    expect(windows).toBe(1);
  } finally {
    await application.close();
  }
});

function definedOf(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
