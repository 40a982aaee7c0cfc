import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { prepareProfile } from '../../../electron/workstation/profile-folder.ts';
import { temporaryFolder } from '../../support/temporary.ts';

test('a home folder given by mistake is refused, and nothing in it is touched', async () => {
  await using folder = await temporaryFolder('profile');
  const home = join(folder.path, 'home');
  await mkdir(home, { mode: 0o755 });
  await writeFile(join(home, 'letter.txt'), 'Dear colleague');
  await expect(prepareProfile(home)).rejects.toMatchObject({ kind: 'storage', message: expect.stringContaining('holds something else') });
  expect((await stat(home)).mode & 0o777).toBe(0o755);
  expect(await readdir(home)).toEqual(['letter.txt']);
});

test('a new folder is made with its parents, an empty or a known one is taken, each for this user alone', async () => {
  await using folder = await temporaryFolder('profile');
  const profile = join(folder.path, 'a', 'b', 'profile');
  await prepareProfile(profile);
  expect((await stat(profile)).mode & 0o777).toBe(0o700);
  await writeFile(join(profile, 'settings.jsonc'), '{}');
  await writeFile(join(profile, 'note.txt'), 'mine');
  await prepareProfile(profile);
});

test.skipIf(process.platform !== 'linux')('a place that takes no folders is refused at once', async () => {
  await expect(prepareProfile('/proc/nope/profile')).rejects.toMatchObject({ kind: 'storage' });
});
