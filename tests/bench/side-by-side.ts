import type { ProcessCost } from './process-cost.ts';

/** One run of one side: how long it took and what the process under test used meanwhile. */
export interface Run extends ProcessCost {
  readonly seconds: number;
  /** What else was measured, by name. */
  readonly notes?: Readonly<Record<string, number>>;
}

/** Does the work of a round once: the last of the warm-up is −1, then come 0, 1 … */
export type Side = (round: number) => Promise<Run>;

/** Both sides of one comparison, started. Disposing it ends them. */
export interface Comparison extends Partial<AsyncDisposable> {
  readonly name: string;
  readonly ours: Side;
  readonly peer: Side;
  /** What the peer is, for people. */
  readonly against: string;
  /** Rounds that do not count, 1 unless it says otherwise. */
  readonly warmUps?: number;
  /** Lays out what a round needs, outside the timed part; it is disposed after both sides. */
  readonly prepare?: (round: number) => Promise<AsyncDisposable>;
}

/**
 * One bench: its comparisons, each started when its turn comes. `folder` is theirs alone, and removed afterwards; `part` is how much of its work
 * is done: 1, or less where it only has to be seen to work; `runs` rounds will be asked for, and the warm-ups.
 */
export type Bench = (folder: string, part: number, runs: number) => readonly (() => Promise<Comparison>)[];

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
  /** Medians of what else was measured on our side. */
  readonly notes: Readonly<Record<string, number>>;
}

/**
 * Runs both sides in turn (the machine's speed drifts) after a warm-up of each, every other round the peer first, and compares the medians. The
 * short form goes without the warm-up.
 */
export async function sideBySide(start: () => Promise<Comparison>, runs: number, short: boolean): Promise<Result> {
  const comparison = await start();
  const ours: Run[] = [];
  const peer: Run[] = [];
  try {
    for (let round = short ? 0 : -(comparison.warmUps ?? 1); round < runs; round += 1) {
      await using _work = await comparison.prepare?.(round);
      const sides = [async () => ours.push(await comparison.ours(round)), async () => peer.push(await comparison.peer(round))];
      for (const side of round % 2 === 0 ? sides : sides.reverse()) await side();
    }
  } finally {
    await comparison[Symbol.asyncDispose]?.();
  }
  const [oursMedian, peerMedian] = [medianRun(ours.slice(-runs)), medianRun(peer.slice(-runs))];
  const { seconds: oursSeconds, notes, ...oursCost } = oursMedian;
  const { seconds: peerSeconds, notes: _notes, ...peerCost } = peerMedian;
  return {
    name: comparison.name,
    ours: oursSeconds,
    peer: peerSeconds,
    ratio: peerSeconds / oursSeconds,
    unit: 's',
    runs,
    against: comparison.against,
    oursCost,
    peerCost,
    notes,
  };
}

function medianRun(runs: readonly Run[]): Required<Run> {
  const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  return {
    seconds: median(runs.map(({ seconds }) => seconds)),
    cpuSeconds: median(runs.map(({ cpuSeconds }) => cpuSeconds)),
    peakMB: median(runs.map(({ peakMB }) => peakMB)),
    growthMB: median(runs.map(({ growthMB }) => growthMB)),
    notes: Object.fromEntries(
      Object.keys(runs[0]?.notes ?? {}).map((name) => [name, median(runs.map(({ notes }) => notes?.[name] ?? Number.NaN))]),
    ),
  };
}
