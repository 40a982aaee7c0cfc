import fs from 'node:fs/promises';
import path from 'node:path';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';

export type Found = { readonly path: string } | { readonly path: string; readonly error: PhosphorError };

const MAX_DEPTH = 128;

/**
 * Files below the given paths, streaming, in no particular order. Symbolic links are followed; a folder that was seen already (by device and
 * inode) is not entered again, so that loops end. What cannot be read comes as an error, and the walk goes on.
 */
export async function* scan(paths: readonly string[], signal: AbortSignal): AsyncGenerator<Found> {
  const seen = new Set<string>();
  const open: { path: string; depth: number }[] = paths.map((one) => ({ path: path.resolve(one), depth: 0 })).reverse();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (signal.aborted) return;
    const kind = await kindOf(next.path, seen);
    if (kind === 'file') yield { path: next.path };
    else if (kind instanceof PhosphorError) yield { path: next.path, error: kind };
    else if (kind === 'folder' && next.depth >= MAX_DEPTH) {
      yield { path: next.path, error: new PhosphorError('limit-exceeded', `folders more than ${MAX_DEPTH} deep are not entered`) };
    } else if (kind === 'folder') yield* entriesOf(next, open, signal);
  }
}

async function* entriesOf(
  folder: { path: string; depth: number },
  open: { path: string; depth: number }[],
  signal: AbortSignal,
): AsyncGenerator<Found> {
  try {
    for await (const entry of await fs.opendir(folder.path, { bufferSize: 256 })) {
      if (signal.aborted) return;
      const child = path.join(folder.path, entry.name);
      if (entry.isFile()) yield { path: child };
      else if (entry.isDirectory() || entry.isSymbolicLink()) open.push({ path: child, depth: folder.depth + 1 });
    }
  } catch (thrown) {
    yield { path: folder.path, error: unreadable(thrown) };
  }
}

async function kindOf(file: string, seen: Set<string>): Promise<'file' | 'folder' | 'seen' | PhosphorError> {
  try {
    const stat = await fs.stat(file, { bigint: true });
    if (stat.isFile()) return 'file';
    if (!stat.isDirectory()) return new PhosphorError('unreadable', 'neither a file nor a folder');
    const identity = `${stat.dev}:${stat.ino}`;
    if (seen.has(identity)) return 'seen';
    seen.add(identity);
    return 'folder';
  } catch (thrown) {
    return unreadable(thrown);
  }
}

/** A file or folder that the system does not let us read. */
export function unreadable(thrown: unknown): PhosphorError {
  if (thrown instanceof PhosphorError) return thrown;
  const code = systemCode(thrown);
  if (code === 'ENOENT') return new PhosphorError('not-found', 'no such file or folder', { code });
  return new PhosphorError('unreadable', 'the file or folder cannot be read', code === undefined ? {} : { code });
}
