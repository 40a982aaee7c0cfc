import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { generateSyntheticStudies } from '../../electron/demo/phantom/index.ts';
import { Dataset, encodeDataset, encodeFileMeta, TransferSyntaxUID } from '../../electron/dicom/dataset/index.ts';
import { UIDs } from '../support/scripted-peer.ts';

/** What is sent: the same shape for every seed, other UIDs and other images. */
export interface DataSets {
  readonly associations: number;
  /** Over all associations. */
  readonly instances: number;
  /** Writes a set and resolves with one folder for each association. */
  write(directory: string, seed: number): Promise<readonly string[]>;
}

/** CT images of `size` × `size` pixels of 16 bits; `instances` in each association. */
export function images(shape: { instances: number; size: number; associations?: number }): DataSets {
  const { instances, size, associations = 1 } = shape;
  return {
    associations,
    instances: instances * associations,
    write: async (directory, seed) =>
      Array.from({ length: associations }, (_, index) => {
        const own = join(directory, `association-${index}`);
        const one = { patients: 1, studiesPerPatient: 1, seriesPerStudy: 1, instancesPerSeries: instances, rows: size, columns: size };
        const { files } = generateSyntheticStudies({ ...one, seed: seed * 16 + index }, own);
        return (files[0] ?? own).replace(/\/[^/]*$/, '');
      }),
  };
}

/** One instance with `bytes` bytes of pixels. */
export function huge(bytes: number): DataSets {
  return {
    associations: 1,
    instances: 1,
    write: async (directory, seed) => {
      await mkdir(directory, { recursive: true });
      await writeHuge(join(directory, 'huge.dcm'), `1.2.826.0.1.3680043.10.999.${seed}`, bytes);
      return [directory];
    },
  };
}

const BLOCK = 4 * 1024 * 1024;
const COLUMNS = 15_000;

async function writeHuge(path: string, study: string, bytes: number): Promise<void> {
  const identity = {
    sopClassUID: UIDs.ctImageStorage,
    sopInstanceUID: `${study}.1.1`,
    transferSyntaxUID: TransferSyntaxUID.ExplicitVRLittleEndian,
  };
  const dataset = Dataset.of({
    SOPClassUID: identity.sopClassUID,
    SOPInstanceUID: identity.sopInstanceUID,
    Modality: 'CT',
    PatientName: 'Huge^One',
    PatientID: 'HUGE',
    StudyInstanceUID: study,
    SeriesInstanceUID: `${study}.1`,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: bytes / 2 / COLUMNS,
    Columns: COLUMNS,
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 0,
  });
  // (7FE0,0010) OW, two reserved bytes, length.
  const pixelHeader = Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x57, 0, 0, 0, 0, 0, 0]);
  pixelHeader.writeUInt32LE(bytes, 8);
  const block = Buffer.alloc(BLOCK, study);
  await using file = await open(path, 'w');
  await file.write(Buffer.concat([encodeFileMeta(identity), encodeDataset(dataset, identity.transferSyntaxUID), pixelHeader]));
  for (let left = bytes; left > 0; left -= BLOCK) await file.write(block.subarray(0, Math.min(BLOCK, left)));
}

/** What earlier rounds left to be written to the disk must not slow the next one. */
export async function syncDisk(): Promise<void> {
  const [code] = await once(spawn('sync', { stdio: 'inherit' }), 'exit');
  if (code !== 0) throw new Error('sync failed');
}
