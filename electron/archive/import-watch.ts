import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { ImportedItem } from '../../shared/contract/index.ts';
import { type ImportParts, type ImportReporter, importPaths } from './import.ts';
import { storageError } from './layout.ts';
import { scan, unreadable } from './scan.ts';
import type { WatchSummary } from './types.ts';
import { WatchedRefusals } from './watched-refusals.ts';

/** Folders below the watched one: for originals that were taken in, and for those that hold something that was not. */
const DONE = 'done';
const IN_PART = 'refused';
/** Files taken in at one look, and files of the folder that are remembered. */
const MOST_AT_ONCE = 5_000;
const MOST_FILES = 200_000;
const LONGEST_STATE = 64 * 1024 * 1024;

const NOTHING = {
  imported: 0,
  known: 0,
  conflict: 0,
  refused: 0,
  bytes: 0,
  missing: 0,
  truncated: 0,
  directories: 0,
  reasons: {},
  touched: [],
} as const;

/** What may be over at the next look: a file on a network folder, or a disk that is full of errors. */
const PASSING: ReadonlySet<string> = new Set(['unreadable', 'not-found', 'storage', 'busy']);
const MOST_TRIES = 5;
/** Files that failed for such a reason, and how often. */
const tries = new Map<string, number>();

/** Length and time of each file as it was seen at the last look; a file that did not change since has stopped growing. */
let seen: { folder: string; files: ReadonlyMap<string, string> } = { folder: '', files: new Map() };

/**
 * One look at the watched folder: files that have not changed since the look before are imported. Originals then go to `done/` beside them (a
 * ZIP of which something was refused to `refused/`, with a report), or are remembered (on the disk, so that a restart does not read them again). A file that is killed between import and move is known the next
 * time, and moved then. Throws PhosphorError `not-found`, `unreadable` when the folder cannot be read.
 */
export async function watchFolder(
  { folder, move }: { readonly folder: string; readonly move: boolean },
  parts: ImportParts,
  job: ImportReporter,
): Promise<WatchSummary> {
  const root = path.resolve(folder);
  await fs.access(root).catch((thrown: unknown) => {
    throw unreadable(thrown);
  });
  const before = seen.folder === root ? seen.files : new Map<string, string>();
  const taken = await readTaken(parts, root);
  const [now, still] = [new Map<string, string>(), new Map<string, string>()];
  const ready: string[] = [];
  const own = new Set([DONE, IN_PART].map((name) => path.join(root, name)));
  for await (const found of scan([root], job.signal, (below) => own.has(below))) {
    if ('error' in found || now.size >= MOST_FILES) continue;
    const key = keyOf(root, found.path);
    const stamp = await stampOf(found.path);
    if (stamp === undefined) continue;
    now.set(key, stamp);
    if (taken.get(key) === stamp) still.set(key, stamp);
    else if (before.get(key) === stamp && ready.length < MOST_AT_ONCE) ready.push(found.path);
  }
  job.check();
  seen = { folder: root, files: now };
  const waiting = now.size - still.size - ready.length;
  if (ready.length === 0) {
    if (still.size !== taken.size) await keepTaken(parts, root, still);
    return { ...NOTHING, waiting, inPart: 0 };
  }
  const refusals = new WatchedRefusals(ready, PASSING);
  const summary = await importPaths(ready, parts, {
    signal: job.signal,
    check: () => job.check(),
    progress: (progress) => job.progress(progress),
    item: async (item: ImportedItem) => {
      refusals.take(item);
      await job.item(item);
    },
  });
  let inPart = 0;
  for (const file of ready) {
    const key = keyOf(root, file);
    // What was taken in is not what stands there now: at the next look it is a file that has changed.
    if ((await stampOf(file)) !== now.get(key)) continue;
    if (refusals.passes(file) && isTriedAgain(key)) continue;
    tries.delete(key);
    if (!move || refusals.isRefused(file)) still.set(key, now.get(key) ?? '');
    else if (refusals.hasInside(file)) {
      const moved = await moveTo(IN_PART, root, file);
      // The file says by its place that something is missing; where the report cannot be written, the import by hand says what.
      if (moved !== undefined) await refusals.writeReport(file, `${moved}.txt`).catch(() => undefined);
      if (moved !== undefined) inPart += 1;
    } else await moveTo(DONE, root, file);
  }
  await keepTaken(parts, root, still);
  return { ...summary, waiting, inPart };
}

function isTriedAgain(key: string): boolean {
  const tried = (tries.get(key) ?? 0) + 1;
  if (tries.size < MOST_AT_ONCE || tries.has(key)) tries.set(key, tried);
  return tried < MOST_TRIES && tries.has(key);
}

async function stampOf(file: string): Promise<string | undefined> {
  try {
    const { size, mtimeMs } = await fs.stat(file);
    return `${size}:${Math.floor(mtimeMs)}`;
  } catch {
    return undefined;
  }
}

/** A name says who the patient is; its hash does not. */
function keyOf(root: string, file: string): string {
  return createHash('sha256').update(path.relative(root, file)).digest('base64url').slice(0, 22);
}

/** Never over another file of that name. Where it stands now. */
async function moveTo(folder: string, root: string, file: string): Promise<string | undefined> {
  const wanted = path.join(root, folder, path.relative(root, file));
  const { dir, name, ext } = path.parse(wanted);
  try {
    await fs.mkdir(dir, { recursive: true });
    for (let number = 1; number < 1_000; number += 1) {
      const target = number === 1 ? wanted : path.join(dir, `${name} (${number})${ext}`);
      const isTaken = await fs.lstat(target).then(
        () => true,
        () => false,
      );
      if (isTaken) continue;
      await fs.rename(file, target);
      return target;
    }
  } catch {
    // It stays where it is; at the next look it is known, and moving it is tried again.
  }
  return undefined;
}

function stateFile({ location }: ImportParts): string {
  return path.join(location.databases, 'watched-folder.json');
}

async function readTaken(parts: ImportParts, root: string): Promise<ReadonlyMap<string, string>> {
  try {
    const file = stateFile(parts);
    if ((await fs.stat(file)).size > LONGEST_STATE) return new Map();
    const state: unknown = JSON.parse(await fs.readFile(file, 'utf8'));
    if (typeof state !== 'object' || state === null || !('folder' in state) || !('taken' in state)) return new Map();
    if (state.folder !== root || typeof state.taken !== 'object' || state.taken === null) return new Map();
    return new Map(Object.entries(state.taken).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    return new Map();
  }
}

async function keepTaken(parts: ImportParts, folder: string, taken: ReadonlyMap<string, string>): Promise<void> {
  const file = stateFile(parts);
  try {
    await fs.writeFile(`${file}.new`, JSON.stringify({ folder, taken: Object.fromEntries(taken) }), { mode: 0o600 });
    await fs.rename(`${file}.new`, file);
  } catch (thrown) {
    throw storageError(thrown, 'what was taken from the watched folder cannot be remembered');
  }
}
