import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rm, statfs, writeFile } from 'node:fs/promises';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { dropFolder, dropsOf, LONGEST_NAME, listOf, MOST_DROPPED, markOf, partOf } from '../../archive/drop-folder.ts';
import { storageError } from '../../archive/layout.ts';
import type { ArchiveLocation } from '../../archive/types.ts';
import { type BatchFile, RequestBytes, readBatchList } from './drop-batch.ts';

export interface DropLimits {
  /** Drops that may be under way at once. */
  readonly drops: number;
  readonly files: number;
  /** Of one drop. */
  readonly bytes: number;
  /** Of one request. */
  readonly part: number;
  /** Requests that may write at once. */
  readonly writing: number;
  /** A drop that brings nothing for so long is given up. */
  readonly idleMs: number;
  /** So much of the disk stays free. */
  readonly reserve: number;
}

export const DROP_LIMITS: DropLimits = {
  drops: 8,
  files: MOST_DROPPED,
  bytes: 2 ** 40,
  part: 8 * 1024 * 1024,
  writing: 16,
  idleMs: 10 * 60_000,
  reserve: 256 * 1024 * 1024,
};

/** One request's share of a file. */
export interface DropPart {
  readonly number: number;
  /** Where it begins in the file. */
  readonly offset: number;
  /** Bytes of this part. */
  readonly length: number;
  /** Bytes of the file. */
  readonly size: number;
  /** Shown, and nothing else. */
  readonly name: string;
}

interface File {
  readonly size: number;
  at: number;
  isBusy: boolean;
}

interface Drop {
  readonly folder: string;
  readonly files: Map<number, File>;
  readonly list: FileHandle;
  bytes: number;
  complete: number;
  idle: NodeJS.Timeout;
}

/** Takes dropped files in, part by part, under names of its own. All methods reject with PhosphorError. */
export class DropSpool {
  readonly #location: Pick<ArchiveLocation, 'databases'>;
  readonly #limits: DropLimits;
  readonly #drops = new Map<string, Drop>();
  #opening = 0;
  #writing = 0;

  constructor(location: Pick<ArchiveLocation, 'databases'>, limits: DropLimits = DROP_LIMITS) {
    this.#location = location;
    this.#limits = limits;
  }

  /** Begins a drop; its ID. */
  async begin(): Promise<string> {
    if (this.#drops.size + this.#opening >= this.#limits.drops) throw new PhosphorError('busy', 'too many drops at once');
    this.#opening += 1;
    try {
      const dropId = randomUUID();
      const folder = dropFolder(this.#location, dropId);
      await mkdir(dropsOf(this.#location), { recursive: true, mode: 0o700 });
      await mkdir(folder, { mode: 0o700 });
      const list = await open(listOf(folder), 'ax', 0o600);
      this.#drops.set(dropId, { folder, files: new Map(), list, bytes: 0, complete: 0, idle: this.#givesUp(dropId) });
      return dropId;
    } catch (thrown) {
      throw storageError(thrown, 'what is dropped cannot be stored');
    } finally {
      this.#opening -= 1;
    }
  }

  /**
   * Writes a part; no faster than the disk takes it. A part that was cut off counts for nothing and may be sent again.
   * @throws PhosphorError `not-found`, `busy`, `limit-exceeded`, `storage-full`, `storage`, `invalid-arguments` for a part out of its turn,
   * `connection-lost`
   */
  async write(dropId: string, part: DropPart, stream: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#inTurn(dropId, async (drop) => {
      const file = await this.#file(drop, part);
      file.isBusy = true;
      try {
        await copy(partOf(drop.folder, part.number), part, stream);
        file.at += part.length;
        if (file.at === file.size) await this.#whole(drop, [part]);
      } finally {
        file.isBusy = false;
      }
    });
  }

  /** Writes several whole files that come as one request of `length` bytes (drop-batch.ts). One that was cut off counts for nothing, and may be sent again. Throws as `write` does. */
  async writeFiles(dropId: string, length: number, stream: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#inTurn(dropId, async (drop) => {
      const bytes = new RequestBytes(stream);
      try {
        await this.#files(drop, await readBatchList(bytes, length), bytes);
      } catch (thrown) {
        // Who is still sending hears no answer.
        await bytes.skipAll();
        throw thrown;
      }
    });
  }

  /** Everything has come: the drop belongs to the import now. A file that did not come whole is left out. */
  async complete(dropId: string): Promise<{ files: number }> {
    const drop = this.#drop(dropId);
    this.#forget(dropId, drop);
    try {
      await drop.list.sync();
      await drop.list.close();
      await writeFile(markOf(drop.folder), '', { flag: 'wx', mode: 0o600 });
      return { files: drop.complete };
    } catch (thrown) {
      throw storageError(thrown, 'what is dropped cannot be stored');
    }
  }

