import type { Point, Size } from './geometry.ts';

/**
 * The pan at which the image begins on a whole pixel of the canvas, where each of its pixels takes a whole number of them: at one to one every
 * pixel is then drawn as it is, never between two. `image`: its size on the canvas. Moves by less than a pixel.
 */
export function onWholePixels(pan: Point, image: Size, pixel: Size, canvas: Size): Point {
  if (!isWhole(pixel.width) || !isWhole(pixel.height)) return pan;
  const left = canvas.width / 2 + pan.x - image.width / 2;
  const top = canvas.height / 2 + pan.y - image.height / 2;
  return { x: pan.x + Math.round(left) - left, y: pan.y + Math.round(top) - top };
}

/** Scales come out of divisions. */
function isWhole(value: number): boolean {
  return value > 0.5 && Math.abs(value - Math.round(value)) < 1e-6;
}
