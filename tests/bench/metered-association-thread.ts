import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type MessagePort, workerData } from 'node:worker_threads';
import type { WorkerDelay } from './our-messages.ts';

// The product's association worker with a meter beside it: how long its event loop was held since it was last asked.

const { meter } = workerData as { meter: MessagePort };
const histogram = monitorEventLoopDelay({ resolution: 1 });

meter.on('message', (message: 'start' | 'stop') => {
  if (message === 'start') {
    histogram.reset();
    histogram.enable();
    meter.postMessage('started');
    return;
  }
  histogram.disable();
  const milliseconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - 1);
  const delay: WorkerDelay = { p99: milliseconds(histogram.percentile(99)), max: milliseconds(histogram.max) };
  meter.postMessage(delay);
});
meter.unref();

await import('../../electron/associations/association-thread.ts');
