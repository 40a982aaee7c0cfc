import { isMainThread, Worker } from 'node:worker_threads';
import { type LoopDelay, measureLoopDelay } from './idle-control.ts';

/**
 * Preloaded (`node --import`) into a workstation process under test: measures its main thread's event-loop delay when told to over the IPC
 * channel, and asks the product's own meter for the longest task of our own. The product itself knows nothing of this.
 */
export interface MainThreadMeasurement {
  readonly delay: LoopDelay;
  /** Longest task of our own on the main thread, ms of its CPU time. */
  readonly longestTaskMs: number;
  readonly longestTaskName: string;
  readonly tasks: number;
  /** Longest handling of a message from any of its threads, whatever room hears it, ms of the main thread's CPU time. */
  readonly longestMessageMs: number;
  readonly messages: number;
}

/** Measures every delivery of a worker's message, the rooms' own handlers included, which the product's meter does not see from the outside. */
function measureMessages(): { reset(): void; longestMs(): number; count(): number } {
  const emit = Worker.prototype.emit;
  let longest = 0;
  let count = 0;
  Worker.prototype.emit = function (this: Worker, ...event: Parameters<typeof emit>) {
    if (event[0] !== 'message') return emit.apply(this, event);
    const before = process.threadCpuUsage();
    try {
      return emit.apply(this, event);
    } finally {
      const { user, system } = process.threadCpuUsage(before);
      longest = Math.max(longest, (user + system) / 1000);
      count += 1;
    }
  } as typeof emit;
  return {
    reset: () => {
      longest = 0;
      count = 0;
    },
    longestMs: () => longest,
    count: () => count,
  };
}

if (isMainThread && process.send !== undefined) {
  let measurement: ReturnType<typeof measureLoopDelay> | undefined;
  const messages = measureMessages();
  process.on('message', async (message) => {
    const { mainThreadTasks } = await import('../../electron/actions/main-thread-tasks.ts');
    if (message === 'measure') {
      mainThreadTasks.reset();
      messages.reset();
      measurement = measureLoopDelay();
      process.send?.({ measuring: true });
    }
    if (message === 'report' && measurement !== undefined) {
      const { longestTask, tasks } = mainThreadTasks.report();
      const result: MainThreadMeasurement = {
        delay: measurement.stop(),
        longestTaskMs: longestTask.ms,
        longestTaskName: longestTask.name,
        tasks,
        longestMessageMs: messages.longestMs(),
        messages: messages.count(),
      };
      process.send?.(result);
    }
  });
  process.channel?.unref();
}
