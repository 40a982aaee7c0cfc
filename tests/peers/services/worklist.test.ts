import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { connectSocket } from '../../../electron/associations/socket-transport.ts';
import { Dataset, encodeDataset, encodeFileMeta, TransferSyntaxUID } from '../../../electron/dicom/dataset/index.ts';
import { type Association, requestAssociation } from '../../../electron/dicom/network/index.ts';
import { findWorklist, type WorklistEntry, worklistContexts } from '../../../electron/dicom/services/index.ts';
import { clocks } from '../../support/clocks.ts';
import { startWlmscpfs } from '../../support/dcmtk.ts';
import { temporaryFolder } from '../../support/temporary.ts';

async function writeWorklist(folder: string, count: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/lockfile`, '');
  const transferSyntaxUID = TransferSyntaxUID.ExplicitVRLittleEndian;
  for (let number = 1; number <= count; number += 1) {
    const step = Dataset.of({
      Modality: number % 2 === 0 ? 'MR' : 'CT',
      ScheduledStationAETitle: 'SCANNER',
      ScheduledProcedureStepStartDate: '20261121',
      ScheduledProcedureStepStartTime: '0815',
      ScheduledPerformingPhysicianName: 'Doctor^A',
      ScheduledProcedureStepDescription: 'Head',
      ScheduledProcedureStepID: `S${number}`,
    });
    const entry = Dataset.of({
      SpecificCharacterSet: 'ISO_IR 100',
      AccessionNumber: `A${number}`,
      PatientName: 'Müller^Jürgen',
      PatientID: `P${number}`,
      PatientBirthDate: '19600102',
      PatientSex: 'M',
      StudyInstanceUID: `1.2.826.61.${number}`,
      RequestedProcedureDescription: 'CT head',
      RequestedProcedureID: `R${number}`,
      RequestedProcedurePriority: 'ROUTINE',
      ScheduledProcedureStepSequence: step,
    });
    const meta = encodeFileMeta({ sopClassUID: '1.2.276.0.7230010.3.1.0.1', sopInstanceUID: `1.2.826.62.${number}`, transferSyntaxUID });
    await writeFile(`${folder}/${number}.wl`, Buffer.concat([meta, encodeDataset(entry, transferSyntaxUID)]));
  }
}

async function associate(port: number): Promise<Association> {
  const transport = await connectSocket('127.0.0.1', port, 5, AbortSignal.timeout(15_000));
  const titles = { callingAETitle: 'PHOSPHOR', calledAETitle: 'WORKLIST' };
  return await requestAssociation(transport, { ...titles, contexts: worklistContexts(), clocks: clocks() });
}

test("wlmscpfs's worklist is read and filtered by modality", async () => {
  await using folder = await temporaryFolder('worklist');
  await writeWorklist(`${folder.path}/WORKLIST`, 6);
  await using server = await startWlmscpfs(folder.path, 'WORKLIST');
  const association = await associate(server.port);
  const asked = async (query: Parameters<typeof findWorklist>[1]['query']) => {
    const entries: WorklistEntry[] = [];
    const outcome = await findWorklist(association, { query, onEntry: (entry) => void entries.push(entry) }).done;
    return { entries, outcome };
  };
  const everything = await asked({});
  expect(everything.outcome).toMatchObject({ status: 0, matches: 6, unusable: 0 });
  const { entries, outcome } = await asked({ modality: 'CT', startDate: '20261121' });
  expect(outcome).toMatchObject({ status: 0, matches: 3 });
  expect(entries.map(({ patientID }) => patientID).sort()).toEqual(['P1', 'P3', 'P5']);
  expect(entries.find(({ patientID }) => patientID === 'P3')).toMatchObject({
    patientName: { alphabetic: 'Müller^Jürgen' },
    accessionNumber: 'A3',
    modality: 'CT',
    scheduledStationAETitles: ['SCANNER'],
    startDate: '20261121',
    stepID: 'S3',
    requestedProcedureID: 'R3',
  });
  await association.release();
});
