import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Archive, openArchive } from '../../../electron/archive/index.ts';
import { mayWrite, seenOurs } from '../../../electron/archive/shared-guard.ts';
import { canMountSmallVolume } from '../../support/small-volume.ts';
import { type Disk, disk } from '../../support/unpluggable-disk.ts';
import {
  everything,
  finished,
  namesIn,
  opened,
  part10,
  STORE,
  sample,
  store,
  temporaryFolder,
  temporaryLocation,
  writerOf,
} from './fixtures.ts';

/** Where this user may mount; elsewhere the tests are named among those that did not run. */
const mountable = await canMountSmallVolume();

/** An archive's folder on a disk of its own. */
async function ownDisk(): Promise<Disk & { readonly folder: string }> {
  const folder = temporaryFolder();
  const made = await disk(folder, '32m');
  if (made === undefined) throw new Error('no disk can be mounted here');
  onTestFinished(() => made[Symbol.asyncDispose]());
  return { ...made, folder, location: { ...made.location, durable: false } };
}

function noticesOf(archive: Archive): string[] {
  const notices: string[] = [];
  archive.onNotice(({ sentence }) => notices.push(sentence));
  return notices;
}

const until = (what: () => void) => vi.waitFor(what, { timeout: 40_000, interval: 100 });

describe('an archive on a disk that is unplugged', () => {
  it.runIf(mountable)(
    'still shows its lists, refuses the rest in words, and goes on by itself when the disk is back',
    async () => {
      const { location, folder, plug, unplug } = await ownDisk();
      const archive = await opened(location);
      const notices = noticesOf(archive);
      const writer = writerOf(archive);
      for (let i = 0; i < 5; i += 1) await store(writer, sample(`1.2.3.${i}`));
      await archive.settled();
      unplug();
      await until(() => expect(notices.join()).toMatch(/folder of the archive has gone/));
      expect((await archive.search(everything)).studies).toMatchObject([{ numberOfInstances: 5 }]);
      await expect(store(writer, sample('1.2.3.7'))).rejects.toMatchObject({ kind: 'storage', data: { code: 'ENOENT' } });
      expect(() => archive.verify()).toThrow(/folder of the archive/);
      expect(fs.readdirSync(path.join(folder, 'disk'))).toEqual([]);
      plug();
      await until(() => expect(notices.join()).toMatch(/there again/));
      expect((await store(writer, sample('1.2.3.7'))).result).toBe('stored');
      await archive.settled();
      expect((await archive.stats()).instances).toBe(6);
      expect((await finished(archive.verify())).result).toMatchObject({ checked: 6, problems: 0 });
      expect(namesIn(location, 'incoming')).toEqual([]);
    },
    60_000,
  );

  it.runIf(mountable)(
    'before the start: no new archive is begun in its place, and it opens when the disk comes',
    async () => {
      const { location, folder, plug, unplug } = await ownDisk();
      const before = await openArchive(location);
      const { archiveId } = before;
      await store(writerOf(before), sample('1.2.3.1'));
      await before.settled();
      await before.close();
      unplug();
      const archive = await openArchive(location, archiveId);
      onTestFinished(() => archive.close());
      const notices = noticesOf(archive);
      expect(notices.join()).toMatch(/folder of the archive is not there/);
      expect((await archive.search(everything)).total).toBe(1);
      const writer = writerOf(archive);
      await expect(store(writer, sample('1.2.3.2'))).rejects.toMatchObject({ kind: 'storage' });
      expect(fs.readdirSync(path.join(folder, 'disk'))).toEqual([]);
      plug();
      await until(() => expect(notices.join()).toMatch(/there again/));
      expect((await store(writer, sample('1.2.3.2'))).result).toBe('stored');
      await archive.settled();
      expect((await finished(archive.verify())).result).toMatchObject({ checked: 2, problems: 0 });
      await expect(openArchive(location)).rejects.toMatchObject({ kind: 'busy' });
    },
    60_000,
  );

  it.runIf(mountable)(
    'and used by another workstation meanwhile: it is not touched until that one is closed',
    async () => {
      const { location, folder, plug, unplug } = await ownDisk();
      const archive = await opened(location);
      const notices = noticesOf(archive);
      unplug();
      await until(() => expect(notices.join()).toMatch(/has gone/));
      plug();
      fs.rmSync(path.join(location.directory, 'archive.lock'), { force: true });
      const other = await openArchive({ ...location, databases: path.join(folder, 'other') });
      await until(() => expect(notices.join()).toMatch(/in use by another workstation/));
      expect(() => archive.import(['/nothing'])).toThrow(/another workstation/);
      await other.close();
      await until(() => expect(notices.join()).toMatch(/there again/));
    },
    60_000,
  );
});

