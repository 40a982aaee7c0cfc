import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEBIAN_SAMPLES } from '../support/dicom-data.ts';
import { type ArchiveArena, must } from './archive-arena.ts';

const FILES = 30;
const FILES_PER_PROCESS = 15;
const MUTANTS = 100_000;
const SMALLEST = 600;
const LONGEST = 40_000;
/** No mutant may keep a reader longer (its own CPU time), and the process never longer silent (by the clock on the wall of a busy machine). */
const HANG_MS = 2_000;
const SILENCE_MS = 60_000;
const LARGEST_MB = 450;

export interface FuzzTask {
  readonly files: readonly string[];
  readonly folder: string;
  readonly mutantsPerFile: number;
}

export interface FuzzProgress {
  readonly mutants: number;
  readonly imported: number;
  readonly longestMs: number;
  readonly rssMB: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
}

/** Every byte of small real files flipped or cut at: through the reader of an import, and a part of them into an archive. */
export async function fileFuzz(arena: ArchiveArena): Promise<void> {
  const files = smallFiles();
  if (files.length === 0) throw new Error('no real DICOM files: apt-get install python3-pydicom, or set DICOM_TEST_DATA');
  const folder = join(arena.folder, 'mutants');
  await mkdir(folder);
  const mutantsPerFile = Math.ceil((MUTANTS * arena.scale) / files.length);
  for (let first = 0; first < files.length; first += FILES_PER_PROCESS) {
    const some = files.slice(first, first + FILES_PER_PROCESS);
    await arena.attempt(some.map((file) => basename(file)).join(', '), async () => {
      const { mutants, imported, longestMs, rssMB, failures } = await mutated({ files: some, folder, mutantsPerFile });
      arena.count('mutants', mutants);
      arena.count('of them imported into an archive', imported);
      must(failures.length === 0, failures.join('; '));
      must(longestMs < HANG_MS, `one mutant took ${longestMs.toFixed(0)} ms`);
      must(rssMB < LARGEST_MB, `${rssMB.toFixed(0)} MB resident`);
      return 'read to its end';
    });
  }
}

function smallFiles(): string[] {
  const folders = [process.env.DICOM_TEST_DATA, dirname(DEBIAN_SAMPLES)];
  const all = folders.flatMap((folder) =>
    folder !== undefined && existsSync(folder)
      ? readdirSync(folder, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile() && /\.dcm$|DICOMDIR/.test(entry.name))
          .map((entry) => join(entry.parentPath, entry.name))
          .filter((path) => statSync(path).size >= SMALLEST && statSync(path).size <= LONGEST)
      : [],
  );
  // Spread over the collection, so that many kinds are among them.
  const sorted = all.sort();
  return Array.from({ length: Math.min(FILES, sorted.length) }, (_, i) => sorted[Math.floor((i * sorted.length) / FILES)] ?? '').filter(
    (path) => path !== '',
  );
}

async function mutated(task: FuzzTask): Promise<FuzzProgress> {
  const child = fork(fileURLToPath(new URL('./fuzz-process.ts', import.meta.url)), [JSON.stringify(task)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  });
  const exited = once(child, 'exit');
  let last: FuzzProgress | undefined;
  let heard = performance.now();
  let silent = false;
  const watch = setInterval(() => {
    if (performance.now() - heard < SILENCE_MS) return;
    silent = true;
    child.kill('SIGKILL');
  }, 500);
  child.on('message', (message: FuzzProgress) => {
    heard = performance.now();
    last = message;
  });
  const [code] = await exited;
  clearInterval(watch);
  must(!silent, `nothing was heard for ${SILENCE_MS / 1000} s`);
  must(code === 0 && last !== undefined, `the process that reads mutants ended with ${code}`);
  return last as FuzzProgress;
}
