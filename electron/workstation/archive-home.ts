import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { PhosphorError } from '../../shared/contract/index.ts';
import type { ArchiveLocation } from '../archive/types.ts';
import { readSmallFile, writeAtomically } from './atomic-file.ts';

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
  const known = await readRecords(profile);
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
      const last = known.findLast((one) => one.directory === directory);
      if (last?.archiveId === archiveId && last.databases === databases) return;
      // Another one that stood in the same folder is not forgotten: two disks may come there by turns.
      const others = known.filter((one) => one.archiveId !== archiveId).slice(1 - MAX_RECORDS);
      await writeAtomically(join(profile, FILE), `${JSON.stringify([...others, now], null, 2)}\n`);
    },
  };
}

async function readRecords(profile: string): Promise<ArchiveRecord[]> {
  try {
    return records.parse(JSON.parse((await readSmallFile(join(profile, FILE))) ?? '[]'));
  } catch {
    // Without it an archive elsewhere gets a new index; nothing but the index is lost by that.
    return [];
  }
}

const archiveJson = z.object({ archiveId: z.uuid() });

async function archiveIdAt(directory: string): Promise<string | undefined> {
  try {
    return archiveJson.parse(JSON.parse((await readFile(join(directory, 'archive.json'), 'utf8')).slice(0, 65_536))).archiveId;
  } catch {
    return undefined;
  }
}
