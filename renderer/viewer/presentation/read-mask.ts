import type { Item } from '../dataset/item.ts';
import type { Mask } from './state.ts';
import { StateTag as T } from './tags.ts';

/** More mask frames than are ever averaged. */
const MAX_FRAMES = 64;

/** Mask module (PS3.3 C.7.6.10, C.11.13); undefined where there is none that can be applied. */
export function maskOf(dataset: Item): Mask | undefined {
  const item = dataset.first(T.MaskSubtractionSequence);
  const operation = item?.string(T.MaskOperation);
  if (item === undefined || (operation !== 'AVG_SUB' && operation !== 'TID')) return undefined;
  const maskFrames = item.numbers(T.MaskFrameNumbers).map((number) => number - 1);
  const contrastFrames = item.number(T.ContrastFrameAveraging) ?? 1;
  if (operation === 'AVG_SUB' && maskFrames.length === 0) return undefined;
  if (maskFrames.length > MAX_FRAMES || contrastFrames > MAX_FRAMES) return undefined;
  const range = item.numbers(T.ApplicableFrameRange);
  const applicable = range.flatMap((first, i) =>
    i % 2 === 0 && range[i + 1] !== undefined ? [[first - 1, (range[i + 1] ?? 0) - 1] as const] : [],
  );
  const [down = 0, right = 0] = item.numbers(T.MaskSubPixelShift);
  return {
    operation,
    maskFrames,
    applicable: applicable.length === 0 ? undefined : applicable,
    contrastFrames: Math.max(1, contrastFrames),
    tidOffset: item.number(T.TIDOffset) ?? 1,
    shift: [down, right],
  };
}
