import { type EnabledElement, setToPixelCoordinateSystem } from 'cornerstone-core';
import type { DrawableFrame, Planes } from './decode-messages.ts';
import { paintPlanes } from './planes.ts';

const withOverlays = new WeakMap<Planes, OffscreenCanvas>();
const withoutOverlays = new WeakMap<Planes, OffscreenCanvas>();

/** Draws shutters and (unless the reader hides them) overlays over the image, wherever it is on the canvas. */
export function drawPlanes(enabledElement: EnabledElement, frame: DrawableFrame, planes: Planes, overlays: boolean): void {
  const context = enabledElement.canvas.getContext('2d', { desynchronized: true });
  if (context === null) return;
  const pictures = overlays ? withOverlays : withoutOverlays;
  let picture = pictures.get(planes);
  if (picture === undefined) {
    picture = pictureOf(frame, planes, overlays);
    pictures.set(planes, picture);
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
  setToPixelCoordinateSystem(enabledElement, context);
  context.imageSmoothingEnabled = enabledElement.viewport?.pixelReplication !== true;
  context.drawImage(picture, 0, 0);
  context.setTransform(1, 0, 0, 1, 0, 0);
}

function pictureOf({ columns, rows }: DrawableFrame, planes: Planes, overlays: boolean): OffscreenCanvas {
  const canvas = new OffscreenCanvas(columns, rows);
  const image = new ImageData(columns, rows);
  paintPlanes(new Uint32Array(image.data.buffer), planes, overlays);
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return canvas;
}
