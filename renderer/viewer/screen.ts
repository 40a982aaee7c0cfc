import { calibrationAt } from '../../shared/marks/index.ts';
import { recall, remember } from '../app/memory.ts';
import { pixelAspect } from './geometry.ts';
import type { PaneView } from './pane-view.ts';

/** CSS pixels that measure a millimetre on this screen; what a browser assumes (96 in an inch) until somebody has measured. */
const ASSUMED = 96 / 25.4;

interface ScreenSize {
  readonly pixelsPerMillimetre: number;
}

export function screenPixelsPerMillimetre(): { readonly value: number; readonly measured: boolean } {
  const { pixelsPerMillimetre } = recall<ScreenSize>('viewer.screen', { pixelsPerMillimetre: 0 });
  const usable = pixelsPerMillimetre > 1 && pixelsPerMillimetre < 50;
  return { value: usable ? pixelsPerMillimetre : ASSUMED, measured: usable };
}

export function setScreenPixelsPerMillimetre(pixelsPerMillimetre: number): void {
  remember('viewer.screen', { pixelsPerMillimetre });
}

/** Canvas pixels for the shorter side of an image pixel at which the image is as large as the body; undefined without a scale in mm. */
export function screenScale({ shown, pixelRatio }: PaneView): number | undefined {
  if (shown?.image === undefined) return undefined;
  const { rows, columns } = shown.image;
  const scale = calibrationAt(shown.image, [{ x: columns / 2, y: rows / 2 }]);
  if (scale.kind !== 'mm') return undefined;
  const shorter = pixelAspect(shown.image) >= 1 ? scale.y : scale.x;
  return shorter * screenPixelsPerMillimetre().value * pixelRatio;
}
