import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type IncomingProof, incomingName } from '../../../electron/archive/incoming-name.ts';
import { type ArchiveLocation, locateInstance, openIndexReader } from '../../../electron/archive/index.ts';
import { hashOfUID } from '../../../electron/archive/layout.ts';
import {
  everything,
  finished,
  namesIn,
  opened,
  part10,
  type Sample,
  sample,
  sha256,
  store,
  temporaryLocation,
  writerOf,
} from './fixtures.ts';

/** Runs the storing process until it has acknowledged `count` instances, then kills it with SIGKILL. Returns all that it acknowledged. */
async function storeAndKill(location: ArchiveLocation, series: number, count: number): Promise<string[]> {
  const script = new URL('./storing-process.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, JSON.stringify(location), String(series)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let heard = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
    if (heard.split('\n').length > count) child.kill('SIGKILL');
  });
  await exited(child);
  return heard.split('\n').slice(0, -1);
}

const exited = (child: ChildProcess): Promise<void> => new Promise((resolve) => child.once('close', () => resolve()));

describe('kill -9 in the middle of arrivals', () => {
  it.each([
    ['durable', true],
    ['not durable', false],
  ])(
    'loses nothing that was acknowledged, leaves nothing half, and the next start says what it did (%s)',
    async (_, durable) => {
      const location = temporaryLocation(durable);
      const acknowledged: string[] = [];
      for (const [series, count] of [5, 60, 150].entries()) acknowledged.push(...(await storeAndKill(location, series, count)));
      const archive = await opened(location);
      const notices: string[] = [];
      archive.onNotice(({ sentence }) => notices.push(sentence));
      await archive.settled();
      expect(acknowledged.length).toBeGreaterThan(200);
      const reader = openIndexReader(location);
      onTestFinished(() => reader.close());
      const indexed = [0, 1, 2].flatMap((series) =>
        reader.instancesOf({ studyInstanceUID: `1.2.${series}` }).map((one) => one.sopInstanceUID),
      );
      expect(acknowledged.filter((uid) => !indexed.includes(uid))).toEqual([]);
      expect(new Set(indexed).size).toBe(indexed.length);
      expect(namesIn(location, 'incoming')).toEqual([]);
      const { result, items } = await finished(archive.verify());
      expect([result.problems, items]).toEqual([0, []]);
      expect(notices.join()).toMatch(/The last run ended early/);
    },
    60_000,
  );
});

/** By what the entry of an arrival in incoming/ says that it is whole. */
const proofs = {
  hash: ({ bytes }: Sample) => ({ sha256: Buffer.from(sha256(bytes), 'hex') }),
  length: ({ bytes }: Sample) => ({ dataSetBytes: bytes.length }),
  checksum: ({ bytes }: Sample) => ({ dataSetBytes: bytes.length, crc32: crc32(bytes) }),
};

/** A location with the entry of an arrival in incoming/, as a crash leaves it. */
async function withEntry(content: Buffer, proof: IncomingProof, target?: 'linked' | 'replacing'): Promise<ArchiveLocation> {
  const location = temporaryLocation();
  const archive = await opened(location);
  if (target === 'replacing') await store(writerOf(archive), sample('1.2.3.4', { StudyDescription: 'Older' }));
  await archive.close();
  const name = incomingName({
    writer: 'abcdef',
    number: 1,
    action: target === 'replacing' ? 'replaced' : 'stored',
    origin: 'store',
    uidHash: hashOfUID('1.2.3.4'),
    ...proof,
    sourceAETitle: 'MODALITY',
  });
  const entry = path.join(location.directory, 'incoming', name);
  fs.writeFileSync(entry, content);
  fs.writeFileSync(path.join(location.directory, 'incoming', 'abcdef-2.part'), content.subarray(0, 200));
  if (target === 'linked') fs.linkSync(entry, locateInstance(location, '1.2.3.4'));
  return location;
}

