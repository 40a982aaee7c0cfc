import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openArchive } from '../../../electron/archive/index.ts';
import type { Archive } from '../../../electron/archive/types.ts';
import {
  type AssociationPool,
  createAssociationPool,
  type Listener,
  moveMessageIds,
  startListener,
} from '../../../electron/associations/index.ts';
import type { InformationModel } from '../../../electron/dicom/services/index.ts';
import { clocks } from '../../support/clocks.ts';
import { checkConformanceTable } from '../../support/conformance-table.ts';
import { type DcmtkServer, dcmtk, startDcmqrscp, startStorescp, startWlmscpfs } from '../../support/dcmtk.ts';
import { freePort } from '../../support/free-port.ts';
import { type WrittenInstance, writeSeries } from '../../support/instances.ts';
import { type Orthanc, startOrthanc } from '../../support/orthanc.ts';
import { UIDs } from '../../support/scripted-peer.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { writeWorklist } from '../../support/worklist-files.ts';

// Each service once in each role with each program there is that speaks it: what docs/conformance.md says of them.

const STUDY = '1.2.826.91';
const PATIENT = `P-${STUDY}`;
const INSTANCES = 5;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let written: WrittenInstance[];
let pool: AssociationPool;
let archive: Archive;
let listener: Listener;
let arrivals: Archive;
let receiver: Listener;
let orthanc: Orthanc;
let dcmqrscp: DcmtkServer;
let storescp: DcmtkServer;
let stored = 0;

const EVENTS = { onStored() {}, onRefused() {}, onAssociations() {}, onState() {} };
const anyone = (aeTitle: string) => ({ aeTitle, knownAETitles: ['ORTHANC'], knownHosts: [], acceptAnyone: true });

beforeAll(async () => {
  folder = await temporaryFolder('services');
  const opened = (name: string) =>
    openArchive({ directory: join(folder.path, name, 'archive'), databases: join(folder.path, name, 'databases'), durable: false });
  written = await writeSeries(join(folder.path, 'in'), { study: STUDY, count: INSTANCES });
  pool = createAssociationPool({ workers: 1 });
  [archive, arrivals] = await Promise.all([opened('archive'), opened('arrivals')]);
  await archive.import([join(folder.path, 'in')]).done;
  await archive.settled();
  receiver = await startListener({
    host: '127.0.0.1',
    port: 0,
    clocks: clocks(),
    access: anyone('PHOSPHOR'),
    storage: { location: arrivals.location, arrivals: () => arrivals.arrivalPort() },
    events: {
      ...EVENTS,
      onStored: (instances) => {
        stored += instances.length;
      },
    },
  });
  storescp = await startStorescp(join(folder.path, 'storescp'));
  const port = await freePort();
  [orthanc, dcmqrscp] = await Promise.all([
    startOrthanc({
      folder: join(folder.path, 'orthanc'),
      configuration: {
        DicomModalities: {
          receiver: { AET: 'PHOSPHOR', Host: '127.0.0.1', Port: receiver.port },
          archive: { AET: 'ARCHIVE', Host: '127.0.0.1', Port: port, AllowStorageCommitment: true },
        },
      },
    }),
    startDcmqrscp(join(folder.path, 'dcmqrscp'), { destinations: { PHOSPHOR: receiver.port } }),
  ]);
  listener = await startListener({
    host: '127.0.0.1',
    port,
    clocks: clocks(),
    access: anyone('ARCHIVE'),
    queryRetrieve: { location: archive.location, destinations: { STORESCP: { host: '127.0.0.1', port: storescp.port } } },
    storageCommitment: {
      location: archive.location,
      peers: { ORTHANC: { host: '127.0.0.1', port: orthanc.dicomPort } },
      releaseGraceSeconds: 0.2,
    },
    worklist: [WORKLIST_ENTRY],
    events: EVENTS,
  });
  const files = written.map(({ path }) => path);
  for (const peer of [peers.Orthanc(), peers.dcmqrscp()]) {
    expect(await pool.store({ peer, clocks: clocks(), files, onSent: () => {} }).done).toMatchObject({ sent: INSTANCES });
  }
}, 120_000);
afterAll(async () => {
  await pool?.close();
  await Promise.all([listener?.close(), receiver?.close(), orthanc?.stop(), dcmqrscp?.stop(), storescp?.stop()]);
  await Promise.all([archive?.close(), arrivals?.close()]);
  await folder?.[Symbol.asyncDispose]();
});

const peers = {
  Orthanc: () => ({ host: '127.0.0.1', port: orthanc.dicomPort, calledAETitle: 'ORTHANC', callingAETitle: 'PHOSPHOR' }),
  dcmqrscp: () => ({ host: '127.0.0.1', port: dcmqrscp.port, calledAETitle: 'DCMQR', callingAETitle: 'PHOSPHOR' }),
  storescp: () => ({ host: '127.0.0.1', port: storescp.port, calledAETitle: 'STORESCP', callingAETitle: 'PHOSPHOR' }),
};
type PeerName = keyof typeof peers;

