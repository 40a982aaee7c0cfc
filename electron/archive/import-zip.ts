import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Entry, fromBuffer, open, type ZipFile } from 'yauzl';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { LaneFile } from './import-lane-messages.ts';
import { folderOf, storageError } from './layout.ts';
import { unreadable } from './scan.ts';
import type { ArchiveLocation } from './types.ts';

/** Bounds of one ZIP, nested ones included. */
export interface ZipLimits {
  readonly entries: number;
  /** Real bytes of one entry, and of all. */
  readonly entryBytes: number;
  readonly bytes: number;
  /** An entry that unpacks to more than this many times its packed bytes, once it is longer than a megabyte. */
  readonly ratio: number;
}

const LIMITS: ZipLimits = { entries: 2_000_000, entryBytes: 16 * 2 ** 30, bytes: 512 * 2 ** 30, ratio: 500 };
const RATIO_FROM = 1 << 20;
/** Longer entries go through a temp file of ours. */
const MEMORY = 4 * 1024 * 1024;
const STORED = 0;
const DEFLATED = 8;

/** An unpacked file, to be released when it was taken in; or why an entry, or the rest of the ZIP, was not. */
export type Unpacked = { readonly file: LaneFile; release(): void } | { readonly path: string; readonly error: PhosphorError };

/**
 * The files of a ZIP (APPNOTE 6.3, ZIP64 included), one after the other, each bounded by the bytes that really come out of it. Names are only
 * shown, never made a path. `source` is the file, or what it holds; `shown` what people call it.
 */
export async function* unpack(
  source: string | Uint8Array,
  shown: string,
  location: ArchiveLocation,
  signal: AbortSignal,
  limits: ZipLimits = LIMITS,
): AsyncGenerator<Unpacked> {
  let zip: ZipFile;
  try {
    zip = await opened(source);
  } catch (thrown) {
    yield { path: shown, error: damaged(thrown) };
    return;
  }
  const temporary = path.join(folderOf.incoming(location), `zip${randomBytes(6).toString('hex')}`);
  const left = { bytes: limits.bytes };
  let count = 0;
  try {
    for (let entry = await next(zip); entry !== undefined; entry = await next(zip)) {
      if (signal.aborted) return;
      count += 1;
      if (count > limits.entries) throw new PhosphorError('limit-exceeded', 'the ZIP holds too many files');
      const name = shownName(entry);
      if (name.endsWith('/')) continue;
      const at = `${shown} › ${name}`.slice(0, 4096);
      try {
        yield await unpacked(zip, entry, at, `${temporary}-${count}.part`, { limits, left });
      } catch (thrown) {
        const error = storageError(thrown, 'a file of the ZIP cannot be unpacked');
        if (error.kind === 'storage-full') throw error;
        yield { path: at, error: error.kind === 'storage' ? damaged(thrown) : error };
        if (left.bytes <= 0) throw new PhosphorError('limit-exceeded', 'the ZIP unpacks to too much');
      }
    }
  } catch (thrown) {
    if (thrown instanceof PhosphorError && thrown.kind === 'storage-full') throw thrown;
    yield { path: shown, error: damaged(thrown) };
  } finally {
    zip.close();
  }
}

async function unpacked(
  zip: ZipFile,
  entry: Entry,
  shown: string,
  temporary: string,
  { limits, left }: { limits: ZipLimits; left: { bytes: number } },
): Promise<Unpacked> {
  if (entry.isEncrypted()) throw new PhosphorError('unsupported', 'the file in the ZIP is encrypted: unpack it with its password first');
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED) {
    throw new PhosphorError('unsupported', 'the file in the ZIP is packed by a method that is not known here');
  }
  const gauge = new Gauge(limits, left, entry.compressedSize);
  const stream = await new Promise<Readable>((resolve, reject) =>
    zip.openReadStream(entry, (error, read) => (error === null ? resolve(read) : reject(error))),
  );
  // What the directory says of lengths decides where to put it, and nothing else.
  if (entry.uncompressedSize > MEMORY) {
    try {
      await pipeline(
        stream,
        (pieces: AsyncIterable<Buffer>) => gauge.pass(pieces),
        fs.createWriteStream(temporary, { flags: 'wx', mode: 0o600 }),
      );
    } catch (thrown) {
      fs.rmSync(temporary, { force: true });
      throw thrown;
    }
    return { file: { path: shown, source: temporary }, release: () => fs.rmSync(temporary, { force: true }) };
  }
  const pieces: Buffer[] = [];
  for await (const piece of gauge.pass(stream)) pieces.push(piece);
  return { file: { path: shown, source: Buffer.concat(pieces) }, release: () => undefined };
}

/** Counts what really comes out of a ZIP. */
class Gauge {
  readonly #limits: ZipLimits;
  readonly #left: { bytes: number };
  readonly #packed: number;
  #bytes = 0;

  constructor(limits: ZipLimits, left: { bytes: number }, packed: number) {
    this.#limits = limits;
    this.#left = left;
    this.#packed = packed;
  }

  async *pass(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of pieces) {
      this.#bytes += piece.length;
      this.#left.bytes -= piece.length;
      const isBomb = this.#bytes > RATIO_FROM && this.#bytes > this.#packed * this.#limits.ratio;
      if (isBomb || this.#bytes > this.#limits.entryBytes || this.#left.bytes < 0) {
        throw new PhosphorError('limit-exceeded', 'the file in the ZIP unpacks to too much');
      }
      yield piece;
    }
  }
}

/** Names are bytes here: what yauzl refuses for a name (absolute ones, `..`) is of no concern, because none becomes a path. */
const OPTIONS = { lazyEntries: true, autoClose: false, decodeStrings: false, validateEntrySizes: true } as const;

function opened(source: string | Uint8Array): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, zip?: ZipFile): void => {
      if (error !== null || zip === undefined) reject(error);
      else resolve(zip);
    };
    if (typeof source === 'string') open(source, OPTIONS, done);
    else fromBuffer(Buffer.from(source.buffer, source.byteOffset, source.length), OPTIONS, done);
  });
}

function next(zip: ZipFile): Promise<Entry | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => (): void => {
      zip.removeAllListeners('entry').removeAllListeners('end').removeAllListeners('error');
      // An error that comes later has nobody to hear it.
      zip.on('error', () => undefined);
      act();
    };
    zip.once('entry', (entry: Entry) => settle(() => resolve(entry))());
    zip.once(
      'end',
      settle(() => resolve(undefined)),
    );
    zip.once('error', (error: Error) => settle(() => reject(error))());
    if (zip.entriesRead >= zip.entryCount) settle(() => resolve(undefined))();
    else zip.readEntry();
  });
}

function shownName(entry: Entry): string {
  const raw: unknown = entry.fileName;
  const bytes = raw instanceof Uint8Array ? Buffer.from(raw.buffer, raw.byteOffset, raw.length) : Buffer.from(String(raw));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  return bytes.toString('utf8').replace(/[\u0000-\u001f\u007f]/g, '\ufffd');
}

function damaged(thrown: unknown): PhosphorError {
  const error = unreadable(thrown);
  return error.kind === 'unreadable' && error.data.code === undefined
    ? new PhosphorError('damaged', 'the ZIP cannot be read', {}, { cause: thrown })
    : error;
}
