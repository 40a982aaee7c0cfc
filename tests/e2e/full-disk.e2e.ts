import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { canMountSmallVolume, smallVolume } from '../support/small-volume.ts';
import { startWorkstation } from '../support/workstation.ts';
import { addNode, expectNoErrors, launchChromium, openDrawer, openWindow, searchEverything, studyTable } from './browser.ts';
import { startClinic } from './pacs.ts';

const mountable = await canMountSmallVolume();

test.runIf(mountable)(
  'our disk fills up in a retrieve: the window says whose disk and what to do, and one click goes on when there is room',
  async () => {
    await using volume = await smallVolume();
    await using orthanc = await startClinic(volume.folder, { studies: 1, instances: 24, rows: 512 });
    await writeFile(join(volume.profile, 'settings.jsonc'), '{ "retry": { "attempts": 1, "missingRounds": 0 } }');
    const port = await freePort();
    await using workstation = await startWorkstation({ profile: volume.profile, port });
    await orthanc.setModality('PHOSPHOR', '127.0.0.1', port);
    await using browser = await launchChromium();
    const window = await openWindow(browser, await workstation.launchPage());
    const { page } = window;
    await addNode(page, { name: 'MAIN', host: '127.0.0.1', port: orthanc.dicomPort, aeTitle: orthanc.aeTitle });
    await page.getByText(/MAIN answered in/).waitFor();
    await page.keyboard.press('Escape');
    await searchEverything(page);
    await studyTable(page).locator('.study-row').first().click();
    await page.keyboard.press('Control+r');

    const list = await openDrawer(page);
    await list.getByText(/disk/i).first().waitFor({ timeout: 60_000 });
    await list
      .getByText(/[Ff]ree|[Mm]ake room/)
      .first()
      .waitFor();
    await studyTable(page).locator('[data-where="part"]').first().waitFor();

    volume.resize('128m');
    await list.getByRole('button', { name: 'Try again' }).click();
    await list.getByText(/24 of 24 images/).waitFor({ timeout: 60_000 });
    expectNoErrors(window);
    expect(await page.getByText(/needs you/).count()).toBe(0);
  },
);
