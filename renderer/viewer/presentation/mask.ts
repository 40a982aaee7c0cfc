import type { Samples } from '../../../shared/codecs/index.ts';
import type { ImageModule } from '../../../shared/contract/index.ts';
import { modalityFunction } from '../../../shared/marks/index.ts';
import type { GreyFrame } from '../decode-messages.ts';
import { toGreyFrame } from '../grey-frame.ts';

import type { Mask } from './state.ts';

/** Frames (0-based) of an instance that make a subtracted picture: the first is the one it is a picture of. */
export interface Subtraction {
  readonly contrast: readonly number[];
  readonly masks: readonly number[];
}

/** What is subtracted from what for a frame of an instance of `count` frames; undefined where the frame is shown as it is (PS3.3 C.7.6.10.1.1). */
export function subtractionOf(mask: Mask, frame: number, count: number): Subtraction | undefined {
  const { operation, maskFrames, applicable, contrastFrames, tidOffset } = mask;
  if (applicable !== undefined && !applicable.some(([first, last]) => frame >= first && frame <= last)) return undefined;
  const isFrame = (one: number) => Number.isInteger(one) && one >= 0 && one < count;
  const masks = (operation === 'TID' ? [frame - tidOffset] : maskFrames).filter(isFrame);
  if (masks.length === 0) return undefined;
  const contrast = Array.from({ length: contrastFrames }, (_, i) => frame + i).filter(isFrame);
  return { contrast, masks };
}

/** A frame's modality values less those of the mask, each averaged: signed around zero. All frames have the size of the first. */
export function subtract(contrast: readonly GreyFrame[], masks: readonly GreyFrame[], image: ImageModule, shift: Mask['shift']): GreyFrame {
  const [first] = contrast;
  if (first === undefined) throw new RangeError('nothing to subtract from');
  const whole = wholeNumbers(contrast, masks, shift);
  const size = first.columns * first.rows;
  // Of whole stored values both sums are whole too: the rescale then takes the averaging back.
  const scale = whole === undefined ? 1 : contrast.length * masks.length;
  const sum = whole === undefined ? new Float32Array(size) : new Int16Array(size);
  addAll(sum, contrast, whole === undefined ? 1 / contrast.length : masks.length, whole !== undefined);
  const inPlace = shift[0] === 0 && shift[1] === 0;
  if (inPlace) addAll(sum, masks, whole === undefined ? -1 / masks.length : -contrast.length, whole !== undefined);
  else {
    const mean = new Float32Array(size);
    addAll(mean, masks, 1 / masks.length, false);
    subtractShifted(sum, mean, first, shift);
  }
  const frame = { columns: first.columns, rows: first.rows, samplesPerPixel: 1, photometricInterpretation: 'MONOCHROME2' };
  const decoded = { ...frame, samples: sum as Samples, bitsStored: whole ?? 32, signed: true };
  const slope = whole === undefined ? 1 : first.slope / scale;
  const difference = toGreyFrame(decoded, {
    ...image,
    rescaleSlope: slope,
    rescaleIntercept: 0,
    pixelPaddingValue: undefined,
    pixelPaddingRangeLimit: undefined,
  });
  return { ...difference, planes: first.planes };
}

/** Bits of the scaled difference where 16 hold it exactly; undefined: it must be computed in floating point. */
function wholeNumbers(contrast: readonly GreyFrame[], masks: readonly GreyFrame[], shift: Mask['shift']): number | undefined {
  const all = [...contrast, ...masks];
  const [one] = all;
  if (one === undefined || shift[0] !== 0 || shift[1] !== 0) return undefined;
  const alike = all.every(
    ({ slope, intercept, modalityLUT, exact, first, last }) =>
      slope === one.slope &&
      intercept === one.intercept &&
      modalityLUT === undefined &&
      exact === undefined &&
      first === one.first &&
      last === one.last,
  );
  const most = (one.last - one.first) * contrast.length * masks.length;
  return alike && most <= 32_767 ? Math.ceil(Math.log2(most + 1)) + 1 : undefined;
}

/** Adds `weight` times each frame: stored values, or modality values. */
function addAll(sum: Int16Array | Float32Array, frames: readonly GreyFrame[], weight: number, stored: boolean): void {
  for (const frame of frames) {
    const samples = (stored ? undefined : frame.exact?.samples) ?? frame.levels[0]?.samples ?? [];
    const toModality = stored ? undefined : modalityFunction({ ...frame, ...frame.exact });
    for (let i = 0; i < sum.length; i++) {
      const value = (samples[i] as number | undefined) ?? 0;
      sum[i] = (sum[i] as number) + weight * (toModality === undefined ? value : toModality(value));
    }
  }
}

/** The mask moved by parts of a pixel: the value between its four neighbours, at the edges the outermost one. */
function subtractShifted(
  sum: Int16Array | Float32Array,
  mask: Float32Array,
  { columns, rows }: Pick<GreyFrame, 'columns' | 'rows'>,
  [down, right]: Mask['shift'],
): void {
  const clamp = (value: number, most: number) => Math.max(0, Math.min(most, value));
  for (let y = 0, at = 0; y < rows; y++) {
    const v = clamp(y - down, rows - 1);
    const [top, bottom] = [Math.floor(v) * columns, Math.min(rows - 1, Math.floor(v) + 1) * columns];
    const lower = v - Math.floor(v);
    for (let x = 0; x < columns; x++, at++) {
      const u = clamp(x - right, columns - 1);
      const [left, beside, part] = [Math.floor(u), Math.min(columns - 1, Math.floor(u) + 1), u - Math.floor(u)];
      const above = (mask[top + left] as number) * (1 - part) + (mask[top + beside] as number) * part;
      const below = (mask[bottom + left] as number) * (1 - part) + (mask[bottom + beside] as number) * part;
      sum[at] = (sum[at] as number) - (above * (1 - lower) + below * lower);
    }
  }
}
