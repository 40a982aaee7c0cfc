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
