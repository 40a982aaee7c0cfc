import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/free-port.ts';
import { writeSeries } from '../support/instances.ts';
import { phosphor } from '../support/workstation.ts';
import { type ArchiveArena, must, mustBeWhole, opened } from './archive-arena.ts';
import { Random } from './random.ts';

const CASES = 60;
const AT_ONCE = 4;

/** Several workstations of several profiles open one archive at the same moment; whoever has it is killed, and the next one takes over. */
export async function twoWorkstations(arena: ArchiveArena): Promise<void> {
  const archive = join(arena.folder, 'archive');
  const acknowledged = new Set<string>();
  for (let index = 0; index < Math.ceil(CASES * arena.scale); index += 1) {
    const random = Random.of(arena.seed, index);
    await arena.attempt(`case ${index}`, async () => {
      const lanes = await Promise.all(
        Array.from({ length: AT_ONCE }, (_, lane) => contend(archive, join(arena.folder, `profile${lane}`), `1.9.${index}.${lane}`)),
      );
      const winners = lanes.filter(({ answer }) => answer === 'open');
      try {
        must(winners.length === 1, `${winners.length} of ${AT_ONCE} have the archive open`);
        must(
          lanes.every(({ answer }) => answer === 'open' || answer === 'busy'),
          `answers ${lanes.map(({ answer }) => answer).join(', ')}`,
        );
        for (const uid of (await winners[0]?.killAfter(1 + random.below(30))) ?? []) acknowledged.add(uid);
      } finally {
        for (const { child } of lanes) child.kill('SIGKILL');
      }
      return 'one has it, the others are told';
    });
  }
  await arena.attempt('afterwards', async () => {
    await using it = await opened({ directory: archive, databases: join(arena.folder, 'last'), durable: true });
    await mustBeWhole(it.archive, acknowledged);
    arena.count('instances acknowledged', acknowledged.size);
    return 'nothing lost';
  });
}

async function contend(directory: string, databases: string, prefix: string) {
  const script = fileURLToPath(new URL('./contending-process.ts', import.meta.url));
  const child = spawn(process.execPath, [script, directory, databases, prefix], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const heard: string[] = [];
  lines.on('line', (line) => heard.push(line));
  const [answer] = (await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => ['ended'])])) as [string];
  return { child, answer, killAfter: (count: number) => killAfter(child, heard, count) };
}

/** Kills the one that stores when so many were acknowledged; answers which. */
async function killAfter(child: ChildProcess, heard: string[], count: number): Promise<string[]> {
  while (heard.length <= count && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  return heard.filter((line) => line.startsWith('1.'));
}

const IMPORTS = 10;

/** `phosphor import` from several shells while a workstation runs on the same profile, as it does while its window is open. */
export async function importBesideWindow(arena: ArchiveArena): Promise<void> {
  const profile = join(arena.folder, 'profile');
  await using running = await runningWorkstation(profile);
  const count = Math.max(2, Math.ceil(IMPORTS * arena.scale));
  const folders = Array.from({ length: count }, (_, i) => join(arena.folder, `in${i}`));
  for (const [i, folder] of folders.entries()) {
    await mkdir(folder);
    await writeSeries(folder, { study: `1.2.840.77.${i}`, series: 1, count: 50 });
  }
  await Promise.all(
    folders.map((folder, i) =>
      arena.attempt(`import ${i}`, async () => {
        const { code, lines, stderr } = await phosphor(['import', folder, '--profile', profile, '--json']);
        must(code === 0, `exit code ${code}: ${stderr.slice(0, 200)}`);
        must((lines.at(-1)?.details as { imported?: number } | undefined)?.imported === 50, 'not all 50 were imported');
        return 'imported beside the window';
      }),
    ),
  );
  await arena.attempt('afterwards', async () => {
    const { lines } = await phosphor(['archive', 'verify', '--profile', profile, '--json']);
    must((lines.at(-1)?.details as { checked?: number } | undefined)?.checked === 50 * count, 'not all are in the index');
    must(lines.at(-1)?.outcome === 'success', 'verify finds problems');
    must(running.child.exitCode === null, 'the workstation ended');
    return 'verified';
  });
}

/** A workstation that holds the profile until it is disposed of. */
async function runningWorkstation(profile: string): Promise<{ readonly child: ChildProcess } & AsyncDisposable> {
  const program = fileURLToPath(new URL('../../build/bin/phosphor.mjs', import.meta.url));
  const args = [program, 'listen', '--profile', profile, '--port', String(await freePort())];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return {
    child,
    [Symbol.asyncDispose]: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}
