import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readerOf } from '../../electron/archive/import-file.ts';
import { openArchive } from '../../electron/archive/index.ts';
import { directoryFiles } from '../../electron/dicom/dataset/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { ended } from './archive-arena.ts';
import type { FuzzProgress, FuzzTask } from './file-fuzz.ts';

// Reads mutants of real files as an import does, in a process that can be watched from outside: what hangs or crashes here is seen there.

const { files, folder, mutantsPerFile } = JSON.parse(process.argv[2] ?? '{}') as FuzzTask;
const IMPORT_EVERY = 10;
const TELL_MS = 500;

const progress = { mutants: 0, imported: 0, longestMs: 0, rssMB: 0, outcomes: {} as Record<string, number>, failures: [] as string[] };
let toldAt = 0;

function tell(): void {
  toldAt = performance.now();
  progress.rssMB = Math.max(progress.rssMB, process.memoryUsage.rss() / 2 ** 20);
  const message: FuzzProgress = progress;
  process.send?.(message);
}

function read(bytes: Buffer): void {
  const reader = readerOf(bytes);
  if (reader.isZip()) return;
  const meta = reader.meta();
  if (meta.metaElements.uid(0x00020002) === '1.2.840.10008.1.3.10') directoryFiles(bytes);
  else reader.whole(meta, '');
}

function attempt(name: string, bytes: Buffer): void {
  const before = process.cpuUsage();
  try {
    read(bytes);
  } catch (thrown) {
    if (!(thrown instanceof PhosphorError) || thrown.kind === 'internal')
      progress.failures.push(`${name}: ${String(thrown)}`.slice(0, 300));
  }
  const { user, system } = process.cpuUsage(before);
  progress.longestMs = Math.max(progress.longestMs, (user + system) / 1000);
  progress.mutants += 1;
  if (performance.now() - toldAt > TELL_MS) tell();
}

const place = await mkdtemp(join(folder, 'archive-'));
const archive = await openArchive({ directory: join(place, 'archive'), databases: join(place, 'databases'), durable: false });
for (const file of files) {
  const original = readFileSync(file);
  const source = join(place, 'source');
  await rm(source, { recursive: true, force: true });
  await mkdir(source);
  let written = 0;
  for (let i = 0; i < mutantsPerFile; i += 1) {
    const at = Math.floor((i * original.length) / mutantsPerFile);
    const isCut = i % 2 === 1;
    const mutant = isCut ? original.subarray(0, at) : Buffer.from(original);
    if (!isCut) mutant.writeUInt8(mutant.readUInt8(at) ^ (i % 4 === 0 ? 0xff : 1 << (at % 8)), at);
    attempt(`${isCut ? 'cut at' : 'flipped at'} ${at}`, mutant);
    if (i % IMPORT_EVERY > 1) continue;
    await writeFile(join(source, String(i)), mutant);
    written += 1;
  }
  tell();
  const { items } = await ended(archive.import([source]));
  const own = items.filter(({ path }) => path.startsWith(source) && path.slice(source.length + 1).match(/^\d+$/) !== null);
  const internal = items.filter(({ error }) => error?.kind === 'internal');
  if (internal.length > 0) progress.failures.push(`${internal.length} files ended in an internal error`);
  if (own.filter(({ result }) => result !== 'missing').length < written) progress.failures.push(`${own.length} items for ${written} files`);
  progress.imported += written;
  tell();
}
await archive.settled();
const { result } = await ended(archive.verify());
if (result.problems > 0) progress.failures.push(`verify finds ${result.problems} problems`);
await archive.close();
await rm(place, { recursive: true, force: true });
tell();
process.disconnect?.();
