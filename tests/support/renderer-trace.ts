import type { CDPSession } from 'playwright-core';

interface TraceEvent {
  readonly name: string;
  readonly cat: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

export interface LongestTasks {
  /** Thread CPU time of the longest RunTask on a renderer's main thread, ms. */
  readonly cpuMs: number;
  /** Wall-clock time of the longest one, ms. */
  readonly wallMs: number;
  readonly tasks: number;
}

/** Records a trace over CDP until it is stopped, and finds the longest tasks of the renderer's main thread (invariant 4). */
export async function traceRendererTasks(session: CDPSession): Promise<{ stop(): Promise<LongestTasks> }> {
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => {
    for (const event of value as unknown as TraceEvent[]) events.push(event);
  });
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { recordMode: 'recordAsMuchAsPossible', includedCategories: ['toplevel', '__metadata'], excludedCategories: ['*'] },
  });
  return {
    stop: async () => {
      const complete = new Promise<void>((resolve) => session.once('Tracing.tracingComplete', () => resolve()));
      await session.send('Tracing.end');
      await complete;
      return longestTasks(events);
    },
  };
}

function longestTasks(events: readonly TraceEvent[]): LongestTasks {
  const mainThreads = new Set(
    events
      .filter((event) => event.name === 'thread_name' && event.args?.name === 'CrRendererMain')
      .map((event) => `${event.pid}/${event.tid}`),
  );
  if (mainThreads.size === 0) throw new Error('the trace names no renderer main thread');
  const tasks = events.filter(
    (event) => event.ph === 'X' && event.name.endsWith('RunTask') && mainThreads.has(`${event.pid}/${event.tid}`),
  );
  if (!tasks.some((task) => task.tdur !== undefined)) throw new Error('the trace holds no thread CPU times');
  const longest = (values: readonly (number | undefined)[]) => values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0) / 1000;
  return { cpuMs: longest(tasks.map((task) => task.tdur)), wallMs: longest(tasks.map((task) => task.dur)), tasks: tasks.length };
}
