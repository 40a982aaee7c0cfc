import { fork } from 'node:child_process';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

export interface LoopDelay {
  /** Milliseconds, the histogram's own resolution of 1 ms subtracted. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Measures this process's event-loop delay until it is stopped. */
export function measureLoopDelay(): { stop(): LoopDelay } {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  return {
    stop: () => {
      histogram.disable();
      const milliseconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - 1);
      return { p50: milliseconds(histogram.percentile(50)), p99: milliseconds(histogram.percentile(99)), max: milliseconds(histogram.max) };
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
