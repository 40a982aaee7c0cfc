import type { GreyFrame } from './decode-messages.ts';
import { type GreyTransform, greyFunction } from './voi.ts';

/** Grey levels of a frame with exact samples. What is no number is black. */
export function exactGrey({ exact }: Pick<GreyFrame, 'exact'>, transform: GreyTransform): Uint8Array<ArrayBuffer> {
  if (exact === undefined) return new Uint8Array(0);
  const { samples, slope, intercept } = exact;
  const toGrey = greyFunction({ ...transform, slope, intercept });
  const grey = new Uint8ClampedArray(samples.length);
  for (let i = 0; i < samples.length; i++) {
    const level = toGrey(samples[i] ?? 0);
    grey[i] = transform.invert ? 255 - level : level;
  }
  return new Uint8Array(grey.buffer);
}
