import { type Channel, type MultiplexGroup, millivolts } from './waveform.ts';

/** CSS pixels of a millimetre of paper (CSS 2.1: 96 in an inch). */
export const PIXELS_PER_MM = 96 / 25.4;

export const SPEEDS = [12.5, 25, 50, 100] as const;
export const GAINS = [2.5, 5, 10, 20, 40] as const;

/** A channel's place on the paper, in mm. */
export interface Lane {
  readonly channel: Channel;
  /** Of the value 0. */
  readonly baseline: number;
  readonly top: number;
  readonly height: number;
  /** Millimetres for one of the channel's unit. */
  readonly scale: number;
  /** Value at the middle of the lane where it is no voltage, whose 0 is the middle. */
  readonly centre: number;
  readonly isVoltage: boolean;
}

const LEAST = 15;
const MOST = 80;
const MARGIN = 3;
/** Height of what is no voltage. */
const OTHER = 25;

/** Stacks the channels so that none runs into another at this gain (mm/mV). */
export function lanesOf(group: MultiplexGroup, gain: number): Lane[] {
  const lanes: Lane[] = [];
  let top = 2;
  for (const channel of group.channels) {
    const [low, high] = extremes(channel.values);
    const perUnit = millivolts(channel.unit);
    const scale = perUnit === undefined ? (OTHER - 2 * MARGIN) / Math.max(high - low, Number.MIN_VALUE) : perUnit * gain;
    const isVoltage = perUnit !== undefined;
    const centre = isVoltage ? 0 : (low + high) / 2;
    const above = isVoltage ? Math.max(0, high) * scale : OTHER / 2 - MARGIN;
    const below = isVoltage ? Math.max(0, -low) * scale : OTHER / 2 - MARGIN;
    const height = Math.min(MOST, Math.max(LEAST, Math.ceil((above + below + 2 * MARGIN) / 5) * 5));
    const share = above + below === 0 ? 0.5 : above / (above + below);
    const baseline = top + MARGIN + share * (height - 2 * MARGIN);
    lanes.push({ channel, baseline, top, height, scale, centre, isVoltage });
    top += height;
  }
  return lanes;
}

export function paperHeight(lanes: readonly Lane[]): number {
  const last = lanes.at(-1);
  return last === undefined ? 0 : last.top + last.height + 2;
}

function extremes(values: Float64Array): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? [0, 0] : [low, high];
}

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

function drawGrid(context: CanvasRenderingContext2D, { left, width, height }: PaperView, every: number, colour: string): void {
  const step = every * PIXELS_PER_MM;
  context.beginPath();
  for (let x = Math.ceil(left / step) * step - left; x <= width; x += step) {
    const at = Math.round(x) + 0.5;
    context.moveTo(at, 0);
    context.lineTo(at, height);
  }
  for (let y = 0; y <= height; y += step) {
    const at = Math.round(y) + 0.5;
    context.moveTo(0, at);
    context.lineTo(width, at);
  }
  context.strokeStyle = colour;
  context.lineWidth = 1;
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
