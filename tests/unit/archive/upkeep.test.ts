import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type ArchiveLocation, locateInstance, openArchive } from '../../../electron/archive/index.ts';
import { verifiedItem } from '../../../shared/contract/index.ts';
import { canMountSmallVolume, smallVolume } from '../../support/small-volume.ts';
import {
  everything,
  finished,
  namesIn,
  opened,
  part10,
  RETRIEVE,
  STORE,
  sample,
  store,
  temporaryFolder,
  temporaryLocation,
  writerOf,
} from './fixtures.ts';

describe('verify', () => {
  it('finds a flipped byte, a missing file and a file that the index does not know', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    for (const uid of ['1.2.3.1', '1.2.3.2', '1.2.3.3']) await store(writer, sample(uid));
    await archive.settled();
    const altered = locateInstance(archive.location, '1.2.3.1');
    const bytes = fs.readFileSync(altered);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 9) ^ 1, bytes.length - 9);
    fs.writeFileSync(altered, bytes);
    fs.rmSync(locateInstance(archive.location, '1.2.3.2'));
    fs.writeFileSync(locateInstance(archive.location, '1.2.3.9'), part10(sample('1.2.3.9')));
    const { result, items } = await finished(archive.verify());
    const relative = (uid: string): string => path.relative(archive.location.directory, locateInstance(archive.location, uid));
    expect(items.map((item) => verifiedItem.parse(item)).sort((a, b) => a.problem.localeCompare(b.problem))).toEqual([
      { kind: 'problem', sopInstanceUID: '1.2.3.1', problem: 'altered', file: relative('1.2.3.1') },
      { kind: 'problem', sopInstanceUID: '1.2.3.2', problem: 'missing-file', file: relative('1.2.3.2') },
      { kind: 'problem', problem: 'not-indexed', file: relative('1.2.3.9') },
    ]);
    expect(result).toMatchObject({ checked: 3, problems: 3 });
  });
});

/** Everything in the index but row numbers and what only the arrival knew. */
function contents(location: ArchiveLocation): unknown {
  const database = new DatabaseSync(path.join(location.databases, 'index.db'), { readOnly: true });
  const all = (sql: string): unknown[] => database.prepare(sql).all();
  const tables = [
    all('SELECT * FROM studies ORDER BY study_uid').map((row) => ({ ...(row as object), study_id: 0 })),
    all('SELECT series_uid, modality, series_number, description, body_part, instance_count, bytes FROM series ORDER BY series_uid'),
    all(
      'SELECT sop_uid, transfer_syntax, sha256, data_set_bytes, file_bytes, position, source_ae, arrived_at FROM instances ORDER BY sop_uid',
    ),
    all('SELECT sop_uid, study_uid, sha256 FROM conflicts ORDER BY sha256'),
  ];
  database.close();
  return tables;
}

describe('rebuild', () => {
  it('makes from the files the index that was there, while searches go on', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    for (let i = 0; i < 40; i += 1) {
      const values = {
        StudyInstanceUID: `1.2.${i % 4}`,
        SeriesInstanceUID: `1.2.${i % 4}.${i % 2}`,
        PatientID: `P${i % 4}`,
        InstanceNumber: i,
      };
      await store(writer, sample(`1.2.3.${i}`, values));
    }
    await store(writer, sample('1.2.3.0', { PatientID: 'P0', StudyInstanceUID: '1.2.0' }, { fill: 3 }));
    await archive.settled();
    const before = contents(archive.location);
    const job = archive.rebuild();
    const during = archive.search(everything);
    const { result } = await finished(job);
    expect((await during).total).toBe(4);
    expect(result).toMatchObject({ checked: 41, problems: 0 });
    await archive.settled();
    expect(contents(archive.location)).toEqual(before);
    expect((await archive.search({ ...everything, query: { patientID: '*2' } })).total).toBe(1);
  });

  it('misses no instance that arrives while it runs', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    for (let i = 0; i < 30; i += 1) await store(writer, sample(`1.2.3.${i}`));
    const job = finished(archive.rebuild());
    for (let i = 30; i < 90; i += 1) await store(writer, sample(`1.2.3.${i}`));
    await store(writer, sample('1.2.3.0', { StudyDescription: 'Newer' }), RETRIEVE);
    await job;
    await archive.settled();
    expect((await archive.stats()).instances).toBe(90);
    expect((await finished(archive.verify())).result).toMatchObject({ checked: 90, problems: 0 });
  });
});

describe('two workstations at once', () => {
  it('the second is told that the archive is in use', async () => {
    const location = temporaryLocation();
    const first = await opened(location);
    await expect(openArchive(location)).rejects.toMatchObject({ kind: 'busy' });
    await first.close();
    await (await openArchive(location)).close();
  });

  it('a lock left by a dead process is taken over, also when its process ID lives again', async () => {
    const location = temporaryLocation();
    await (await openArchive(location)).close();
    const lock = path.join(location.directory, 'archive.lock');
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    fs.writeFileSync(lock, JSON.stringify({ pid: dead, started: 'x', token: 'a' }));
    await (await openArchive(location)).close();
    fs.writeFileSync(lock, JSON.stringify({ pid: process.pid, started: 'long ago', token: 'b' }));
    await (await openArchive(location)).close();
    expect(fs.existsSync(lock)).toBe(false);
  });
});

