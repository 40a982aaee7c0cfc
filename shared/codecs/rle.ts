import { PhosphorError } from '../contract/phosphor-error.ts';
import { keepStoredBits, unpackBits, viewSamples } from './bits.ts';
import type { DecodedFrame, FrameDescription } from './types.ts';

const HEADER_BYTES = 64;
const MAX_SEGMENTS = 15;

/**
 * RLE Lossless frame (PS3.5 annex G): one segment per byte plane, most significant byte first, sample by sample. Throws PhosphorError
 * `damaged` where header or segments contradict the description; a segment that ends early is taken as damage too.
 */
export function decodeRLE(bytes: Uint8Array, image: FrameDescription): DecodedFrame {
  const sampleBytes = image.bitsAllocated / 8;
  if (image.bitsAllocated === 1) return decodePackedRLE(bytes, image);
  if (!Number.isInteger(sampleBytes) || image.sampleFormat !== undefined) {
    throw new PhosphorError('unsupported', `RLE with ${image.bitsAllocated} bits allocated`);
  }
  const pixels = image.rows * image.columns;
  const segments = segmentOffsets(bytes, sampleBytes * image.samplesPerPixel);
  const stride = sampleBytes * image.samplesPerPixel;
  // Two bytes stand for 128 at most: what cannot be enough is known before memory is taken for it.
  if (bytes.length * 64 < pixels * stride) throw new PhosphorError('damaged', 'the RLE frame is too short for its image');
  const decoded = new Uint8Array(pixels * stride);

  for (const [index, [start, end]] of segments.entries()) {
    const sample = Math.floor(index / sampleBytes);
    const byteOfSample = sampleBytes - 1 - (index % sampleBytes);
    unpackSegment(bytes, start, end, decoded, sample * sampleBytes + byteOfSample, stride, pixels);
  }

  const signed = image.pixelRepresentation === 1;
  const samples = viewSamples(decoded, sampleBytes === 1 ? 8 : sampleBytes === 2 ? 16 : 32, signed);
  keepStoredBits(samples, image);
  return {
    rows: image.rows,
    columns: image.columns,
    samplesPerPixel: image.samplesPerPixel,
    photometricInterpretation: image.photometricInterpretation,
    bitsStored: image.bitsStored,
    signed,
    samples,
  };
}

/** 1-bit samples: one segment of packed bytes. */
function decodePackedRLE(bytes: Uint8Array, image: FrameDescription): DecodedFrame {
  const pixels = image.rows * image.columns * image.samplesPerPixel;
  const packed = new Uint8Array(Math.ceil(pixels / 8));
  for (const [start, end] of segmentOffsets(bytes, 1)) unpackSegment(bytes, start, end, packed, 0, 1, packed.length);
  const { rows, columns, samplesPerPixel, photometricInterpretation } = image;
  return {
    rows,
    columns,
    samplesPerPixel,
    photometricInterpretation,
    bitsStored: 1,
    signed: false,
    samples: unpackBits(packed, 0, pixels),
  };
}

function segmentOffsets(bytes: Uint8Array, expected: number): [start: number, end: number][] {
  if (bytes.length < HEADER_BYTES) throw new PhosphorError('damaged', 'RLE header is cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(0, true);
  if (count !== expected || count > MAX_SEGMENTS) throw new PhosphorError('damaged', `RLE frame has ${count} segments, needs ${expected}`);
  const offsets: [number, number][] = [];
  for (let i = 0; i < count; i++) {
    const start = view.getUint32(4 + 4 * i, true);
    const end = i + 1 < count ? view.getUint32(8 + 4 * i, true) : bytes.length;
    if (start < HEADER_BYTES || start > end || end > bytes.length) throw new PhosphorError('damaged', 'RLE segment lies outside the frame');
    offsets.push([start, end]);
  }
  return offsets;
}

/** PackBits into every `stride`-th byte of `target` (PS3.5 G.3.2). */
function unpackSegment(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  first: number,
  stride: number,
  pixels: number,
): void {
  let to = first;
  let left = pixels;
  let at = start;
  while (left > 0 && at < end) {
    const control = bytes[at++] ?? 128;
    if (control < 128) {
      const run = Math.min(control + 1, left, end - at);
      for (let i = 0; i < run; i++, to += stride) target[to] = bytes[at + i] ?? 0;
      at += control + 1;
      left -= run;
    } else if (control > 128) {
      const run = Math.min(257 - control, left);
      const value = bytes[at++] ?? 0;
      for (let i = 0; i < run; i++, to += stride) target[to] = value;
      left -= run;
    }
  }
  if (left > 0) throw new PhosphorError('damaged', `RLE segment ends ${left} pixels early`);
}
