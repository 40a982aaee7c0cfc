import { spawn } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { dcmtk, startStorescp } from '../support/dcmtk.ts';
import { freePort } from '../support/free-port.ts';
import { stopChild } from '../support/orthanc.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { processCost } from './process-cost.ts';
import type { Comparison, Run, Side } from './side-by-side.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Delivery {
  readonly name: string;
  /** One folder for each association; storescu sends them at the same time. */
  readonly folders: readonly string[];
  readonly instances: number;
  readonly durable: boolean;
}

/** The same folders sent by storescu to `phosphor listen` and to storescp. Ours includes SHA-256, header, duplicate check and index. */
export function receiveComparison(delivery: Delivery): Comparison {
  return { name: delivery.name, against: 'storescp', ours: receiveByPhosphor(delivery), peer: receiveByStorescp(delivery) };
}

function receiveByPhosphor({ folders, instances, durable }: Delivery): Side {
  return async () => {
    await using folder = await temporaryFolder('bench');
    const profile = join(folder.path, 'profile');
    await mkdir(profile);
    await writeFile(join(profile, 'settings.jsonc'), JSON.stringify({ durable, acceptAnyone: true }));
    const port = await freePort();
    const child = spawn(process.execPath, ['build/bin/phosphor.mjs', 'listen', '--profile', profile, '--port', String(port), '--json'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout });
    for await (const line of lines) if (line.includes('"listening"')) break;
    child.stdout.resume();
    try {
      const run = await deliver(child.pid ?? 0, folders, 'PHOSPHOR', port);
      const stored = (await readdir(join(profile, 'archive', 'files'), { recursive: true })).filter((path) => path.endsWith('.dcm'));
      if (stored.length !== instances) throw new Error(`${stored.length} of ${instances} instances stored`);
      return run;
    } finally {
      await stopChild(child);
    }
  };
}

function receiveByStorescp({ folders, instances }: Delivery): Side {
  return async () => {
    await using folder = await temporaryFolder('bench');
    const target = join(folder.path, 'in');
    const args = ['-pdu', '131072', ...(folders.length > 1 ? ['--fork'] : [])];
    await using storescp = await startStorescp(target, { args });
    const run = await deliver(storescp.pid, folders, storescp.aeTitle, storescp.port);
    const stored = await readdir(target);
    if (stored.length !== instances) throw new Error(`${stored.length} of ${instances} instances stored`);
    return run;
  };
}

async function deliver(pid: number, folders: readonly string[], aeTitle: string, port: number): Promise<Run> {
  const before = await processCost(pid);
  const started = performance.now();
  const sent = await Promise.all(
    folders.map((folder) => dcmtk('storescu', '-pdu', '131072', '-aec', aeTitle, '127.0.0.1', String(port), '+sd', folder)),
  );
  const seconds = (performance.now() - started) / 1000;
  const failed = sent.find(({ code }) => code !== 0);
  if (failed !== undefined) throw new Error(`storescu: ${failed.output}`);
  const after = await processCost(pid);
  return { seconds, cpuSeconds: after.cpuSeconds - before.cpuSeconds, peakMB: after.peakMB };
}
