import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../support/temporary.ts';
import type { IndexTasks } from './index-messages.ts';

const INSTANCES = 1_000_000;
const SLICES = 5_000;
const MEMORY = { boundMB: 300 } as const;

/** The index of the archive at its full size, or at a part of it (`--scale`): one line of figures beside what they must not miss. */
export const INDEX_BENCHES: Readonly<Record<keyof IndexTasks, (scale: number) => Promise<string>>> = {
  'index-insert': async (scale) => {
    const figures = await run('index-insert', (folder) => ({ folder, instances: Math.round(INSTANCES * scale) }));
    const lastToFirst = figures.lastPerSecond / figures.firstPerSecond;
    return line('index-insert', {
      ...figures,
      lastToFirst,
      floorPerSecond: 15_000,
      goalPerSecond: 25_000,
      floorLastToFirst: 0.7,
      ...MEMORY,
    });
  },
  'search-1M': async (scale) => {
    const figures = await run('search-1M', (folder) => ({ folder, instances: Math.round(INSTANCES * scale) }));
    return line('search-1M', { ...figures, floorP95Ms: 25, goalP95Ms: 10, ...MEMORY });
  },
  'open-5000': async (scale) => {
    const figures = await run('open-5000', (folder) => ({ folder, slices: Math.round(SLICES * scale) }));
    return line('open-5000', { ...figures, floorMs: 200, goalMs: 100, ...MEMORY });
  },
};

const line = (name: string, figures: object): string => JSON.stringify({ name, ...figures });

async function run<Name extends keyof IndexTasks>(
  name: Name,
  argsOf: (folder: string) => IndexTasks[Name]['args'],
): Promise<IndexTasks[Name]['result'] & { peakMB: number }> {
  await using folder = await temporaryFolder('bench-index');
  const child = fork(fileURLToPath(new URL('./index-process.ts', import.meta.url)), { execArgv: ['--expose-gc'] });
  const ended = once(child, 'exit');
  child.send({ name, args: argsOf(folder.path) });
  const [{ result, error }] = (await once(child, 'message')) as [
    { result?: IndexTasks[Name]['result'] & { peakMB: number }; error?: string },
  ];
  await ended;
  if (result === undefined) throw new Error(error ?? `${name} gave no figures`);
  return result;
}
