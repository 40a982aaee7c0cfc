import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { encodedImage as imageOf } from '../../../electron/archive/same-pixels.ts';
import {
  Dataset,
  decodeDataset,
  encodeDataset,
  encodeFileMeta,
  readPart10Meta,
  Tag,
  type ValueInput,
} from '../../../electron/dicom/dataset/index.ts';
import type { EncodedImage } from '../../../electron/transcoding/index.ts';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

export const SYNTAX = {
  implicit: '1.2.840.10008.1.2',
  explicit: '1.2.840.10008.1.2.1',
  deflated: '1.2.840.10008.1.2.1.99',
  bigEndian: '1.2.840.10008.1.2.2',
  rle: '1.2.840.10008.1.2.5',
  jpegBaseline: '1.2.840.10008.1.2.4.50',
  jpegLossless: '1.2.840.10008.1.2.4.70',
  jpegLS: '1.2.840.10008.1.2.4.80',
  jpeg2000: '1.2.840.10008.1.2.4.90',
  htj2k: '1.2.840.10008.1.2.4.201',
} as const;

const CT = '1.2.840.10008.5.1.4.1.1.2';

/** A data set as it travels: what announces it and its bytes. */
export interface EncodedInstance {
  readonly sopClassUID: string;
  readonly sopInstanceUID: string;
  readonly transferSyntaxUID: string;
  readonly bytes: Uint8Array;
}

/** A signed 16-bit CT with structure and noise, `size` × `size` per frame; `change` may alter attributes and samples. */
export function ctDataset(
  size: number,
  { frames = 1, change = () => undefined }: { frames?: number; change?: (samples: Int16Array, dataset: Dataset) => void } = {},
): Dataset {
  const samples = new Int16Array(size * size * frames);
  let noise = 1;
  for (let i = 0; i < samples.length; i += 1) {
    noise = (noise * 1_103_515_245 + 12_345) & 0x7fffffff;
    const [x, y] = [i % size, Math.floor(i / size) % size];
    samples[i] =
      Math.hypot(x - size / 2, y - size / 2) < size / 3 ? 40 + (noise % 30) + Math.floor(i / (size * size)) : -1000 + (noise % 8);
  }
  const dataset = imageDataset(size, { BitsAllocated: 16, BitsStored: 16, HighBit: 15, PixelRepresentation: 1 });
  if (frames > 1) dataset.set('NumberOfFrames', frames);
  change(samples, dataset);
  dataset.set('PixelData', new Uint8Array(samples.buffer), 'OW');
  return dataset;
}

/** An 8-bit RGB image, samples of a pixel side by side. */
export function colourDataset(size: number, change: (samples: Uint8Array) => void = () => undefined): Dataset {
  const samples = Uint8Array.from({ length: size * size * 3 }, (_, i) => (i * 7 + (i % 3) * 50 + Math.floor(i / size)) & 0xff);
  change(samples);
  const dataset = imageDataset(size, { BitsAllocated: 8, BitsStored: 8, HighBit: 7, PixelRepresentation: 0 });
  dataset.set('SamplesPerPixel', 3).set('PhotometricInterpretation', 'RGB').set('PlanarConfiguration', 0);
  dataset.set('PixelData', samples, 'OB');
  return dataset;
}

function imageDataset(size: number, values: Readonly<Record<string, ValueInput>>): Dataset {
  return Dataset.of({
    SOPClassUID: CT,
    SOPInstanceUID: '1.2.3.4',
    StudyInstanceUID: '1.2.3',
    SeriesInstanceUID: '1.2.3.1',
    StudyDate: '20260102',
    Modality: 'CT',
    PatientName: 'Doe^Jane',
    PatientID: 'P1',
    SeriesNumber: 1,
    InstanceNumber: 1,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: size,
    Columns: size,
    ...values,
  });
}

export function instanceOf(
  dataset: Dataset,
  transferSyntaxUID: string,
  bytes = encodeDataset(dataset, transferSyntaxUID),
): EncodedInstance {
  return { sopClassUID: CT, sopInstanceUID: dataset.uid(Tag.SOPInstanceUID), transferSyntaxUID, bytes };
}

