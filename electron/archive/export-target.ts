import { randomUUID } from 'node:crypto';
import { type FileHandle, link, lstat, mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';

export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Where an export goes. What is written is there whole or not at all. */
export interface ExportTarget {
  /** Writes one file; `names` gives its path below the target, and another one each time it is asked because that one is taken. `isCompressed`: there is nothing to gain from compressing it. */
  write(names: () => readonly string[], chunks: Chunks, isCompressed?: boolean): Promise<void>;
  /** After the last file. */
  finish(): Promise<void>;
  /** Removes what is not finished. Never rejects. */
  abandon(): Promise<void>;
}

const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);
/** How often another name is tried before a folder is called unusable. */
const TRIES = 10_000;
/** Temporary files that a killed export left are removed by a later one. */
const STALE_MS = 24 * 3600 * 1000;
const PIECE = 1 << 20;
const TEMPORARY = '.phosphor-export-';

export interface FolderOptions {
  /** Files of the same names are replaced. */
  readonly replace: boolean;
  readonly exportId: string;
  /** What stands there with the same bytes was written by this export before it was cut off. */
  readonly isResumed: boolean;
}

/** An ordinary folder: each file is written beside its place and gets its name when it is whole and on the disk. */
export class FolderTarget implements ExportTarget {
  readonly #root: string;
  readonly #options: FolderOptions;
  readonly #temporary: string;
  readonly #known = new Set<string>();

  private constructor(root: string, options: FolderOptions) {
    this.#root = root;
    this.#options = options;
    this.#temporary = path.join(root, `${TEMPORARY}${options.exportId}`);
  }

  /** Rejects with PhosphorError `storage`, `storage-full`. */
  static async open(root: string, options: FolderOptions): Promise<FolderTarget> {
    const target = new FolderTarget(root, options);
    await onTarget(async () => {
      await mkdir(root, { recursive: true });
      await removeStale(root);
      await rm(target.#temporary, { recursive: true, force: true });
      await mkdir(target.#temporary);
    });
    return target;
  }

  async write(names: () => readonly string[], chunks: Chunks): Promise<void> {
    const temporary = path.join(this.#temporary, randomUUID());
    try {
      await writeFile(temporary, chunks);
      await onTarget(() => this.#place(temporary, names));
    } catch (thrown) {
      await unlink(temporary).catch(() => undefined);
      throw thrown;
    }
  }

  async finish(): Promise<void> {
    await onTarget(() => rm(this.#temporary, { recursive: true, force: true }));
  }

  async abandon(): Promise<void> {
    await rm(this.#temporary, { recursive: true, force: true }).catch(() => undefined);
  }

  async #place(temporary: string, names: () => readonly string[]): Promise<void> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const components = names();
      await this.#folder(components.slice(0, -1));
      const file = path.join(this.#root, ...components);
      if (this.#options.replace) {
        await rename(temporary, file);
        return;
      }
      if (await placeNew(temporary, file)) return;
      if (this.#options.isResumed && (await isSame(temporary, file))) {
        await unlink(temporary);
        return;
      }
    }
    throw new PhosphorError('storage', 'no name is left in the folder', { code: 'EEXIST' });
  }

  /** Makes the folders. Whoever put a link there would decide where the files go: it is not followed. */
  async #folder(components: readonly string[]): Promise<void> {
    let folder = this.#root;
    for (const component of components) {
      folder = path.join(folder, component);
      if (this.#known.has(folder)) continue;
      const made = await mkdir(folder).then(
        () => true,
        (thrown: unknown) => (systemCode(thrown) === 'EEXIST' ? undefined : Promise.reject(thrown)),
      );
      if (made !== true && !(await lstat(folder)).isDirectory()) {
        throw new PhosphorError('storage', 'a file or a link stands where a folder is to be', { code: 'ENOTDIR' });
      }
      this.#known.add(folder);
    }
  }
}

/** What a killed export left in this folder. */
export async function removeStale(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (!name.startsWith(TEMPORARY)) continue;
    const left = path.join(root, name);
    const { mtimeMs } = await stat(left);
    if (Date.now() - mtimeMs > STALE_MS) await rm(left, { recursive: true, force: true });
  }
}

/** Whether a file of that name has the same bytes; nothing but a file is looked into. */
async function isSame(one: string, other: string): Promise<boolean> {
  const [own, there] = await Promise.all([lstat(one), lstat(other)]);
  if (!there.isFile() || own.size !== there.size) return false;
  await using left = await open(one);
  await using right = await open(other);
  for (let at = 0; at < own.size; ) {
    const [a, b] = await Promise.all([left.read(new Uint8Array(PIECE), 0, PIECE, at), right.read(new Uint8Array(PIECE), 0, PIECE, at)]);
    if (a.bytesRead === 0 || a.bytesRead !== b.bytesRead) return false;
    if (Buffer.compare(a.buffer.subarray(0, a.bytesRead), b.buffer.subarray(0, b.bytesRead)) !== 0) return false;
    at += a.bytesRead;
  }
  return true;
}

/** What file systems without hard links (FAT, some network ones) answer. */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EMLINK', 'EINVAL', 'UNKNOWN']);

/** Gives a file its name; false where that is taken, and nothing is touched. A link is made or not, in one step. */
export async function placeNew(temporary: string, file: string): Promise<boolean> {
  try {
    await link(temporary, file);
  } catch (thrown) {
    const code = systemCode(thrown) ?? '';
    if (code === 'EEXIST') return false;
    if (!NO_LINKS.has(code)) throw thrown;
    if (await exists(file)) return false;
    await rename(temporary, file);
    return true;
  }
  await unlink(temporary);
  return true;
}

export async function exists(file: string): Promise<boolean> {
  return await lstat(file).then(
    () => true,
    (thrown: unknown) => (systemCode(thrown) === 'ENOENT' ? false : Promise.reject(thrown)),
  );
}

/** Writes and syncs a file. What `chunks` throws is thrown as it is. */
async function writeFile(file: string, chunks: Chunks): Promise<void> {
  const handle = await onTarget(() => open(file, 'wx', 0o600));
  try {
    for await (const chunk of chunks) await writeAll(handle, chunk);
    await onTarget(() => handle.datasync());
  } finally {
    await handle.close();
  }
}

/** Rejects with PhosphorError `storage`, `storage-full`. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await onTarget(() => handle.write(bytes, at));
    at += bytesWritten;
  }
}

/** What the target's file system refuses, told apart from what is wrong with the archive. */
export async function onTarget<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof PhosphorError) throw thrown;
    const code = systemCode(thrown);
    if (code !== undefined && FULL.has(code)) throw new TargetError('storage-full', 'the disk that is exported to is full', code, thrown);
    throw new TargetError('storage', 'the folder that is exported to cannot be written', code, thrown);
  }
}

/** Ends the export: the next file would fare no better. */
export class TargetError extends PhosphorError {
  constructor(kind: 'storage' | 'storage-full' | 'invalid-arguments', message: string, code?: string, cause?: unknown) {
    super(kind, message, code === undefined ? {} : { code }, { cause });
  }
}
