import fs from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { cleanArchive } from '../../../electron/archive/clean.ts';
import { DiskSync } from '../../../electron/archive/disk-sync.ts';
import { watchFolder } from '../../../electron/archive/import-watch.ts';
import { incomingName } from '../../../electron/archive/incoming-name.ts';
import { type Archive, type ArchiveLocation, type ArrivalOrigin, locateInstance, openArchive } from '../../../electron/archive/index.ts';
import type { JobContext } from '../../../electron/archive/job-table.ts';
import { RenameLanding } from '../../../electron/archive/landing.ts';
import { hashOfUID, timeInName } from '../../../electron/archive/layout.ts';
import { place } from '../../../electron/archive/placement.ts';
import { Putter } from '../../../electron/archive/restore-instances.ts';
import { readStudyUse } from '../../../electron/archive/study-use.ts';
import { createCodecWorker } from '../../../electron/transcoding/index.ts';
import type { CleaningSettings } from '../../../shared/contract/index.ts';
import {
  everything,
  finished,
  namesIn,
  opened,
  part10,
  RETRIEVE,
  type Sample,
  STORE,
  sample,
  sha256,
  store,
  temporaryFolder,
  temporaryLocation,
  writerOf,
} from './fixtures.ts';

const study = '1.2.3';
const aMoment = 1 / 86_400_000;
const RULES: CleaningSettings = {
  enabled: true,
  maxGigabytes: 0,
  minFreeGigabytes: 0,
  olderThanDays: aMoment,
  notOpenedForDays: 0,
  evenOnlyCopies: false,
};

async function stored(archive: Archive, origin: ArrivalOrigin, uids: readonly string[], description = 'Thorax'): Promise<void> {
  const writer = writerOf(archive);
  for (const uid of uids) await store(writer, sample(uid, { StudyDescription: description }), origin);
  await archive.settled();
}

describe('a version that comes out of the trash', () => {
  it('is still there when the program ends while it is compared with the one in its place', async () => {
    const location = temporaryLocation();
    const copy = { directory: path.join(temporaryFolder(), 'archive'), databases: path.join(temporaryFolder(), 'profile'), durable: true };
    const archive = await opened(location);
    await stored(archive, STORE, ['1.2.3.1']);
    const { batch } = await archive.job('delete', { targets: [{ studyInstanceUID: study }] }).done;
    await stored(archive, STORE, ['1.2.3.1'], 'Other');
    const [name = ''] = namesIn(location, 'trash');
    const entry = fs.readdirSync(path.join(location.directory, 'trash'), { recursive: true, withFileTypes: true });
    const file = entry.map((one) => path.join(one.parentPath, one.name)).find((one) => path.basename(one) === name) ?? '';
    const putter = new Putter(location);
    const putting = putter.put(file);
    let isDone = false;
    void putting.finally(() => {
      isDone = true;
    });
    while (!isDone && !namesIn(location, 'incoming').some((one) => !one.endsWith('.part'))) await setImmediate();
    expect(isDone).toBe(false);
    fs.cpSync(location.directory, copy.directory, { recursive: true, preserveTimestamps: true });
    expect((await putting)?.result).toBe('conflict');
    await putter.close();
    clearIncoming(location);

    fs.rmSync(path.join(copy.directory, 'archive.lock'));
    const again = await opened(copy);
    await again.settled();
    await again.job('restore', { selection: [{ batch }] }).done;
    await again.settled();
    expect((await again.stats()).conflicts).toBe(1);
    expect(namesIn(copy, 'conflicts')).toHaveLength(1);
  });

  it('stays where it is when the disk fails to take it, where there are no hard links', async () => {
    const location = temporaryLocation();
    await opened(location);
    const one = sample('1.2.3.1');
    const file = path.join(location.directory, 'trash', 'one.dcm');
    fs.writeFileSync(file, part10(one));
    const fd = fs.openSync(file, 'r');
    const failing = new (class extends DiskSync {
      #syncs = 0;
      override sync(of: number): Promise<void> | undefined {
        this.#syncs += 1;
        return this.#syncs === 1 ? super.sync(of) : Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' }));
      }
    })();
    const landing = new RenameLanding(path.join(location.directory, 'incoming'), file, fd, { durable: true }, failing);
    const codec = createCodecWorker();
    const hash = Buffer.from(sha256(one.bytes), 'hex');
    const entry = {
      writer: 'w',
      number: 1,
      origin: 'store',
      uidHash: hashOfUID(one.sopInstanceUID),
      sha256: hash,
      sourceAETitle: '',
    } as const;
    const { transferSyntaxUID, bytes } = one;
    const placing = place(
      { location, entry, dataSetBytes: bytes.length, transferSyntaxUID, replaces: false, read: async () => bytes, codec },
      landing,
    );
    await expect(placing).rejects.toMatchObject({ code: 'EIO' });
    fs.closeSync(fd);
    await codec.close();
    clearIncoming(location);
    expect(namesIn(location, 'files')).toEqual([]);
    expect(fs.existsSync(file)).toBe(true);
  });

  it('is not deleted once more by a deletion that had failed half way', async () => {
    const location = temporaryLocation();
    const archive = await openArchive(location);
    await stored(archive, STORE, ['1.2.3.1', '1.2.3.2']);
    const { batch } = await archive.job('delete', { targets: [{ studyInstanceUID: study }] }).done;
    const request = { targets: [{ studyInstanceUID: study }], before: batch };
    fs.writeFileSync(path.join(location.directory, 'trash', `${batch}-deleted`, 'request.json'), JSON.stringify(request));
    expect(await archive.job('restore', { selection: [{ batch }] }).done).toMatchObject({ restored: 2 });
    await archive.settled();
    await archive.close();
    const again = await opened(location);
    await again.settled();
    expect((await again.search(everything)).studies).toMatchObject([{ numberOfInstances: 2 }]);
  });
});

