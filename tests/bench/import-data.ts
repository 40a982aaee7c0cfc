import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Dataset, encodeDataset, encodeFileMeta, TransferSyntaxUID } from '../../electron/dicom/dataset/index.ts';
import { UIDs } from '../support/scripted-peer.ts';

const PER_SERIES = 100;
const PER_STUDY = 500;
const ROOT = '1.2.826.0.1.3680043.10.998';

/** A folder as a scanner's disk has it: studies, series, CT images of 272 × 272 pixels (150 kB), each of its own content. */
export async function writeFolder(folder: string, files: number): Promise<void> {
  const pixels = Buffer.alloc(272 * 272 * 2);
  for (let i = 0; i < pixels.length; i += 2) pixels.writeUInt16LE(Math.imul(i, 0x9e37_79b1) >>> 20, i);
  for (let first = 0; first < files; first += PER_SERIES) {
    const study = Math.floor(first / PER_STUDY);
    const series = Math.floor((first % PER_STUDY) / PER_SERIES);
    const into = join(folder, `study${study}`, `series${series}`);
    await mkdir(into, { recursive: true });
    const numbers = Array.from({ length: Math.min(PER_SERIES, files - first) }, (_, n) => n);
    await Promise.all(numbers.map((n) => writeFile(join(into, `IM${n}`), image(study, series, n, pixels))));
  }
}

function image(study: number, series: number, number: number, pixels: Buffer): Buffer {
  const studyInstanceUID = `${ROOT}.${study}`;
  const seriesInstanceUID = `${studyInstanceUID}.${series}`;
  const identity = {
    sopClassUID: UIDs.ctImageStorage,
    sopInstanceUID: `${seriesInstanceUID}.${number}`,
    transferSyntaxUID: TransferSyntaxUID.ExplicitVRLittleEndian,
  };
  const dataset = Dataset.of({
    SOPClassUID: identity.sopClassUID,
    SOPInstanceUID: identity.sopInstanceUID,
    StudyDate: '20261118',
    Modality: 'CT',
    StudyDescription: 'Thorax',
    SeriesDescription: `Series ${series}`,
    PatientName: `Bench^Number${study}`,
    PatientID: `B${study}`,
    StudyInstanceUID: studyInstanceUID,
    SeriesInstanceUID: seriesInstanceUID,
    SeriesNumber: series,
    InstanceNumber: number,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: 272,
    Columns: 272,
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
  });
  pixels.writeUInt32LE(((study * 10 + series) * PER_SERIES + number) & 0x0fff_0fff, 1000);
  dataset.set('PixelData', pixels, 'OW');
  return Buffer.concat([encodeFileMeta(identity), encodeDataset(dataset, identity.transferSyntaxUID)]);
}
