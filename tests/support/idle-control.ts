import { fork } from 'node:child_process';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

export interface LoopDelay {
  /** Milliseconds, the histogram's own resolution of 1 ms subtracted. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly samples: number;
  /** The values at 0.1 %, 0.2 % … 100 %: each stands for a thousandth of the samples. */
  readonly quantiles: readonly number[];
}

const STEPS = 1000;

/** Several measurements as one: what a single histogram over all their samples would say. */
export function mergeLoopDelays(delays: readonly LoopDelay[]): LoopDelay {
  const weighted = delays.flatMap(({ samples, quantiles }) => quantiles.map((value) => ({ value, weight: samples / STEPS })));
  weighted.sort((a, b) => a.value - b.value);
  const samples = delays.reduce((sum, delay) => sum + delay.samples, 0);
  const at = (fraction: number) => {
    let seen = 0;
    for (const { value, weight } of weighted) {
      seen += weight;
      if (seen >= samples * fraction - 1e-6) return value;
    }
    return 0;
  };
  const quantiles = Array.from({ length: STEPS }, (_, i) => at((i + 1) / STEPS));
  return { p50: at(0.5), p99: at(0.99), max: Math.max(...delays.map(({ max }) => max)), samples, quantiles };
}

/** Measures this process's event-loop delay until it is stopped. */
export function measureLoopDelay(): { stop(): LoopDelay } {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  return {
    stop: () => {
      histogram.disable();
      const milliseconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - 1);
      const at = (percentile: number) => milliseconds(histogram.percentile(percentile));
      const quantiles = Array.from({ length: STEPS }, (_, i) => at(((i + 1) / STEPS) * 100));
      return { p50: at(50), p99: at(99), max: milliseconds(histogram.max), samples: histogram.count, quantiles };
    },
  };
}

/** An idle Node process beside the one under test: what a process that does nothing suffers on this machine at this moment. */
export async function startIdleControl(): Promise<{ stop(): Promise<LoopDelay> }> {
  const child = fork(fileURLToPath(import.meta.url), ['--idle-control'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(child, 'message');
  return {
    stop: async () => {
      const answer = once(child, 'message') as Promise<[LoopDelay]>;
      child.send('stop');
      const [delay] = await answer;
      await once(child, 'exit');
      return delay;
    },
  };
}

if (process.argv[2] === '--idle-control') {
  const measurement = measureLoopDelay();
  process.send?.('ready');
  process.once('message', () => {
    process.send?.(measurement.stop(), () => process.disconnect());
  });
}
