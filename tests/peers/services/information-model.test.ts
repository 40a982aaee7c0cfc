import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AssociationPool, createAssociationPool, moveMessageIds } from '../../../electron/associations/index.ts';
import type { MatchRow, Query } from '../../../shared/contract/index.ts';
import { clocks } from '../../support/clocks.ts';
import { type DcmtkServer, dcmtk, startDcmqrscp } from '../../support/dcmtk.ts';
import { writeSeries } from '../../support/instances.ts';
import { type Orthanc, startOrthanc } from '../../support/orthanc.ts';
import { type Receiver, startReceiver } from '../../support/receiver.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const STUDY = '1.2.826.41';
const PATIENT = `P-${STUDY}`;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let receiver: Receiver;
let orthanc: Orthanc;
let dcmqrscp: DcmtkServer;
let pool: AssociationPool;

beforeAll(async () => {
  folder = await temporaryFolder('model');
  const written = await writeSeries(`${folder.path}/a`, { study: STUDY, count: 4 });
  receiver = await startReceiver(folder.path, { access: { acceptAnyone: true } });
  pool = createAssociationPool({ workers: 1 });
  [orthanc, dcmqrscp] = await Promise.all([
    startOrthanc({ folder: `${folder.path}/orthanc`, noDelay: true }),
    startDcmqrscp(`${folder.path}/dcmqrscp`, { destinations: { PHOSPHOR: receiver.listener.port } }),
  ]);
  await orthanc.setModality('PHOSPHOR', '127.0.0.1', receiver.listener.port);
  await orthanc.upload(written.map(({ path }) => path));
  const sent = await dcmtk('storescu', '-aec', 'DCMQR', '127.0.0.1', String(dcmqrscp.port), '+sd', `${folder.path}/a`);
  expect(sent.code).toBe(0);
});
afterAll(async () => {
  await pool?.close();
  await Promise.all([orthanc?.stop(), dcmqrscp?.stop()]);
  await receiver?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

const peers = {
  Orthanc: () => ({ host: '127.0.0.1', port: orthanc.dicomPort, calledAETitle: 'ORTHANC', callingAETitle: 'PHOSPHOR' }),
  dcmqrscp: () => ({ host: '127.0.0.1', port: dcmqrscp.port, calledAETitle: 'DCMQR', callingAETitle: 'PHOSPHOR' }),
};

describe.each(['Orthanc', 'dcmqrscp'] as const)('%s', (name) => {
  test.each(['patient-root', 'study-root'] as const)('answers searches of study, series and image in %s', async (informationModel) => {
    const queries: Query[] = [
      { level: 'study', patientID: PATIENT },
      { level: 'series', patientID: PATIENT, studyInstanceUID: STUDY },
      { level: 'image', patientID: PATIENT, studyInstanceUID: STUDY, seriesInstanceUID: `${STUDY}.1` },
    ];
    for (const query of queries) {
      const rows: MatchRow[] = [];
      const operation = pool.find({
        peer: peers[name](),
        clocks: clocks(),
        query,
        informationModel,
        negotiate: { relational: true, dateTimeMatching: true, fuzzySemanticMatching: true },
        onMatches: (batch, acknowledge) => {
          rows.push(...batch);
          acknowledge();
        },
      });
      expect(await operation.done).toMatchObject({ ok: true, status: 0, matches: query.level === 'image' ? 4 : 1 });
      expect(rows[0]?.level).toBe(query.level);
    }
  });

  test('moves a study in the Patient Root model', async () => {
    const before = receiver.stored.length;
    const operation = pool.move({
      peer: peers[name](),
      clocks: clocks(),
      informationModel: 'patient-root',
      patientID: PATIENT,
      studyInstanceUID: STUDY,
      destinationAETitle: 'PHOSPHOR',
      messageId: moveMessageIds.take(),
      thirdParty: false,
      onPending: () => {},
    });
    expect(await operation.done).toMatchObject({ ok: true, status: 0, subOperations: { completed: 4 } });
    await receiver.until(() => receiver.stored.length === before + 4);
  });

  test('is not asked in the Patient Root model for a study of nobody', async () => {
    const operation = pool.move({
      peer: peers[name](),
      clocks: clocks(),
      informationModel: 'patient-root',
      studyInstanceUID: STUDY,
      destinationAETitle: 'PHOSPHOR',
      messageId: moveMessageIds.take(),
      thirdParty: false,
      onPending: () => {},
    });
    expect(await operation.done).toMatchObject({ ok: false, error: { kind: 'invalid-arguments' } });
  });
});
