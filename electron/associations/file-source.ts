import { type FileHandle, open } from 'node:fs/promises';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';
import { readPart10Meta } from '../dicom/dataset/index.ts';
import type { DataSetSource } from '../dicom/network/index.ts';

const CHUNK_BYTES = 524_288;

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

async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
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

function unreadable(thrown: unknown): PhosphorError {
  if (thrown instanceof PhosphorError) return thrown;
  const code = systemCode(thrown);
  return new PhosphorError('unreadable', 'a stored file cannot be read', code === undefined ? {} : { code });
}
