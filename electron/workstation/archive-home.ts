import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { PhosphorError, systemCode } from '../../shared/contract/index.ts';
import type { ArchiveLocation } from '../archive/types.ts';
import { fileError, keepAside, readSmallFile, writeAtomically } from './atomic-file.ts';

/**
 * Which archives this profile has had open, and where their databases are. An archive is known by the ID in its folder: one that was moved
 * keeps its index and what people made in it, and a folder in which another stands gets databases of its own.
 */
const record = z.strictObject({
  archiveId: z.uuid(),
  /** Where it stood last. */
  directory: z.string().max(4096),
  /** Relative to the profile. */
  databases: z.string().regex(/^(archives\/[0-9a-f-]{36})?$/),
});
const MAX_RECORDS = 1000;
const records = z.array(record).max(MAX_RECORDS);
type ArchiveRecord = z.infer<typeof record>;

const FILE = 'archives.json';
/** Beside the databases themselves: whose they are, should the list be lost. */
const MARK = 'archive-of-databases.json';

export interface ArchiveHome {
  readonly location: ArchiveLocation;
  /** ID of the archive that belongs there; undefined when none was ever there, or the one in the profile. */
  readonly expected: string | undefined;
  /** Once it is open: remembers where it is. */
  opened(archiveId: string): Promise<void>;
}

/** Finds the archive that the settings name. `archiveFolder` '' = the one in the profile. @throws PhosphorError `storage` */
export async function archiveHome(profile: string, archiveFolder: string, durable: boolean): Promise<ArchiveHome> {
  const inProfile = join(profile, 'archive');
  const directory = archiveFolder === '' ? inProfile : resolve(profile, archiveFolder);
  if (directory === profile || profile.startsWith(join(directory, '/'))) {
    throw new PhosphorError('storage', 'The folder of the archive cannot be the profile, nor a folder that holds the profile.');
  }
  const list = await readRecords(profile);
  const known = list === 'lost' ? await recovered(profile) : list;
  const there = await archiveIdAt(directory);
  const own =
    known.find(({ archiveId }) => archiveId === there) ??
    (there === undefined ? known.findLast((one) => one.directory === directory) : undefined);
  const atRoot = known.find(({ databases }) => databases === '');
  // The databases at the root of the profile belong to the archive in it, or else to the first one that there was.
  const isRootFree = atRoot === undefined && (directory === inProfile || (await archiveIdAt(inProfile)) === undefined);
  const databases = own?.databases ?? (isRootFree ? '' : `archives/${there ?? randomUUID()}`);
  return {
    location: { directory, databases: join(profile, databases), durable },
    expected: directory === inProfile ? undefined : own?.archiveId,
    opened: async (archiveId) => {
      const now: ArchiveRecord = { archiveId, directory, databases };
      await mark(profile, now);
      const last = known.findLast((one) => one.directory === directory);
      if (list !== 'lost' && last?.archiveId === archiveId && last.databases === databases) return;
      // Another one that stood in the same folder is not forgotten: two disks may come there by turns.
      const others = known.filter((one) => one.archiveId !== archiveId).slice(1 - MAX_RECORDS);
      await writeAtomically(join(profile, FILE), `${JSON.stringify([...others, now], null, 2)}\n`);
    },
  };
}

/** `lost`: the list is gone, or is none any more. @throws PhosphorError `storage` when it is there and cannot be read now */
async function readRecords(profile: string): Promise<ArchiveRecord[] | 'lost'> {
  const file = join(profile, FILE);
  const text = await readSmallFile(file);
  if (text === undefined) return 'lost';
  try {
    return records.parse(JSON.parse(text));
  } catch {
    await keepAside(file);
    return 'lost';
  }
}

/**
 * The list as the databases themselves tell it. An empty one in place of a lost one would give an archive new databases and part it from the
 * notes in its old ones. @throws PhosphorError `storage` when there are databases that do not say whose they are
 */
async function recovered(profile: string): Promise<ArchiveRecord[]> {
  const names = await readdir(join(profile, 'archives')).catch((thrown: unknown) => {
    if (systemCode(thrown) === 'ENOENT') return [];
    throw fileError(thrown, 'archives');
  });
  const folders = ['', ...names.map((name) => `archives/${name}`)].filter(
    (databases) => record.shape.databases.safeParse(databases).success,
  );
  const found: ArchiveRecord[] = [];
  for (const databases of folders.slice(0, MAX_RECORDS)) {
    const text = await readSmallFile(join(profile, databases, MARK));
    const marked = record.safeParse(parsed(text ?? ''));
    if (marked.success) found.push({ ...marked.data, databases });
    // Databases are made before they are marked; the profile's own archive is known without a mark.
    else if (databases !== '' && (await holdsNotes(join(profile, databases)))) throw new PhosphorError('storage', UNKNOWN);
  }
  return found;
}

async function holdsNotes(databases: string): Promise<boolean> {
  return stat(join(databases, 'user.db')).then(
    () => true,
    () => false,
  );
}

async function mark(profile: string, own: ArchiveRecord): Promise<void> {
  const file = join(profile, own.databases, MARK);
  const text = `${JSON.stringify(own, null, 2)}\n`;
  if ((await readSmallFile(file)) === text) return;
  await mkdir(join(profile, own.databases), { recursive: true, mode: 0o700 });
  await writeAtomically(file, text);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const UNKNOWN =
  'The list of archives (archives.json) is damaged, and the folder “archives” in the profile holds databases of which nobody knows whose they are. Put a good copy of archives.json back, or move those folders away.';

const archiveJson = z.object({ archiveId: z.uuid() });

async function archiveIdAt(directory: string): Promise<string | undefined> {
  try {
    return archiveJson.parse(JSON.parse((await readFile(join(directory, 'archive.json'), 'utf8')).slice(0, 65_536))).archiveId;
  } catch {
    return undefined;
  }
}
