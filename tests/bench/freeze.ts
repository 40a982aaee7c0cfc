import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { dcmtk } from '../support/dcmtk.ts';
import { freePort } from '../support/free-port.ts';
import { startIdleControl } from '../support/idle-control.ts';
import { phosphor, startWorkstation } from '../support/workstation.ts';
import { watchCost } from './process-cost.ts';
import { images } from './receive-data.ts';
import type { Bench, Run } from './side-by-side.ts';

const ASSOCIATIONS = 4;
const INSTANCES = 500;

/**
 * The load of `receive-4` on the running workstation: the event-loop delay of its main thread (p99) beside that of an idle process at the same time,
 * and the longest task of its own. Both numbers of a round come from one run.
 */
export const FREEZE_BENCHES: Readonly<Record<string, Bench>> = {
  freeze: (folder, part) => [
    async () => {
      let idle: Run = { seconds: 0, cpuSeconds: 0, peakMB: 0, growthMB: 0 };
      let main = idle;
      return {
        name: 'freeze',
        against: 'an idle process (loop delay, p99)',
        prepare: async (round) => {
          [main, idle] = await receiveByWorkstation(join(folder, `round-${round + 1}`), round + 2, INSTANCES * part);
          return { [Symbol.asyncDispose]: async () => {} };
        },
        ours: async () => main,
        peer: async () => idle,
      };
    },
  ],
};

async function receiveByWorkstation(folder: string, seed: number, instances: number): Promise<[Run, Run]> {
  const profile = join(folder, 'profile');
  await mkdir(profile, { recursive: true });
  await writeFile(join(profile, 'settings.jsonc'), JSON.stringify({ durable: false, acceptAnyone: true }));
  const folders = await images({ instances, size: 512, associations: ASSOCIATIONS }).write(join(folder, 'images'), seed);
  const port = await freePort();
  await using workstation = await startWorkstation({ profile, port });
  // The receiver stands open once there is somebody who might send.
  const sender = ['--host', '127.0.0.1', '--port', String(await freePort()), '--ae', 'STORESCU'];
  const added = await phosphor(['node', 'add', 'SENDER', ...sender, '--profile', profile]);
  if (added.code !== 0) throw new Error(`phosphor node add: ${added.stderr}`);
  const until = performance.now() + 15_000;
  while ((await dcmtk('echoscu', '-aec', 'PHOSPHOR', '127.0.0.1', String(port))).code !== 0) {
    if (performance.now() > until) throw new Error('the receiver did not open');
    await pause(100);
  }
  const control = await startIdleControl();
  const measurement = await workstation.measure();
  const cost = await watchCost(workstation.pid);
  const started = performance.now();
  const sent = await Promise.all(folders.map((images) => dcmtk('storescu', '-aec', 'PHOSPHOR', '127.0.0.1', String(port), '+sd', images)));
  const receivingSeconds = (performance.now() - started) / 1000;
  const measured = await measurement.stop();
  const idle = await control.stop();
  const used = await cost();
  const failed = sent.find(({ code }) => code !== 0);
  if (failed !== undefined) throw new Error(`storescu: ${failed.output}`);
  const stored = (await readdir(join(profile, 'archive', 'files'), { recursive: true })).filter((path) => path.endsWith('.dcm'));
  if (stored.length !== ASSOCIATIONS * instances) throw new Error(`${stored.length} instances stored`);
  await workstation.stop();
  await rm(folder, { recursive: true });
  const notes = {
    mainP99Ms: measured.delay.p99,
    idleP99Ms: idle.p99,
    receivingSeconds,
    longestOwnTaskMs: measured.longestTaskMs,
    longestMessageMs: measured.longestMessageMs,
  };
  return [
    { ...used, seconds: measured.delay.p99 / 1000, notes },
    { cpuSeconds: 0, peakMB: 0, growthMB: 0, seconds: idle.p99 / 1000 },
  ];
}
