import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Archive, openArchive } from '../../../electron/archive/index.ts';
import {
  type AssociationPool,
  createAssociationPool,
  type GetRequest,
  type RefusedInstance,
  type StoredInstance,
  type SubOperations,
} from '../../../electron/associations/index.ts';
import { getContexts } from '../../../electron/dicom/services/index.ts';
import { clocks } from '../../support/clocks.ts';
import { type DcmtkServer, dcmtk, startDcmqrscp } from '../../support/dcmtk.ts';
import { type WrittenInstance, writeSeries } from '../../support/instances.ts';
import { type Orthanc, startOrthanc } from '../../support/orthanc.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const STUDY = '1.2.826.31';
const OTHER = '1.2.826.32';
const MIXED = '1.2.826.33';
/** Lensometry Measurements and Macular Grid Thickness: nobody's first 79. */
const RARE = ['1.2.840.10008.5.1.4.1.1.78.1', '1.2.840.10008.5.1.4.1.1.79.1'];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let written: WrittenInstance[];
let orthanc: Orthanc;
let dcmqrscp: DcmtkServer;
let pool: AssociationPool;

beforeAll(async () => {
  folder = await temporaryFolder('get');
  written = [
    ...(await writeSeries(`${folder.path}/a`, { study: STUDY, count: 12, size: 256 })),
    ...(await writeSeries(`${folder.path}/a`, { study: STUDY, series: 2, count: 3 })),
  ];
  const mixed = [
    ...(await writeSeries(`${folder.path}/c`, { study: MIXED, count: 2 })),
    ...(await writeSeries(`${folder.path}/c`, { study: MIXED, series: 2, count: 1, sopClassUID: RARE[0] ?? '' })),
    ...(await writeSeries(`${folder.path}/c`, { study: MIXED, series: 3, count: 1, sopClassUID: RARE[1] ?? '' })),
  ];
  const others = await writeSeries(`${folder.path}/b`, { study: OTHER, count: 400, size: 64 });
  pool = createAssociationPool({ workers: 1 });
  [orthanc, dcmqrscp] = await Promise.all([
    startOrthanc({ folder: `${folder.path}/orthanc`, noDelay: true }),
    startDcmqrscp(`${folder.path}/dcmqrscp`),
  ]);
  await orthanc.upload([...written, ...mixed, ...others].map(({ path }) => path));
  const sent = await dcmtk('storescu', '-aec', 'DCMQR', '127.0.0.1', String(dcmqrscp.port), '+sd', `${folder.path}/a`);
  expect(sent.code).toBe(0);
  const rare = await dcmtk('dcmsend', '-aec', 'DCMQR', '127.0.0.1', String(dcmqrscp.port), '+sd', `${folder.path}/c`);
  expect(rare.code).toBe(0);
});
afterAll(async () => {
  await pool?.close();
  await Promise.all([orthanc?.stop(), dcmqrscp?.stop()]);
  await folder?.[Symbol.asyncDispose]();
});

const peers = {
  Orthanc: () => ({ host: '127.0.0.1', port: orthanc.dicomPort, calledAETitle: 'ORTHANC', callingAETitle: 'PHOSPHOR' }),
  dcmqrscp: () => ({ host: '127.0.0.1', port: dcmqrscp.port, calledAETitle: 'DCMQR', callingAETitle: 'PHOSPHOR' }),
};

async function freshArchive(name: string): Promise<Archive & AsyncDisposable> {
  const at = `${folder.path}/${name}-${crypto.randomUUID()}`;
  const archive = await openArchive({ directory: `${at}/archive`, databases: `${at}/databases`, durable: false });
  return Object.assign(archive, { [Symbol.asyncDispose]: () => archive.close() });
}

function getting(archive: Archive, request: Pick<GetRequest, 'peer'> & Partial<GetRequest>) {
  const stored: StoredInstance[] = [];
  const refused: RefusedInstance[] = [];
  const pending: SubOperations[] = [];
  const operation = pool.get({
    clocks: clocks(),
    actionId: crypto.randomUUID(),
    studyInstanceUID: STUDY,
    storage: { location: archive.location, arrivals: archive.arrivalPort() },
    onPending: (counts) => pending.push(counts),
    onStored: (instances) => stored.push(...instances),
    onRefused: (instances) => refused.push(...instances),
    ...request,
  });
  return { ...operation, stored, refused, pending };
}

