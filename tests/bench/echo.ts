import { join } from 'node:path';
import { type DcmtkServer, startStorescp } from '../support/dcmtk.ts';
import { type OurSide, startOurSide } from './our-side.ts';
import { runTool } from './peer-tool.ts';
import type { Bench, Comparison, Run } from './side-by-side.ts';

const ECHOES = 1000;
const ASSOCIATIONS = 200;

/** C-ECHO on one association; and how long an association takes from its request to the answer of its one C-ECHO. */
export const ECHO_BENCHES: Readonly<Record<string, Bench>> = {
  'echo-1000': (folder) => [() => echoComparison(folder)],
  associate: (folder, part) => [() => associateComparison(folder, ASSOCIATIONS * part)],
};

async function echoComparison(folder: string): Promise<Comparison> {
  return await withStorescp(folder, ({ port, aeTitle }, us) => ({
    name: 'echo-1000',
    against: 'echoscu --repeat',
    ours: async () => {
      const { latencyMs, instances: _, ...run } = await us.call('echo', { peer: { port, calledAETitle: aeTitle }, repeat: ECHOES });
      return { ...run, notes: { medianLatencyMs: latencyMs } };
    },
    peer: () => runTool('no-delay', 'echoscu', '--repeat', String(ECHOES), '-aec', aeTitle, '127.0.0.1', String(port)),
  }));
}

/** Published beside the same number of echoscu's programs, which it does not compete with. */
async function associateComparison(folder: string, times: number): Promise<Comparison> {
  return await withStorescp(folder, ({ port, aeTitle }, us) => ({
    name: 'associate',
    against: `${times} times echoscu as a program`,
    ours: async () => {
      const {
        medianMs,
        instances: _,
        ...run
      } = await us.call('associate', {
        peer: { port, calledAETitle: aeTitle },
        times,
      });
      return { ...run, notes: { medianMs } };
    },
    peer: async () => {
      const runs: Run[] = [];
      for (let i = 0; i < times; i++) runs.push(await runTool('no-delay', 'echoscu', '-aec', aeTitle, '127.0.0.1', String(port)));
      const sum = (key: 'seconds' | 'cpuSeconds') => runs.reduce((total, run) => total + run[key], 0);
      const peakMB = Math.max(...runs.map((run) => run.peakMB));
      return { seconds: sum('seconds'), cpuSeconds: sum('cpuSeconds'), peakMB, growthMB: peakMB };
    },
  }));
}

async function withStorescp(folder: string, compare: (scp: DcmtkServer, us: OurSide) => Comparison): Promise<Comparison> {
  const scp = await startStorescp(join(folder, 'in'));
  const us = await startOurSide();
  return {
    ...compare(scp, us),
    [Symbol.asyncDispose]: async () => {
      await us[Symbol.asyncDispose]();
      await scp.stop();
    },
  };
}
