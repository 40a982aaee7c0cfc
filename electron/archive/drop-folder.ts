import { createReadStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { ArchiveLocation } from './types.ts';

// Files that a window without paths handed over byte by byte: one folder for each drop, in it each file under its number, their names as people
// know them in a list, and a mark once everything is there.

const DROP_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Files of one drop. */
export const MOST_DROPPED = 200_000;
/** Characters of a name, its folders included. */
export const LONGEST_NAME = 1024;

/** What is told of one file: its number, its length, its name. */
export type DroppedLine = readonly [number: number, bytes: number, name: string];

export type DroppedFile =
  | { readonly path: string; readonly source: string }
  | { readonly path: string; readonly source: string; readonly error: PhosphorError };

/** Where all drops lie: in the profile, whatever volume the archive is on. */
export function dropsOf({ databases }: Pick<ArchiveLocation, 'databases'>): string {
  return path.join(databases, 'dropped');
}

/** Throws PhosphorError `invalid-arguments` for what is no ID of a drop. */
export function dropFolder(location: Pick<ArchiveLocation, 'databases'>, dropId: string): string {
  if (!DROP_ID.test(dropId)) throw new PhosphorError('invalid-arguments', 'not the ID of a drop');
  return path.join(dropsOf(location), dropId);
}

/** The file with this number. */
export const partOf = (folder: string, number: number): string => path.join(folder, `${number}.part`);
export const listOf = (folder: string): string => path.join(folder, 'names.jsonl');
export const markOf = (folder: string): string => path.join(folder, 'complete');

/**
 * The files of a drop, in the order in which they came. One that is not as long as it was handed over comes as an error. Throws PhosphorError
 * `not-found` where the drop is gone or never came whole.
 */
export async function* droppedFiles(folder: string): AsyncGenerator<DroppedFile> {
  await fs.access(markOf(folder)).catch(() => {
    throw new PhosphorError('not-found', 'what was dropped is no longer here');
  });
  for await (const [number, bytes, name] of lines(folder)) {
    const source = partOf(folder, number);
    const size = await fs.stat(source).then(
      (stat) => stat.size,
      () => -1,
    );
    if (size === bytes) yield { path: name, source };
    else yield { path: name, source, error: new PhosphorError('interrupted', 'the file did not reach the disk whole: drop it again') };
  }
}

/** Folders of a drop, `/` between and '' for the top, and what is directly in each, folders included. */
export async function droppedNames(folder: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const names = new Map<string, Set<string>>();
  for await (const [, , name] of lines(folder)) {
    const components = name.split('/');
    for (let depth = components.length - 1; depth >= 0; depth -= 1) {
      const parent = components.slice(0, depth).join('/');
      const known = names.get(parent);
      if (known === undefined) names.set(parent, new Set([components[depth] ?? '']));
      else if (known.has(components[depth] ?? '')) break;
      else known.add(components[depth] ?? '');
    }
  }
  return new Map([...names].map(([parent, found]) => [parent, [...found]]));
}

/** Removes one drop, or all but those to keep. What cannot be removed now is at the next start. */
export async function clearDrops(location: ArchiveLocation, which: ClearDrops): Promise<{ removed: number }> {
  const all = await fs.readdir(dropsOf(location)).catch(() => []);
  let removed = 0;
  for (const dropId of all) {
    const folder = path.join(dropsOf(location), dropId);
    if ('only' in which ? dropId !== which.only : which.keep.includes(dropId) || (await changedSince(folder, which.before))) continue;
    removed += 1;
    await fs.rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
  return { removed };
}

/** One drop; or those that nothing was added to since `before` (ms since the epoch), but for some. */
export type ClearDrops = { readonly only: string } | { readonly keep: readonly string[]; readonly before: number };

async function changedSince(folder: string, time: number): Promise<boolean> {
  return await fs.stat(folder).then(
    ({ mtimeMs }) => mtimeMs >= time,
    () => true,
  );
}

async function* lines(folder: string): AsyncGenerator<DroppedLine> {
  const reader = createInterface({ input: createReadStream(listOf(folder), 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
  let count = 0;
  for await (const text of reader) {
    const line = lineIn(text);
    if (line === undefined) continue;
    count += 1;
    if (count > MOST_DROPPED) return;
    yield line;
  }
}

function lineIn(text: string): DroppedLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) return undefined;
    const [number, bytes, name] = value as readonly unknown[];
    return Number.isSafeInteger(number) && Number.isSafeInteger(bytes) && typeof name === 'string'
      ? [Number(number), Number(bytes), name]
      : undefined;
  } catch {
    return undefined;
  }
}