describe.each(['Orthanc', 'dcmqrscp'] as const)('C-GET from %s', (name) => {
  test('a study comes whole, without anybody calling us, and stands in the archive as it was stored there', async () => {
    await using archive = await freshArchive('whole');
    const actionId = crypto.randomUUID();
    const retrieve = getting(archive, { peer: peers[name](), actionId });
    const result = await retrieve.done;
    expect(result).toMatchObject({ ok: true, status: 0, failedSOPInstanceUIDs: [] });
    expect(result.ok && result.subOperations).toMatchObject({ completed: 15, failed: 0 });
    // All was told before the end.
    expect(retrieve.stored.map(({ sopInstanceUID }) => sopInstanceUID).sort()).toEqual(
      written.map(({ sopInstanceUID }) => sopInstanceUID).sort(),
    );
    expect(retrieve.refused).toEqual([]);
    for (const instance of retrieve.stored) expect(instance).toMatchObject({ actionId, studyInstanceUID: STUDY, result: 'stored' });
    await archive.settled();
    // The hash that the index keeps of each is that of the file.
    expect(await archive.verify().done).toMatchObject({ checked: 15, problems: 0 });
    expect(await archive.stats()).toMatchObject({ instances: 15 });
  });

  test('the Patient Root model brings the same', async () => {
    await using archive = await freshArchive('patient');
    const request = { peer: peers[name](), informationModel: 'patient-root', patientID: `P-${STUDY}` } as const;
    const retrieve = getting(archive, request);
    expect(await retrieve.done).toMatchObject({ ok: true, status: 0, subOperations: { completed: 15 } });
    expect(retrieve.stored).toHaveLength(15);
  });

  test('a series brings that series only', async () => {
    await using archive = await freshArchive('series');
    const retrieve = getting(archive, { peer: peers[name](), seriesInstanceUID: `${STUDY}.2` });
    expect(await retrieve.done).toMatchObject({ ok: true, status: 0 });
    expect(new Set(retrieve.stored.map(({ seriesInstanceUID }) => seriesInstanceUID))).toEqual(new Set([`${STUDY}.2`]));
    expect(retrieve.stored).toHaveLength(3);
  });

  test('what comes in no SOP class that we offered does not come, and that is not called a success', async () => {
    await using archive = await freshArchive('other');
    const retrieve = getting(archive, { peer: peers[name](), storageSOPClassUIDs: ['1.2.840.10008.5.1.4.1.1.4'] });
    const result = await retrieve.done;
    // Orthanc gives up after the first, dcmqrscp counts all.
    const failed = name === 'Orthanc' ? 1 : 15;
    expect(result).toMatchObject({ ok: true, subOperations: { completed: 0, failed } });
    expect(result.ok && result.status).not.toBe(0);
    expect(retrieve.stored).toEqual([]);
    await archive.settled();
    expect(await archive.stats()).toMatchObject({ instances: 0 });
  });

  test('an archive that cannot be written refuses, and the reason is told', async () => {
    await using archive = await freshArchive('gone');
    const location = { ...archive.location, directory: `${folder.path}/nowhere` };
    const retrieve = getting(archive, { peer: peers[name](), storage: { location, arrivals: archive.arrivalPort() } });
    const result = await retrieve.done;
    expect(result.ok && result.status).not.toBe(0);
    expect(retrieve.stored).toEqual([]);
    expect(retrieve.refused[0]).toMatchObject({ error: { kind: expect.stringMatching(/storage/) } });
  });
});

describe('C-GET from Orthanc', () => {
  test('cancelled in the middle, it ends, and what came is told and kept', async () => {
    await using archive = await freshArchive('cancel');
    const retrieve = getting(archive, { peer: peers.Orthanc(), studyInstanceUID: OTHER, onPending: () => retrieve.cancel() });
    const result = await retrieve.done;
    expect(result.ok ? result.status : result.error.kind).toBe(0xfe00);
    expect(retrieve.stored.length).toBeLessThan(400);
    await archive.settled();
    expect(await archive.stats()).toMatchObject({ instances: retrieve.stored.length });
  });

  test('a study that is already there is known, and nothing is written twice', async () => {
    await using archive = await freshArchive('twice');
    await getting(archive, { peer: peers.Orthanc() }).done;
    const again = getting(archive, { peer: peers.Orthanc() });
    await again.done;
    expect(new Set(again.stored.map(({ result }) => result))).toEqual(new Set(['known']));
    expect(again.stored).toHaveLength(15);
  });
});

describe('C-GET of more storage classes than an association has room for', () => {
  test('what is of a rare storage class comes too, on a further association', async () => {
    const first = getContexts().map(({ abstractSyntax }) => abstractSyntax);
    expect(RARE.filter((uid) => first.includes(uid))).toEqual([]);
    await using archive = await freshArchive('rare');
    const retrieve = getting(archive, { peer: peers.dcmqrscp(), studyInstanceUID: MIXED });
    const result = await retrieve.done;
    expect(result).toMatchObject({ ok: true, status: 0, failedSOPInstanceUIDs: [] });
    expect(result.ok && result.subOperations).toMatchObject({ completed: 4, failed: 0 });
    expect(retrieve.stored.map(({ sopInstanceUID }) => sopInstanceUID).sort()).toEqual(
      [`${MIXED}.1.1`, `${MIXED}.1.2`, `${MIXED}.2.1`, `${MIXED}.3.1`].sort(),
    );
  });

  test('an archive that stops at the first instance of a class that it cannot send: what came came, and the rest is no success', async () => {
    await using archive = await freshArchive('stops');
    const retrieve = getting(archive, { peer: peers.Orthanc(), studyInstanceUID: MIXED });
    const result = await retrieve.done;
    const came = retrieve.stored.map(({ sopInstanceUID }) => sopInstanceUID);
    expect(result.ok && result.subOperations.completed).toBe(came.length);
    if (came.length === 4) expect(result).toMatchObject({ ok: true, failedSOPInstanceUIDs: [] });
    else expect(result.ok && result.status !== 0 && (result.subOperations.failed ?? 0) > 0).toBe(true);
    expect(result.ok && result.failedSOPInstanceUIDs.filter((uid) => came.includes(uid))).toEqual([]);
  });
});
