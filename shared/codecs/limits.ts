import { PhosphorError } from '../contract/phosphor-error.ts';
import type { FrameDescription } from './types.ts';

/** A decoded frame may not be larger than this (a 3D mammogram slice is 27 MB, a whole-slide tile 0.8 MB). */
const MAX_FRAME_BYTES = 512 * 1024 * 1024;
const MAX_SAMPLES_PER_PIXEL = 4;

/**
 * Checks a description before anything is allocated. Throws PhosphorError `damaged` where it contradicts itself, `unsupported` where we
 * know no such layout, `limit-exceeded` where the frame would be too large.
 */
export function checkDescription(image: FrameDescription): void {
  const { rows, columns, samplesPerPixel, bitsAllocated, bitsStored, highBit } = image;
  if (!isCount(rows, 65_535) || !isCount(columns, 65_535)) throw new PhosphorError('damaged', 'rows or columns missing');
  if (!isCount(samplesPerPixel, MAX_SAMPLES_PER_PIXEL)) throw new PhosphorError('damaged', `${samplesPerPixel} samples per pixel`);
  if (image.sampleFormat !== undefined) {
    if (bitsAllocated !== (image.sampleFormat === 'float' ? 32 : 64)) {
      throw new PhosphorError('damaged', `${bitsAllocated} bits allocated for ${image.sampleFormat} samples`);
    }
  } else if (!isCount(bitsAllocated, 32)) throw new PhosphorError('unsupported', `${bitsAllocated} bits allocated`);
  if (!isCount(bitsStored, bitsAllocated)) throw new PhosphorError('damaged', `${bitsStored} bits stored in ${bitsAllocated} allocated`);
  if (!(highBit >= bitsStored - 1 && highBit < bitsAllocated)) {
    throw new PhosphorError('damaged', `high bit ${highBit} with ${bitsStored} bits stored`);
  }
  if (frameSamples(image) * Math.max(1, Math.ceil(bitsAllocated / 8)) > MAX_FRAME_BYTES) {
    throw new PhosphorError('limit-exceeded', 'the frame is larger than 512 MiB');
  }
}

/** Samples of a frame once every pixel has all of its samples. */
export function frameSamples(image: FrameDescription): number {
  return image.rows * image.columns * image.samplesPerPixel;
}

function isCount(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= max;
}
