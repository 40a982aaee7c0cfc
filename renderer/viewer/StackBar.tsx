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
    const draw = () => {
      scheduled = 0;
      const { view: now, arriving: growing } = drawing.current;
      if (canvas.current !== null) pane.describeLoaded(drawBar(canvas.current, store, now, growing));
    };
    const schedule = () => {
      scheduled ||= requestAnimationFrame(draw);
    };
    const ends = [store.subscribe(schedule), pane.subscribe(schedule)];
    const observer = new ResizeObserver(schedule);
    if (canvas.current !== null) observer.observe(canvas.current);
    schedule();
    return () => {
      cancelAnimationFrame(scheduled);
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

/** Draws the bar; returns how many frames are loaded. */
function drawBar(canvas: HTMLCanvasElement, store: FrameStore, view: PaneView, arriving: boolean): number {
  const { clientHeight } = canvas;
  const ratio = devicePixelRatio;
  canvas.width = WIDTH * ratio;
  canvas.height = Math.max(1, clientHeight * ratio);
  const context = canvas.getContext('2d');
  if (context === null) return 0;
  const style = getComputedStyle(canvas);
  const token = (name: string) => style.getPropertyValue(name);
  context.scale(ratio, ratio);
  const { frames, wanted } = view;
  const height = clientHeight - (arriving ? ARRIVING_END : 0);
  if (frames.length > 1) {
    const y = (index: number) => (index * height) / frames.length;
    for (let from = 0; from < frames.length; ) {
      const state = stateAt(store, view, from);
      let to = from + 1;
      while (to < frames.length && stateAt(store, view, to) === state) to += 1;
      // Failed frames are left out: a gap in the bar.
      if (state !== 'failed') {
        context.fillStyle = token(state === 'loaded' ? '--text-3' : '--bg-3');
        context.fillRect(TRACK.x, y(from), TRACK.width, Math.max(0.5, y(to) - y(from)));
      }
      from = to;
    }
    // Slices that seem to be missing: a notch where they would be.
    context.fillStyle = token('--warn');
    for (const { after } of gapsOf(frames)) context.fillRect(TRACK.x - 2, Math.round(y(after + 1)) - 1, TRACK.width + 4, 2);
    const thumb = Math.min(MAX_THUMB, Math.max(MIN_THUMB, height / frames.length));
    const at = (wanted / (frames.length - 1)) * (height - thumb);
    context.fillStyle = token('--text-1');
    context.fillRect(TRACK.x - 2, at, TRACK.width + 4, thumb);
  }
  if (arriving) hatch(context, clientHeight - ARRIVING_END + 2, clientHeight, token('--warn'));
  return frames.filter((frame) => store.state(frame) === 'loaded').length;
}

function stateAt(store: FrameStore, view: PaneView, index: number) {
  const frame = view.frames[index];
  return frame === undefined ? 'missing' : store.state(frame);
}

function hatch(context: CanvasRenderingContext2D, top: number, bottom: number, colour: string): void {
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
