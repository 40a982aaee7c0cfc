import { access, chmod, constants, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PhosphorError, systemCode } from '../../shared/contract/index.ts';
import { fileError } from './atomic-file.ts';

/** Any of these makes a folder a profile of ours. */
const MARKS = ['settings.jsonc', 'nodes.json', 'actions.db', 'index.db', join('archive', 'archive.json')];
/** What a file system or desktop puts into a folder that is otherwise empty. */
const NOT_CONTENT = new Set(['lost+found', '.DS_Store', 'desktop.ini']);

/**
 * The folder of the profile, ours alone (0700). A folder that holds something else (a home, a project) is refused before anything in it is
 * touched. @throws PhosphorError `storage`, `storage-full`
 */
export async function prepareProfile(profile: string): Promise<void> {
  try {
    await makeFolder(profile);
    await refuseForeign(profile);
    await chmod(profile, 0o700);
    await access(profile, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (thrown) {
    if (thrown instanceof PhosphorError) throw thrown;
    const { data } = fileError(thrown, 'the profile folder');
    if (data.kind === 'storage-full') throw PhosphorError.from(data);
    throw new PhosphorError('storage', 'The profile folder cannot be written. Choose another one, or let its owner give you access.', {
      ...(data.code === undefined ? {} : { code: data.code }),
    });
  }
}

async function refuseForeign(profile: string): Promise<void> {
  const content = (await readdir(profile)).filter((name) => !NOT_CONTENT.has(name));
  if (content.length === 0) return;
  for (const mark of MARKS) if (await exists(join(profile, mark))) return;
  throw new PhosphorError('storage', 'The folder given as profile holds something else. Name an empty or a new folder.');
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

/** Folder after folder: Node's own recursive mkdir never returns where a parent exists but takes no folders (/proc). */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (thrown) {
    const code = systemCode(thrown);
    if (code === 'ENOENT' && dirname(path) !== path) {
      await makeFolder(dirname(path));
      await mkdir(path, { mode: 0o700 });
    } else if (code !== 'EEXIST') throw thrown;
  }
}
