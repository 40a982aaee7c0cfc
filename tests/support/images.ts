import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Dataset, encodeDataset, encodeFileMeta, TransferSyntaxUID, type ValueInput } from '../../electron/dicom/dataset/index.ts';
import { UIDs } from './scripted-peer.ts';

/** An element by tag, where its keyword or VR is not enough (repeating groups, US or SS). */
export type RawElement = readonly [tag: number, value: ValueInput, vr: 'US' | 'SS' | 'OW' | 'OB' | 'CS' | 'LO' | 'IS' | 'SQ' | 'OF' | 'OD'];

export interface GeneratedImage {
  readonly name: string;
  readonly values: Readonly<Record<string, ValueInput>>;
  readonly elements?: readonly RawElement[];
  readonly pixels: Uint8Array;
  readonly pixelVR?: 'OB' | 'OW' | 'OF' | 'OD';
  readonly transferSyntaxUID?: string;
}

export const COLUMNS = 37;
export const ROWS = 29;

/** An overlay of the whole image in group 6000 (PS3.3 C.9.2), without its bits where they stand in the pixels. */
export function overlayElements(bits: { readonly allocated: number; readonly position: number; readonly data?: Uint8Array }): RawElement[] {
  const { allocated, position, data } = bits;
  return [
    [0x60000010, [ROWS], 'US'],
    [0x60000011, [COLUMNS], 'US'],
    [0x60000040, 'G', 'CS'],
    [0x60000050, [1, 1], 'SS'],
    [0x60000100, [allocated], 'US'],
    [0x60000102, [position], 'US'],
    ...(data === undefined ? [] : [[0x60003000, data, 'OW'] as const]),
  ];
}

/** Values 0 to 1 that go through everything: a ramp with a little of everything in it. */
export function pattern(count: number, turn = 0): number[] {
  return Array.from({ length: count }, (_, i) => ((i * 7919 + turn * 104_729) % 9973) / 9972);
}

/** Writes a Part 10 file of a secondary capture with these values; rows and columns as above unless given. */
export async function writeImage(folder: string, image: GeneratedImage): Promise<string> {
  const transferSyntaxUID = image.transferSyntaxUID ?? TransferSyntaxUID.ExplicitVRLittleEndian;
  const sopInstanceUID = `1.2.3.${[...image.name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_000_007, 7)}`;
  const dataset = Dataset.of({
    SOPClassUID: UIDs.secondaryCaptureStorage,
    SOPInstanceUID: sopInstanceUID,
    StudyInstanceUID: '1.2.3',
    SeriesInstanceUID: '1.2.3.1',
    Modality: 'OT',
    PatientName: 'Pattern',
    PatientID: 'P',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: ROWS,
    Columns: COLUMNS,
    PixelRepresentation: 0,
    ...image.values,
  });
  for (const [tag, value, vr] of image.elements ?? []) dataset.set(tag, value, vr);
  const vr = image.pixelVR ?? 'OW';
  dataset.set(vr === 'OF' ? 'FloatPixelData' : vr === 'OD' ? 'DoubleFloatPixelData' : 'PixelData', image.pixels, vr);
  const meta = encodeFileMeta({ sopClassUID: UIDs.secondaryCaptureStorage, sopInstanceUID, transferSyntaxUID });
  const path = join(folder, `${image.name.replace(/\W+/g, '-')}.dcm`);
  await writeFile(path, Buffer.concat([meta, encodeDataset(dataset, transferSyntaxUID)]));
  return path;
}

/** Cells of 8, 16 or 32 bits, little endian. */
export function cells(values: readonly number[], bits: 8 | 16 | 32): Uint8Array {
  const bytes = Buffer.alloc(values.length * (bits / 8) + ((values.length * (bits / 8)) % 2));
  for (const [i, value] of values.entries()) {
    if (bits === 8) bytes.writeUInt8(value & 0xff, i);
    else if (bits === 16) bytes.writeUInt16LE(value & 0xffff, i * 2);
    else bytes.writeUInt32LE(value >>> 0, i * 4);
  }
  return bytes;
}

/** Bits, least significant first, padded to an even number of bytes. */
export function packed(bits: readonly (0 | 1)[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 16) * 2);
  for (const [i, bit] of bits.entries()) bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (bit << (i & 7));
  return bytes;
}
