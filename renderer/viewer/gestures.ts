import type { Tool } from './keys.ts';
import type { Pane } from './pane.ts';
import { dragWindow } from './voi.ts';

/** What a drag does from its first to its last move; dx and dy are CSS pixels since the button went down. */
type Drag = (dx: number, dy: number) => void;

const WHEEL_NOTCH = 50;
const TRACKPAD_STEP = 30;

/**
 * Pointer and wheel of a pane: left button = active tool, right = window always, middle = pan, wheel = slices, Ctrl+wheel = zoom about
 * the pointer. Returns the function that takes the listeners off.
 */
export function listenToPointer(element: HTMLElement, pane: Pane, activeTool: () => Tool): () => void {
  let wheel = 0;
  let drag: { readonly id: number; readonly x: number; readonly y: number; readonly move: Drag } | undefined;

  const onDown = (event: PointerEvent) => {
    if (drag !== undefined) return;
    const tool = event.button === 2 ? 'window' : event.button === 1 ? 'pan' : event.button === 0 ? activeTool() : undefined;
    if (tool === undefined) return;
    event.preventDefault();
    element.focus({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    drag = { id: event.pointerId, x: event.clientX, y: event.clientY, move: DRAGS[tool](pane, fromCentre(element, event)) };
    element.dataset.dragging = tool;
  };
  const onMove = (event: PointerEvent) => {
    if (drag?.id === event.pointerId) drag.move(event.clientX - drag.x, event.clientY - drag.y);
  };
  const onUp = (event: PointerEvent) => {
    if (drag?.id !== event.pointerId) return;
    drag = undefined;
    delete element.dataset.dragging;
  };
  const onWheel = (event: WheelEvent) => {
    event.preventDefault();
    const delta = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * 100;
    if (event.ctrlKey) {
      pane.zoomTo(pane.zoom * Math.exp(-delta * 0.0015), fromCentre(element, event));
      return;
    }
    if (Math.abs(delta) >= WHEEL_NOTCH) {
      wheel = 0;
      pane.scrollBy(Math.sign(delta));
      return;
    }
    wheel += delta;
    const steps = Math.trunc(wheel / TRACKPAD_STEP);
    wheel -= steps * TRACKPAD_STEP;
    if (steps !== 0) pane.scrollBy(steps);
  };
  const onMenu = (event: Event) => event.preventDefault();

  element.addEventListener('pointerdown', onDown);
  element.addEventListener('pointermove', onMove);
  element.addEventListener('pointerup', onUp);
  element.addEventListener('pointercancel', onUp);
  element.addEventListener('wheel', onWheel, { passive: false });
  element.addEventListener('contextmenu', onMenu);
  return () => {
    element.removeEventListener('pointerdown', onDown);
    element.removeEventListener('pointermove', onMove);
    element.removeEventListener('pointerup', onUp);
    element.removeEventListener('pointercancel', onUp);
    element.removeEventListener('wheel', onWheel);
    element.removeEventListener('contextmenu', onMenu);
  };
}

type Point = { readonly x: number; readonly y: number };

/** Each tool remembers how things stood when the drag began, so that going back undoes it exactly. */
const DRAGS: Readonly<Record<Tool, (pane: Pane, start: Point) => Drag>> = {
  window: (pane) => {
    const { window, range } = pane.windowing;
    return (dx, dy) => pane.setWindow(dragWindow(window, dx, dy, range));
  },
  zoom: (pane, start) => {
    let zoom = pane.zoom;
    let last = 0;
    return (_dx, dy) => {
      zoom *= Math.exp((last - dy) * 0.006);
      last = dy;
      pane.zoomTo(zoom, start);
    };
  },
  pan: (pane) => {
    const { pan } = pane;
    return (dx, dy) => pane.panTo({ x: pan.x + dx * devicePixelRatio, y: pan.y + dy * devicePixelRatio });
  },
  scroll: (pane) => {
    const { wanted, frames } = pane.view;
    const perSlice = Math.min(24, Math.max(3, 480 / Math.max(1, frames.length)));
    return (_dx, dy) => pane.scrollTo(wanted + Math.round(dy / perSlice));
  },
};

/** The pointer in canvas pixels from the centre of the pane. */
function fromCentre(element: HTMLElement, event: MouseEvent): Point {
  const box = element.getBoundingClientRect();
  return {
    x: (event.clientX - box.left - box.width / 2) * devicePixelRatio,
    y: (event.clientY - box.top - box.height / 2) * devicePixelRatio,
  };
}
