import { Dataset, encodeDataset, encodeFileMeta, TransferSyntaxUID } from '../../../electron/dicom/dataset/index.ts';
import { PhosphorError } from '../../../shared/contract/index.ts';

export const SYNTAXES = [
  TransferSyntaxUID.ImplicitVRLittleEndian,
  TransferSyntaxUID.ExplicitVRLittleEndian,
  TransferSyntaxUID.ExplicitVRBigEndian,
  TransferSyntaxUID.DeflatedExplicitVRLittleEndian,
];

/** A small image with a bit of everything: several VRs, nesting, private tags, non-ASCII text. */
export function sampleDataset(): Dataset {
  const item = Dataset.of({ ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.2', ReferencedSOPInstanceUID: '1.2.3.4' });
  item.set('PurposeOfReferenceCodeSequence', [Dataset.of({ CodeValue: '121311', CodeMeaning: 'Localizer' })]);
  const dataset = Dataset.of({
    SpecificCharacterSet: 'ISO_IR 192',
    ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    SOPInstanceUID: '1.2.3.4.5.6',
    StudyDate: '20260102',
    StudyTime: '081500.000',
    AccessionNumber: 'A1',
    Modality: 'CT',
    ReferringPhysicianName: 'Müller^Jürgen',
    StudyDescription: 'CT Schädel',
    ReferencedImageSequence: [item, new Dataset()],
    PatientName: { alphabetic: 'Yamada^Tarou', ideographic: '山田^太郎', phonetic: 'やまだ^たろう' },
    PatientID: 'P1',
    PatientBirthDate: '19500607',
    PatientSex: 'M',
    SliceThickness: 0.625,
    StudyInstanceUID: '1.2.3',
    SeriesInstanceUID: '1.2.3.4',
    SeriesNumber: 3,
    InstanceNumber: 17,
    ImagePositionPatient: [-119.5, -120, 33.25],
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    Rows: 2,
    Columns: 3,
    FrameIncrementPointer: [0x00181063],
    PixelSpacing: [0.5, 0.5],
    RescaleIntercept: -1024,
    RedPaletteColorLookupTableDescriptor: [256, 0, 16],
    RealWorldValueIntercept: -0.125,
    PixelData: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
  });
  dataset.set(0x00090010, 'PHOSPHOR TEST', 'LO');
  dataset.set(0x00091001, Uint8Array.of(1, 2, 3), 'UN');
  dataset.set(0x00091002, 12345678901234n, 'SV');
  return dataset;
}

export function sampleFile(transferSyntaxUID: string, dataset = sampleDataset()): Uint8Array {
  const meta = { sopClassUID: dataset.uid(0x00080016), sopInstanceUID: dataset.uid(0x00080018), transferSyntaxUID, sourceAETitle: 'TESTS' };
  return Buffer.concat([encodeFileMeta(meta), encodeDataset(dataset, transferSyntaxUID)]);
}

/** The kind of the PhosphorError that a call throws; anything else that is thrown fails the test. */
export function kindOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof PhosphorError) return error.kind;
    throw error;
  }
  return 'nothing thrown';
}