it('what arrived by a clock that is ahead is deleted like everything else', async () => {
  const location = temporaryLocation();
  const archive = await opened(location);
  await stored(archive, STORE, ['1.2.3.1', '1.2.3.2']);
  // A server's clock, or ours before it was set.
  const ahead = new Date(Date.now() + 3_600_000);
  fs.utimesSync(locateInstance(location, '1.2.3.1'), ahead, ahead);
  await finished(archive.rebuild());
  expect(await archive.job('delete', { targets: [{ studyInstanceUID: study }] }).done).toMatchObject({ instances: 2 });
});

describe('emptying the trash', () => {
  it('leaves what is on its way back', async () => {
    const location = temporaryLocation();
    const archive = await opened(location);
    await stored(archive, STORE, ['1.2.3.1', '1.2.3.2']);
    const { batch } = await archive.job('delete', { targets: [{ studyInstanceUID: study }] }).done;
    const folder = path.join(location.directory, 'trash', `${batch}-deleted`);
    fs.writeFileSync(path.join(folder, 'restore.json'), JSON.stringify(fs.readdirSync(folder)));
    expect(await archive.job('purge', { olderThanDays: 0 }).done).toMatchObject({ purged: 0 });
    expect(await archive.job('purge', { selection: [{ batch }] }).done).toMatchObject({ purged: 0 });
    expect(await archive.job('finishTrash', {}).done).toMatchObject({ restored: 2 });
  });

  it('leaves a replaced version for all of its days, whatever the hour', async () => {
    const location = temporaryLocation();
    const archive = await opened(location);
    const at = Date.now() - 47 * 3_600_000;
    const name = `${hashOfUID('1.2.3.1').toString('hex')}-${at}-w-1.dcm`;
    fs.writeFileSync(path.join(location.directory, 'trash', name), part10(sample('1.2.3.1')));
    expect((await archive.job('trash', { offset: 0, limit: 10 }).done).total).toBe(1);
    expect(await archive.job('purge', { olderThanDays: 2 }).done).toMatchObject({ purged: 0 });
    expect(await archive.job('purge', { olderThanDays: 0.5 }).done).toMatchObject({ purged: 1 });
  });
});

describe('a clock that was wrong', () => {
  const DAY = 24 * 3_600_000;
  it.each([
    ['before 2001', 86_400_000_000],
    ['at the epoch', 5],
    ['far ahead', Date.now() + 4_000 * DAY],
    ['behind what was deleted', Date.UTC(2024, 5, 1)],
  ])('when a study was deleted (%s) neither keeps it in the trash for ever nor takes its days', async (_, wrong) => {
    const archive = await opened();
    await store(writerOf(archive), sample('1.2.3.1'));
    await archive.settled();
    const { batch } = await archive.job('delete', { targets: [{ studyInstanceUID: '1.2.3' }] }).done;
    const trash = path.join(archive.location.directory, 'trash');
    fs.renameSync(path.join(trash, `${batch}-deleted`), path.join(trash, `${timeInName(wrong)}-deleted`));
    const list = async () => (await archive.job('trash', { offset: 0, limit: 10 }).done).studies;
    expect(await list()).toMatchObject([{ batch: wrong, reason: 'deleted' }]);
    expect(await archive.job('purge', { olderThanDays: 30 }).done).toMatchObject({ purged: 0 });
    const [kept] = await list();
    expect(Math.abs((kept?.batch ?? 0) - Date.now())).toBeLessThan(DAY);
    const old = Date.now() - 31 * DAY;
    const name = fs.readdirSync(trash)[0] ?? '';
    const instance = path.join(trash, name, fs.readdirSync(path.join(trash, name))[0] ?? '');
    for (const file of fs.readdirSync(instance)) fs.utimesSync(path.join(instance, file), old / 1000, old / 1000);
    fs.renameSync(path.join(trash, name), path.join(trash, `${timeInName(old)}-deleted`));
    expect(await archive.job('purge', { olderThanDays: 30 }).done).toMatchObject({ purged: 1 });
  });
});

