import { fork } from 'node:child_process';
import { once } from 'node:events';
import { opendir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WITH_COMPILE_CACHE } from './compile-cache.ts';
import { writeFolder } from './import-data.ts';
import { runTool } from './peer-tool.ts';
import { syncDisk } from './receive-data.ts';
import type { Bench, Run } from './side-by-side.ts';

const FILES = 20_000;

/** A folder into an archive, durable and indexed, against a copy of the same folder and a sync. */
export const IMPORT_BENCHES: Readonly<Record<string, Bench>> = {
  'import-folder': (folder, part) => [
    async () => {
      const files = FILES * part;
      const source = join(folder, 'source');
      await writeFolder(source, files);
      await syncDisk();
      return {
        name: 'import-folder',
        against: 'cp -r, then sync',
        ours: async (round) => {
          const target = join(folder, `ours-${round}`);
          const run = await imported(target, source);
          if (run.notes?.imported !== files) throw new Error(`${run.notes?.imported} of ${files} files imported`);
          await emptied(target);
          return run;
        },
        peer: async (round) => {
          const target = join(folder, `peer-${round}`);
          const copied = await runTool('defaults', 'cp', '-r', source, target);
          const synced = await runTool('defaults', 'sync');
          await emptied(target);
          return { ...copied, seconds: copied.seconds + synced.seconds, cpuSeconds: copied.cpuSeconds + synced.cpuSeconds };
        },
      };
    },
  ],
};

async function imported(folder: string, source: string): Promise<Run> {
  const child = fork(fileURLToPath(new URL('./import-process.ts', import.meta.url)), [folder, source], { env: WITH_COMPILE_CACHE });
  const [message] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('our side ended'))),
  ]);
  if (child.exitCode === null) await once(child, 'exit');
  return message as Run;
}

/** Not removed: where ext4 has no journal, files made soon after are slowed by each inode that was freed. */
async function emptied(folder: string): Promise<void> {
  for await (const entry of await opendir(folder, { recursive: true })) {
    if (entry.isFile()) await truncate(join(entry.parentPath, entry.name));
  }
  await syncDisk();
}
