import type { Dir } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';

/** `source`: what is read instead of `path`, which is then only shown. */
export type Found = { readonly path: string; readonly source?: string } | { readonly path: string; readonly error: PhosphorError };

const MAX_DEPTH = 128;

/**
 * Files at and below the given paths, streaming: of each folder on the way down one open directory is held, and no list of names. A path that
 * is named may be a link. Links found below are not followed: what lies in the same tree comes under its own name, so that no loop can be
 * entered, and what lies outside is named as an error. Folders for which `leaveOut` is true are not entered. What cannot be read comes as an error too, and the walk goes on.
 */
export async function* scan(
  paths: readonly string[],
  signal: AbortSignal,
  leaveOut: (folder: string) => boolean = () => false,
): AsyncGenerator<Found> {
  for (const one of paths) {
    if (signal.aborted) return;
    const root = path.resolve(one);
    try {
      const stat = await fs.stat(root);
      if (stat.isFile()) yield { path: root };
      else if (stat.isDirectory()) yield* below(root, await fs.realpath(root), signal, leaveOut);
      else yield { path: root, error: new PhosphorError('unreadable', 'neither a file nor a folder') };
    } catch (thrown) {
      yield { path: root, error: unreadable(thrown) };
    }
  }
}

async function* below(root: string, realRoot: string, signal: AbortSignal, leaveOut: (folder: string) => boolean): AsyncGenerator<Found> {
  const open: { readonly folder: string; readonly directory: Dir }[] = [];
  const enter = async (folder: string): Promise<PhosphorError | undefined> => {
    if (open.length >= MAX_DEPTH) return new PhosphorError('limit-exceeded', `folders more than ${MAX_DEPTH} deep are not entered`);
    try {
      open.push({ folder, directory: await fs.opendir(folder, { bufferSize: 256 }) });
      return undefined;
    } catch (thrown) {
      return unreadable(thrown);
    }
  };
  try {
    const refused = await enter(root);
    if (refused !== undefined) yield { path: root, error: refused };
    for (let top = open.at(-1); top !== undefined && !signal.aborted; top = open.at(-1)) {
      const entry = await top.directory.read().catch(unreadable);
      if (entry === null || entry instanceof PhosphorError) {
        open.pop();
        await top.directory.close().catch(() => undefined);
        if (entry !== null) yield { path: top.folder, error: entry };
        continue;
      }
      const child = path.join(top.folder, entry.name);
      if (entry.isFile()) yield { path: child };
      else if (entry.isSymbolicLink()) yield* link(child, realRoot);
      else if (entry.isDirectory() && !leaveOut(child)) {
        const error = await enter(child);
        if (error !== undefined) yield { path: child, error };
      }
    }
  } finally {
    for (const { directory } of open) await directory.close().catch(() => undefined);
  }
}

async function* link(file: string, realRoot: string): AsyncGenerator<Found> {
  try {
    const target = await fs.realpath(file);
    if (target === realRoot || target.startsWith(realRoot.endsWith(path.sep) ? realRoot : realRoot + path.sep)) return;
    yield {
      path: file,
      error: new PhosphorError('unsupported', 'a link that leads out of the folder is not followed: import what it leads to'),
    };
  } catch (thrown) {
    yield { path: file, error: unreadable(thrown) };
  }
}

/** A file or folder that the system does not let us read. */
export function unreadable(thrown: unknown): PhosphorError {
  if (thrown instanceof PhosphorError) return thrown;
  const code = systemCode(thrown);
  if (code === 'ENOENT') return new PhosphorError('not-found', 'no such file or folder', { code });
  return new PhosphorError('unreadable', 'the file or folder cannot be read', code === undefined ? {} : { code });
}
