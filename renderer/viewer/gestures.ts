import { editGesture, grab } from './tools/edit.ts';
import type { Tool } from './tools/names.ts';
import type { At, Gesture, ToolContext } from './tools/tool.ts';
import { TOOLS } from './tools/tools.ts';
import { apply, inverse } from './transform.ts';

const WHEEL_NOTCH = 50;
const TRACKPAD_STEP = 30;
const DOUBLE_MS = 350;

export interface PointerHost {
  readonly context: ToolContext;
  tool(): Tool;
  /** The pointer went down: this pane is the one that keys act on. */
  activate(): void;
  /** A double click that no tool took. */
  doubleClick(): void;
}

/** The listeners of a pane, and what takes them off. */
export interface PointerListener {
  end(): void;
  /** Ends what is being drawn; false where nothing is. */
  cancel(): boolean;
}

/**
 * Pointer and wheel of a pane: left button = mark under the pointer, else active tool; right = window always, middle = pan, wheel = slices,
 * Ctrl+wheel = zoom about the pointer. Tools that take several clicks go on between them.
 */
export function listenToPointer(element: HTMLElement, host: PointerHost): PointerListener {
  const { context } = host;
  const { pane } = context;
  let wheel = 0;
  let gesture: Gesture | undefined;
  let pressed: { readonly id: number; readonly x: number; readonly y: number } | undefined;
  let lastDown: { readonly time: number; readonly x: number; readonly y: number } | undefined;

  const at = (event: MouseEvent): At => {
    const box = element.getBoundingClientRect();
    const screen = { x: event.clientX - box.left, y: event.clientY - box.top };
    const { toScreen } = pane.view;
    return {
      screen,
      image: toScreen === undefined ? undefined : apply(inverse(toScreen), screen),
      fromCentre: { x: (screen.x - box.width / 2) * devicePixelRatio, y: (screen.y - box.height / 2) * devicePixelRatio },
      dx: pressed === undefined ? 0 : event.clientX - pressed.x,
      dy: pressed === undefined ? 0 : event.clientY - pressed.y,
      shiftKey: event.shiftKey,
    };
  };
  const finish = () => {
    gesture = undefined;
    delete element.dataset.dragging;
  };
  const isDouble = (event: PointerEvent): boolean => {
    const before = lastDown;
    lastDown = { time: event.timeStamp, x: event.clientX, y: event.clientY };
    if (before === undefined || event.timeStamp - before.time > DOUBLE_MS) return false;
    const close = Math.hypot(event.clientX - before.x, event.clientY - before.y) < 5;
    if (close) lastDown = undefined;
    return close;
  };

  const onDown = (event: PointerEvent) => {
    if (pressed !== undefined || event.button > 2) return;
    event.preventDefault();
    element.focus({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    host.activate();
    pressed = { id: event.pointerId, x: event.clientX, y: event.clientY };
    const double = event.button === 0 && isDouble(event);
    if (gesture !== undefined && event.button === 0) {
      if (gesture.down?.(at(event), double) !== true) finish();
      return;
    }
    gesture?.cancel();
    finish();
    if (double) {
      host.doubleClick();
      return;
    }
    const tool = event.button === 2 ? 'window' : event.button === 1 ? 'pan' : host.tool();
    gesture = (event.button === 0 ? edit(at(event)) : undefined) ?? TOOLS[tool].begin(context, at(event));
    if (gesture !== undefined) element.dataset.dragging = tool;
  };
  const edit = (where: At): Gesture | undefined => {
    const { toScreen, shown } = pane.view;
    if (toScreen === undefined || shown === undefined) return undefined;
    const grabbed = grab(context.annotations.of(shown.instance.sopInstanceUID, shown.frame), toScreen, where.screen);
    if (grabbed === undefined) {
      if (context.annotations.selected !== undefined) context.annotations.select(undefined);
      return undefined;
    }
    return editGesture(context, grabbed, where);
  };
  const onMove = (event: PointerEvent) => {
    if (gesture !== undefined) gesture.move(at(event));
  };
  const onUp = (event: PointerEvent) => {
    if (pressed?.id !== event.pointerId) return;
    const where = at(event);
    pressed = undefined;
    if (gesture !== undefined && !gesture.up(where)) finish();
  };
  const cancel = (): boolean => {
    const busy = gesture !== undefined;
    gesture?.cancel();
    pressed = undefined;
    finish();
    return busy;
  };
  const onWheel = (event: WheelEvent) => {
    event.preventDefault();
    const delta = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * 100;
    if (event.ctrlKey) {
      pane.zoomTo(pane.zoom * Math.exp(-delta * 0.0015), at(event).fromCentre);
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
  element.addEventListener('pointercancel', cancel);
  element.addEventListener('wheel', onWheel, { passive: false });
  element.addEventListener('contextmenu', onMenu);
  return {
    cancel,
    end: () => {
      cancel();
      element.removeEventListener('pointerdown', onDown);
      element.removeEventListener('pointermove', onMove);
      element.removeEventListener('pointerup', onUp);
      element.removeEventListener('pointercancel', cancel);
      element.removeEventListener('wheel', onWheel);
      element.removeEventListener('contextmenu', onMenu);
    },
  };
}