/** Its image as the codec worker takes it. */
export function encodedImage({ bytes, transferSyntaxUID }: EncodedInstance): EncodedImage {
  const image = imageOf({ dataset: decodeDataset(bytes, transferSyntaxUID), bytes, transferSyntaxUID });
  if (image === undefined) throw new Error('no image');
  return image;
}

const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  [SYNTAX.rle]: ['dcmcrle'],
  [SYNTAX.jpegLossless]: ['dcmcjpeg', '+e1'],
  [SYNTAX.jpegBaseline]: ['dcmcjpeg', '+eb', '+un'],
  [SYNTAX.jpegLS]: ['dcmcjpls', '+el'],
  [SYNTAX.deflated]: ['dcmconv', '+td'],
};

/** The data set compressed as another program does it: DCMTK, and OpenJPEG for JPEG 2000. */
export async function compressed(dataset: Dataset, transferSyntaxUID: string, extra: readonly string[] = []): Promise<EncodedInstance> {
  if (transferSyntaxUID === SYNTAX.jpeg2000) return instanceOf(dataset, transferSyntaxUID, await jpeg2000(dataset));
  const [program = '', ...options] = PROGRAMS[transferSyntaxUID] ?? [];
  const folder = await mkdtemp(join(tmpdir(), 'phosphor-codec-'));
  try {
    const [from, to] = [join(folder, 'from.dcm'), join(folder, 'to.dcm')];
    const plain = instanceOf(dataset, SYNTAX.explicit);
    await writeFile(from, Buffer.concat([encodeFileMeta(plain), plain.bytes]));
    await run(program, [...options, ...extra, from, to]);
    const file = await readFile(to);
    return instanceOf(dataset, transferSyntaxUID, file.subarray(readPart10Meta(file).dataSetOffset));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface J2KEncoder {
  getDecodedBuffer(info: object): Uint8Array;
  setQuality(lossless: boolean, rate: number): void;
  encode(): void;
  getEncodedBuffer(): Uint8Array;
  delete(): void;
}

/** The frames of a data set's pixels as JPEG 2000 codestreams without loss. */
export async function jpeg2000Frames(dataset: Dataset): Promise<Uint8Array[]> {
  const create: () => Promise<{ J2KEncoder: new () => J2KEncoder }> = require('@cornerstonejs/codec-openjpeg/wasmjs');
  const { J2KEncoder } = await create();
  const pixels = dataset.bytes(Tag.PixelData) ?? new Uint8Array();
  const [size = 0, frames = 1, componentCount = 1] = [Tag.Rows, Tag.NumberOfFrames, Tag.SamplesPerPixel].map((tag) => dataset.number(tag));
  const bitsPerSample = dataset.number(Tag.BitsStored);
  const info = { width: size, height: size, bitsPerSample, componentCount, isSigned: dataset.number(Tag.PixelRepresentation) === 1 };
  return Array.from({ length: frames }, (_, frame) => {
    const encoder = new J2KEncoder();
    const length = pixels.length / frames;
    encoder.getDecodedBuffer(info).set(pixels.subarray(frame * length, (frame + 1) * length));
    encoder.setQuality(true, 0);
    encoder.encode();
    const stream = Uint8Array.from(encoder.getEncodedBuffer());
    encoder.delete();
    return stream;
  });
}

async function jpeg2000(dataset: Dataset): Promise<Uint8Array> {
  const before = Dataset.of({});
  for (const element of dataset) if (element.tag !== Tag.PixelData) before.setElement(element);
  // With three components the encoder transforms them.
  if (dataset.number(Tag.SamplesPerPixel) === 3) before.set('PhotometricInterpretation', 'YBR_RCT');
  return Buffer.concat([encodeDataset(before, SYNTAX.jpeg2000), encapsulated(await jpeg2000Frames(dataset))]);
}

/** Pixel Data of one fragment per frame with an empty offset table (PS3.5 A.4). */
function encapsulated(streams: readonly Uint8Array[]): Buffer {
  const item = (value: Uint8Array): Buffer => {
    const header = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
    header.writeUInt32LE(value.length + (value.length % 2), 4);
    return Buffer.concat([header, value, Buffer.alloc(value.length % 2)]);
  };
  const start = Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x42, 0, 0, 0xff, 0xff, 0xff, 0xff]);
  const end = Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
  return Buffer.concat([start, item(new Uint8Array()), ...streams.map(item), end]);
}
