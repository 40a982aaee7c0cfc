import { readdir, readFile } from 'node:fs/promises';

/** What a process has used so far: CPU seconds of all its threads, and its peak resident memory in MB (Linux). */
export interface ProcessCost {
  readonly cpuSeconds: number;
  readonly peakMB: number;
}

const TICKS_PER_SECOND = 100;

/** Of a process and its living children together (storescp --fork serves in children). */
export async function processCost(pid: number): Promise<ProcessCost> {
  const costs = await Promise.all([pid, ...(await childrenOf(pid))].map(costOfOne));
  return {
    cpuSeconds: costs.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    peakMB: costs.reduce((sum, { peakMB }) => sum + peakMB, 0),
  };
}

async function costOfOne(pid: number): Promise<ProcessCost> {
  try {
    const [stat, status] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile(`/proc/${pid}/status`, 'utf8')]);
    // Fields 14 to 17 of proc(5): own and reaped children's user and system time. The command in field 2 may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, value) => sum + Number(value), 0);
    const peak = /VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? '0';
    return { cpuSeconds: ticks / TICKS_PER_SECOND, peakMB: Number(peak) / 1024 };
  } catch {
    return { cpuSeconds: 0, peakMB: 0 };
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')));
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}
