import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../support/temporary.ts';
import { WITH_COMPILE_CACHE } from './compile-cache.ts';
import type { IndexTasks } from './index-messages.ts';

const INSTANCES = 1_000_000;
const SLICES = 5_000;
const FEW = 1_000;
let isWarm = false;
/** What a fast sender brings within the half second that the index may be behind. */
const IN_FLIGHT = 1_000;
/** The main thread of the process makes what arrives, which the main thread of a workstation never does: its garbage is not the archive's. */
const FEEDER_MB = 2;
const MEMORY = { boundMB: 300 } as const;

type Measured = Exclude<keyof IndexTasks, 'leave-killed' | 'fill-index'>;

/** The index of the archive at its full size, or at a part of it (`--scale`): one line of figures beside what they must not miss. */
export const INDEX_BENCHES: Readonly<Record<Measured, (scale: number) => Promise<string>>> = {
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
    const args = (folder: string) => ({ folder, instances: Math.round(INSTANCES * scale) });
    const figures = await run('search-1M', args, async (folder) => void (await task('fill-index', args(folder))));
    return line('search-1M', { ...figures, floorP95Ms: 25, goalP95Ms: 10, ...MEMORY });
  },
  'start-1M': async (scale) => {
    const args = (folder: string) => ({ folder, instances: Math.round(INSTANCES * scale), inFlight: Math.round(IN_FLIGHT * scale) });
    const figures = await run('start-1M', args, async (folder) => {
      const killed = start();
      killed.send({ name: 'leave-killed', args: args(folder) });
      await once(killed, 'exit');
    });
    return line('start-1M', { ...figures, floorMs: 1000, ...MEMORY });
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
  before?: (folder: string) => Promise<void>,
): Promise<IndexTasks[Name]['result'] & { peakMB: number }> {
  // The first process fills the cache of compiled code, as earlier starts of the program have.
  if (!isWarm) await warmUp();
  await using folder = await temporaryFolder('bench-index');
  await before?.(folder.path);
  return await task(name, argsOf(folder.path));
}

async function warmUp(): Promise<void> {
  await using folder = await temporaryFolder('bench-index');
  await task('index-insert', { folder: folder.path, instances: FEW });
  isWarm = true;
}

async function task<Name extends keyof IndexTasks>(
  name: Name,
  args: IndexTasks[Name]['args'],
): Promise<IndexTasks[Name]['result'] & { peakMB: number }> {
  const child = start();
  const ended = once(child, 'exit');
  child.send({ name, args });
  const [{ result, error }] = (await once(child, 'message')) as [
    { result?: IndexTasks[Name]['result'] & { peakMB: number }; error?: string },
  ];
  await ended;
  if (result === undefined) throw new Error(error ?? `${name} gave no figures`);
  return result;
}

function start(): ChildProcess {
  return fork(fileURLToPath(new URL('./index-process.ts', import.meta.url)), {
    execArgv: ['--expose-gc', `--max-semi-space-size=${FEEDER_MB}`],
    env: WITH_COMPILE_CACHE,
  });
}
