import { type Lane, PIXELS_PER_MM } from './paper.ts';
import type { MultiplexGroup } from './waveform.ts';

export interface PaperStyle {
  readonly ground: string;
  readonly fine: string;
  readonly strong: string;
  readonly trace: string;
  readonly name: string;
  readonly font: string;
}

/** What of the paper is seen: its left edge and size in CSS pixels. */
export interface PaperView {
  readonly left: number;
  readonly width: number;
  readonly height: number;
  /** mm/s */
  readonly speed: number;
  /** Lines stand where they belong, not on the nearest pixel of the screen. */
  readonly exact?: boolean;
}

/** Draws grid, traces and names of what is seen; a context scaled to CSS pixels. */
export function drawPaper(
  context: CanvasRenderingContext2D,
  group: MultiplexGroup,
  lanes: readonly Lane[],
  view: PaperView,
  style: PaperStyle,
): void {
  context.fillStyle = style.ground;
  context.fillRect(0, 0, view.width, view.height);
  drawGrid(context, view, 1, style.fine);
  drawGrid(context, view, 5, style.strong);
  context.strokeStyle = style.trace;
  context.lineWidth = 1.25;
  context.lineJoin = 'round';
  for (const lane of lanes) drawTrace(context, group, lane, view);
  context.font = style.font;
  context.textBaseline = 'top';
  for (const { channel, top } of lanes) {
    const { width } = context.measureText(channel.name);
    const y = top * PIXELS_PER_MM;
    context.fillStyle = style.ground;
    context.fillRect(2, y, width + 6, 16);
    context.fillStyle = style.name;
    context.fillText(channel.name, 5, y + 2);
  }
}

function drawGrid(
  context: CanvasRenderingContext2D,
  { left, width, height, exact = false }: PaperView,
  every: number,
  colour: string,
): void {
  const step = every * PIXELS_PER_MM;
  const on = (at: number) => (exact ? at : Math.round(at) + 0.5);
  context.beginPath();
  for (let x = Math.ceil(left / step) * step - left; x <= width; x += step) {
    const at = on(x);
    context.moveTo(at, 0);
    context.lineTo(at, height);
  }
  for (let y = 0; y <= height; y += step) {
    const at = on(y);
    context.moveTo(0, at);
    context.lineTo(width, at);
  }
  context.strokeStyle = colour;
  context.lineWidth = exact ? 0.5 : 1;
  context.stroke();
}

function drawTrace(context: CanvasRenderingContext2D, group: MultiplexGroup, lane: Lane, { left, width, speed }: PaperView): void {
  const { values } = lane.channel;
  const perSample = (speed * PIXELS_PER_MM) / group.frequency;
  const yOf = (value: number) => (lane.baseline - (value - lane.centre) * lane.scale) * PIXELS_PER_MM;
  const from = Math.max(0, Math.floor(left / perSample) - 1);
  const to = Math.min(values.length - 1, Math.ceil((left + width) / perSample) + 1);
  context.save();
  context.beginPath();
  context.rect(0, lane.top * PIXELS_PER_MM, width, lane.height * PIXELS_PER_MM);
  context.clip();
  context.beginPath();
  let open = false;
  const bucket = Math.max(1, Math.floor(0.5 / perSample));
  for (let i = from; i <= to; i += bucket) {
    // Of samples that share a place the lowest and the highest are drawn, so that no spike is lost.
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let j = i; j < Math.min(i + bucket, to + 1); j++) {
      const value = values[j] ?? Number.NaN;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (low > high) {
      open = false;
      continue;
    }
    const x = i * perSample - left;
    if (open) context.lineTo(x, yOf(low));
    else context.moveTo(x, yOf(low));
    if (high > low) context.lineTo(x, yOf(high));
    open = true;
  }
  context.stroke();
  context.restore();
}
