import { type Affine, scaled } from '../../transform.ts';
import { after } from '../segmentation/on-image.ts';

/** What a canvas over an image covers, CSS pixels, and how many of the screen's pixels one of them has. */
interface Area {
  readonly width: number;
  readonly height: number;
  readonly pixelRatio: number;
}

/** The canvas emptied and as large as its pane; undefined while there is none. */
export function layerContext(element: HTMLCanvasElement | null, { width, height, pixelRatio }: Area): CanvasRenderingContext2D | undefined {
  const context = element?.getContext('2d');
  if (element === null || context === null || context === undefined) return undefined;
  element.width = Math.max(1, Math.round(width * pixelRatio));
  element.height = Math.max(1, Math.round(height * pixelRatio));
  return context;
}

/** Draws a picture that lies over an image: `place` leads from its pixels to image coordinates, `toScreen` from there to CSS pixels. */
export function drawPlaced(
  context: CanvasRenderingContext2D,
  { picture, place }: { readonly picture: OffscreenCanvas; readonly place: Affine },
  toScreen: Affine,
  pixelRatio: number,
): void {
  const { a, b, c, d, e, f } = after(place, scaled(toScreen, pixelRatio));
  context.setTransform(a, b, c, d, e, f);
  context.drawImage(picture, 0, 0);
}

export function pictureFrom(rgba: Uint8ClampedArray<ArrayBuffer>, columns: number, rows: number): OffscreenCanvas {
  const picture = new OffscreenCanvas(columns, rows);
  picture.getContext('2d')?.putImageData(new ImageData(rgba, columns, rows), 0, 0);
  return picture;
}
