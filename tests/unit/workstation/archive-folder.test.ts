import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { archiveHome } from '../../../electron/workstation/archive-home.ts';
import { temporaryFolder } from '../../support/temporary.ts';

async function profileFolder(): Promise<string> {
  const folder = await temporaryFolder('archive-folder');
  onTestFinished(() => folder[Symbol.asyncDispose]());
  await mkdir(join(folder.path, 'profile'));
  return folder.path;
}

/** What opening an archive leaves in its folder. */
async function open(profile: string, archiveFolder: string, id: string) {
  const home = await archiveHome(profile, archiveFolder, true);
  await mkdir(home.location.directory, { recursive: true });
  await writeFile(join(home.location.directory, 'archive.json'), JSON.stringify({ archiveId: id, layout: 1 }));
  await home.opened(id);
  return home.location;
}

const A = '11111111-1111-4111-8111-111111111111';
const B = '22222222-2222-4222-8222-222222222222';

test('the archive in the profile keeps its databases beside it', async () => {
  const profile = join(await profileFolder(), 'profile');
  expect(await open(profile, '', A)).toEqual({ directory: join(profile, 'archive'), databases: profile, durable: true });
});

test('an archive that was moved is recognised by its ID and keeps its databases', async () => {
  const folder = await profileFolder();
  const profile = join(folder, 'profile');
  await open(profile, '', A);
  await rename(join(profile, 'archive'), join(folder, 'moved'));
  const home = await archiveHome(profile, join(folder, 'moved'), true);
  expect(home.location).toMatchObject({ directory: join(folder, 'moved'), databases: profile });
  expect(home.expected).toBe(A);
});

test('another archive gets databases of its own, and the first one keeps its', async () => {
  const folder = await profileFolder();
  const profile = join(folder, 'profile');
  const first = await open(profile, '', A);
  const second = await open(profile, join(folder, 'second'), B);
  expect(second.databases).not.toBe(first.databases);
  expect(await open(profile, join(folder, 'second'), B)).toEqual(second);
  expect((await archiveHome(profile, '', true)).location).toEqual(first);
});

test('a folder that is empty although an archive stood there is waited for', async () => {
  const folder = await profileFolder();
  const profile = join(folder, 'profile');
  const disk = join(folder, 'disk');
  const before = await open(profile, disk, A);
  await cp(disk, join(folder, 'unplugged'), { recursive: true });
  await rm(disk, { recursive: true });
  const home = await archiveHome(profile, disk, true);
  expect([home.expected, home.location]).toEqual([A, before]);
  expect(await readFile(join(folder, 'unplugged', 'archive.json'), 'utf8')).toContain(A);
});

test('two disks that stand at one place by turns keep each its notes', async () => {
  const folder = await profileFolder();
  const profile = join(folder, 'profile');
  const disk = join(folder, 'disk');
  await open(profile, '', '33333333-3333-4333-8333-333333333333');
  const first = await open(profile, disk, A);
  await rename(disk, join(folder, 'first'));
  await mkdir(disk);
  await writeFile(join(disk, 'archive.json'), JSON.stringify({ archiveId: B, layout: 1 }));
  const second = await open(profile, disk, B);
  expect(second.databases).not.toBe(first.databases);
  await rm(disk, { recursive: true });
  expect((await archiveHome(profile, disk, true)).expected).toBe(B);
  await rename(join(folder, 'first'), disk);
  expect(await open(profile, disk, A)).toEqual(first);
});

/** Two archives elsewhere: the first has its databases at the root of the profile. */
async function twoArchives() {
  const folder = await profileFolder();
  const profile = join(folder, 'profile');
  const first = await open(profile, join(folder, 'first'), A);
  const second = await open(profile, join(folder, 'second'), B);
  return { folder, profile, first, second };
}

test.each(['{"cut', '[]x', '', '[{"archiveId":1}]'])(
  'a list of archives that is damaged (%s) parts no archive from its notes',
  async (text) => {
    const { folder, profile, first, second } = await twoArchives();
    await writeFile(join(profile, 'archives.json'), text);
    expect(await open(profile, join(folder, 'second'), B)).toEqual(second);
    expect(await open(profile, join(folder, 'first'), A)).toEqual(first);
    expect((await readdir(profile)).filter((name) => name.startsWith('archives.json.damaged-'))).toHaveLength(1);
    await rm(join(profile, 'archives.json'));
    expect((await archiveHome(profile, join(folder, 'second'), true)).location).toEqual(second);
  },
);

test('a damaged list is not begun anew where databases do not say whose they are', async () => {
  const { folder, profile, second } = await twoArchives();
  await rm(join(second.databases, 'archive-of-databases.json'));
  await writeFile(join(second.databases, 'user.db'), '');
  await writeFile(join(profile, 'archives.json'), '{');
  await expect(archiveHome(profile, join(folder, 'second'), true)).rejects.toMatchObject({ kind: 'storage' });
});

test('a folder that would mix the archive with the profile is refused', async () => {
  const folder = await profileFolder();
  const profile = join(folder, 'profile');
  for (const wrong of [profile, folder]) await expect(archiveHome(profile, wrong, true)).rejects.toMatchObject({ kind: 'storage' });
});
