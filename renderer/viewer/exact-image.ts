import type { CachedLut, EnabledElement } from 'cornerstone-core';
import type { GreyFrame } from './decode-messages.ts';
import { exactGrey } from './exact-grey.ts';
import { renderLarge } from './large-image.ts';
import type { GreyTransform } from './voi.ts';

/**
 * A renderer for frames whose values no look-up table can hold (32 bits, floating point): every pixel goes through the window by itself,
 * once for each window. `transforms`: what cornerstone's look-up table was made of.
 */
export function renderExact(frame: GreyFrame, transforms: WeakMap<CachedLut, GreyTransform>): (enabledElement: EnabledElement) => void {
  const levels = [{ columns: frame.columns, rows: frame.rows, samples: new Uint8Array(0) }];
  const draw = renderLarge({ ...frame, first: 0, last: 255, levels });
  let done: CachedLut | undefined;
  return (enabledElement) => {
    const { image } = enabledElement;
    const lut = image?.cachedLut;
    const transform = lut === undefined ? undefined : transforms.get(lut);
    if (image === undefined || lut === undefined || transform === undefined) return;
    const [level] = levels;
    if (done !== lut && level !== undefined) level.samples = exactGrey(frame, transform);
    done = lut;
    image.cachedLut = { ...lut, lutArray: IDENTITY };
    draw(enabledElement);
    image.cachedLut = lut;
  };
}

const IDENTITY = Uint8ClampedArray.from({ length: 256 }, (_, grey) => grey);
