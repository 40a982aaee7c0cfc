import { Dataset } from '../../electron/dicom/dataset/index.ts';
import { type MadeStudy, patientAndStudy, writeInstance } from './volume.ts';

const SLICES = 80;

/** Writes a blending state of the axial series of `writeVolume`: it lies over itself, its bones in red, as opaque as 40 %. */
export async function writeBlendingState(folder: string, study: MadeStudy): Promise<void> {
  const { studyInstanceUID } = study;
  const images = Array.from({ length: SLICES }, (_, i) =>
    Dataset.of({ ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.2', ReferencedSOPInstanceUID: `${studyInstanceUID}.1.${i + 1}` }),
  );
  const set = (position: string, WindowCenter: string, WindowWidth: string) =>
    Dataset.of({
      BlendingPosition: position,
      StudyInstanceUID: studyInstanceUID,
      ReferencedSeriesSequence: [Dataset.of({ SeriesInstanceUID: `${studyInstanceUID}.1`, ReferencedImageSequence: images })],
      RescaleSlope: '1',
      RescaleIntercept: '-1024',
      RescaleType: 'HU',
      SoftcopyVOILUTSequence: [Dataset.of({ WindowCenter, WindowWidth })],
    });
  const dataset = Dataset.of({
    ...patientAndStudy(study),
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.11.4',
    SOPInstanceUID: `${studyInstanceUID}.18.1`,
    SeriesInstanceUID: `${studyInstanceUID}.18`,
    Modality: 'PR',
    SeriesNumber: 18,
    SeriesDescription: 'Fusion',
    InstanceNumber: 1,
    ContentLabel: 'FUSION',
    PresentationCreationDate: '20261118',
    PresentationCreationTime: '120000',
    BlendingSequence: [set('UNDERLYING', '40', '400'), set('SUPERIMPOSED', '0', '2000')],
    RelativeOpacity: 0.4,
  });
  const up = Array.from({ length: 256 }, (_, i) => i);
  for (const [i, values] of [up, up.map((value) => 255 - value), up.map(() => 0)].entries()) {
    dataset.set(0x00281101 + i, [256, 0, 8], 'US');
    dataset.set(0x00281201 + i, Uint8Array.from(values), 'OW');
  }
  await writeInstance(folder, dataset);
}
