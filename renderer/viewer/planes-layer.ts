import { type EnabledElement, setToPixelCoordinateSystem } from 'cornerstone-core';
import type { DrawableFrame, Planes } from './decode-messages.ts';

const pictures = new WeakMap<Planes, OffscreenCanvas>();

/** Draws shutters and overlays over the image, wherever it is on the canvas. */
export function drawPlanes(enabledElement: EnabledElement, frame: DrawableFrame, planes: Planes): void {
  const context = enabledElement.canvas.getContext('2d', { desynchronized: true });
  if (context === null) return;
  let picture = pictures.get(planes);
  if (picture === undefined) {
    picture = pictureOf(frame, planes);
    pictures.set(planes, picture);
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
  setToPixelCoordinateSystem(enabledElement, context);
  context.imageSmoothingEnabled = enabledElement.viewport?.pixelReplication !== true;
  context.drawImage(picture, 0, 0);
  context.setTransform(1, 0, 0, 1, 0, 0);
}

/** Overlays are white, as DCMTK draws them; a shutter has the grey that its file asks for. */
function pictureOf({ columns, rows }: DrawableFrame, { cover, shutterGrey, colours }: Planes): OffscreenCanvas {
  const canvas = new OffscreenCanvas(columns, rows);
  const image = new ImageData(columns, rows);
  const words = new Uint32Array(image.data.buffer);
  if (colours !== undefined) image.data.set(colours);
  const covers = [0, 0xffffffff, 0xff000000 | (shutterGrey * 0x010101)];
  for (let i = 0; i < cover.length; i++) if (cover[i] !== 0) words[i] = covers[cover[i] ?? 0] ?? 0;
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return canvas;
}
