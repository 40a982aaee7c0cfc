import { chmod, copyFile, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PhosphorError, systemCode } from '../../shared/contract/index.ts';

/** A settings file is a page, not a book. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Replaces a file as a whole: whoever reads it, a crash included, finds the old or the new text. Mode 0600.
 * @throws PhosphorError `storage-full`, `storage`
 */
export async function writeAtomically(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(text, 'utf8');
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(thrown, basename(path));
  }
}

/** The text of a small file, undefined where there is none. @throws PhosphorError `storage`, `limit-exceeded` */
export async function readSmallFile(path: string): Promise<string | undefined> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > MAX_BYTES) throw new PhosphorError('limit-exceeded', `${basename(path)} is too large to be one of ours`);
    return bytes.toString('utf8');
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return undefined;
    throw fileError(thrown, basename(path));
  }
}

/** Keeps what could not be understood: `settings.jsonc.damaged-<time>` beside it. Returns the new name. */
export async function keepAside(path: string): Promise<string> {
  const kept = `${path}.damaged-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  try {
    await copyFile(path, kept);
    // A copy has the mode of its original, which somebody may have opened.
    await chmod(kept, 0o600);
  } catch (thrown) {
    throw fileError(thrown, basename(path));
  }
  return basename(kept);
}

/** A failed file operation as our error; `name` is a name of our own, never a path. */
export function fileError(thrown: unknown, name: string): PhosphorError {
  if (thrown instanceof PhosphorError) return thrown;
  const code = systemCode(thrown);
  const details = code === undefined ? {} : { code };
  if (code === 'ENOSPC' || code === 'EDQUOT') return new PhosphorError('storage-full', 'the disk is full', details);
  return new PhosphorError('storage', `${name} cannot be read or written`, details);
}
