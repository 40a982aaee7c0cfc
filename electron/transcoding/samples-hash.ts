import { createHash } from 'node:crypto';
import { type DecodedFrame, decodeFrame, type FrameDescription, type Samples } from '../../shared/codecs/index.ts';
import type { EncodedImage } from './codec-jobs.ts';

/** See CodecJobs. Rejects with what decodeFrame throws. */
export async function samplesHash({ transferSyntaxUID, image, frames }: EncodedImage): Promise<string> {
  const hash = createHash('sha256');
  for (const frame of frames) {
    const decoded = await decodeFrame({ ...frame, transferSyntaxUID, image });
    hash.update(`${decoded.rows} ${decoded.columns} ${decoded.samplesPerPixel} ${colourOf(image, decoded)} ${decoded.signed};`);
    const cells = inCells(decoded.samples, image.bitsAllocated);
    hash.update(new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength));
  }
  return hash.digest('hex');
}

/** These say how the samples were compressed; what the decoder gives instead is the image (PS3.3 C.7.6.3.1.2, PS3.5 §8.2). */
const UNDONE_BY_DECODER: ReadonlySet<string> = new Set(['YBR_RCT', 'YBR_ICT', 'YBR_FULL_422', 'YBR_PARTIAL_420']);

/**
 * The colour space that the samples are in. Where the decoder converted something that is a colour space of its own, such as YBR_FULL, the
 * name tells both: such an image equals only another one of the same kind, never one that somebody else converted.
 */
function colourOf({ photometricInterpretation: described }: FrameDescription, { photometricInterpretation: now }: DecodedFrame): string {
  return described === now || UNDONE_BY_DECODER.has(described) ? now : `${described} as ${now}`;
}

/** Decoders choose the cell by the codestream's depth; a wider one is filled up. A narrower one would lose bits: such samples stay. */
function inCells(samples: Samples, bitsAllocated: number): Samples {
  const bytes = bitsAllocated <= 8 ? 1 : bitsAllocated / 8;
  if (samples.BYTES_PER_ELEMENT >= bytes) return samples;
  const signed = samples instanceof Int8Array || samples instanceof Int16Array || samples instanceof Int32Array;
  if (bytes === 2) return signed ? Int16Array.from(samples) : Uint16Array.from(samples);
  return signed ? Int32Array.from(samples) : Uint32Array.from(samples);
}
