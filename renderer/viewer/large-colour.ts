import type { EnabledElement } from 'cornerstone-core';
import type { ColourFrame, ColourLevel } from './decode-messages.ts';
import { type Area, levelAt, renderVisible, sampling } from './large-image.ts';

/** As `renderLarge`, for a picture in colour: only the pixels on the screen are computed, from the level next above the screen's resolution. */
export function renderLargeColour(frame: ColourFrame): (enabledElement: EnabledElement) => void {
  const levels: readonly ColourLevel[] = [frame, ...(frame.smaller ?? [])];
  return renderVisible(frame, ({ toCanvas, area, table, pixels }) => {
    const level = levels[levelAt(toCanvas, levels.length)] ?? frame;
    resample(frame, level, toCanvas, area, table, pixels);
  });
}

function resample(
  frame: ColourFrame,
  level: ColourLevel,
  toCanvas: DOMMatrix,
  area: Area,
  table: Uint8ClampedArray,
  { image, words }: { image: ImageData; words: Uint32Array },
): void {
  const { rgba } = level;
  const { across, down } = sampling(frame, level, toCanvas, area);
  const { near, far, share } = across;
  for (let y = 0; y < area.height; y++) {
    const top = down.near[y] as number;
    const bottom = down.far[y] as number;
    const weight = down.share[y] as number;
    for (let x = 0, to = y * image.width; x < area.width; x++, to++) {
      const part = share[x] as number;
      const a = (top + (near[x] as number)) * 4;
      const b = (top + (far[x] as number)) * 4;
      const c = (bottom + (near[x] as number)) * 4;
      const d = (bottom + (far[x] as number)) * 4;
      // Weights in 256ths: whole numbers, and a colour that is everywhere the same stays as it is.
      const right = (part * 256) | 0;
      const lower = (weight * 256) | 0;
      const wd = (right * lower) >> 8;
      const wc = lower - wd;
      const wb = right - wd;
      const wa = 256 - right - wc;
      const red = ((rgba[a] as number) * wa + (rgba[b] as number) * wb + (rgba[c] as number) * wc + (rgba[d] as number) * wd + 128) >> 8;
      const green =
        ((rgba[a + 1] as number) * wa + (rgba[b + 1] as number) * wb + (rgba[c + 1] as number) * wc + (rgba[d + 1] as number) * wd + 128) >>
        8;
      const blue =
        ((rgba[a + 2] as number) * wa + (rgba[b + 2] as number) * wb + (rgba[c + 2] as number) * wc + (rgba[d + 2] as number) * wd + 128) >>
        8;
      words[to] = 0xff000000 | ((table[blue] as number) << 16) | ((table[green] as number) << 8) | (table[red] as number);
    }
  }
}
