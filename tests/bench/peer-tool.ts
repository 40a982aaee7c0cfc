import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Run } from './side-by-side.ts';

/** With TCP_NODELAY, or as the tools come (`defaults`): then they wait 45 ms wherever Nagle's algorithm meets a delayed ACK. */
export type Nagle = 'no-delay' | 'defaults';

const WATCH_MS = 20;
const TICKS_PER_SECOND = 100;

/** Runs a tool of DCMTK's as the program for one run that it is. Its CPU time and memory are read while it lives (at most 20 ms before its end). */
export async function runTool(nagle: Nagle, tool: string, ...args: readonly string[]): Promise<Run> {
  const { TCP_NODELAY: _, ...plain } = process.env;
  const started = performance.now();
  const child = spawn(tool, args, {
    env: nagle === 'no-delay' ? { ...plain, TCP_NODELAY: '1' } : plain,
    stdio: 'ignore',
  });
  let cost = { cpuSeconds: 0, peakMB: 0 };
  const watch = setInterval(() => {
    cost = costOf(child.pid ?? 0) ?? cost;
  }, WATCH_MS);
  const [code] = await once(child, 'close');
  const seconds = (performance.now() - started) / 1000;
  clearInterval(watch);
  if (code !== 0) throw new Error(`${tool} ended with ${code}`);
  return { seconds, ...cost, growthMB: cost.peakMB };
}

function costOf(pid: number): { cpuSeconds: number; peakMB: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (peak === undefined) return undefined;
    return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND, peakMB: Number(peak) / 1024 };
  } catch {
    return undefined;
  }
}
