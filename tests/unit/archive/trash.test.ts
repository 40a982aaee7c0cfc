import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Archive, type ArchiveLocation, locateInstance, openArchive } from '../../../electron/archive/index.ts';
import { trashedStudy } from '../../../shared/contract/index.ts';
import {
  everything,
  finished,
  namesIn,
  opened,
  RETRIEVE,
  STORE,
  sample,
  store,
  storedBytes,
  temporaryLocation,
  writerOf,
} from './fixtures.ts';

/** An archive with studies 1.2.0 … of so many instances each, `1.2.N.I`. */
async function filled(location: ArchiveLocation, studies: number, instances: number): Promise<Archive> {
  const archive = await opened(location);
  const writer = writerOf(archive);
  for (let s = 0; s < studies; s += 1) for (let i = 0; i < instances; i += 1) await store(writer, ofStudy(s, i));
  await archive.settled();
  await writer.close();
  return archive;
}

const ofStudy = (s: number, i: number) =>
  sample(`1.2.${s}.${i}`, {
    StudyInstanceUID: `1.2.${s}`,
    SeriesInstanceUID: `1.2.${s}.0`,
    PatientName: `Patient^${s}`,
    PatientID: `P${s}`,
  });
const study = (s: number) => ({ studyInstanceUID: `1.2.${s}` });
const page = { offset: 0, limit: 100 };
const problemsOf = async (archive: Archive) => (await finished(archive.verify({ restart: true }))).items;

describe('a study that is deleted', () => {
  it('leaves the lists, stands in the trash with its name, and comes back whole', async () => {
    const archive = await filled(temporaryLocation(), 2, 5);
    const { batch, ...done } = await archive.job('delete', { targets: [study(0)] }).done;
    expect(done).toMatchObject({ instances: 5 });
    expect((await archive.search(everything)).studies).toMatchObject([{ studyInstanceUID: '1.2.1' }]);
    const { total, studies } = await archive.job('trash', page).done;
    expect([total, studies.map((one) => trashedStudy.parse(one))]).toMatchObject([
      1,
      [{ batch, reason: 'deleted', ...study(0), patientName: { alphabetic: 'Patient^0' }, instances: 5 }],
    ]);
    expect(await problemsOf(archive)).toEqual([]);
    expect(await archive.job('restore', { selection: [{ batch }] }).done).toMatchObject({ restored: 5, known: 0, conflict: 0 });
    expect((await archive.search(everything)).total).toBe(2);
    expect(storedBytes(archive.location, '1.2.0.3').equals(ofStudy(0, 3).bytes)).toBe(true);
    expect([namesIn(archive.location, 'trash'), namesIn(archive.location, 'incoming')]).toEqual([[], []]);
    expect(await problemsOf(archive)).toEqual([]);
  });

  it('can be one series or one instance of it', async () => {
    const archive = await filled(temporaryLocation(), 1, 4);
    await archive.job('delete', { targets: [{ ...study(0), seriesInstanceUID: '1.2.0.0', sopInstanceUID: '1.2.0.2' }] }).done;
    expect((await archive.search(everything)).studies).toMatchObject([{ numberOfInstances: 3 }]);
    await archive.job('delete', { targets: [{ ...study(0), seriesInstanceUID: '1.2.0.0' }] }).done;
    expect((await archive.search(everything)).total).toBe(0);
    expect((await archive.job('trash', page).done).studies.map(({ instances }) => instances)).toEqual([3, 1]);
  });

  it('that arrives again is back, and what is in the trash is known then', async () => {
    const archive = await filled(temporaryLocation(), 1, 3);
    const { batch } = await archive.job('delete', { targets: [study(0)] }).done;
    const writer = writerOf(archive);
    expect((await store(writer, ofStudy(0, 1))).result).toBe('stored');
    await store(writer, sample('1.2.0.2', { StudyInstanceUID: '1.2.0', SeriesInstanceUID: '1.2.0.0', StudyDescription: 'Other' }));
    await archive.settled();
    expect((await archive.search(everything)).studies).toMatchObject([{ numberOfInstances: 2 }]);
    expect(await archive.job('restore', { selection: [{ batch }] }).done).toMatchObject({ restored: 1, known: 1, conflict: 1 });
    expect((await archive.search(everything)).studies).toMatchObject([{ numberOfInstances: 3 }]);
    expect((await archive.stats()).conflicts).toBe(1);
  });

  it('can still be brought back when the index is lost', async () => {
    const location = temporaryLocation();
    const archive = await filled(location, 2, 3);
    const { batch } = await archive.job('delete', { targets: [study(1)] }).done;
    await archive.close();
    fs.rmSync(path.join(location.databases, 'index.db'));
    const again = await opened(location);
    await again.settled();
    expect((await again.search(everything)).total).toBe(1);
    expect(await again.job('restore', { selection: [{ batch }] }).done).toMatchObject({ restored: 3 });
    expect((await again.search(everything)).total).toBe(2);
  });

  it('is gone for good when the trash is emptied: no file, no name in the index', async () => {
    const archive = await filled(temporaryLocation(), 2, 3);
    const { batch } = await archive.job('delete', { targets: [study(0)] }).done;
    expect(await archive.job('purge', { olderThanDays: 1 }).done).toMatchObject({ purged: 0 });
    expect(await archive.job('purge', { selection: [{ batch }] }).done).toMatchObject({ purged: 3 });
    expect(namesIn(archive.location, 'trash')).toEqual([]);
    expect((await archive.job('trash', page).done).total).toBe(0);
    await archive.close();
    const index = fs.readFileSync(path.join(archive.location.databases, 'index.db'));
    expect([index.includes('Patient^1'), index.includes('Patient^0'), index.includes('patient^0')]).toEqual([true, false, false]);
  });
});

