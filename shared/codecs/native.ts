import { PhosphorError } from '../contract/phosphor-error.ts';
import { interleavePlanes, keepStoredBits, swapBytes, unpackBits, unpackCells, viewSamples } from './bits.ts';
import { frameSamples } from './limits.ts';
import type { DecodedFrame, FrameDescription, Samples } from './types.ts';

/** Bits that a native frame takes in Pixel Data (PS3.5 §8.1.1, §8.2; two chroma samples per two pixels for 4:2:2). */
export function nativeFrameBits(image: FrameDescription): number {
  const perPixel = isSubsampled(image) ? 2 : image.samplesPerPixel;
  return image.rows * image.columns * perPixel * image.bitsAllocated;
}

/**
 * Native (uncompressed) frame → stored values. Throws PhosphorError `damaged` where the bytes are fewer than the description needs.
 */
export function decodeNative(
  bytes: Uint8Array,
  image: FrameDescription,
  options: { bigEndian: boolean; bitOffset: number; swappedWords: boolean },
): DecodedFrame {
  const needed = Math.ceil((nativeFrameBits(image) + options.bitOffset) / 8);
  if (bytes.length < needed) {
    throw new PhosphorError('damaged', `the frame has ${bytes.length} of ${needed} bytes`);
  }
  const signed = image.pixelRepresentation === 1;
  const common = { rows: image.rows, columns: image.columns, samplesPerPixel: image.samplesPerPixel, bitsStored: image.bitsStored, signed };

  if (image.bitsAllocated === 1) {
    const packed = options.swappedWords ? swapBytes(padded(bytes), 2) : bytes;
    const samples = unpackBits(packed, options.bitOffset, frameSamples(image));
    return { ...common, signed: false, photometricInterpretation: image.photometricInterpretation, samples };
  }

  if (image.sampleFormat !== undefined) {
    const samples = readFloats(bytes, needed, image.sampleFormat, options.bigEndian);
    return { ...common, signed: true, photometricInterpretation: image.photometricInterpretation, samples };
  }
  const stored = readCells(bytes, needed, image, options);
  keepStoredBits(stored, image);
  if (isSubsampled(image)) {
    return { ...common, photometricInterpretation: 'YBR_FULL', samples: fillUpChroma(stored, image.rows * image.columns) };
  }
  const planar = image.samplesPerPixel > 1 && image.planarConfiguration === 1;
  const samples = planar ? interleavePlanes(stored, image.rows * image.columns, image.samplesPerPixel) : stored;
  return { ...common, photometricInterpretation: image.photometricInterpretation, samples };
}

/** The cells as typed array of our own: what comes in may be a view of a larger buffer and is never written to. */
function readCells(
  bytes: Uint8Array,
  needed: number,
  image: FrameDescription,
  options: { bigEndian: boolean; bitOffset: number; swappedWords: boolean },
): Exclude<Samples, Float32Array | Float64Array> {
  if (!WHOLE.has(image.bitsAllocated)) return readPacked(bytes, image, options);
  const bits = image.bitsAllocated === 8 ? 8 : image.bitsAllocated === 16 ? 16 : 32;
  const signed = image.pixelRepresentation === 1;
  if (bits === 8 && options.swappedWords) return viewSamples(swapBytes(padded(bytes), 2).subarray(0, needed), bits, signed);
  if (bits !== 8 && options.bigEndian) return viewSamples(swapBytes(bytes.subarray(0, needed), bits === 16 ? 2 : 4), bits, signed);
  return viewSamples(new Uint8Array(bytes.subarray(0, needed)), bits, signed);
}

const WHOLE: ReadonlySet<number> = new Set([8, 16, 32]);

/** Cells that are not whole bytes follow each other bit by bit, big-endian ones in swapped words. */
function readPacked(bytes: Uint8Array, image: FrameDescription, options: { bigEndian: boolean; bitOffset: number }) {
  const packed = options.bigEndian ? swapBytes(padded(bytes), 2) : bytes;
  const count = isSubsampled(image) ? image.rows * image.columns * 2 : frameSamples(image);
  const cells = unpackCells(packed, options.bitOffset, count, image.bitsAllocated);
  if (image.pixelRepresentation !== 1) return cells;
  return cells instanceof Uint16Array ? new Int16Array(cells.buffer) : new Int32Array(cells.buffer);
}

function readFloats(bytes: Uint8Array, needed: number, format: 'float' | 'double', bigEndian: boolean): Float32Array | Float64Array {
  const own = bigEndian ? swapBytes(bytes.subarray(0, needed), format === 'float' ? 4 : 8) : new Uint8Array(bytes.subarray(0, needed));
  return format === 'float' ? new Float32Array(own.buffer) : new Float64Array(own.buffer);
}

/** The last word of an odd number of bytes is filled up, where the pad byte did not come along. */
function padded(bytes: Uint8Array): Uint8Array {
  if (bytes.length % 2 === 0) return bytes;
  const even = new Uint8Array(bytes.length + 1);
  even.set(bytes);
  return even;
}

function isSubsampled(image: FrameDescription): boolean {
  return image.samplesPerPixel === 3 && /^YBR_(FULL|PARTIAL)_422$/.test(image.photometricInterpretation);
}

/** Y1 Y2 Cb Cr → Y1 Cb Cr Y2 Cb Cr (PS3.3 C.7.6.3.1.2). */
function fillUpChroma(pairs: Samples, pixels: number): Samples {
  const full = pairs instanceof Uint8Array ? new Uint8Array(pixels * 3) : new Uint16Array(pixels * 3);
  for (let p = 0, from = 0, to = 0; p < pixels; p += 2, from += 4, to += 6) {
    const cb = pairs[from + 2] ?? 0;
    const cr = pairs[from + 3] ?? 0;
    full[to] = pairs[from] ?? 0;
    full[to + 1] = cb;
    full[to + 2] = cr;
    if (p + 1 === pixels) break;
    full[to + 3] = pairs[from + 1] ?? 0;
    full[to + 4] = cb;
    full[to + 5] = cr;
  }
  return full;
}