async function echo(name: PeerName): Promise<void> {
  expect(await pool.echo({ peer: peers[name](), clocks: clocks() }).done).toMatchObject({ ok: true, status: 0 });
}

async function find(name: PeerName, informationModel: InformationModel): Promise<void> {
  const { done } = pool.find({
    peer: peers[name](),
    clocks: clocks(),
    informationModel,
    query: { level: 'study', patientID: PATIENT },
    onMatches: (_, acknowledge) => acknowledge(),
  });
  expect(await done).toMatchObject({ ok: true, status: 0, matches: 1 });
}

const keysOf = (informationModel: InformationModel) => ({
  informationModel,
  studyInstanceUID: STUDY,
  ...(informationModel === 'patient-root' ? { patientID: PATIENT } : {}),
});

async function move(name: PeerName, informationModel: InformationModel): Promise<void> {
  const before = stored;
  const { done } = pool.move({
    peer: peers[name](),
    clocks: clocks(),
    ...keysOf(informationModel),
    destinationAETitle: 'PHOSPHOR',
    messageId: moveMessageIds.take(),
    thirdParty: false,
    onPending: () => {},
  });
  expect(await done).toMatchObject({ ok: true, status: 0, subOperations: { completed: INSTANCES } });
  await expect.poll(() => stored - before).toBe(INSTANCES);
}

async function get(name: PeerName, informationModel: InformationModel): Promise<void> {
  const { done } = pool.get({
    peer: peers[name](),
    clocks: clocks(),
    ...keysOf(informationModel),
    actionId: crypto.randomUUID(),
    storage: { location: arrivals.location, arrivals: arrivals.arrivalPort() },
    onPending: () => {},
    onStored: () => {},
    onRefused: () => {},
  });
  expect(await done).toMatchObject({ ok: true, status: 0, subOperations: { completed: INSTANCES } });
}

async function store(name: PeerName): Promise<void> {
  const files = written.map(({ path }) => path);
  expect(await pool.store({ peer: peers[name](), clocks: clocks(), files, onSent: () => {} }).done).toMatchObject({ sent: INSTANCES });
}

async function worklist(): Promise<void> {
  await writeWorklist(join(folder.path, 'worklist', 'WORKLIST'), 3);
  await using wlmscpfs = await startWlmscpfs(join(folder.path, 'worklist'), 'WORKLIST');
  const peer = { host: '127.0.0.1', port: wlmscpfs.port, calledAETitle: 'WORKLIST', callingAETitle: 'PHOSPHOR' };
  const { done } = pool.worklist({ peer, clocks: clocks(), query: {}, onEntries: (_, acknowledge) => acknowledge() });
  expect(await done).toMatchObject({ ok: true, status: 0, matches: 3 });
}

async function commit(): Promise<void> {
  const instances = written.map(({ sopInstanceUID }) => ({ sopClassUID: UIDs.ctImageStorage, sopInstanceUID }));
  const peer = { ...peers.Orthanc(), callingAETitle: 'ARCHIVE' };
  expect(await pool.commit({ peer, clocks: clocks(), instances, waitSeconds: 20, listener }).done).toMatchObject({
    committed: INSTANCES,
    failed: 0,
  });
}

const ours = () => ['127.0.0.1', String(listener.port)];
const keys = (level: string) =>
  ['-k', `QueryRetrieveLevel=${level}`, '-k', `PatientID=${PATIENT}`, '-k', `StudyInstanceUID=${STUDY}`] as const;

async function asked(tool: string, ...args: string[]): Promise<string> {
  const { code, output } = await dcmtk(tool, '-v', '-aec', 'ARCHIVE', ...args, ...ours());
  expect({ tool, code, output: code === 0 ? '' : output }).toEqual({ tool, code: 0, output: '' });
  return output;
}

async function moved(model: '-P' | '-S'): Promise<void> {
  const place = join(folder.path, 'storescp');
  const before = (await readdir(place)).length;
  await asked('movescu', model, '-aem', 'STORESCP', ...keys('STUDY'));
  // The same instances come again under the same names; the first time they are new.
  expect((await readdir(place)).length).toBe(Math.max(before, INSTANCES));
}

async function got(model: '-P' | '-S'): Promise<void> {
  const place = join(folder.path, `getscu${model}`);
  await mkdir(place);
  await asked('getscu', model, '-od', place, ...keys('STUDY'));
  expect(await readdir(place)).toHaveLength(INSTANCES);
}

