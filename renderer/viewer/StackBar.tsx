import { useEffect, useRef } from 'react';
import type { FrameStore } from './frame-store.ts';
import type { Pane } from './pane.ts';
import type { PaneView } from './pane-view.ts';
import { gapsOf } from './stack-order.ts';
import { say } from './words.ts';

interface StackBarProps {
  readonly pane: Pane;
  readonly store: FrameStore;
  readonly view: PaneView;
  /** More images are on their way into the study. */
  readonly arriving: boolean;
}

const WIDTH = 12;
const TRACK = { x: 4, width: 4 };
const MIN_THUMB = 6;
const MAX_THUMB = 32;
/** Frames arrive by the hundred a second: the track is drawn anew at most this often. */
const TRACK_MS = 60;
/** Height of the hatched end that stands for images still on their way: nobody knows yet into which series they go. */
const ARRIVING_END = 28;

/** The stack as a bar: loaded frames solid, arriving ones hatched, failed ones a gap; the thumb is the frame that is wanted. */
export function StackBar({ pane, store, view, arriving }: StackBarProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawing = useRef({ view, arriving });
  drawing.current = { view, arriving };
  const { frames, wanted } = view;

  useEffect(() => {
    let scheduled = 0;
    const bar = new Bar();
    const draw = () => {
      scheduled = 0;
      const { view: now, arriving: growing } = drawing.current;
      if (canvas.current !== null) pane.describeLoaded(bar.draw(canvas.current, store, now, growing));
    };
    const schedule = () => {
      scheduled ||= requestAnimationFrame(draw);
    };
    let pause: ReturnType<typeof setTimeout> | undefined;
    const loaded = () => {
      pause ??= setTimeout(() => {
        pause = undefined;
        bar.forget();
        schedule();
      }, TRACK_MS);
    };
    const ends = [store.subscribe(loaded), pane.subscribe(schedule)];
    const observer = new ResizeObserver(schedule);
    if (canvas.current !== null) observer.observe(canvas.current);
    schedule();
    return () => {
      cancelAnimationFrame(scheduled);
      clearTimeout(pause);
      for (const end of ends) end();
      observer.disconnect();
    };
  }, [pane, store]);

  const scrollToPointer = (event: React.PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const usable = box.height - (arriving ? ARRIVING_END : 0);
    pane.scrollTo(Math.floor(((event.clientY - box.top) / usable) * frames.length));
  };
  return (
    <div
      className="viewer-stack"
      role="scrollbar"
      aria-label={say('scrollBar')}
      aria-orientation="vertical"
      aria-controls="viewer-pane"
      aria-valuemin={1}
      aria-valuemax={Math.max(1, frames.length)}
      aria-valuenow={wanted + 1}
      aria-valuetext={say('image', { number: wanted + 1, count: frames.length })}
      tabIndex={-1}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        scrollToPointer(event);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) scrollToPointer(event);
      }}
    >
      <canvas ref={canvas} />
    </div>
  );
}

/** The drawn bar: the track changes with what is loaded, the thumb with every slice. */
class Bar {
  readonly #track = new OffscreenCanvas(1, 1);
  #thumb = '';
  #drawn: { frames: PaneView['frames']; height: number; arriving: boolean; loaded: number } | undefined;

  /** What is loaded changed. */
  forget(): void {
    this.#drawn = undefined;
  }

  /** Returns how many frames are loaded. */
  draw(canvas: HTMLCanvasElement, store: FrameStore, view: PaneView, arriving: boolean): number {
    const ratio = devicePixelRatio;
    const { clientHeight } = canvas;
    const [width, height] = [WIDTH * ratio, Math.max(1, Math.round(clientHeight * ratio))];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext('2d');
    if (context === null) return 0;
    const { frames, wanted } = view;
    const usable = clientHeight - (arriving ? ARRIVING_END : 0);
    if (this.#drawn?.frames !== frames || this.#drawn.height !== height || this.#drawn.arriving !== arriving) {
      [this.#track.width, this.#track.height] = [width, height];
      const style = getComputedStyle(canvas);
      this.#thumb = style.getPropertyValue('--text-1');
      const loaded = drawTrack(this.#track, style, store, view, clientHeight, arriving);
      this.#drawn = { frames, height, arriving, loaded };
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    context.drawImage(this.#track, 0, 0);
    if (frames.length > 1) {
      const thumb = Math.min(MAX_THUMB, Math.max(MIN_THUMB, usable / frames.length));
      context.scale(ratio, ratio);
      context.fillStyle = this.#thumb;
      context.fillRect(TRACK.x - 2, (wanted / (frames.length - 1)) * (usable - thumb), TRACK.width + 4, thumb);
    }
    return this.#drawn.loaded;
  }
}

/** Returns how many frames are loaded. */
function drawTrack(
  canvas: OffscreenCanvas,
  style: CSSStyleDeclaration,
  store: FrameStore,
  view: PaneView,
  clientHeight: number,
  arriving: boolean,
): number {
  const context = canvas.getContext('2d');
  if (context === null) return 0;
  context.scale(devicePixelRatio, devicePixelRatio);
  const { frames } = view;
  const height = clientHeight - (arriving ? ARRIVING_END : 0);
  let loaded = 0;
  const y = (index: number) => (index * height) / frames.length;
  for (let from = 0; from < frames.length; ) {
    const state = stateAt(store, view, from);
    let to = from + 1;
    while (to < frames.length && stateAt(store, view, to) === state) to += 1;
    if (state === 'loaded') loaded += to - from;
    // Failed frames are left out: a gap in the bar.
    if (state !== 'failed' && frames.length > 1) {
      context.fillStyle = style.getPropertyValue(state === 'loaded' ? '--text-3' : '--bg-3');
      context.fillRect(TRACK.x, y(from), TRACK.width, Math.max(0.5, y(to) - y(from)));
    }
    from = to;
  }
  // Slices that seem to be missing: a notch where they would be.
  context.fillStyle = style.getPropertyValue('--warn');
  for (const { after } of gapsOf(frames)) context.fillRect(TRACK.x - 2, Math.round(y(after + 1)) - 1, TRACK.width + 4, 2);
  if (arriving) hatch(context, clientHeight - ARRIVING_END + 2, clientHeight, style.getPropertyValue('--warn'));
  return loaded;
}

function stateAt(store: FrameStore, view: PaneView, index: number) {
  const frame = view.frames[index];
  return frame === undefined ? 'missing' : store.state(frame);
}

function hatch(context: OffscreenCanvasRenderingContext2D, top: number, bottom: number, colour: string): void {
  context.save();
  context.beginPath();
  context.rect(TRACK.x, top, TRACK.width, bottom - top);
  context.clip();
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  for (let y = top - TRACK.width; y < bottom + TRACK.width; y += 4) {
    context.moveTo(TRACK.x, y + TRACK.width);
    context.lineTo(TRACK.x + TRACK.width, y);
  }
  context.stroke();
  context.restore();
}
