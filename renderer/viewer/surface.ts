import { type EnabledElement, type Image, renderColorImage, renderGrayscaleImage, type Viewport } from 'cornerstone-core';

/**
 * A canvas that cornerstone's renderers draw on. Cornerstone's own elements ask for every animation frame for as long as they live, which
 * makes each turn of the wheel wait for one more; here a frame is asked for when there is something to draw, one for all panes.
 */
export class Surface {
  readonly #enabled: EnabledElement;
  readonly #onDrawn: () => void;

  constructor(element: HTMLElement, onDrawn: () => void) {
    const canvas = element.ownerDocument.createElement('canvas');
    canvas.className = 'cornerstone-canvas';
    canvas.style.display = 'block';
    element.append(canvas);
    this.#enabled = { element, canvas, image: undefined, viewport: undefined, renderingTools: {}, needsRedraw: false, invalid: false };
    this.#onDrawn = onDrawn;
  }

  get canvas(): HTMLCanvasElement {
    return this.#enabled.canvas;
  }

  /** Draws with the next animation frame, however often this is called until then. */
  show(image: Image, viewport: Viewport): void {
    this.#enabled.image = image;
    this.#enabled.viewport = viewport;
    waiting.add(this);
    if (!asked) requestAnimationFrame(drawWaiting);
    asked = true;
  }

  /** Empties the canvas at once. */
  clear(): void {
    waiting.delete(this);
    this.#enabled.image = undefined;
    const { canvas } = this.#enabled;
    const context = canvas.getContext('2d', { desynchronized: true });
    context?.setTransform(1, 0, 0, 1, 0, 0);
    context?.clearRect(0, 0, canvas.width, canvas.height);
  }

  close(): void {
    waiting.delete(this);
    this.#enabled.canvas.remove();
  }

  draw(): void {
    const { image } = this.#enabled;
    if (image === undefined) return;
    const render = image.render ?? (image.color ? renderColorImage : renderGrayscaleImage);
    render(this.#enabled, false);
    this.#onDrawn();
  }
}

const waiting = new Set<Surface>();
let asked = false;

function drawWaiting(): void {
  asked = false;
  const surfaces = [...waiting];
  waiting.clear();
  for (const surface of surfaces) surface.draw();
}
