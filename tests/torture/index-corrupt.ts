import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openWorkstation, type Workstation } from '../../electron/workstation/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { freePort } from '../support/free-port.ts';
import { writeSeries } from '../support/instances.ts';
import { type ArchiveArena, everything, must } from './archive-arena.ts';
import { Random } from './random.ts';

const CASES = 200;
const STUDIES = 6;
const PER_STUDY = 40;

/** index.db is cut, overwritten, deleted or emptied, with or without its journal, between two starts: the next one shows all that there was. */
export async function indexCorrupt(arena: ArchiveArena): Promise<void> {
  const profile = join(arena.folder, 'profile');
  const port = await freePort();
  const start = () => openWorkstation({ profile, version: '0.0.0', port });
  {
    await using it = await started(start);
    for (let s = 0; s < STUDIES; s += 1)
      await writeSeries(join(arena.folder, 'in'), { study: `1.2.840.${s}`, series: s, count: PER_STUDY });
    await it.act({ command: 'import', paths: [join(arena.folder, 'in')] });
    await it.workstation.invoke('user.pins.set', { studyInstanceUIDs: ['1.2.840.1'], pinned: true });
    await it.workstation.invoke('user.comments.add', { studyInstanceUID: '1.2.840.2', text: 'kept' });
    await it.act({ command: 'delete', targets: [{ studyInstanceUID: '1.2.840.0' }] });
  }
  const before = await contents(start, profile);
  must(before.instances.length === (STUDIES - 1) * PER_STUDY, `${before.instances.length} instances at the start`);
  for (let index = 0; index < Math.ceil(CASES * arena.scale); index += 1) {
    const random = Random.of(arena.seed, index);
    const [what, damage] = random.pick(DAMAGES);
    await arena.attempt(`case ${index}, ${what}`, async () => {
      await damage(join(profile, 'index.db'), random);
      const after = await contents(start, profile);
      for (const part of ['instances', 'studies', 'notes', 'actions', 'audit', 'trash'] as const) {
        must(JSON.stringify(after[part]) === JSON.stringify(before[part]), `${part} are others than before`);
      }
      must(after.problems === 0, `verify finds ${after.problems} problems`);
      for (const name of await readdir(profile)) if (name.includes('.damaged-')) await rm(join(profile, name));
      return what;
    });
  }
}

type Damage = (file: string, random: Random) => Promise<void>;

const removeJournal = async (file: string): Promise<void> => {
  for (const relative of ['-wal', '-shm']) await rm(file + relative, { force: true });
};

const DAMAGES: readonly [[string, Damage], ...[string, Damage][]] = [
  ['cut', async (file, random) => truncate(file, random.below((await stat(file)).size))],
  ['emptied', (file) => writeFile(file, '')],
  ['overwritten from the start', (file, random) => overwrite(file, 0, random.bytes(100 + random.below(20_000)))],
  ['overwritten somewhere', async (file, random) => overwrite(file, random.below((await stat(file)).size), random.bytes(8192))],
  ['zeroes somewhere', async (file, random) => overwrite(file, random.below((await stat(file)).size), Buffer.alloc(16_384))],
  ['deleted', (file) => rm(file)],
  [
    'deleted with its journal',
    async (file) => {
      await rm(file);
      await removeJournal(file);
    },
  ],
  ['a journal of rubbish', (file, random) => writeFile(`${file}-wal`, random.bytes(32 + random.below(50_000)))],
  [
    'deleted beside a journal of rubbish',
    async (file, random) => {
      await rm(file);
      await writeFile(`${file}-wal`, random.bytes(20_000));
    },
  ],
];

async function overwrite(file: string, at: number, bytes: Buffer): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.write(bytes, 0, bytes.length, at);
  } finally {
    await handle.close();
  }
}

/** Everything that must not change, as a workstation that starts shows it. */
async function contents(start: () => Promise<Workstation>, profile: string) {
  const notesBefore = await hashOf(profile, 'user.db');
  await using it = await started(start);
  const invoke = it.workstation.invoke.bind(it.workstation);
  // Whatever is read may be what is damaged; the index is then made anew. Verify reads every row, so that it is over before lists are compared.
  const verified = await it.act({ command: 'verify', restart: true });
  const checked = Number(verified.details?.checked ?? 0);
  // Waits until a lost index has been read from the files.
  const settle = () => it.act({ command: 'verify', restart: true });
  const found = await again(settle, () => invoke('archive.search', everything));
  const studies = found.studies.sort((a, b) => a.studyInstanceUID.localeCompare(b.studyInstanceUID));
  const instances: string[] = [];
  for (const { studyInstanceUID } of studies) {
    for (const one of (await again(settle, () => invoke('archive.instances', { studyInstanceUID }))).instances)
      instances.push(one.sopInstanceUID);
  }
  const { comments } = await invoke('user.comments.list', { studyInstanceUID: '1.2.840.2' });
  const { finished } = await invoke('session.snapshot', {});
  const trash = await invoke('archive.trash.list', { offset: 0, limit: 10 });
  return {
    studies: studies.map(({ studyInstanceUID, numberOfInstances, bytes, patientName }) => [
      studyInstanceUID,
      numberOfInstances,
      bytes,
      patientName,
    ]),
    instances: instances.sort(),
    notes: [comments, notesBefore === undefined],
    actions: finished
      .filter(({ action }) => action.command === 'import' || action.command === 'delete')
      .map(({ actionId, outcome }) => [actionId, outcome]),
    audit: await hashOf(profile, 'audit'),
    trash: trash.studies,
    problems: Number(verified.details?.problems ?? 0) + Math.abs(checked - instances.length),
  };
}

/** Who is the first to read a damaged page is told so; a moment later the index is another one. */
async function again<T>(settle: () => Promise<unknown>, read: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await read();
    } catch (thrown) {
      if (!(thrown instanceof PhosphorError) || !['damaged', 'worker-died'].includes(thrown.kind)) throw thrown;
      await settle();
    }
  }
}

async function hashOf(profile: string, name: string): Promise<string | undefined> {
  const path = join(profile, name);
  if (!existsSync(path)) return undefined;
  const files = (await stat(path)).isDirectory() ? (await readdir(path)).sort().map((one) => join(path, one)) : [path];
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file));
  return hash.digest('hex');
}

async function started(start: () => Promise<Workstation>) {
  const workstation = await start();
  return {
    workstation,
    act: async (action: Parameters<typeof workstation.invoke<'actions.request'>>[1]['action']) => {
      const tag = crypto.randomUUID();
      const complete = new Promise<{ outcome: string; details?: Record<string, number> | undefined }>((resolve) => {
        workstation.subscribe((event) => {
          if (event.type === 'ActionComplete' && event.tag === tag) resolve(event);
          if (event.type === 'ActionItems' && event.tag === tag) {
            void workstation.invoke('actions.credit', { actionId: event.actionId, batches: 1 });
          }
        });
      });
      await workstation.invoke('actions.request', { action, tag });
      return await complete;
    },
    [Symbol.asyncDispose]: () => workstation.close(),
  };
}