describe('what a loss of power leaves in incoming/', () => {
  const one = sample('1.2.3.4');

  it('is indexed when it is complete under its final name', async () => {
    const archive = await opened(await withEntry(part10(one), proofs.hash(one), 'linked'));
    await archive.settled();
    expect((await archive.search(everything)).studies).toMatchObject([{ studyInstanceUID: '1.2.3', numberOfInstances: 1 }]);
    expect(namesIn(archive.location, 'incoming')).toEqual([]);
  });

  it.each(['length', 'checksum'] as const)('is indexed with its hash when only its %s was known at the response', async (known) => {
    const archive = await opened(await withEntry(part10(one), proofs[known](one), 'linked'));
    await archive.settled();
    expect((await finished(archive.verify())).result).toMatchObject({ checked: 1, problems: 0 });
    expect(namesIn(archive.location, 'incoming')).toEqual([]);
  });

  const shortened = part10(one).subarray(0, -20);
  const blank = Buffer.concat([shortened, Buffer.alloc(20)]);

  it.each([
    ['hash', shortened],
    ['length', shortened],
    ['checksum', shortened],
    ['hash', blank],
    ['checksum', blank],
  ] as const)('gives up the final name when its content did not reach the disk, as its %s tells', async (known, content) => {
    const archive = await opened(await withEntry(content, proofs[known](one), 'linked'));
    await archive.settled();
    expect([...namesIn(archive.location, 'files'), ...namesIn(archive.location, 'incoming')]).toEqual([]);
    expect((await archive.search(everything)).total).toBe(0);
  });

  it('takes the place that an older version was moved away from', async () => {
    const location = await withEntry(part10(one), proofs.hash(one), 'replacing');
    fs.renameSync(locateInstance(location, '1.2.3.4'), path.join(location.directory, 'trash', 'older.dcm'));
    const archive = await opened(location);
    await archive.settled();
    expect(fs.readFileSync(locateInstance(location, '1.2.3.4')).equals(part10(one))).toBe(true);
    const { result } = await finished(archive.verify());
    expect(result).toMatchObject({ checked: 1, problems: 0 });
  });

  it('does not touch an older version that still stands', async () => {
    const location = await withEntry(part10(one), proofs.hash(one), 'replacing');
    const archive = await opened(location);
    await archive.settled();
    expect((await finished(archive.verify())).result).toMatchObject({ checked: 1, problems: 0 });
    expect((await archive.search({ ...everything, query: { studyDescription: 'Older' } })).total).toBe(1);
  });
});

describe('a damaged or lost index', () => {
  it.each([
    ['overwritten', (file: string) => fs.writeFileSync(file, Buffer.alloc(8192, 0x5a))],
    ['cut short', (file: string) => fs.truncateSync(file, 5000)],
    ['deleted', (file: string) => fs.rmSync(file)],
    [
      'another program’s',
      (file: string) => void new DatabaseSync(fs.rmSync(file) ?? file).exec('CREATE TABLE t (x); PRAGMA user_version = 1'),
    ],
  ])('(%s) is rebuilt from the files', async (_how, damage) => {
    const location = temporaryLocation();
    const before = await opened(location);
    const writer = writerOf(before);
    for (const uid of ['1.2.3.4', '1.2.3.5']) await store(writer, sample(uid));
    await before.settled();
    const { studies } = await before.search(everything);
    await writer.close();
    await before.close();
    damage(path.join(location.databases, 'index.db'));
    for (const relative of ['-wal', '-shm']) fs.rmSync(path.join(location.databases, `index.db${relative}`), { force: true });

    const notices: string[] = [];
    const after = await opened(location);
    after.onNotice(({ sentence }) => notices.push(sentence));
    await after.settled();
    expect((await after.search(everything)).studies).toEqual(studies);
    expect(notices.join(' ')).toMatch(/read from the files/);
    expect(fs.readdirSync(location.databases).some((name) => name.startsWith('index.db.damaged-'))).toBe(_how !== 'deleted');
  });
});

describe('an index that breaks while in use', () => {
  it('does not take the file of an instance that is arriving then', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    const one = sample('1.2.3.700', { StudyInstanceUID: '1.2.3.4.0' });
    const arrival = writer.begin(one, { kind: 'store', sourceAETitle: 'SENDER' });
    const half = one.bytes.length >> 1;
    await arrival.write(one.bytes.subarray(0, half));
    await archive.killThreads().catch(() => undefined);
    await archive.settled();
    await arrival.write(one.bytes.subarray(half));
    expect(await arrival.finish()).toMatchObject({ result: 'stored' });
    await archive.settled();
    expect(await archive.stats()).toMatchObject({ instances: 1 });
  });

  it('is set aside and rebuilt, and nothing that arrives meanwhile is lost', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    const notices: string[] = [];
    archive.onNotice(({ sentence }) => notices.push(sentence));
    for (let i = 0; i < 300; i += 1) await store(writer, sample(`1.2.3.${i}`, { StudyInstanceUID: `1.2.3.4.${i % 50}` }));
    await archive.settled();
    const file = path.join(archive.location.databases, 'index.db');
    const direct = new DatabaseSync(file);
    direct.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    direct.close();
    const fd = fs.openSync(file, 'r+');
    fs.writeSync(fd, Buffer.alloc(fs.fstatSync(fd).size - 4096, 0x5a), 0, undefined, 4096);
    fs.closeSync(fd);
    await archive.killThreads().catch(() => undefined);
    await archive.search({ ...everything, query: { patientName: '*doe*' } }).catch(() => undefined);
    await store(writer, sample('1.2.3.900', { StudyInstanceUID: '1.2.3.4.0' }));
    await archive.settled();
    expect(await archive.stats()).toMatchObject({ studies: 50, instances: 301 });
    expect(notices.join(' ')).toMatch(/set aside/);
  });
});