describe('what stands complete in incoming/', () => {
  const entryOf = (one: Sample) =>
    incomingName({
      writer: 'w',
      number: 1,
      action: 'stored',
      origin: 'store',
      uidHash: hashOfUID(one.sopInstanceUID),
      sha256: Buffer.from(sha256(one.bytes), 'hex'),
      sourceAETitle: '',
    });

  it('is indexed after a crash also where a copy of the folder has made two files of one', async () => {
    const location = temporaryLocation();
    await (await openArchive(location)).close();
    const one = sample('1.2.3.1');
    fs.writeFileSync(locateInstance(location, one.sopInstanceUID), part10(one));
    fs.writeFileSync(path.join(location.directory, 'incoming', entryOf(one)), part10(one));
    const archive = await opened(location);
    await archive.settled();
    expect((await archive.search(everything)).total).toBe(1);
  });

  it('and was never told of does not keep anybody waiting for ever, and is indexed', async () => {
    const location = temporaryLocation();
    const archive = await opened(location);
    const one = sample('1.2.3.1');
    fs.writeFileSync(path.join(location.directory, 'incoming', entryOf(one)), part10(one));
    await archive.settled();
    expect((await archive.search(everything)).total).toBe(1);
    expect(namesIn(location, 'incoming')).toEqual([]);
  });
});

describe('cleaning', () => {
  const clean = async (archive: Archive) => (await finished(archive.job('clean', { rules: RULES, dryRun: false, open: [] }))).result;

  it('keeps what only we hold, however often the rest of its study was retrieved', async () => {
    const archive = await opened();
    await stored(archive, STORE, ['1.2.3.1', '1.2.3.2']);
    await stored(archive, RETRIEVE, ['1.2.3.3', '1.2.3.4']);
    await stored(archive, RETRIEVE, ['1.2.3.3', '1.2.3.4'], 'Newer');
    expect(await clean(archive)).toMatchObject({ studies: 0, kept: 1 });
  });

  it('keeps a study that was corrected here: the PACS holds another', async () => {
    const archive = await opened();
    await stored(archive, RETRIEVE, ['1.2.3.1', '1.2.3.2']);
    const changes = { patientName: 'Doe^Joan', patientID: 'P2' };
    const correctionId = '11111111-1111-4111-8111-111111111111';
    await finished(archive.job('correct', { correctionId, studyInstanceUID: study, changes, modifyingSystem: 'PHOSPHOR' }));
    await archive.settled();
    expect((await archive.search(everything)).studies).toMatchObject([{ patientID: 'P2', patientName: { alphabetic: 'Doe^Joan' } }]);
    expect(await clean(archive)).toMatchObject({ studies: 0, kept: 1 });
  });

  it('knows after a rebuild too what a PACS gave', async () => {
    const archive = await opened();
    await stored(archive, RETRIEVE, ['1.2.3.1', '1.2.3.2']);
    await finished(archive.rebuild());
    expect(await clean(archive)).toMatchObject({ studies: 1, kept: 0 });
  });

  it('asks once more before each study: one that was pinned meanwhile stays', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    for (const s of [1, 2]) {
      const one = sample(`1.2.${s}.1`, { StudyInstanceUID: `1.2.${s}`, SeriesInstanceUID: `1.2.${s}.9` });
      await store(writer, one, RETRIEVE);
    }
    await archive.settled();
    const index = { call: async () => ({}) };
    const context = { location: archive.location, index: () => index } as unknown as JobContext;
    const cleaned: string[] = [];
    const job = {
      check: () => undefined,
      progress: () => undefined,
      item: async ({ studyInstanceUID }: { studyInstanceUID: string }) => {
        cleaned.push(studyInstanceUID);
        await archive.user('user.pins.set', { studyInstanceUIDs: ['1.2.1', '1.2.2'], pinned: true });
      },
    };
    const summary = await cleanArchive(context, { rules: RULES, dryRun: false, open: [] }, job as never);
    expect([summary.studies, summary.kept, cleaned]).toEqual([1, 1, ['1.2.1']]);
    expect(namesIn(archive.location, 'files')).toHaveLength(1);
  });
});