/** A job of Orthanc's against us, to its end. */
async function orthancAsks(path: string, body: unknown): Promise<unknown> {
  const answer = await fetch(`${orthanc.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
  expect({ path, status: answer.status }).toEqual({ path, status: 200 });
  return await answer.json();
}

const FIND = 'Query/Retrieve: FIND';
const MOVE = 'Query/Retrieve: MOVE';
const GET = 'Query/Retrieve: GET';
const ROOTS = { 'Patient Root': 'patient-root', 'Study Root': 'study-root' } as const;
const OPTION = { 'Patient Root': '-P', 'Study Root': '-S' } as const;

interface Check {
  readonly service: string;
  readonly role: 'SCU' | 'SCP';
  readonly peer: string;
  readonly run: () => Promise<unknown>;
}

function scu(service: string, names: readonly PeerName[], run: (name: PeerName) => Promise<void>): Check[] {
  return names.map((peer) => ({ service, role: 'SCU' as const, peer, run: () => run(peer) }));
}

function scp(service: string, peer: string, run: () => Promise<unknown>): Check {
  return { service, role: 'SCP', peer, run };
}

const PACS = ['Orthanc', 'dcmqrscp'] as const;
const roots = Object.keys(ROOTS) as (keyof typeof ROOTS)[];
const CHECKS: Check[] = [
  ...scu('Verification', ['Orthanc', 'dcmqrscp', 'storescp'], echo),
  scp('Verification', 'echoscu', () => asked('echoscu')),
  scp('Verification', 'Orthanc', () => orthancAsks('/modalities/archive/echo', {})),
  ...scu('Storage', ['Orthanc', 'dcmqrscp', 'storescp'], store),
  scp('Storage', 'storescu', async () => {
    const { code } = await dcmtk('storescu', '-aec', 'PHOSPHOR', '127.0.0.1', String(receiver.port), '+sd', join(folder.path, 'in'));
    expect(code).toBe(0);
  }),
  scp('Storage', 'Orthanc', async () => {
    const [study] = await orthanc.get<string[]>('/studies');
    expect(await orthancAsks('/modalities/receiver/store', { Resources: [study], Synchronous: true })).toMatchObject({
      InstancesCount: INSTANCES,
      FailedInstancesCount: 0,
    });
  }),
  ...roots.flatMap((root) => [
    ...scu(`${FIND}, ${root}`, PACS, (name) => find(name, ROOTS[root])),
    scp(`${FIND}, ${root}`, 'findscu', async () => expect(await asked('findscu', OPTION[root], ...keys('STUDY'))).toContain(STUDY)),
    ...scu(`${MOVE}, ${root}`, PACS, (name) => move(name, ROOTS[root])),
    scp(`${MOVE}, ${root}`, 'movescu', () => moved(OPTION[root])),
    ...scu(`${GET}, ${root}`, PACS, (name) => get(name, ROOTS[root])),
    scp(`${GET}, ${root}`, 'getscu', () => got(OPTION[root])),
  ]),
  scp(`${FIND}, Study Root`, 'Orthanc', async () => {
    const query = { Level: 'Study', Query: { PatientID: PATIENT } };
    const { Path } = (await orthancAsks('/modalities/archive/query', query)) as { Path: string };
    expect(await orthanc.get<string[]>(`${Path}/answers`)).toHaveLength(1);
  }),
  { service: 'Modality Worklist: FIND', role: 'SCU', peer: 'wlmscpfs', run: worklist },
  scp('Modality Worklist: FIND', 'findscu', async () =>
    expect(await asked('findscu', '-W', '-k', 'PatientName', '-k', 'PatientID')).toContain(WORKLIST_ENTRY.patientID),
  ),
  { service: 'Storage Commitment Push Model', role: 'SCU', peer: 'Orthanc', run: commit },
  scp('Storage Commitment Push Model', 'Orthanc', async () => {
    const instances = written.map(({ sopInstanceUID }) => ({ SOPClassUID: UIDs.ctImageStorage, SOPInstanceUID: sopInstanceUID }));
    const { ID } = (await orthancAsks('/modalities/archive/storage-commitment', { DicomInstances: instances })) as { ID: string };
    await expect.poll(async () => (await orthanc.get<{ Status: string }>(`/storage-commitment/${ID}`)).Status).toBe('Success');
  }),
];

const seen = new Map<string, { SCU: string[]; SCP: string[] }>();

test.each(CHECKS)('$service: we are $role with $peer', async ({ service, role, peer, run }) => {
  await run();
  const row = seen.get(service) ?? { SCU: [], SCP: [] };
  row[role].push(peer);
  seen.set(service, row);
});

test('the conformance statement names every service and who was met in it', async () => {
  const cell = (names: readonly string[]) => (names.length === 0 ? '–' : names.join(', '));
  const rows = [...seen].map(([service, row]) => [service, cell(row.SCU), cell(row.SCP)]);
  await checkConformanceTable('services', [['Service', 'we as SCU, with', 'we as SCP, with'], ...rows]);
});

const WORKLIST_ENTRY = {
  patientName: { alphabetic: 'Doe^Jane' },
  patientID: 'WORKLIST-1',
  patientBirthDate: '19600102',
  patientSex: 'F',
  accessionNumber: 'A1',
  referringPhysicianName: { alphabetic: '' },
  studyInstanceUID: '1.2.826.92',
  requestedProcedureID: 'R1',
  requestedProcedureDescription: 'CT head',
  requestedProcedurePriority: 'ROUTINE',
  modality: 'CT',
  scheduledStationAETitles: ['SCANNER'],
  scheduledStationName: '',
  startDate: '20261121',
  startTime: '0815',
  performingPhysicianName: { alphabetic: '' },
  stepDescription: 'Head',
  stepID: 'S1',
  stepLocation: '',
};
