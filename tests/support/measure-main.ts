import { isMainThread } from 'node:worker_threads';
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
}

if (isMainThread && process.send !== undefined) {
  let measurement: ReturnType<typeof measureLoopDelay> | undefined;
  process.on('message', async (message) => {
    const { mainThreadTasks } = await import('../../electron/actions/main-thread-tasks.ts');
    if (message === 'measure') {
      mainThreadTasks.reset();
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
      };
      process.send?.(result);
    }
  });
  process.channel?.unref();
}
