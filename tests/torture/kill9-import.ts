import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ArchiveLocation, openArchive } from '../../electron/archive/index.ts';
import { part10, sample } from '../unit/archive/samples.ts';
import { type ArchiveArena, ended, everything, must } from './archive-arena.ts';
import { Random } from './random.ts';

const KILLS = 200;
const FILES = 400;
/** So often the archive begins anew. */
const KILLS_PER_ARCHIVE = 8;
/** Longest time after its first file, in ms, at which an import is killed; it takes about a second. */
const LATEST_MS = 900;
const SOON_MS = 60;

/** An import is killed with SIGKILL at a moment of chance, again and again: what it reported is there, once, and whole. */
export async function kill9Import(arena: ArchiveArena): Promise<void> {
  const source = join(arena.folder, 'source');
  await mkdir(source);
  for (let i = 0; i < FILES; i += 1) {
    const rows = i % 10 === 0 ? 700 : 96;
    await writeFile(join(source, `${i}`), part10(sample(`1.2.77.${i}`, { StudyInstanceUID: `1.2.77.${i % 5}` }, { rows, fill: i })));
  }
  const acknowledged = new Set<string>();
  let location = fresh(arena.folder, 0);
  for (let index = 0; index < Math.ceil(KILLS * arena.scale); index += 1) {
    const random = Random.of(arena.seed, index);
    if (index % KILLS_PER_ARCHIVE === 0) {
      await rm(join(arena.folder, 'archive'), { recursive: true, force: true });
      location = fresh(arena.folder, index);
      acknowledged.clear();
    }
    await arena.attempt(`kill ${index}`, async () => {
      const outcome = await importAndKill(location, source, acknowledged, random);
      arena.count('instances that were reported, checked', acknowledged.size);
      await check(location, acknowledged);
      return outcome;
    });
  }
}

function fresh(folder: string, index: number): ArchiveLocation {
  return { directory: join(folder, 'archive', String(index)), databases: join(folder, 'archive', `${index}-databases`), durable: true };
}

async function importAndKill(location: ArchiveLocation, source: string, acknowledged: Set<string>, random: Random): Promise<string> {
  const program = fileURLToPath(new URL('./importing-process.ts', import.meta.url));
  const child = spawn(process.execPath, [program, location.directory, location.databases, source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  // Most are killed after so many reports, some at a moment that may be before the first.
  const after = random.chance(0.8) ? random.below(FILES) : undefined;
  const reached = Promise.withResolvers<void>();
  let reported = 0;
  let isWhole = false;
  lines.on('line', (line: string) => {
    if (line === 'done') isWhole = true;
    if (line === 'done' || line === 'begun') {
      if (after === undefined || isWhole) reached.resolve();
      return;
    }
    acknowledged.add(line);
    reported += 1;
    if (after !== undefined && reported > after) reached.resolve();
  });
  await Promise.race([reached.promise, exited]);
  await pause(random.below(after === undefined ? LATEST_MS : SOON_MS));
  child.kill('SIGKILL');
  await exited;
  lines.close();
  return isWhole ? 'killed after its end' : 'killed in the middle';
}

async function check(location: ArchiveLocation, acknowledged: ReadonlySet<string>): Promise<void> {
  const archive = await openArchive(location);
  try {
    await archive.settled();
    const present = new Set(await archive.present([...acknowledged]));
    for (const uid of acknowledged) must(present.has(uid), `${uid} was reported and is not there`);
    const { studies } = await archive.search(everything);
    const indexed: string[] = [];
    for (const { studyInstanceUID } of studies) {
      indexed.push(...(await archive.instances({ studyInstanceUID })).map(({ sopInstanceUID }) => sopInstanceUID));
    }
    must(new Set(indexed).size === indexed.length, 'an instance is indexed twice');
    for (const uid of acknowledged) must(indexed.includes(uid), `${uid} was reported and is not in the index`);
    const { result } = await ended(archive.verify());
    must(result.problems === 0, `verify finds ${result.problems} problems`);
    must(result.checked === indexed.length, `${result.checked} files for ${indexed.length} instances`);
    must((await readdir(join(location.directory, 'incoming'))).length === 0, 'something is left in incoming/');
    must((await readdir(join(location.directory, 'conflicts'))).length === 0, 'an instance conflicts with itself');
  } finally {
    await archive.close();
  }
}