const mountable = await canMountSmallVolume();

describe('a full disk', () => {
  it.runIf(mountable)('refuses the instance, keeps what was stored, and goes on when there is room again', async () => {
    const folder = temporaryFolder();
    const disk = await smallVolume('2m');
    onTestFinished(() => disk[Symbol.asyncDispose]());
    const volume = disk.profile;
    const archive = await opened({ directory: path.join(volume, 'archive'), databases: path.join(folder, 'profile'), durable: true });
    const writer = writerOf(archive);
    const small = sample('1.2.3.1', {}, { rows: 200 });
    await store(writer, small);
    await expect(store(writer, sample('1.2.3.2', {}, { rows: 1200 }))).rejects.toMatchObject({
      kind: 'storage-full',
      data: { retryable: true },
    });
    expect(namesIn(archive.location, 'incoming').filter((name) => name.endsWith('.part'))).toEqual([]);
    fs.writeFileSync(path.join(folder, 'big.dcm'), part10(sample('1.2.3.3', {}, { rows: 1200 })));
    await expect(archive.import([path.join(folder, 'big.dcm')]).done).rejects.toMatchObject({ kind: 'storage-full' });
    expect((await store(writer, sample('1.2.3.4', {}, { rows: 200 }))).result).toBe('stored');
    await archive.settled();
    expect(namesIn(archive.location, 'files')).toHaveLength(2);
    expect((await finished(archive.verify())).result).toMatchObject({ checked: 2, problems: 0 });
  });
});

describe('a full disk under the index', () => {
  it.runIf(mountable)('stops the lists, not the arrivals: they appear once there is room again', async () => {
    const folder = temporaryFolder();
    const disk = await smallVolume('1m');
    onTestFinished(() => disk[Symbol.asyncDispose]());
    const volume = disk.profile;
    const archive = await opened({ directory: path.join(folder, 'archive'), databases: volume, durable: true });
    const writer = writerOf(archive);
    const stalled = new Promise<string>((resolve) => archive.onNotice(({ sentence }) => resolve(sentence)));
    fs.writeFileSync(path.join(volume, 'ballast'), '');
    spawnSync('fallocate', ['-l', '2m', path.join(volume, 'ballast')]);
    spawnSync('dd', ['if=/dev/zero', `of=${path.join(volume, 'more')}`, 'bs=4k']);
    let stored = 0;
    const isStalled = stalled.then(() => true);
    while (!(await Promise.race([isStalled, Promise.resolve(false)])) && stored < 1_500) {
      await store(writer, sample(`1.2.3.${stored}`, { StudyInstanceUID: `1.2.3.4.${stored}` }));
      stored += 1;
    }
    expect(await stalled).toMatch(/disk with the index is full/);
    await store(writer, sample('1.2.3.5000'));
    for (const name of ['ballast', 'more']) fs.rmSync(path.join(volume, name), { force: true });
    disk.resize('64m');
    await vi.waitFor(() => archive.settled(), { timeout: 40_000, interval: 100 });
    expect((await archive.stats()).instances).toBe(stored + 1);
    expect(namesIn(archive.location, 'incoming')).toEqual([]);
  });
});

describe('a thread that dies', () => {
  it('loses nothing of what it had acknowledged, when it was the one that stores', async () => {
    const archive = await opened();
    const port = archive.arrivalPort();
    const versions = Array.from({ length: 20 }, (_, i) => sample(`1.2.3.${i}`));
    const worker = new Worker(new URL('./storing-thread.ts', import.meta.url), {
      workerData: { location: archive.location, port, versions, origin: STORE, crashes: true },
      transferList: [port],
    });
    await new Promise((resolve) => worker.once('exit', resolve));
    await archive.settled();
    expect((await archive.stats()).instances).toBe(20);
    await expect.poll(() => namesIn(archive.location, 'incoming')).toEqual([]);
  });

  it('does not take the archive with it', async () => {
    const location = temporaryLocation();
    const archive = await opened(location);
    const writer = writerOf(archive);
    await store(writer, sample('1.2.3.1'));
    await archive.killThreads();
    await store(writer, sample('1.2.3.2'));
    await archive.settled();
    expect((await archive.search(everything)).studies).toMatchObject([{ numberOfInstances: 2 }]);
    expect(namesIn(location, 'incoming')).toEqual([]);
    expect(await archive.manifest({ studyInstanceUID: '1.2.3', seriesInstanceUID: '1.2.3.1' })).toMatchObject({ instances: { length: 2 } });
  });
});
