import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { dcmtk, startStorescp } from '../support/dcmtk.ts';
import { freePort } from '../support/free-port.ts';
import { stopChild } from '../support/orthanc.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { watchCost } from './process-cost.ts';
import { type DataSets, huge, images, syncDisk } from './receive-data.ts';
import type { Bench, Comparison, Run } from './side-by-side.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The same files sent by storescu to `phosphor listen` and to storescp. Ours includes SHA-256, header, duplicate check and index. */
export const RECEIVE_BENCHES: Readonly<Record<string, Bench>> = {
  'receive-ct': (folder, part, runs) => {
    const data = images({ instances: 500 * part, size: 512 });
    return [...bothWays('receive-ct', { folder, runs }, data), () => coldComparison('receive-ct:cold', folder, data)];
  },
  'receive-mr': (folder, part, runs) => bothWays('receive-mr', { folder, runs }, images({ instances: 2000 * part, size: 64 })),
  'receive-4': (folder, part, runs) =>
    bothWays('receive-4', { folder, runs }, images({ instances: 500 * part, size: 512, associations: 4 })),
  'receive-huge': (folder, part, runs) => [() => warmComparison('receive-huge', { folder, runs }, huge(600_000_000 * part), false)],
};

interface Rounds {
  readonly folder: string;
  readonly runs: number;
}

function bothWays(name: string, rounds: Rounds, data: DataSets): readonly (() => Promise<Comparison>)[] {
  return [() => warmComparison(name, rounds, data, false), () => warmComparison(`${name}:durable`, rounds, data, true)];
}

/** Where a receiver listens, and how it is looked at between two rounds. */
interface Receiver extends AsyncDisposable {
  readonly pid: number;
  readonly aeTitle: string;
  readonly port: number;
  /** Resolves when nothing is left to be done for what it received. */
  settled(): Promise<void>;
  /** Holds what it received. */
  readonly folder: string;
}

/** So often a receiver gets its work before it is measured: V8 compiles what is used often in steps, beside the work, through some thousand instances. */
const WARM_UPS = 4;

/**
 * A workstation runs all day, and so does a storescp: both are started once, and each round sends instances that neither has seen. All of them are
 * made before the first round: who is measured right after another program has filled the caches of the processor for seconds is slower for that.
 */
async function warmComparison(name: string, { folder, runs }: Rounds, data: DataSets, durable: boolean): Promise<Comparison> {
  const made = (number: number) => join(folder, `${name.replace(/\W/g, '-')}-${number}`);
  const sets: (readonly string[])[] = [];
  for (let number = 0; number < WARM_UPS + runs; number += 1) sets.push(await data.write(made(number), number + 1));
  const ours = await startPhosphor(durable);
  const peer = await startPeer(data.associations);
  let folders: readonly string[] = [];
  return {
    name,
    against: 'storescp',
    warmUps: WARM_UPS,
    ours: () => deliver(ours, folders, data.instances),
    peer: () => deliver(peer, folders, data.instances),
    prepare: async (round) => {
      const number = round + WARM_UPS;
      folders = sets[number] ?? [];
      return { [Symbol.asyncDispose]: async () => void (await emptied(made(number))) };
    },
    [Symbol.asyncDispose]: async () => {
      await ours[Symbol.asyncDispose]();
      await peer[Symbol.asyncDispose]();
    },
  };
}

/** Both sides as new processes each time: what the first study after a start costs. */
async function coldComparison(name: string, folder: string, data: DataSets): Promise<Comparison> {
  const made = join(folder, 'cold');
  const folders = await data.write(made, 1);
  const once = async (start: Promise<Receiver>) => {
    await using receiver = await start;
    return await deliver(receiver, folders, data.instances);
  };
  return {
    name,
    against: 'storescp',
    ours: () => once(startPhosphor(false)),
    peer: () => once(startPeer(data.associations)),
    [Symbol.asyncDispose]: () => rm(made, { recursive: true }),
  };
}

async function startPhosphor(durable: boolean): Promise<Receiver> {
  const folder = await temporaryFolder('bench');
  const profile = join(folder.path, 'profile');
  const archive = join(profile, 'archive');
  await mkdir(profile);
  await writeFile(join(profile, 'settings.jsonc'), JSON.stringify({ durable, acceptAnyone: true }));
  const port = await freePort();
  const child = spawn(process.execPath, ['build/bin/phosphor.mjs', 'listen', '--profile', profile, '--port', String(port), '--json'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await listening(child);
  return {
    pid: child.pid ?? 0,
    aeTitle: 'PHOSPHOR',
    port,
    settled: async () => {
      // What the index holds for good has left incoming/.
      while ((await readdir(join(archive, 'incoming'))).length > 0) await pause(10);
    },
    folder: join(archive, 'files'),
    [Symbol.asyncDispose]: async () => {
      await stopChild(child);
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function listening(child: ChildProcess): Promise<void> {
  const output = child.stdout;
  if (output === null) throw new Error('phosphor has no output');
  const lines = createInterface({ input: output });
  const ended = once(child, 'exit').then(() => {
    throw new Error('phosphor ended before it listened');
  });
  const seen = (async () => {
    for await (const line of lines) if (line.includes('"listening"')) return;
  })();
  await Promise.race([seen, ended]);
  ended.catch(() => undefined);
  output.resume();
}

async function startPeer(associations: number): Promise<Receiver> {
  const folder = await temporaryFolder('bench');
  const target = join(folder.path, 'in');
  const storescp = await startStorescp(target, { args: associations > 1 ? ['--fork'] : [] });
  return {
    pid: storescp.pid,
    aeTitle: storescp.aeTitle,
    port: storescp.port,
    settled: async () => undefined,
    folder: target,
    [Symbol.asyncDispose]: async () => {
      await storescp.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/**
 * Gives back the room of all files below a folder; resolves with how many held something. They stay as empty files until the end: ext4 passes over
 * each inode that was freed in the last seconds when it makes a file, which would cost both sides a tenth of a millisecond an instance.
 */
async function emptied(folder: string): Promise<number> {
  let count = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || (await stat(path)).size === 0) continue;
    await truncate(path);
    count += 1;
  }
  return count;
}

async function deliver(receiver: Receiver, folders: readonly string[], instances: number): Promise<Run> {
  await syncDisk();
  const cost = await watchCost(receiver.pid);
  const started = performance.now();
  const sent = await Promise.all(
    folders.map((folder) => dcmtk('storescu', '-aec', receiver.aeTitle, '127.0.0.1', String(receiver.port), '+sd', folder)),
  );
  const seconds = (performance.now() - started) / 1000;
  const failed = sent.find(({ code }) => code !== 0);
  if (failed !== undefined) throw new Error(`storescu: ${failed.output}`);
  await receiver.settled();
  const indexed = (performance.now() - started) / 1000;
  const used = await cost();
  const received = await emptied(receiver.folder);
  if (received !== instances) throw new Error(`${received} of ${instances} instances stored`);
  return { seconds, ...used, notes: { 'all hashed and indexed after': indexed } };
}
