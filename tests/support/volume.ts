import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Dataset, encodeDataset, encodeFileMeta, TransferSyntaxUID, type ValueInput } from '../../electron/dicom/dataset/index.ts';

/** A study of made-up images whose every value is known from its place in the patient. */
export interface MadeStudy {
  readonly studyInstanceUID: string;
  readonly patientName: string;
  readonly patientID: string;
  readonly patientBirthDate: string;
  readonly studyDate: string;
  readonly studyDescription: string;
}

export const PLANES = {
  AX: { number: 1, orientation: [1, 0, 0, 0, 1, 0] },
  COR: { number: 2, orientation: [1, 0, 0, 0, 0, -1] },
  SAG: { number: 3, orientation: [0, 1, 0, 0, 0, -1] },
} as const;
export type PlaneName = keyof typeof PLANES;

/** Sides of the volume: x and y from −64 to 63 mm, z from −30 to 29 mm, a voxel each. */
export const SIDE = 128;
export const SLICES = 60;
const CT = '1.2.840.10008.5.1.4.1.1.2';

/** Hounsfield units at a place of the patient (mm): air, an ellipsoid of tissue, and a cube of metal from (20, −10, 5) to (30, 0, 15). */
export function hounsfieldAt(x: number, y: number, z: number): number {
  if (x >= 20 && x < 30 && y >= -10 && y < 0 && z >= 5 && z < 15) return 1000;
  return (x / 55) ** 2 + (y / 45) ** 2 + (z / 40) ** 2 < 1 ? 40 + Math.round(x / 4) : -1000;
}

/** Writes the CT volume cut in the given planes, all in one Frame of Reference; slices named in `without` are left out of the axial series. */
export async function writeVolume(
  folder: string,
  study: MadeStudy,
  options: { planes?: readonly PlaneName[]; without?: readonly number[]; frameOfReferenceUID?: string } = {},
): Promise<void> {
  const { planes = ['AX', 'COR', 'SAG'], without = [], frameOfReferenceUID = `${study.studyInstanceUID}.9` } = options;
  for (const plane of planes) {
    const { number, orientation } = PLANES[plane];
    const count = plane === 'AX' ? SLICES : SIDE;
    const rows = plane === 'AX' ? SIDE : SLICES;
    for (let slice = 0; slice < count; slice++) {
      if (plane === 'AX' && without.includes(slice)) continue;
      const stored = new Int16Array(rows * SIDE);
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < SIDE; column++)
          stored[row * SIDE + column] = hounsfieldAt(...placeOf(plane, slice, column, row)) + 1024;
      }
      await writeImage(
        folder,
        study,
        {
          SOPClassUID: CT,
          SOPInstanceUID: `${study.studyInstanceUID}.${number}.${slice + 1}`,
          SeriesInstanceUID: `${study.studyInstanceUID}.${number}`,
          Modality: 'CT',
          SeriesNumber: number,
          SeriesDescription: `Volume ${plane}`,
          BodyPartExamined: 'CHEST',
          InstanceNumber: slice + 1,
          FrameOfReferenceUID: frameOfReferenceUID,
          ImagePositionPatient: [...placeOf(plane, slice, 0, 0)],
          ImageOrientationPatient: [...orientation],
          PixelSpacing: [1, 1],
          SliceThickness: 1,
          RescaleSlope: 1,
          RescaleIntercept: -1024,
          RescaleType: 'HU',
          WindowCenter: 40,
          WindowWidth: 400,
          Rows: rows,
          Columns: SIDE,
        },
        stored,
      );
    }
  }
}

function placeOf(plane: PlaneName, slice: number, column: number, row: number): readonly [number, number, number] {
  if (plane === 'AX') return [column - 64, row - 64, slice - 30];
  return plane === 'COR' ? [column - 64, slice - 64, 29 - row] : [slice - 64, column - 64, 29 - row];
}

