import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writevSync } from 'node:fs';
import { join } from 'node:path';
import { Dataset, encodeDataset, encodeFileMeta, TransferSyntaxUID, type ValueInput } from '../../dicom/dataset/index.ts';

/** A UID under 2.25 (PS3.5 B.2) that is the same in every run for the same words. */
export function uidFor(...words: readonly (string | number)[]): string {
  const hash = createHash('sha256')
    .update(`phosphor-phantom-1/${words.join('/')}`)
    .digest('hex')
    .slice(0, 32);
  return `2.25.${BigInt(`0x${hash}`)}`;
}

export interface SeriesPlan {
  readonly directory: string;
  /** Attributes that all instances share; text encoded by its SpecificCharacterSet. */
  readonly shared: Readonly<Record<string, ValueInput>>;
  readonly sopClassUID: string;
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID: string;
}

/** Writes the instances of one series as Part 10 files, explicit little endian: `<series directory>/0001.dcm` … */
export class SeriesWriter {
  readonly #plan: SeriesPlan;
  #number = 0;

  constructor(plan: SeriesPlan) {
    this.#plan = plan;
    mkdirSync(plan.directory, { recursive: true });
  }

  /** Adds an instance. `pixels` must be of even length; `bytesPerSample` decides OB or OW. Returns the path. */
  add(attributes: Readonly<Record<string, ValueInput>>, pixels: Uint8Array, bytesPerSample: 1 | 2): string {
    this.#number += 1;
    const { sopClassUID, studyInstanceUID, seriesInstanceUID, shared, directory } = this.#plan;
    const sopInstanceUID = uidFor('instance', seriesInstanceUID, this.#number);
    const dataset = Dataset.of({
      ...shared,
      InstanceNumber: this.#number,
      ...attributes,
      SOPClassUID: sopClassUID,
      SOPInstanceUID: sopInstanceUID,
      StudyInstanceUID: studyInstanceUID,
      SeriesInstanceUID: seriesInstanceUID,
    });
    const header = encodeDataset(dataset, TransferSyntaxUID.ExplicitVRLittleEndian);
    const meta = encodeFileMeta({ sopClassUID, sopInstanceUID, transferSyntaxUID: TransferSyntaxUID.ExplicitVRLittleEndian });
    const path = join(directory, `${String(this.#number).padStart(4, '0')}.dcm`);
    const file = openSync(path, 'w', 0o600);
    try {
      writeAll(file, [meta, header, pixelHeader(pixels.length, bytesPerSample), pixels]);
    } finally {
      closeSync(file);
    }
    return path;
  }
}

function writeAll(file: number, chunks: readonly Uint8Array[]): void {
  const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const written = writevSync(file, chunks);
  if (written < total) writeAll(file, [Buffer.concat(chunks).subarray(written)]);
}

function pixelHeader(length: number, bytesPerSample: 1 | 2): Uint8Array {
  const header = Buffer.alloc(12);
  header.writeUInt16LE(0x7fe0, 0);
  header.writeUInt16LE(0x0010, 2);
  header.write(bytesPerSample === 1 ? 'OB' : 'OW', 4, 'latin1');
  header.writeUInt32LE(length, 8);
  return header;
}

/** The bytes of 16-bit samples, little endian as all machines of this product are. */
export function bytesOf(samples: Int16Array | Uint16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

export const SOPClass = {
  CT: '1.2.840.10008.5.1.4.1.1.2',
  MR: '1.2.840.10008.5.1.4.1.1.4',
  CR: '1.2.840.10008.5.1.4.1.1.1',
  UltrasoundMultiFrame: '1.2.840.10008.5.1.4.1.1.3.1',
} as const;