describe('a file of the watched folder', () => {
  it('that grows on while it is taken in is neither moved nor held for done', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'one.dcm');
    const whole = part10(sample('1.2.3.1', {}, { rows: 64 }));
    fs.writeFileSync(file, whole.subarray(0, 4000));
    const archive = await opened();
    const parts = { location: archive.location, arrivalLine: () => archive.arrivalPort() };
    const quiet = { signal: new AbortController().signal, check: () => undefined, progress: () => undefined };
    await watchFolder({ folder, move: true }, parts, { ...quiet, item: async () => undefined });
    await watchFolder({ folder, move: true }, parts, { ...quiet, item: async () => fs.writeFileSync(file, whole) });
    expect(fs.existsSync(file)).toBe(true);
    await watchFolder({ folder, move: true }, parts, { ...quiet, item: async () => undefined });
    const { conflict } = await watchFolder({ folder, move: true }, parts, { ...quiet, item: async () => undefined });
    expect([conflict, fs.existsSync(file)]).toEqual([1, false]);
  });

  it('that cannot be read now is tried again', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'one.dcm');
    fs.writeFileSync(file, part10(sample('1.2.3.1')));
    const archive = await opened();
    const parts = { location: archive.location, arrivalLine: () => archive.arrivalPort() };
    const quiet = { signal: new AbortController().signal, check: () => undefined, progress: () => undefined, item: async () => undefined };
    await watchFolder({ folder, move: true }, parts, quiet);
    const away = `${file}.away`;
    const arrivalLine = () => {
      fs.renameSync(file, away);
      return archive.arrivalPort();
    };
    const broken = { ...parts, arrivalLine };
    const back = { ...quiet, item: async () => fs.renameSync(away, file) };
    expect(await watchFolder({ folder, move: true }, broken, back)).toMatchObject({ refused: 1 });
    await watchFolder({ folder, move: true }, parts, quiet);
    expect(namesIn(archive.location, 'files')).toHaveLength(1);
  });
});

it('an archive whose ID cannot be read for the moment keeps it', async () => {
  const location = temporaryLocation();
  const { archiveId } = await (await openArchive(location)).close().then(() => readId(location.directory));
  const file = path.join(location.directory, 'archive.json');
  fs.renameSync(file, `${file}.kept`);
  // A folder in its place fails to be read, as a bad sector would.
  fs.mkdirSync(file);
  await expect(openArchive(location)).rejects.toMatchObject({ kind: 'storage' });
  fs.rmdirSync(file);
  fs.renameSync(`${file}.kept`, file);
  await opened(location);
  expect(readId(location.directory)).toEqual({ archiveId });
});

it('notes come back from their backup when their file is gone or empty', async () => {
  const location = temporaryLocation();
  for (const lose of [(file: string) => fs.rmSync(file), (file: string) => fs.truncateSync(file, 0)]) {
    const archive = await openArchive(location);
    await archive.user('user.pins.set', { studyInstanceUIDs: [study], pinned: true });
    await archive.close();
    fs.rmSync(path.join(location.databases, 'backups'), { recursive: true });
    const again = await openArchive(location);
    await again.close();
    lose(path.join(location.databases, 'user.db'));
    for (const journal of ['user.db-wal', 'user.db-shm']) fs.rmSync(path.join(location.databases, journal), { force: true });
    const restored = await openArchive(location);
    const notices: string[] = [];
    restored.onNotice(({ sentence }) => notices.push(sentence));
    expect([...readStudyUse(location).pinned]).toEqual([study]);
    expect(notices.join()).toMatch(/backup of \d{4}-\d{2}-\d{2} took its place/);
    await restored.close();
  }
});

/** Nobody tells the index of what was put here. */
function clearIncoming(location: ArchiveLocation): void {
  for (const name of namesIn(location, 'incoming')) fs.rmSync(path.join(location.directory, 'incoming', name));
}

function readId(directory: string): { archiveId: string } {
  const { archiveId } = JSON.parse(fs.readFileSync(path.join(directory, 'archive.json'), 'utf8')) as { archiveId: string };
  return { archiveId };
}