describe('an archive on a disk that cannot be written', () => {
  it.runIf(mountable)(
    'is read; arrivals, imports and deletions are refused with that reason',
    async () => {
      const { location, folder, readOnly } = await ownDisk();
      const before = await openArchive(location);
      await store(writerOf(before), sample('1.2.3.1'));
      await before.settled();
      await before.close();
      await readOnly(true);
      const archive = await opened(location);
      expect(noticesOf(archive).join()).toMatch(/cannot be written/);
      expect((await archive.search(everything)).total).toBe(1);
      expect((await finished(archive.verify())).result).toMatchObject({ checked: 1, problems: 0 });
      await expect(store(writerOf(archive), sample('1.2.3.2'))).rejects.toMatchObject({ kind: 'storage', data: { code: 'EROFS' } });
      fs.writeFileSync(path.join(folder, 'one.dcm'), part10(sample('1.2.3.3')));
      expect(() => archive.import([path.join(folder, 'one.dcm')])).toThrow(/cannot be written/);
      expect(() => archive.job('delete', { targets: [{ studyInstanceUID: '1.2.3' }] })).toThrow(/cannot be written/);
      const notices = noticesOf(archive);
      await readOnly(false);
      await until(() => expect(notices.join()).toMatch(/there again/));
      expect((await finished(archive.import([path.join(folder, 'one.dcm')]))).result).toMatchObject({ imported: 1 });
      await expect(openArchive(location)).rejects.toMatchObject({ kind: 'busy' });
    },
    60_000,
  );

  it.runIf(mountable)(
    'is indexed from its files where this profile never saw it',
    async () => {
      const { location, folder, readOnly } = await ownDisk();
      const before = await openArchive(location);
      for (let i = 0; i < 4; i += 1) await store(writerOf(before), sample(`1.2.3.${i}`));
      await before.settled();
      await before.close();
      await readOnly(true);
      const archive = await opened({ ...location, databases: path.join(folder, 'elsewhere') });
      await archive.settled();
      expect((await archive.search(everything)).studies).toMatchObject([{ numberOfInstances: 4 }]);
      await readOnly(false);
    },
    60_000,
  );
});

describe('the lock', () => {
  /** As after eleven minutes of sleep: the lock was last known to be ours before them. */
  const slept = ({ location }: Archive, hasLock: boolean) => {
    const longAgo = Date.now() - 11 * 60_000;
    if (location.guard !== undefined) seenOurs(location.guard, longAgo);
    if (hasLock) fs.utimesSync(path.join(location.directory, 'archive.lock'), new Date(longAgo), new Date(longAgo));
  };

  it('that another computer took while this one slept: nothing is written any more, and all goes on when that one is closed', async () => {
    const archive = await opened();
    const { location } = archive;
    const notices = noticesOf(archive);
    const writer = writerOf(archive);
    await store(writer, sample('1.2.3.1'));
    await archive.settled();
    const begun = writer.begin(sample('1.2.3.2'), STORE);
    await begun.write(sample('1.2.3.2').bytes);
    const file = path.join(temporaryFolder(), 'one.dcm');
    fs.writeFileSync(file, part10(sample('1.2.3.3')));
    const lock = path.join(location.directory, 'archive.lock');
    fs.writeFileSync(lock, JSON.stringify({ pid: 1, started: 'x', token: 'another', host: 'another-computer' }));
    slept(archive, false);
    await expect(begun.finish()).rejects.toMatchObject({ kind: 'busy' });
    expect(() => mayWrite(location)).toThrow(/another workstation/);
    await until(() => expect(notices.join()).toMatch(/in use by another workstation/));
    expect(() => archive.import([file])).toThrow(/another workstation/);
    expect(namesIn(location, 'files')).toHaveLength(1);
    expect(JSON.parse(fs.readFileSync(lock, 'utf8'))).toMatchObject({ token: 'another' });
    fs.rmSync(lock);
    await until(() => expect(notices.join()).toMatch(/there again/));
    expect((await store(writer, sample('1.2.3.2'))).result).toBe('stored');
    expect((await finished(archive.import([file]))).result).toMatchObject({ imported: 1 });
  }, 120_000);

  it('that nobody took while this computer slept is kept, without a refusal', async () => {
    const archive = await opened();
    slept(archive, true);
    expect((await store(writerOf(archive), sample('1.2.3.1'))).result).toBe('stored');
    expect(Date.now() - fs.statSync(path.join(archive.location.directory, 'archive.lock')).mtimeMs).toBeLessThan(60_000);
  });

  it('of a workstation on another computer holds, as long as that one lives', async () => {
    const location = temporaryLocation();
    await (await openArchive(location)).close();
    const lock = path.join(location.directory, 'archive.lock');
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    fs.writeFileSync(lock, JSON.stringify({ pid: dead, started: 'x', token: 'a', host: 'another-computer' }));
    await expect(openArchive(location)).rejects.toMatchObject({ kind: 'busy', message: expect.stringMatching(/another computer/) });
    const longAgo = new Date(Date.now() - 3_600_000);
    fs.utimesSync(lock, longAgo, longAgo);
    await (await openArchive(location)).close();
  });
});
