import {
  type DecodedFrame,
  decodeFrame,
  type FrameDescription,
  inflate,
  nativeFrameBits,
  type Samples,
} from '../../shared/codecs/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { EncodedImage, NativeFrames } from './codec-jobs.ts';

const RLE = '1.2.840.10008.1.2.5';
/** Encapsulated Uncompressed, Deflated Image Frame Compression: the frames are native ones. */
const UNCOMPRESSED = '1.2.840.10008.1.2.1.98';
const DEFLATED_FRAMES = '1.2.840.10008.1.2.8.1';

/** See CodecJobs. Rejects with what decodeFrame throws. */
export async function nativeFrames(encoded: EncodedImage): Promise<NativeFrames> {
  const { transferSyntaxUID, image, frames } = encoded;
  if (transferSyntaxUID === UNCOMPRESSED || transferSyntaxUID === DEFLATED_FRAMES) return await framesAsTheyAre(encoded);
  // RLE holds whole cells: also what stands beside the stored bits, such as an overlay, is kept.
  const wholeCells = transferSyntaxUID === RLE && image.bitsAllocated > 1;
  const described = wholeCells ? { ...image, bitsStored: image.bitsAllocated, highBit: image.bitsAllocated - 1 } : image;
  const decoded: DecodedFrame[] = [];
  for (const frame of frames) decoded.push(await decodeFrame({ ...frame, transferSyntaxUID, image: described }));
  const bitsAllocated = Math.max(image.bitsAllocated, ...decoded.map(neededCell));
  const bitsStored = Math.max(image.bitsStored, ...decoded.map((frame) => (wholeCells ? 0 : neededBits(frame, image))));
  const [photometricInterpretation = '', ...others] = new Set(decoded.map((frame) => frame.photometricInterpretation));
  if (others.length > 0) throw new PhosphorError('damaged', 'the frames are in different colour spaces');
  const pieces = decoded.map((frame) => inCells(frame, image, bitsAllocated));
  return { bytes: joined(pieces), bitsAllocated, bitsStored, photometricInterpretation };
}

async function framesAsTheyAre({ transferSyntaxUID, image, frames }: EncodedImage): Promise<NativeFrames> {
  const bytes = Math.ceil(nativeFrameBits(image) / 8);
  const pieces: Uint8Array[] = [];
  for (const { fragments } of frames) {
    const whole = joined(fragments);
    const frame = transferSyntaxUID === DEFLATED_FRAMES ? await inflate(whole, bytes + 1) : whole;
    if (frame.length < bytes) throw new PhosphorError('damaged', `the frame has ${frame.length} of ${bytes} bytes`);
    pieces.push(frame.subarray(0, bytes));
  }
  const { bitsAllocated, bitsStored, photometricInterpretation } = image;
  return { bytes: joined(pieces), bitsAllocated, bitsStored, photometricInterpretation };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** A codestream of more bits than Bits Allocated needs wider cells (PS3.5 §8.2). */
function neededCell({ samples, bitsStored }: DecodedFrame): number {
  return bitsStored <= 8 ? 0 : samples.BYTES_PER_ELEMENT * 8;
}

/** More than Bits Stored only where a sample really has them: many codestreams say 16 and hold 12. */
function neededBits({ samples, bitsStored, signed }: DecodedFrame, image: FrameDescription): number {
  const known = image.highBit + 1;
  if (signed && image.pixelRepresentation === 0) {
    if (samples.some((sample) => sample < 0))
      throw new PhosphorError('damaged', 'samples below zero in pixels that are said to have no sign');
  }
  if (bitsStored <= known || signed) return bitsStored > image.bitsAllocated ? bitsStored : 0;
  let all = 0;
  for (let i = 0; i < samples.length; i++) all |= samples[i] ?? 0;
  const bits = 32 - Math.clz32(all);
  return bits > known ? bits : 0;
}

function inCells({ samples }: DecodedFrame, image: FrameDescription, bitsAllocated: number): Uint8Array {
  if (bitsAllocated === 1) return packed(samples);
  const cells =
    samples.BYTES_PER_ELEMENT * 8 === bitsAllocated ? samples : widened(samples, bitsAllocated, image.pixelRepresentation === 1);
  return new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength);
}

function widened(samples: Samples, bitsAllocated: number, signed: boolean): Samples {
  if (bitsAllocated === 8) return Uint8Array.from(samples);
  if (bitsAllocated === 16) return signed ? Int16Array.from(samples) : Uint16Array.from(samples);
  return signed ? Int32Array.from(samples) : Uint32Array.from(samples);
}

/** 1-bit samples, the first one in the lowest bit (PS3.5 §8.1.1). */
function packed(samples: Samples): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(samples.length / 8));
  for (let i = 0; i < samples.length; i++) if (samples[i] === 1) bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (1 << (i & 7));
  return bytes;
}
