import { readdir, readFile, writeFile } from 'node:fs/promises';

/** What a process used while something ran (Linux). */
export interface ProcessCost {
  /** CPU seconds of all its threads. */
  readonly cpuSeconds: number;
  /** Its largest resident memory meanwhile, and by how much that exceeds what it had before. */
  readonly peakMB: number;
  readonly growthMB: number;
}

const TICKS_PER_SECOND = 100;

/** Begins to watch a process and its children together (storescp --fork serves in children); call the result when the work is done. */
export async function watchCost(pid: number): Promise<() => Promise<ProcessCost>> {
  // proc(5): makes the present resident memory the peak.
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => undefined);
  const before = await usedSoFar(pid);
  return async () => {
    const after = await usedSoFar(pid);
    return {
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      peakMB: after.peakMB,
      growthMB: after.peakMB - before.residentMB,
    };
  };
}

interface Used {
  readonly cpuSeconds: number;
  readonly peakMB: number;
  readonly residentMB: number;
}

async function usedSoFar(pid: number): Promise<Used> {
  const used = await Promise.all([pid, ...(await childrenOf(pid))].map(usedByOne));
  const sum = (key: keyof Used) => used.reduce((total, one) => total + one[key], 0);
  return { cpuSeconds: sum('cpuSeconds'), peakMB: sum('peakMB'), residentMB: sum('residentMB') };
}

async function usedByOne(pid: number): Promise<Used> {
  try {
    const [stat, status] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile(`/proc/${pid}/status`, 'utf8')]);
    // Fields 14 to 17 of proc(5): own and reaped children's user and system time. The command in field 2 may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, value) => sum + Number(value), 0);
    const megabytes = (key: string) => Number(new RegExp(`${key}:\\s+(\\d+) kB`).exec(status)?.[1] ?? '0') / 1024;
    return { cpuSeconds: ticks / TICKS_PER_SECOND, peakMB: megabytes('VmHWM'), residentMB: megabytes('VmRSS') };
  } catch {
    return { cpuSeconds: 0, peakMB: 0, residentMB: 0 };
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')));
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}
