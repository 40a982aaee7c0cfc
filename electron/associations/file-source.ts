import fs from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';
import { readPart10Meta } from '../dicom/dataset/index.ts';
import type { DataSetSource } from '../dicom/network/index.ts';

const CHUNK_BYTES = 524_288;

const openFile = promisify(fs.open);
const readFile = promisify(fs.read);

/** A data set to be sent, and what is done with its memory when the peer has all of it. */
export interface LentDataSet {
  readonly dataSet: DataSetSource;
  /** Call it only when no byte is on its way any more; not calling it costs a new buffer. */
  readonly giveBack: () => void;
}

/** Files up to this size are read at once, into a buffer that is used again. */
const WHOLE_BYTES = 1_048_576;
const SPARE_BUFFERS = 4;
const spare: Buffer[] = [];

/**
 * As `openDataSet`, for many files one after the other: fresh memory for each costs more than reading it.
 *
 * @throws PhosphorError `unreadable`, `not-dicom`, `damaged`
 */
export async function borrowDataSet(path: string): Promise<LentDataSet> {
  const buffer = spare.pop() ?? Buffer.allocUnsafeSlow(WHOLE_BYTES);
  const giveBack = () => {
    if (spare.length < SPARE_BUFFERS) spare.push(buffer);
  };
  const length = await readWhole(path, buffer).catch((thrown: unknown) => {
    giveBack();
    throw unreadable(thrown);
  });
  if (length !== undefined) return { dataSet: buffer.subarray(readPart10Meta(buffer.subarray(0, length)).dataSetOffset, length), giveBack };
  giveBack();
  return { dataSet: await openDataSet(path), giveBack: () => {} };
}

/** The file's length; undefined where it is longer than the buffer. Only what may wait for a disk leaves the thread. */
async function readWhole(path: string, buffer: Buffer): Promise<number | undefined> {
  const fd = await openFile(path, 'r');
  try {
    const { size } = fs.fstatSync(fd);
    if (size > buffer.length) return undefined;
    for (let filled = 0; filled < size; ) {
      const { bytesRead } = await readFile(fd, buffer, filled, size - filled, filled);
      if (bytesRead === 0) throw new PhosphorError('unreadable', 'a stored file is shorter than it was');
      filled += bytesRead;
    }
    return size;
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * The data set of a stored file (PS3.10), without preamble and File Meta Information. A file of up to 512 KiB is read at once; a larger one
 * in chunks as the peer takes them.
 *
 * @throws PhosphorError `unreadable`, `not-dicom`, `damaged`
 */
export async function openDataSet(path: string): Promise<DataSetSource> {
  return await withFile(path, async (file) => {
    const { size } = await file.stat();
    const first = await readAt(file, 0, Math.min(CHUNK_BYTES, size));
    const { dataSetOffset } = readPart10Meta(first);
    if (size <= CHUNK_BYTES) return first.subarray(dataSetOffset);
    return { chunks: chunks(path, first.subarray(dataSetOffset), size), length: size - dataSetOffset };
  });
}

/** Opens the file only when somebody takes the chunks: a source that is never read leaves nothing open. */
async function* chunks(path: string, first: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  yield first;
  const file = await open(path, 'r').catch((thrown) => {
    throw unreadable(thrown);
  });
  try {
    // Each chunk has a buffer of its own: the one before is still on its way out.
    for (let at = CHUNK_BYTES; at < size; at += CHUNK_BYTES) yield await readAt(file, at, Math.min(CHUNK_BYTES, size - at));
  } finally {
    await file.close();
  }
}

async function withFile<Result>(path: string, use: (file: FileHandle) => Promise<Result>): Promise<Result> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    return await use(file);
  } catch (thrown) {
    throw unreadable(thrown);
  } finally {
    await file?.close();
  }
}

/** Exactly this range of a file. Rejects with PhosphorError `unreadable`. */
export async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled).catch((thrown) => {
      throw unreadable(thrown);
    });
    if (bytesRead === 0) throw new PhosphorError('unreadable', 'a stored file is shorter than it was');
    filled += bytesRead;
  }
  return buffer;
}

/** What reading a file threw, as an error that can be told. */
export function unreadable(thrown: unknown): PhosphorError {
  if (thrown instanceof PhosphorError) return thrown;
  const code = systemCode(thrown);
  return new PhosphorError('unreadable', 'a file cannot be read', code === undefined ? {} : { code });
}
