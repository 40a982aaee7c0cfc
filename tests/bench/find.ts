import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startOurSide } from './our-side.ts';
import { runTool } from './peer-tool.ts';
import type { Bench, Comparison } from './side-by-side.ts';

const ANSWERS = 10_000;
/** What the window asks for when a person searches. */
const KEYS = [
  '0008,0005',
  '0008,0020',
  '0008,0030',
  '0008,0050',
  '0008,0061',
  '0008,0090',
  '0008,1030',
  '0010,0010=*',
  '0010,0020',
  '0010,0030',
  '0010,0040',
  '0020,000d',
  '0020,0010',
  '0020,1206',
  '0020,1208',
];

/** A search with 10,000 answers: rows on our main thread on one side, findscu's listing on the other. */
export const FIND_BENCHES: Readonly<Record<string, Bench>> = {
  'find-10k': () => [findComparison],
};

async function findComparison(): Promise<Comparison> {
  const archive = fork(fileURLToPath(new URL('./canned-answers.ts', import.meta.url)), [String(ANSWERS)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [{ port }] = (await once(archive, 'message')) as [{ port: number }];
  const us = await startOurSide();
  const peer = { port, calledAETitle: 'CANNED' };
  const keys = ['-S', '-k', '0008,0052=STUDY', ...KEYS.flatMap((key) => ['-k', key])];
  return {
    name: 'find-10k',
    against: 'findscu',
    ours: async () => {
      const { matches, delay, instances: _, ...run } = await us.call('find', { peer });
      if (matches !== ANSWERS) throw new Error(`${matches} of ${ANSWERS} matches`);
      return { ...run, notes: { workerBlockedMs: delay.max, workerDelayP99Ms: delay.p99 } };
    },
    peer: () => runTool('no-delay', 'findscu', '-aec', peer.calledAETitle, ...keys, '127.0.0.1', String(port)),
    [Symbol.asyncDispose]: async () => {
      await us[Symbol.asyncDispose]();
      archive.disconnect();
      await once(archive, 'exit');
    },
  };
}
