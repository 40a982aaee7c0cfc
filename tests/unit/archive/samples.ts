import type { ArrivalOrigin } from '../../../electron/archive/index.ts';
import { Dataset, encodeDataset, encodeFileMeta, type ValueInput } from '../../../electron/dicom/dataset/index.ts';

export const EXPLICIT = '1.2.840.10008.1.2.1';
export const IMPLICIT = '1.2.840.10008.1.2';
export const CT = '1.2.840.10008.5.1.4.1.1.2';

/** An instance as it would arrive: its UIDs and the bytes of its data set. */
export interface Sample {
  readonly sopClassUID: string;
  readonly sopInstanceUID: string;
  readonly transferSyntaxUID: string;
  readonly bytes: Uint8Array;
}

/** A CT image of `rows` × `rows`, 16 bit, each pixel `fill`; further attributes by keyword. */
export function sample(
  sopInstanceUID: string,
  values: Readonly<Record<string, ValueInput>> = {},
  { transferSyntaxUID = EXPLICIT, rows = 8, fill = 7 }: { transferSyntaxUID?: string; rows?: number; fill?: number } = {},
): Sample {
  const pixels = new Uint16Array(rows * rows).fill(fill);
  const dataset = Dataset.of({
    SOPClassUID: CT,
    SOPInstanceUID: sopInstanceUID,
    StudyInstanceUID: '1.2.3',
    SeriesInstanceUID: '1.2.3.1',
    PatientName: 'Doe^Jane',
    PatientID: 'P1',
    StudyDate: '20260102',
    StudyTime: '101500',
    StudyDescription: 'Thorax',
    Modality: 'CT',
    SeriesNumber: 1,
    InstanceNumber: 1,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: rows,
    Columns: rows,
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    ...values,
  });
  dataset.set('PixelData', new Uint8Array(pixels.buffer), 'OW');
  return { sopClassUID: CT, sopInstanceUID, transferSyntaxUID, bytes: encodeDataset(dataset, transferSyntaxUID) };
}

/** A Part 10 file of a sample. */
export function part10(one: Sample): Buffer {
  return Buffer.concat([encodeFileMeta(one), one.bytes]);
}

export const STORE: ArrivalOrigin = { kind: 'store', sourceAETitle: 'MODALITY' };
export const RETRIEVE: ArrivalOrigin = { kind: 'retrieve', actionId: '00000000-0000-4000-8000-000000000000', sourceAETitle: 'PACS' };