/** Four mammograms as a screening makes them, in one series: the breast fills the side of the chest wall. */
export async function writeMammograms(folder: string, study: MadeStudy, size: { rows: number; columns: number }): Promise<void> {
  const views = [
    ['R', 'CC'],
    ['L', 'CC'],
    ['R', 'MLO'],
    ['L', 'MLO'],
  ] as const;
  const { rows, columns } = size;
  for (const [index, [laterality, view]] of views.entries()) {
    const pixels = new Int16Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const fromWall = laterality === 'R' ? columns - 1 - column : column;
        const reach = columns * 0.8 * Math.sqrt(Math.max(0, 1 - ((row - rows / 2) / (rows / 2.2)) ** 2));
        pixels[row * columns + column] = fromWall < reach ? 1200 + ((row * 7 + column * 13) % 200) : 30;
      }
    }
    await writeImage(
      folder,
      study,
      {
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.2',
        SOPInstanceUID: `${study.studyInstanceUID}.1.${index + 1}`,
        SeriesInstanceUID: `${study.studyInstanceUID}.1`,
        Modality: 'MG',
        SeriesNumber: 1,
        SeriesDescription: 'Screening',
        BodyPartExamined: 'BREAST',
        InstanceNumber: index + 1,
        ImageLaterality: laterality,
        ViewPosition: view,
        ImagerPixelSpacing: [0.1, 0.1],
        WindowCenter: 1000,
        WindowWidth: 1600,
        Rows: rows,
        Columns: columns,
      },
      pixels,
    );
  }
}

/** An MR series of five slices, each at four times: a disc that grows brighter from time to time, with a bar as long as the slice's number. */
export async function writeTimeSeries(folder: string, study: MadeStudy): Promise<void> {
  const [side, slices, times] = [64, 5, 4];
  for (let time = 0; time < times; time++) {
    for (let slice = 0; slice < slices; slice++) {
      const pixels = Int16Array.from({ length: side * side }, (_, at) => {
        const [row, column] = [Math.floor(at / side), at % side];
        if (row >= 58 && row < 61) return column < 12 * (slice + 1) ? 900 : 0;
        return Math.hypot(row - 30, column - 32) < 20 ? 200 * (time + 1) : 50;
      });
      await writeImage(
        folder,
        study,
        {
          SOPClassUID: '1.2.840.10008.5.1.4.1.1.4',
          SOPInstanceUID: `${study.studyInstanceUID}.1.${time * slices + slice + 1}`,
          SeriesInstanceUID: `${study.studyInstanceUID}.1`,
          Modality: 'MR',
          SeriesNumber: 1,
          SeriesDescription: 'Perfusion',
          InstanceNumber: time * slices + slice + 1,
          TemporalPositionIdentifier: time + 1,
          FrameOfReferenceUID: `${study.studyInstanceUID}.9`,
          ImagePositionPatient: [-32, -32, 4 * slice],
          ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
          PixelSpacing: [1, 1],
          SliceThickness: 4,
          WindowCenter: 450,
          WindowWidth: 900,
          Rows: side,
          Columns: side,
        },
        pixels,
      );
    }
  }
}

async function writeImage(
  folder: string,
  study: MadeStudy,
  attributes: Readonly<Record<string, ValueInput>>,
  pixels: Int16Array,
): Promise<void> {
  const dataset = Dataset.of({
    ...patientAndStudy(study),
    StudyID: '1',
    AccessionNumber: '',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 1,
    ...attributes,
  });
  dataset.set('PixelData', new Uint8Array(pixels.buffer), 'OW');
  await writeInstance(folder, dataset);
}

/** What every instance of a study says of it and of its patient. */
export function patientAndStudy(study: MadeStudy): Readonly<Record<string, ValueInput>> {
  return {
    SpecificCharacterSet: 'ISO_IR 192',
    StudyInstanceUID: study.studyInstanceUID,
    StudyDate: study.studyDate,
    StudyTime: '081500',
    StudyDescription: study.studyDescription,
    PatientName: study.patientName,
    PatientID: study.patientID,
    PatientBirthDate: study.patientBirthDate,
    PatientSex: 'F',
  };
}

/** Writes an instance as a file of its own, Explicit VR Little Endian, into a folder that is made if need be. */
export async function writeInstance(folder: string, dataset: Dataset): Promise<void> {
  await mkdir(folder, { recursive: true });
  const transferSyntaxUID = TransferSyntaxUID.ExplicitVRLittleEndian;
  const sopInstanceUID = dataset.uid(0x00080018);
  const meta = encodeFileMeta({ sopClassUID: dataset.uid(0x00080016), sopInstanceUID, transferSyntaxUID });
  await writeFile(join(folder, `${sopInstanceUID}.dcm`), Buffer.concat([meta, encodeDataset(dataset, transferSyntaxUID)]));
}
