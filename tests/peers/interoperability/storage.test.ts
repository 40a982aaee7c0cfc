import { readdirSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openArchive } from '../../../electron/archive/index.ts';
import { locateInstance } from '../../../electron/archive/layout.ts';
import { type AssociationPool, createAssociationPool, moveMessageIds, type SentInstance } from '../../../electron/associations/index.ts';
import { transferSyntaxOf } from '../../../electron/dicom/dataset/index.ts';
import { clocks } from '../../support/clocks.ts';
import { checkConformanceTable } from '../../support/conformance-table.ts';
import { type Content, contentsOf, differences } from '../../support/content.ts';
import { dcmtk, startStorescp } from '../../support/dcmtk.ts';
import { type Orthanc, startOrthanc } from '../../support/orthanc.ts';
import { type Receiver, startReceiver } from '../../support/receiver.ts';
import { type RecordingProxy, startRecordingProxy } from '../../support/recording-proxy.ts';
import { storedDataSetHash } from '../../support/stored-file.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { storescuProfile } from './dcmtk-profile.ts';
import { type Sample, sampleRounds } from './samples.ts';

// Real files of every transfer syntax there is one of, to and from DCMTK, Orthanc and ourselves.

/** SOP Instance UID → file in which it arrived. Who is absent was not taken, and that was said. */
type Arrived = Map<string, string>;
type Outcome = 'identical' | 'same' | 'converted' | 'not taken';

const WAYS = ['to ourselves', 'to storescp', 'to Orthanc', 'from storescu', 'from Orthanc by C-MOVE', 'from Orthanc by C-GET'] as const;
type Way = (typeof WAYS)[number];

const rounds = sampleRounds(3);
const originals = new Map<string, Content | undefined>();
/** Transfer syntax → way → what became of its files. */
const table = new Map<string, Map<Way, Set<Outcome>>>();

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let pool: AssociationPool;
let orthanc: Orthanc;

beforeAll(async () => {
  folder = await temporaryFolder('interoperability');
  pool = createAssociationPool({ workers: 1 });
  orthanc = await startOrthanc({ folder: `${folder.path}/orthanc`, noDelay: true });
  const paths = rounds.flat().map(({ path }) => path);
  for (const [index, content] of (await contentsOf(paths)).entries()) originals.set(paths[index] ?? '', content);
});
afterAll(async () => {
  await pool?.close();
  await orthanc?.stop();
  await folder?.[Symbol.asyncDispose]();
});

async function send(samples: readonly Sample[], port: number, calledAETitle: string): Promise<Map<string, SentInstance>> {
  const results = new Map<string, SentInstance>();
  const operation = pool.store({
    peer: { host: '127.0.0.1', port, calledAETitle, callingAETitle: 'PHOSPHOR' },
    clocks: clocks(),
    files: samples.map(({ path }) => path),
    onSent: (instances) => {
      for (const instance of instances) results.set(instance.path, instance);
    },
  });
  expect(await operation.done).toMatchObject({ ok: true });
  return results;
}

/** What was not taken was refused by name; what was taken is there. */
function expectAnswers(samples: readonly Sample[], results: Map<string, SentInstance>, arrived: Arrived): void {
  const surprises = samples.flatMap(({ path, sopInstanceUID, isOdd }) => {
    const { status, error } = results.get(path) ?? {};
    const isThere = arrived.has(sopInstanceUID);
    if (status === 0x0000 && isThere) return [];
    if (!isThere && isOdd && error?.kind === 'damaged') return [];
    if (!isThere && (error?.kind === 'no-presentation-context' || (status ?? 0) >= 0xa000)) return [];
    return [`${path}: ${isThere ? 'there' : 'absent'}, ${status?.toString(16)} ${error?.kind} ${error?.message}`];
  });
  expect(surprises).toEqual([]);
}

function arrivedIn(receiver: Receiver): Arrived {
  return new Map(receiver.stored.map(({ sopInstanceUID }) => [sopInstanceUID, locateInstance(receiver.location, sopInstanceUID)]));
}

/** What we stored is what was on the wire, byte for byte. */
async function expectWire(receiver: Pick<Receiver, 'stored' | 'location'>, proxy: RecordingProxy): Promise<void> {
  const wire = new Map(proxy.stores.map(({ sopInstanceUID, sha256 }) => [sopInstanceUID, sha256]));
  const other: string[] = [];
  for (const { sopInstanceUID } of receiver.stored) {
    if (wire.get(sopInstanceUID) !== (await storedDataSetHash(locateInstance(receiver.location, sopInstanceUID))))
      other.push(sopInstanceUID);
  }
  expect(other).toEqual([]);
}

