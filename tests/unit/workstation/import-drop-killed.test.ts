import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { dropsOf } from '../../../electron/archive/drop-folder.ts';
import { openWorkstation } from '../../../electron/workstation/workstation.ts';
import type { ActionComplete } from '../../../shared/contract/index.ts';
import { freePort } from '../../support/free-port.ts';
import { writeSeries } from '../../support/instances.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { finished, opened } from '../archive/fixtures.ts';

const COUNT = 300;

// Before the import has begun to tell, and in the middle of it.
test.each([0, 60])(
  'a drop whose import is killed after %i files goes on at the next start, loses nothing and leaves nothing',
  async (after) => {
    await using folder = await temporaryFolder('drop-killed');
    const profile = join(folder.path, 'profile');
    const source = join(folder.path, 'files');
    await writeSeries(source, { study: '1.2.3', count: COUNT });
    const told = await dropAndKill(profile, source, after);

    const workstation = await openWorkstation({ profile, port: await freePort(), version: '0' });
    try {
      const ended = Promise.withResolvers<ActionComplete>();
      workstation.subscribe((event) => {
        if (event.type === 'ActionComplete') ended.resolve(event);
      });
      const before = (await workstation.invoke('session.snapshot', {})).finished[0];
      const complete = before ?? (await ended.promise);
      expect(complete).toMatchObject({ outcome: 'success', tag: 'mine' });
      // The drop that was cut off on its way is gone with the one that was taken in.
      await expect.poll(() => readdir(dropsOf(workstation.archive))).toEqual([]);
    } finally {
      await workstation.close();
    }
    const { directory, databases } = workstation.archive;
    const archive = await opened({ directory, databases, durable: true });
    await archive.settled();
    const present = (await archive.instances({ studyInstanceUID: '1.2.3' })).map(({ sopInstanceUID }) => sopInstanceUID);
    expect(present).toHaveLength(COUNT);
    expect(new Set(present).size).toBe(COUNT);
    expect(told.filter((uid) => !present.includes(uid))).toEqual([]);
    expect((await finished(archive.verify())).result).toMatchObject({ checked: COUNT, problems: 0 });
    expect(await readdir(join(directory, 'incoming'))).toEqual([]);
  },
);

/** The SOP Instance UIDs that the window was told of before the kill. */
async function dropAndKill(profile: string, source: string, after: number): Promise<string[]> {
  const program = fileURLToPath(new URL('./dropping-process.ts', import.meta.url));
  const child = spawn(process.execPath, [program, profile, String(await freePort()), source], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const told: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line !== 'begun') told.push(line);
    if (told.length >= after && (after > 0 || line === 'begun')) child.kill('SIGKILL');
  });
  const [, signal] = await exited;
  expect(signal).toBe('SIGKILL');
  return told;
}