describe('older versions', () => {
  it('that a retrieve replaced are listed in the trash and can be brought back beside the new one', async () => {
    const archive = await filled(temporaryLocation(), 1, 1);
    const newer = sample('1.2.0.0', { StudyInstanceUID: '1.2.0', SeriesInstanceUID: '1.2.0.0', StudyDescription: 'Newer' });
    expect((await store(writerOf(archive), newer, RETRIEVE)).result).toBe('replaced');
    await archive.settled();
    const { studies } = await archive.job('trash', page).done;
    expect(studies).toMatchObject([{ reason: 'replaced', ...study(0), instances: 1 }]);
    const selection = studies.map(({ batch }) => ({ batch }));
    expect(await archive.job('restore', { selection }).done).toMatchObject({ conflict: 1 });
    expect(storedBytes(archive.location, '1.2.0.0').equals(newer.bytes)).toBe(true);
  });
});

describe('a conflict', () => {
  async function withConflict() {
    const archive = await filled(temporaryLocation(), 1, 2);
    const other = sample('1.2.0.0', {
      StudyInstanceUID: '1.2.0',
      SeriesInstanceUID: '1.2.0.0',
      PatientName: 'Other^Name',
      PatientID: 'P9',
    });
    await store(writerOf(archive), other, STORE);
    await archive.settled();
    const { conflicts } = await archive.job('conflicts', page).done;
    return { archive, other, conflicts, conflictId: conflicts[0]?.conflictId ?? 0 };
  }

  it('is listed with whose both versions are', async () => {
    const { conflicts } = await withConflict();
    expect(conflicts).toMatchObject([
      {
        sopInstanceUID: '1.2.0.0',
        first: { patientName: { alphabetic: 'Patient^0' }, patientID: 'P0' },
        other: { patientName: { alphabetic: 'Other^Name' }, patientID: 'P9' },
      },
    ]);
  });

  it('goes to the trash with its study, and comes back with it', async () => {
    const { archive } = await withConflict();
    const { batch } = await archive.job('delete', { targets: [study(0)] }).done;
    expect([(await archive.stats()).conflicts, namesIn(archive.location, 'conflicts'), namesIn(archive.location, 'trash')]).toMatchObject([
      0,
      [],
      { length: 3 },
    ]);
    expect(await archive.job('restore', { selection: [{ batch }] }).done).toMatchObject({ restored: 3, conflict: 0 });
    expect(storedBytes(archive.location, '1.2.0.0').equals(ofStudy(0, 0).bytes)).toBe(true);
    expect((await archive.job('conflicts', page).done).conflicts).toMatchObject([{ other: { patientID: 'P9' } }]);
    await archive.job('delete', { targets: [study(0)] }).done;
    await archive.job('purge', { olderThanDays: 0, selection: [{ batch: (await archive.job('trash', page).done).studies[0]?.batch ?? 0 }] })
      .done;
    expect([namesIn(archive.location, 'trash'), namesIn(archive.location, 'conflicts'), await problemsOf(archive)]).toEqual([[], [], []]);
  });

  it('is resolved for the first version: the other one goes to the trash', async () => {
    const { archive, conflictId } = await withConflict();
    await archive.job('resolveConflict', { conflictId, keep: 'first' }).done;
    expect(storedBytes(archive.location, '1.2.0.0').equals(ofStudy(0, 0).bytes)).toBe(true);
    expect((await archive.job('trash', page).done).studies).toMatchObject([{ reason: 'discarded', instances: 1 }]);
    expect([(await archive.stats()).conflicts, namesIn(archive.location, 'conflicts')]).toEqual([0, []]);
    await expect(archive.job('resolveConflict', { conflictId, keep: 'first' }).done).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('is resolved for the other version: the first one goes to the trash', async () => {
    const { archive, other, conflictId } = await withConflict();
    await archive.job('resolveConflict', { conflictId, keep: 'other' }).done;
    expect(storedBytes(archive.location, '1.2.0.0').equals(other.bytes)).toBe(true);
    expect((await archive.job('trash', page).done).studies).toMatchObject([{ reason: 'replaced', instances: 1 }]);
    expect((await archive.stats()).conflicts).toBe(0);
    expect(await problemsOf(archive)).toEqual([]);
  });
});

/** Deletes (or restores) everything in a process of its own and kills it after so many milliseconds, or when it is done. */
async function workAndKill(location: ArchiveLocation, what: 'delete' | 'restore', milliseconds: number): Promise<void> {
  const script = new URL('./deleting-process.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, location.directory, location.databases, what], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
  await closed;
  clearTimeout(timer);
}

describe('kill -9 in the middle', () => {
  it('of a deletion leaves nothing half: the next start finishes it', async () => {
    const location = temporaryLocation(false);
    await (await filled(location, 2, 300)).close();
    for (const milliseconds of [2, 10, 25]) {
      await workAndKill(location, 'delete', milliseconds);
      const archive = await openArchive(location);
      await archive.settled();
      expect(await problemsOf(archive)).toEqual([]);
      const { studies } = await archive.job('trash', page).done;
      const inTrash = studies.reduce((sum, { instances }) => sum + instances, 0);
      const { instances } = await archive.stats();
      expect([300, 600]).toContain(instances);
      expect(inTrash + instances).toBe(600);
      await archive.job('restore', { selection: studies.map(({ batch }) => ({ batch })) }).done;
      expect((await archive.stats()).instances).toBe(600);
      await archive.close();
    }
  }, 120_000);

  it('of the way back neither: all of it is in the archive after the next start', async () => {
    const location = temporaryLocation(false);
    await (await filled(location, 2, 300)).close();
    for (const milliseconds of [5, 30]) {
      await workAndKill(location, 'delete', 60_000);
      await workAndKill(location, 'restore', milliseconds);
      const archive = await openArchive(location);
      await archive.settled();
      expect(await problemsOf(archive)).toEqual([]);
      const { studies } = await archive.job('trash', page).done;
      const inTrash = studies.reduce((sum, { instances }) => sum + instances, 0);
      expect((await archive.stats()).instances + inTrash).toBe(600);
      expect([0, 300]).toContain(inTrash);
      await archive.job('restore', { selection: studies.map(({ batch }) => ({ batch })) }).done;
      await archive.close();
    }
  }, 120_000);
});

it('files are for this user alone and never executable', async () => {
  const archive = await filled(temporaryLocation(), 1, 2);
  await archive.job('delete', { targets: [{ ...study(0), seriesInstanceUID: '1.2.0.0', sopInstanceUID: '1.2.0.0' }] }).done;
  const folder = archive.location.directory;
  const wrong = fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => (fs.statSync(path.join(entry.parentPath, entry.name)).mode & 0o777) !== (entry.isDirectory() ? 0o700 : 0o600));
  expect(wrong.map(({ name }) => name)).toEqual([]);
  expect(fs.readFileSync(locateInstance(archive.location, '1.2.0.1')).subarray(0, 128).equals(Buffer.alloc(128))).toBe(true);
});
