import { execFile } from 'node:child_process';
import { access, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { writeSeries } from '../support/instances.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { startWorkstation } from '../support/workstation.ts';
import { drawer, expectNoErrors, launchChromium, openDrawer, openWindow, screenshot, studyRow } from './browser.ts';

const run = promisify(execFile);

test('files, folders and ZIPs dropped on the window are taken in; each that is not is named with its reason, on screen and in the report', async () => {
  await using folder = await temporaryFolder('drop');
  const at = (...names: string[]) => join(folder.path, ...names);
  const [first] = await writeSeries(at('loose'), { study: '1.2.3.7', count: 2, patientName: 'Loose^Lou' });
  await writeSeries(at('disc', 'deep', 'deeper'), { study: '1.2.3.8', count: 30, patientName: 'Disc^Dora' });
  await writeSeries(at('zipped'), { study: '1.2.3.9', count: 3, patientName: 'Zip^Zoe' });
  await run('python3', ['-c', 'import shutil,sys; shutil.make_archive(sys.argv[1], "zip", sys.argv[2])', at('study'), at('zipped')]);
  await writeFile(at('disc', 'READ ME = +1.txt'), 'no image in here, only words for whoever reads them');
  const whole = await readFile(first?.path ?? '');
  await writeFile(at('disc', 'deep', 'cut.dcm'), whole.subarray(0, 250));
  await copyFile(first?.path ?? '', at('disc', 'again.dcm'));
  const profile = at('profile');
  await using workstation = await startWorkstation({ profile, port: await freePort() });
  const browser = await launchChromium();
  try {
    const window = await openWindow(browser, await workstation.launchPage());
    const { page } = window;
    const dropped = await dragger(page);

    // What is no file is refused before the drop, with the reason.
    await dropped.over([], { text: 'https://example.org/' });
    await page.getByText('Drop files, folders or ZIPs.').waitFor();
    await dropped.drop();
    await page.getByText('Drop files, folders or ZIPs.').waitFor({ state: 'detached' });
    expect(new URL(page.url()).hostname).toBe('127.0.0.1');

    // Two files onto a fresh profile: it says what will happen, then does it.
    await dropped.over((await readdir(at('loose'))).map((name) => at('loose', name)));
    await page.getByText('Import 2 files or folders into this computer').waitFor();
    await screenshot(page, 'import-drop-fresh');
    await dropped.drop();
    await studyRow(page, 'Loose, Lou').waitFor();
    await drawer(page).getByText('2 taken in · 0 known already · 0 conflicts · 0 refused · 0 not DICOM').waitFor();

    // A folder and a ZIP, with a file that is no DICOM, a damaged one and one that is here already.
    await dropped.over([at('disc'), at('study.zip')]);
    await page.getByText('Import 2 files or folders into this computer').waitFor();
    await screenshot(page, 'import-drop');
    await dropped.drop();
    await drawer(page).getByText('33 taken in · 1 known already · 0 conflicts · 1 refused · 1 not DICOM').waitFor();
    await studyRow(page, 'Disc, Dora').waitFor();
    await studyRow(page, 'Zip, Zoe').waitFor();
    const line = (await openDrawer(page)).locator('.action').first();
    await line.getByText('What was not taken in').click();
    await line.getByText('disc/READ ME = +1.txt').waitFor();
    await line.getByText('disc/deep/cut.dcm').waitFor();
    await screenshot(page, 'import-result');

    const report = async (form: string): Promise<string> => {
      const saving = page.waitForEvent('download');
      await line.getByRole('button', { name: 'Save report' }).click();
      await page.getByRole('menuitem', { name: form }).click();
      const download = await saving;
      expect(download.suggestedFilename()).toMatch(/^import-[0-9T-]+\.(csv|json)$/);
      return await readFile(await download.path(), 'utf8');
    };
    const csv = (await report('CSV')).trimEnd().split('\r\n');
    expect(csv[0]).toBe('file,result,SOP Instance UID,truncated,reason,message');
    expect(csv).toHaveLength(1 + 36);
    expect(csv.filter((row) => row.includes(',imported,'))).toHaveLength(33);
    expect(csv.find((row) => row.startsWith('disc/READ ME = +1.txt,refused,'))).toContain('not-dicom');
    expect(csv.find((row) => row.startsWith('disc/deep/cut.dcm,refused,'))).toContain('damaged');
    expect(csv.find((row) => row.startsWith('disc/again.dcm,known,1.2.3.7.1.1'))).toBeDefined();
    expect(csv.filter((row) => /^study\.zip.*,imported,1\.2\.3\.9/.test(row))).toHaveLength(3);
    const json: unknown = JSON.parse(await report('JSON'));
    expect(json).toHaveLength(36);
    expect(json).toContainEqual(expect.objectContaining({ path: 'disc/deep/cut.dcm', result: 'refused' }));

    // What was handed over is gone once it is taken in.
    await expect.poll(() => readdir(join(profile, 'dropped'))).toEqual([]);

    // The same by key, from the system's dialog.
    await mkdir(at('more'));
    await writeSeries(at('more'), { study: '1.2.3.10', count: 1, patientName: 'Key^Kim' });
    const dialog = page.waitForEvent('filechooser');
    await page.keyboard.press('Control+o');
    await (await dialog).setFiles((await readdir(at('more'))).map((name) => at('more', name)));
    await studyRow(page, 'Key, Kim').waitFor();
    const folderDialog = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Import a folder' }).click();
    await (await folderDialog).setFiles(at('disc'));
    await drawer(page).getByText('0 taken in · 31 known already · 0 conflicts · 1 refused · 1 not DICOM').waitFor();

    // While a study is read, a drop is refused and the study stays.
    await studyRow(page, 'Key, Kim').dblclick();
    await page.locator('.viewer-pane[data-ready="true"]').first().waitFor();
    await dropped.over([at('study.zip')]);
    await page.getByText('A study is open. Close it with Esc, then drop again.').waitFor();
    await screenshot(page, 'import-drop-viewer');
    await dropped.drop();
    await page.locator('.viewer-pane[data-ready="true"]').first().waitFor();
    expectNoErrors(window);
    await access(at('disc', 'deep', 'cut.dcm'));
  } finally {
    await browser.close();
  }
});

/** Drags from the system's file manager, as the browser gets them. */
async function dragger(page: Page) {
  const session = await page.context().newCDPSession(page);
  let data = { items: [] as { mimeType: string; data: string }[], files: [] as string[], dragOperationsMask: 1 };
  const send = (type: 'dragEnter' | 'dragOver' | 'drop') => session.send('Input.dispatchDragEvent', { type, x: 640, y: 400, data });
  return {
    async over(files: readonly string[], { text }: { text?: string } = {}) {
      data = { items: text === undefined ? [] : [{ mimeType: 'text/uri-list', data: text }], files: [...files], dragOperationsMask: 1 };
      await send('dragEnter');
      await send('dragOver');
    },
    drop: () => send('drop'),
  };
}
