import type { ProcessCost } from './process-cost.ts';

/** One run of one side: how long it took and what the process under test used. */
export interface Run extends ProcessCost {
  readonly seconds: number;
}

/** Starts from nothing, does the work once, cleans up. */
export type Side = () => Promise<Run>;

export interface Comparison {
  readonly name: string;
  readonly ours: Side;
  readonly peer: Side;
  /** What the peer is, for people. */
  readonly against: string;
}

/** One line of `--json`. Seconds are medians; ratio = peer's time / ours, so more than 1 means that we are faster. */
export interface Result {
  readonly name: string;
  readonly ours: number;
  readonly peer: number;
  readonly ratio: number;
  readonly unit: 's';
  readonly runs: number;
  readonly against: string;
  readonly oursCost: ProcessCost;
  readonly peerCost: ProcessCost;
}

/** Runs both sides in turn (the machine's speed drifts), one warm-up each, and compares the medians. */
export async function sideBySide(comparison: Comparison, runs: number): Promise<Result> {
  const ours: Run[] = [];
  const peer: Run[] = [];
  for (let i = -1; i < runs; i++) {
    const [one, other] = [await comparison.ours(), await comparison.peer()];
    if (i >= 0) {
      ours.push(one);
      peer.push(other);
    }
  }
  const [oursMedian, peerMedian] = [medianRun(ours), medianRun(peer)];
  return {
    name: comparison.name,
    ours: oursMedian.seconds,
    peer: peerMedian.seconds,
    ratio: peerMedian.seconds / oursMedian.seconds,
    unit: 's',
    runs,
    against: comparison.against,
    oursCost: { cpuSeconds: oursMedian.cpuSeconds, peakMB: oursMedian.peakMB },
    peerCost: { cpuSeconds: peerMedian.cpuSeconds, peakMB: peerMedian.peakMB },
  };
}

function medianRun(runs: readonly Run[]): Run {
  const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  return {
    seconds: median(runs.map(({ seconds }) => seconds)),
    cpuSeconds: median(runs.map(({ cpuSeconds }) => cpuSeconds)),
    peakMB: median(runs.map(({ peakMB }) => peakMB)),
  };
}
