import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import { configure, ZipWriter } from '@zip.js/zip.js/lib/zip-core-native.js';
import { type Chunks, type ExportTarget, exists, onTarget, placeNew, removeStale, TargetError, writeAll } from './export-target.ts';

configure({ useWebWorkers: false });

export interface ZipOptions {
  /** A file of this name is replaced when the new one is whole. */
  readonly replace: boolean;
  readonly exportId: string;
  /** A file of this name that says by its comment that it is of this export was finished by it before it was cut off. */
  readonly isResumed: boolean;
  /** Encrypted with AES-256 (WinZip AE-2). */
  readonly password: string | undefined;
  /** Folder for what is too long to be held, as private as the archive. */
  readonly spill: string;
}

/** Every entry stays in memory until the directory at the end of the file is written. */
const MAX_FILES = 200_000;
/** Files up to this size are held until they are whole: one that turns out damaged leaves nothing in the ZIP file. */
const HELD_BYTES = 4 * 1024 * 1024;
const PIECE = 1 << 20;

/** One ZIP file, with ZIP64 where it needs it. It has its name when it is whole. */
export class ZipTarget implements ExportTarget {
  readonly #file: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  readonly #options: ZipOptions;
  readonly #zip: ZipWriter<unknown>;
  #turn: Promise<void> = Promise.resolve();
  #failure: unknown;
  #files = 0;

  private constructor(file: string, temporary: string, handle: FileHandle, options: ZipOptions) {
    this.#file = file;
    this.#temporary = temporary;
    this.#handle = handle;
    this.#options = options;
    const write = async (chunk: Uint8Array): Promise<void> => {
      try {
        await writeAll(handle, chunk);
      } catch (thrown) {
        this.#failure ??= thrown;
        throw thrown;
      }
    };
    const encryption = options.password === undefined ? {} : { password: options.password, encryptionStrength: 3 as const };
    this.#zip = new ZipWriter(new WritableStream<Uint8Array>({ write }), encryption);
  }

  /** Rejects with PhosphorError `storage`, `storage-full`, `invalid-arguments` where the file exists and is not to be replaced. */
  static async open(file: string, options: ZipOptions): Promise<ZipTarget> {
    return await onTarget(async () => {
      if (!options.replace && (await exists(file)) && !(options.isResumed && (await isOf(file, options.exportId)))) throw alreadyThere();
      await removeStale(path.dirname(file));
      const temporary = path.join(path.dirname(file), `.phosphor-export-${options.exportId}.part`);
      await rm(temporary, { force: true });
      return new ZipTarget(file, temporary, await open(temporary, 'wx', 0o600), options);
    });
  }

  async write(names: () => readonly string[], chunks: Chunks, isCompressed = false): Promise<void> {
    this.#files += 1;
    if (this.#files > MAX_FILES) throw new TargetError('invalid-arguments', 'more files than a ZIP file is made of', 'EMFILE');
    const whole = await Whole.read(chunks, this.#options.spill);
    try {
      const turn = this.#turn.then(() => this.#add(names().join('/'), whole, isCompressed));
      this.#turn = turn.catch(() => undefined);
      await turn;
    } finally {
      await whole.close();
    }
  }

  async finish(): Promise<void> {
    await this.#guarded(() => this.#zip.close(commentOf(this.#options.exportId)));
    await onTarget(async () => {
      await this.#handle.datasync();
      await this.#handle.close();
      if (this.#options.replace) await rename(this.#temporary, this.#file);
      else if (!(await placeNew(this.#temporary, this.#file))) {
        // Made once more, it is the same.
        if (!(this.#options.isResumed && (await isOf(this.#file, this.#options.exportId)))) throw alreadyThere();
        await unlink(this.#temporary);
      }
    });
  }

  async abandon(): Promise<void> {
    await this.#turn;
    await this.#handle.close().catch(() => undefined);
    await unlink(this.#temporary).catch(() => undefined);
  }

  async #add(name: string, whole: Whole, isCompressed: boolean): Promise<void> {
    await this.#guarded(() => this.#zip.add(name, { readable: whole.stream(), size: whole.size }, isCompressed ? { level: 0 } : {}));
  }

  /** What the ZIP writer throws hides what the disk said. */
  async #guarded(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      throw this.#failure ?? new TargetError('storage', 'the ZIP file cannot be written', undefined, thrown);
    }
  }
}

/** The end of the ZIP file (APPNOTE 4.3.16): names the export, and nobody. */
function commentOf(exportId: string): Uint8Array {
  return new TextEncoder().encode(`Phosphor ${exportId}`);
}

async function isOf(file: string, exportId: string): Promise<boolean> {
  const comment = commentOf(exportId);
  await using handle = await open(file);
  const { size } = await handle.stat();
  if (size < comment.length) return false;
  const { buffer, bytesRead } = await handle.read(new Uint8Array(comment.length), 0, comment.length, size - comment.length);
  return bytesRead === comment.length && Buffer.compare(buffer, comment) === 0;
}

function alreadyThere(): TargetError {
  return new TargetError('invalid-arguments', 'the ZIP file exists already', 'EEXIST');
}

/** The bytes of one file, all of them there: in memory, or in a file of its own where they are many. */
class Whole {
  readonly size: number;
  readonly #held: readonly Uint8Array[];
  readonly #spilled: { readonly path: string; readonly handle: FileHandle } | undefined;

  private constructor(
    size: number,
    held: readonly Uint8Array[],
    spilled: { readonly path: string; readonly handle: FileHandle } | undefined,
  ) {
    this.size = size;
    this.#held = held;
    this.#spilled = spilled;
  }

  static async read(chunks: Chunks, folder: string): Promise<Whole> {
    let held: Uint8Array[] = [];
    let size = 0;
    let spilled: { path: string; handle: FileHandle } | undefined;
    try {
      for await (const chunk of chunks) {
        size += chunk.length;
        held.push(chunk);
        if (size <= HELD_BYTES) continue;
        spilled ??= await spillIn(folder);
        for (const piece of held) await writeAll(spilled.handle, piece);
        held = [];
      }
      return new Whole(size, held, spilled);
    } catch (thrown) {
      await remove(spilled);
      throw thrown;
    }
  }

  stream(): ReadableStream<Uint8Array> {
    const pieces = this.#pieces();
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { value, done } = await pieces.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        },
      },
      { highWaterMark: 0 },
    );
  }

  close(): Promise<void> {
    return remove(this.#spilled);
  }

  async *#pieces(): AsyncGenerator<Uint8Array> {
    if (this.#spilled === undefined) {
      yield* this.#held;
      return;
    }
    for (let at = 0; at < this.size; ) {
      const { handle } = this.#spilled;
      const { bytesRead, buffer } = await handle.read(new Uint8Array(Math.min(PIECE, this.size - at)), 0, undefined, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
}

async function spillIn(folder: string): Promise<{ path: string; handle: FileHandle }> {
  const file = path.join(folder, `${randomUUID()}.part`);
  return { path: file, handle: await onTarget(() => open(file, 'wx+', 0o600)) };
}

async function remove(spilled: { readonly path: string; readonly handle: FileHandle } | undefined): Promise<void> {
  if (spilled === undefined) return;
  await spilled.handle.close();
  await unlink(spilled.path).catch(() => undefined);
}
