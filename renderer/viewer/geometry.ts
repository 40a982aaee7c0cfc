import type { ImageModule } from '../../shared/contract/index.ts';
import type { Point } from '../../shared/marks/index.ts';

export type { Point };

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Width of a pixel relative to its height. Pixel Spacing is [between rows, between columns]; Pixel Aspect Ratio is vertical : horizontal. */
export function pixelAspect(image: Pick<ImageModule, 'pixelSpacing' | 'pixelAspectRatio'>): number {
  const [vertical, horizontal] = image.pixelSpacing ?? image.pixelAspectRatio ?? [1, 1];
  const aspect = horizontal / vertical;
  return Number.isFinite(aspect) && aspect > 0.01 && aspect < 100 ? aspect : 1;
}

/** Scale (canvas pixels for the shorter side of an image pixel) at which the whole image fits the canvas. */
export function fitScale(
  image: Pick<ImageModule, 'rows' | 'columns' | 'pixelSpacing' | 'pixelAspectRatio'>,
  rotation: number,
  canvas: Size,
): number {
  const aspect = pixelAspect(image);
  const width = image.columns * Math.max(1, aspect);
  const height = image.rows * Math.max(1, 1 / aspect);
  const [across, down] = rotation % 180 === 0 ? [width, height] : [height, width];
  const scale = Math.min(canvas.width / across, canvas.height / down);
  return Number.isFinite(scale) && scale > 0 ? scale : 1;
}

/** Pan that keeps the point under the pointer where it is while the zoom changes; all from the centre of the canvas. */
export function panAbout(pan: Point, pointer: Point, from: number, to: number): Point {
  const factor = to / from;
  return { x: pointer.x - (pointer.x - pan.x) * factor, y: pointer.y - (pointer.y - pan.y) * factor };
}

/** Where an image stands that does not fill the pane: in the middle, or at an edge (breasts meet at the chest wall). */
export type Align = 'centre' | 'left' | 'right';

/** A scale bar: the longest round length that takes at most `maxPixels`; undefined without spacing. */
export function scaleBar(mmPerPixel: number | undefined, maxPixels: number): { millimetres: number; pixels: number } | undefined {
  if (mmPerPixel === undefined || !(mmPerPixel > 0) || !Number.isFinite(mmPerPixel)) return undefined;
  const longest = maxPixels * mmPerPixel;
  const decade = 10 ** Math.floor(Math.log10(longest));
  const millimetres = [5, 2, 1].map((step) => step * decade).find((length) => length <= longest) ?? decade;
  return { millimetres, pixels: millimetres / mmPerPixel };
}

/** 50 → "5 cm", 5 → "5 mm", 0.5 → "0.5 mm". */
export function formatLength(millimetres: number): string {
  return millimetres >= 10 ? `${Number((millimetres / 10).toPrecision(3))} cm` : `${Number(millimetres.toPrecision(3))} mm`;
}