  async cancel(dropId: string): Promise<void> {
    const drop = this.#drop(dropId);
    this.#forget(dropId, drop);
    await drop.list.close().catch(() => undefined);
    await rm(drop.folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }

  /** Gives up what is under way. */
  async close(): Promise<void> {
    for (const dropId of [...this.#drops.keys()]) await this.cancel(dropId);
  }

  async #inTurn(dropId: string, work: (drop: Drop) => Promise<void>): Promise<void> {
    const drop = this.#drop(dropId);
    if (this.#writing >= this.#limits.writing) throw new PhosphorError('busy', 'too many files at once');
    this.#writing += 1;
    try {
      await work(drop);
    } catch (thrown) {
      throw storageError(thrown, 'what is dropped cannot be stored');
    } finally {
      this.#writing -= 1;
      drop.idle.refresh();
    }
  }

  #drop(dropId: string): Drop {
    const drop = this.#drops.get(dropId);
    if (drop === undefined) throw new PhosphorError('not-found', 'no such drop');
    return drop;
  }

  async #file(drop: Drop, { number, offset, length, size }: DropPart): Promise<File> {
    const known = drop.files.get(number);
    if (known !== undefined) {
      if (known.isBusy || known.at !== offset || known.size !== size || offset + length > size || (length === 0 && size > 0))
        throw outOfTurn();
      return known;
    }
    if (offset !== 0 || length > size || (length === 0 && size > 0)) throw outOfTurn();
    const file: File = { size, at: 0, isBusy: true };
    await this.#register(drop, new Map([[number, file]]));
    return file;
  }

  async #files(drop: Drop, files: readonly BatchFile[], bytes: RequestBytes): Promise<void> {
    const begun = new Map(files.map(({ number, size }) => [number, { size, at: 0, isBusy: true }]));
    await this.#register(drop, begun);
    try {
      for (const { number, size } of files) await copy(partOf(drop.folder, number), { offset: 0, length: size }, bytes.take(size));
      await this.#whole(drop, files);
    } catch (thrown) {
      forgetFiles(drop, begun);
      throw thrown;
    }
    for (const file of begun.values()) {
      file.at = file.size;
      file.isBusy = false;
    }
  }

  /** Files that begin to come, by their numbers: all of them new, or none is taken. */
  async #register(drop: Drop, files: ReadonlyMap<number, File>): Promise<void> {
    const size = [...files.values()].reduce((sum, file) => sum + file.size, 0);
    if ([...files.keys()].some((number) => drop.files.has(number))) throw outOfTurn();
    if (drop.files.size + files.size > this.#limits.files) throw new PhosphorError('limit-exceeded', 'too many files in one drop');
    if (drop.bytes + size > this.#limits.bytes) throw new PhosphorError('limit-exceeded', 'too much in one drop');
    for (const [number, file] of files) drop.files.set(number, file);
    drop.bytes += size;
    try {
      const { bavail, bsize } = await statfs(drop.folder);
      if (bavail * bsize < size + this.#limits.reserve) throw new PhosphorError('storage-full', 'there is no room for what is dropped');
    } catch (thrown) {
      forgetFiles(drop, files);
      throw thrown;
    }
  }

  async #whole(drop: Drop, files: readonly BatchFile[]): Promise<void> {
    await drop.list.write(files.map(({ number, size, name }) => `${JSON.stringify([number, size, shownName(name)])}\n`).join(''));
    drop.complete += files.length;
  }

  #givesUp(dropId: string): NodeJS.Timeout {
    return setTimeout(() => void this.cancel(dropId).catch(() => undefined), this.#limits.idleMs).unref();
  }

  #forget(dropId: string, drop: Drop): void {
    clearTimeout(drop.idle);
    this.#drops.delete(dropId);
  }
}

function forgetFiles(drop: Drop, files: ReadonlyMap<number, File>): void {
  for (const [number, { size }] of files) if (drop.files.delete(number)) drop.bytes -= size;
}

async function copy(
  file: string,
  { offset, length }: Pick<DropPart, 'offset' | 'length'>,
  stream: AsyncIterable<Uint8Array>,
): Promise<void> {
  const handle = await open(file, offset === 0 ? 'w' : 'r+', 0o600);
  let at = 0;
  try {
    for await (const chunk of stream) {
      if (at + chunk.length > length) throw new PhosphorError('invalid-arguments', 'more bytes than were announced');
      for (let written = 0; written < chunk.length; ) {
        const { bytesWritten } = await handle.write(chunk, written, chunk.length - written, offset + at + written);
        written += bytesWritten;
      }
      at += chunk.length;
    }
  } finally {
    await handle.close();
  }
  if (at !== length) throw new PhosphorError('connection-lost', 'the window went away in the middle of a file');
}

function outOfTurn(): PhosphorError {
  return new PhosphorError('invalid-arguments', 'a part out of its turn');
}

/** As it is shown in reports: no control characters, nothing that climbs; it never becomes a path all the same. */
export function shownName(name: string): string {
  const shown = name
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replace(/[\u0000-\u001f\u007f]/g, '\ufffd')
    .split('/')
    .filter((component) => component !== '' && component !== '.')
    .map((component) => (component === '..' ? '\ufffd' : component))
    .join('/')
    .slice(0, LONGEST_NAME);
  return shown === '' ? '\ufffd' : shown;
}