async function toOurselves(samples: readonly Sample[], place: string): Promise<Arrived> {
  await using receiver = await startReceiver(place, { access: { acceptAnyone: true, acceptPrivateSOPClasses: true } });
  const results = await send(samples, receiver.listener.port, 'PHOSPHOR');
  await receiver.until(() => receiver.stored.length + receiver.refused.length >= [...results.values()].filter((one) => !one.error).length);
  const arrived = arrivedIn(receiver);
  expectAnswers(samples, results, arrived);
  return arrived;
}

async function toStorescp(samples: readonly Sample[], place: string): Promise<Arrived> {
  await using scp = await startStorescp(place, { args: ['+xa', '+B', '-pm'] });
  const results = await send(samples, scp.port, 'STORESCP');
  const files = readdirSync(place);
  const arrived: Arrived = new Map();
  for (const { sopInstanceUID } of samples) {
    const file = files.find((name) => name.endsWith(`.${sopInstanceUID}`));
    if (file !== undefined) arrived.set(sopInstanceUID, join(place, file));
  }
  expectAnswers(samples, results, arrived);
  return arrived;
}

async function toOrthanc(samples: readonly Sample[], place: string): Promise<Arrived> {
  const results = await send(samples, orthanc.dicomPort, 'ORTHANC');
  const arrived: Arrived = new Map();
  for (const { ID, MainDicomTags } of await orthanc.get<{ ID: string; MainDicomTags: { SOPInstanceUID: string } }[]>('/instances?expand')) {
    const path = join(place, `${ID}.dcm`);
    writeFileSync(path, await orthanc.file(ID));
    arrived.set(MainDicomTags.SOPInstanceUID, path);
  }
  expectAnswers(samples, results, arrived);
  return arrived;
}

async function fromStorescu(samples: readonly Sample[], place: string): Promise<Arrived> {
  await using receiver = await startReceiver(place, { access: { acceptAnyone: true, acceptPrivateSOPClasses: true } });
  await using proxy = await startRecordingProxy({ port: receiver.listener.port });
  const profile = join(place, 'storescu.cfg');
  for (const [syntax, some] of Map.groupBy(samples, ({ transferSyntaxUID }) => transferSyntaxUID)) {
    writeFileSync(profile, storescuProfile(syntax, [...new Set(some.map(({ sopClassUID }) => sopClassUID))]));
    const files = some.map(({ path }) => path);
    await dcmtk('storescu', '-aec', 'PHOSPHOR', '-xf', profile, 'Files', '--no-halt', '127.0.0.1', String(proxy.port), ...files);
  }
  await receiver.until(() => receiver.stored.length + receiver.refused.length >= proxy.stores.length);
  await expectWire(receiver, proxy);
  return arrivedIn(receiver);
}

async function fromOrthancByMove(samples: readonly Sample[], place: string): Promise<Arrived> {
  await using receiver = await startReceiver(place, { access: { acceptAnyone: true, acceptPrivateSOPClasses: true } });
  await using proxy = await startRecordingProxy({ port: receiver.listener.port });
  await orthanc.setModality('PHOSPHOR', '127.0.0.1', proxy.port);
  for (const studyInstanceUID of new Set(samples.map((sample) => sample.studyInstanceUID))) {
    const operation = pool.move({
      peer: { host: '127.0.0.1', port: orthanc.dicomPort, calledAETitle: 'ORTHANC', callingAETitle: 'PHOSPHOR' },
      clocks: clocks(),
      studyInstanceUID,
      destinationAETitle: 'PHOSPHOR',
      messageId: moveMessageIds.take(),
      thirdParty: false,
      onPending: () => {},
    });
    expect(await operation.done).toMatchObject({ ok: true });
  }
  await receiver.until(() => receiver.stored.length + receiver.refused.length >= proxy.stores.length);
  await expectWire(receiver, proxy);
  return arrivedIn(receiver);
}

