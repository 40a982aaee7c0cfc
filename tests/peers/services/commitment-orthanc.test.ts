import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Archive } from '../../../electron/archive/index.ts';
import { createAssociationPool } from '../../../electron/associations/index.ts';
import type { Association } from '../../../electron/dicom/network/index.ts';
import { commitmentReportProvider } from '../../../electron/dicom/services/index.ts';
import { clocks } from '../../support/clocks.ts';
import { archiveOf, type CommitmentReceiver, startCommitmentReceiver, startServingPeer } from '../../support/commitment.ts';
import { freePort } from '../../support/free-port.ts';
import { type WrittenInstance, writeSeries } from '../../support/instances.ts';
import { type Orthanc, startOrthanc } from '../../support/orthanc.ts';
import { UIDs } from '../../support/scripted-peer.ts';
import { temporaryFolder } from '../../support/temporary.ts';

// Orthanc as the archive that commits, and as the one that asks us to. Either way it reports, or is reported to, on a further association.

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let archive: Archive;
let receiver: CommitmentReceiver;
let orthanc: Orthanc;
let other: Awaited<ReturnType<typeof startServingPeer>>;
const reporting = Promise.withResolvers<Association>();
let written: WrittenInstance[];
const pool = createAssociationPool({ workers: 1 });

beforeAll(async () => {
  folder = await temporaryFolder('commitment-orthanc');
  written = await writeSeries(`${folder.path}/in`, { study: '1.2.826.73', count: 3 });
  archive = await archiveOf(folder.path, [`${folder.path}/in`]);
  const port = await freePort();
  other = await startServingPeer([
    commitmentReportProvider((_, association) => {
      reporting.resolve(association);
      return 0;
    }),
  ]);
  orthanc = await startOrthanc({
    folder: `${folder.path}/orthanc`,
    configuration: {
      DicomModalities: {
        other: { AET: 'OTHER', Host: '127.0.0.1', Port: other.port, AllowStorageCommitment: true },
        phosphor: { AET: 'PHOSPHOR', Host: '127.0.0.1', Port: port, AllowStorageCommitment: true },
      },
    },
  });
  receiver = await startCommitmentReceiver({
    port,
    storageCommitment: {
      location: archive.location,
      peers: { ORTHANC: { host: '127.0.0.1', port: orthanc.dicomPort } },
      releaseGraceSeconds: 0.5,
    },
  });
  await orthanc.upload(written.map(({ path }) => path));
}, 120_000);

afterAll(async () => {
  await pool.close();
  await receiver?.[Symbol.asyncDispose]();
  await orthanc?.stop();
  await other?.[Symbol.asyncDispose]();
  await archive?.close();
  await folder?.[Symbol.asyncDispose]();
});

function referencesOf(instances: readonly WrittenInstance[]) {
  return instances.map(({ sopInstanceUID }) => ({ sopClassUID: UIDs.ctImageStorage, sopInstanceUID }));
}

test('Orthanc commits to what it holds, and says what it does not: the report comes to our listener', async () => {
  const operation = pool.commit({
    peer: { host: '127.0.0.1', port: orthanc.dicomPort, calledAETitle: 'ORTHANC', callingAETitle: 'PHOSPHOR' },
    clocks: clocks(),
    waitSeconds: 30,
    listener: receiver.listener,
    instances: [...referencesOf(written), { sopClassUID: UIDs.ctImageStorage, sopInstanceUID: '1.2.826.73.1.99' }],
  });
  const result = await operation.done;
  expect(result).toMatchObject({ ok: true, status: 0, committed: 3, failed: 1, notMentioned: 0, unasked: 0 });
  expect(result).toMatchObject({ report: { reportedBy: 'ORTHANC', via: 'listener' } });
  expect(result.ok && result.instances.at(-1)).toMatchObject({ state: 'failed', failureReason: 0x0112 });
});

test('Orthanc takes the SCP role on the association that it opens for its report', async () => {
  const operation = pool.commit({
    peer: { host: '127.0.0.1', port: orthanc.dicomPort, calledAETitle: 'ORTHANC', callingAETitle: 'OTHER' },
    clocks: clocks(),
    waitSeconds: 30,
    instances: referencesOf(written),
  });
  const { contexts } = await reporting.promise;
  expect(contexts.map(({ requestorRoles }) => requestorRoles)).toEqual([{ scu: false, scp: true }]);
  operation.cancel();
  await operation.done;
});

interface OrthancReport {
  readonly Status: 'Pending' | 'Success' | 'Failure';
  readonly RemoteAET: string;
  readonly Success: readonly { SOPInstanceUID: string }[];
  readonly Failures: readonly { SOPInstanceUID: string; FailureReason: number }[];
}

/** Orthanc's request to us, and its own account of it once our report was delivered. */
async function askedByOrthanc(instances: readonly { SOPClassUID: string; SOPInstanceUID: string }[]): Promise<OrthancReport> {
  const before = receiver.deliveries.length;
  const answer = await fetch(`${orthanc.url}/modalities/phosphor/storage-commitment`, {
    method: 'POST',
    body: JSON.stringify({ DicomInstances: instances }),
  });
  const { ID } = (await answer.json()) as { ID: string };
  await receiver.until(() => receiver.deliveries.length > before);
  expect(receiver.deliveries.at(-1)).toMatchObject({ transactionUID: ID, callingAETitle: 'ORTHANC', via: 'reverse-association' });
  return await orthanc.get<OrthancReport>(`/storage-commitment/${ID}`);
}

test('we commit to Orthanc: success for what our archive holds', async () => {
  const instances = written.map(({ sopInstanceUID }) => ({ SOPClassUID: UIDs.ctImageStorage, SOPInstanceUID: sopInstanceUID }));
  const report = await askedByOrthanc(instances);
  expect(report).toMatchObject({ Status: 'Success', RemoteAET: 'PHOSPHOR' });
  expect(report.Success.map(({ SOPInstanceUID }) => SOPInstanceUID).sort()).toEqual(written.map(({ sopInstanceUID }) => sopInstanceUID));
});

test('we commit to Orthanc: failures with their reasons for what it does not hold, or holds under another class', async () => {
  const [first, second] = written;
  if (!first || !second) throw new Error('nothing written');
  const report = await askedByOrthanc([
    { SOPClassUID: UIDs.ctImageStorage, SOPInstanceUID: first.sopInstanceUID },
    { SOPClassUID: UIDs.secondaryCaptureStorage, SOPInstanceUID: second.sopInstanceUID },
    { SOPClassUID: UIDs.ctImageStorage, SOPInstanceUID: '1.2.826.73.1.99' },
  ]);
  expect(report.Status).toBe('Failure');
  expect(report.Success).toMatchObject([{ SOPInstanceUID: first.sopInstanceUID }]);
  const reasons = Object.fromEntries(report.Failures.map(({ SOPInstanceUID, FailureReason }) => [SOPInstanceUID, FailureReason]));
  expect(reasons).toEqual({ [second.sopInstanceUID]: 0x0119, '1.2.826.73.1.99': 0x0112 });
});
