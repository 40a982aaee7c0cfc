import { mkdir, writeFile } from 'node:fs/promises';
import { Dataset, encodeDataset, encodeFileMeta, TransferSyntaxUID } from '../../electron/dicom/dataset/index.ts';

/** Worklist files as wlmscpfs serves them: steps `S1`, `S2` … on 2026-11-21, CT and MR in turn, of patients `P1`, `P2` … */
export async function writeWorklist(folder: string, count: number): Promise<void> {
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
