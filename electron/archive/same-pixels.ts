import { type FrameDescription, nativeFrameBits } from '../../shared/codecs/index.ts';
import { type Dataset, Fragments, memorySource, readFrameFragments, Tag, TransferSyntaxUID } from '../dicom/dataset/index.ts';
import type { CodecWorker, EncodedImage } from '../transcoding/index.ts';

/** A data set with pixel data, and what its fragments are ranges of. */
export interface Image {
  readonly dataset: Dataset;
  readonly bytes: Uint8Array;
  readonly transferSyntaxUID: string;
}

/** Two images with the same values whose pixel data are encoded differently. */
export interface ImagePair {
  readonly a: Image;
  readonly b: Image;
}

/** Images in one instance that are decoded: its own and a few icons. */
const MAX_IMAGES = 4;

/** False when it is known without decoding that the last of these pairs cannot be told to be the same. */
export function mayShareSamples(images: readonly ImagePair[]): boolean {
  const last = images.at(-1);
  return images.length <= MAX_IMAGES && last !== undefined && !hasOverlayInPixels(last.a.dataset);
}

/**
 * Whether the decoded samples of every pair are the same, colour space and sign included; both of a pair are asked for together. Rejects with
 * what the codec worker says (undecodable, too large, not in time).
 */
export async function sameImages(images: readonly ImagePair[], codec: CodecWorker): Promise<boolean> {
  for (const pair of images) {
    const [a, b] = [encodedImage(pair.a), encodedImage(pair.b)];
    if (a === undefined || b === undefined || a.frames.length !== b.frames.length) return false;
    const [one, other] = await Promise.all([codec.run('samplesHash', a), codec.run('samplesHash', b)]);
    if (one !== other) return false;
  }
  return true;
}

/** An overlay in unused bits of the pixels (PS3.5 §8.1.2, retired) is lost by most compressions and never part of the samples. */
function hasOverlayInPixels(dataset: Dataset): boolean {
  return dataset.elements().some(({ tag }) => (tag & 0xff01ffff) === OVERLAY_BITS_ALLOCATED && dataset.number(tag) !== 1);
}

const OVERLAY_BITS_ALLOCATED = 0x60000100;

/** The image as the codec worker takes it; undefined where the description or the frames are not complete. */
export function encodedImage({ dataset, bytes, transferSyntaxUID }: Image): EncodedImage | undefined {
  const image = descriptionOf(dataset);
  const pixels = dataset.get(Tag.PixelData)?.value;
  const count = dataset.has(Tag.NumberOfFrames) ? dataset.number(Tag.NumberOfFrames) : 1;
  if (image === undefined || count === undefined || !Number.isInteger(count) || count < 1 || count > MAX_FRAMES) return undefined;
  if (pixels instanceof Uint8Array) {
    // Read from any byte order, values stand in little endian.
    return { transferSyntaxUID: TransferSyntaxUID.ExplicitVRLittleEndian, image, frames: nativeFrames(pixels, image, count) };
  }
  if (!(pixels instanceof Fragments)) return undefined;
  const [table, last] = [pixels.items[0], pixels.items.at(-1)];
  if (table === undefined || last === undefined) return undefined;
  const offset = table.offset - ITEM_HEADER;
  const extendedOffsetTable = dataset.bytes(Tag.ExtendedOffsetTable);
  const located = readFrameFragments(
    memorySource(bytes),
    { offset, length: last.offset + last.length + ITEM_HEADER - offset },
    count,
    extendedOffsetTable === undefined ? {} : { extendedOffsetTable },
  );
  const frames = located.frames.map((ranges) => ({ fragments: ranges.map(([at, length]) => bytes.subarray(at, at + length)) }));
  return frames.some(({ fragments }) => fragments.length === 0) ? undefined : { transferSyntaxUID, image, frames };
}

const MAX_FRAMES = 10_000;
const ITEM_HEADER = 8;

function nativeFrames(pixels: Uint8Array, image: FrameDescription, count: number): EncodedImage['frames'] {
  const bits = nativeFrameBits(image);
  return Array.from({ length: count }, (_, i) => ({
    fragments: [pixels.subarray(Math.floor((bits * i) / 8), Math.ceil((bits * (i + 1)) / 8))],
    bitOffset: (bits * i) % 8,
  }));
}

/** Nothing is assumed here: a missing attribute leaves open what the samples are. */
function descriptionOf(dataset: Dataset): FrameDescription | undefined {
  const numbers = ['Rows', 'Columns', 'SamplesPerPixel', 'BitsAllocated', 'BitsStored', 'HighBit', 'PixelRepresentation'] as const;
  const [rows, columns, samplesPerPixel, bitsAllocated, bitsStored, highBit, pixelRepresentation] = numbers.map((name) =>
    dataset.number(Tag[name]),
  );
  if (rows === undefined || columns === undefined || samplesPerPixel === undefined || bitsAllocated === undefined) return undefined;
  if (bitsStored === undefined || highBit === undefined || pixelRepresentation === undefined) return undefined;
  return {
    rows,
    columns,
    samplesPerPixel,
    bitsAllocated,
    bitsStored,
    highBit,
    pixelRepresentation,
    photometricInterpretation: dataset.string(Tag.PhotometricInterpretation),
    planarConfiguration: dataset.number(Tag.PlanarConfiguration) ?? 0,
  };
}
