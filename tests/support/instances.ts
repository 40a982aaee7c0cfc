import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Dataset, encodeDataset, encodeFileMeta, TransferSyntaxUID } from '../../electron/dicom/dataset/index.ts';
import { UIDs } from './scripted-peer.ts';

export interface WrittenInstance {
  readonly path: string;
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID: string;
  readonly sopInstanceUID: string;
}

/** Part 10 files of a CT series with random-looking pixels, Explicit VR Little Endian. UIDs are `<study>.<series>.<n>`. */
export async function writeSeries(
  folder: string,
  options: { study: string; series?: number; count: number; size?: number; patientName?: string; sopClassUID?: string },
): Promise<WrittenInstance[]> {
  const { study, series = 1, count, size = 16, patientName = 'Doe^Jane', sopClassUID = UIDs.ctImageStorage } = options;
  await mkdir(folder, { recursive: true });
  const pixels = new Uint16Array(size * size);
  for (let i = 0; i < pixels.length; i += 1) pixels[i] = (i * 2654435761) & 0xfff;
  const written: WrittenInstance[] = [];
  for (let number = 1; number <= count; number += 1) {
    const seriesInstanceUID = `${study}.${series}`;
    const sopInstanceUID = `${seriesInstanceUID}.${number}`;
    const dataset = Dataset.of({
      SpecificCharacterSet: 'ISO_IR 192',
      SOPClassUID: sopClassUID,
      SOPInstanceUID: sopInstanceUID,
      StudyDate: '20261118',
      StudyTime: '081500',
      AccessionNumber: 'A1',
      Modality: 'CT',
      StudyDescription: 'Head',
      SeriesDescription: `Series ${series}`,
      PatientName: patientName,
      PatientID: `P-${study}`,
      PatientBirthDate: '19600102',
      PatientSex: 'F',
      StudyInstanceUID: study,
      SeriesInstanceUID: seriesInstanceUID,
      StudyID: '1',
      SeriesNumber: series,
      InstanceNumber: number,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      Rows: size,
      Columns: size,
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: 0,
    });
    dataset.set('PixelData', new Uint8Array(pixels.buffer), 'OW');
    const transferSyntaxUID = TransferSyntaxUID.ExplicitVRLittleEndian;
    const path = join(folder, `${sopInstanceUID}.dcm`);
    const meta = encodeFileMeta({ sopClassUID, sopInstanceUID, transferSyntaxUID });
    await writeFile(path, Buffer.concat([meta, encodeDataset(dataset, transferSyntaxUID)]));
    written.push({ path, studyInstanceUID: study, seriesInstanceUID, sopInstanceUID });
  }
  return written;
}