async function fromOrthancByGet(samples: readonly Sample[], place: string): Promise<Arrived> {
  const archive = await openArchive({ directory: join(place, 'archive'), databases: join(place, 'databases'), durable: false });
  const arrived: Arrived = new Map();
  for (const studyInstanceUID of new Set(samples.map((sample) => sample.studyInstanceUID))) {
    const operation = pool.get({
      peer: { host: '127.0.0.1', port: orthanc.dicomPort, calledAETitle: 'ORTHANC', callingAETitle: 'PHOSPHOR' },
      clocks: clocks(),
      actionId: crypto.randomUUID(),
      studyInstanceUID,
      storageSOPClassUIDs: [...new Set(samples.map(({ sopClassUID }) => sopClassUID))],
      storage: { location: archive.location, arrivals: archive.arrivalPort() },
      onPending: () => {},
      onStored: (instances) => {
        for (const { sopInstanceUID } of instances) arrived.set(sopInstanceUID, locateInstance(archive.location, sopInstanceUID));
      },
      onRefused: () => {},
    });
    expect(await operation.done).toMatchObject({ ok: true });
  }
  await archive.close();
  return arrived;
}

const TRANSFERS: { readonly [W in Way]: (samples: readonly Sample[], place: string) => Promise<Arrived> } = {
  'to ourselves': toOurselves,
  'to storescp': toStorescp,
  'to Orthanc': toOrthanc,
  'from storescu': fromStorescu,
  'from Orthanc by C-MOVE': fromOrthancByMove,
  'from Orthanc by C-GET': fromOrthancByGet,
};

/** What became of each sample. Only what is not the same byte for byte needs to be read by pydicom. */
async function outcomes(transferred: readonly Transferred[]): Promise<[Sample, Outcome, string[]][]> {
  const others: Transferred[] = [];
  for (const one of transferred) if (one.path !== undefined && (await storedDataSetHash(one.path)) !== one.sample.sha256) others.push(one);
  const contents = new Map((await contentsOf(others.map(({ path = '' }) => path))).map((content, index) => [others[index], content]));
  return transferred.map((one) => {
    const { sample, path } = one;
    if (path === undefined) return [sample, 'not taken', []];
    if (!contents.has(one)) return [sample, 'identical', []];
    const [before, after] = [originals.get(sample.path), contents.get(one)];
    if (before === undefined || after === undefined) return [sample, 'same', []];
    if (before.transferSyntaxUID === after.transferSyntaxUID) return [sample, 'same', differences(before, after)];
    return [sample, 'converted', []];
  });
}

/** A sample and the file in which it arrived, if it did. */
interface Transferred {
  readonly sample: Sample;
  readonly path: string | undefined;
}

test.each(WAYS)(
  'files of every transfer syntax %s: nothing is lost, nothing is changed',
  async (way) => {
    const surprises: string[] = [];
    const transferred: Transferred[] = [];
    for (const [index, samples] of rounds.entries()) {
      const place = join(folder.path, `${WAYS.indexOf(way)}-${index}`);
      await mkdir(place);
      if (way === 'to Orthanc') await orthanc.clear();
      if (way.startsWith('from Orthanc')) {
        await orthanc.clear();
        await send(samples, orthanc.dicomPort, 'ORTHANC');
      }
      const arrived = await TRANSFERS[way](samples, place);
      transferred.push(...samples.map((sample) => ({ sample, path: arrived.get(sample.sopInstanceUID) })));
    }
    for (const [sample, outcome, differs] of await outcomes(transferred)) {
      const row = table.get(sample.transferSyntaxUID) ?? new Map<Way, Set<Outcome>>();
      table.set(sample.transferSyntaxUID, row.set(way, (row.get(way) ?? new Set()).add(outcome)));
      surprises.push(...differs.map((line) => `${sample.path}: ${line}`));
      // Odd lengths are mended on the way.
      if (way === 'to ourselves' && outcome !== 'identical' && !sample.isOdd) surprises.push(`${sample.path}: ${outcome}`);
    }
    expect(surprises).toEqual([]);
  },
  240_000,
);

test.runIf(process.env.DICOM_TEST_DATA !== undefined)('the conformance statement says what happened', async () => {
  const rows = [...table].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  await checkConformanceTable('storage by transfer syntax', [
    ['Transfer syntax', ...WAYS],
    ...rows.map(([uid, ways]) => [
      `${transferSyntaxOf(uid)?.name ?? 'unknown'} \`${uid}\``,
      ...WAYS.map((way) => [...(ways.get(way) ?? [])].sort().join(', ')),
    ]),
  ]);
});
