import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';

/** A file of this archive, opened for reading. */
export interface StoredFile {
  readonly handle: FileHandle;
  readonly size: number;
  /** Where the data set begins, behind the File Meta Information. */
  readonly dataSetOffset: number;
  readonly modifiedAt: number;
  readonly inode: bigint;
}

/** Opens a file that an arrival wrote. Rejects with the system's error, or PhosphorError `damaged` when it does not begin like one. */
export async function openStored(path: string): Promise<StoredFile> {
  const handle = await open(path, 'r');
  try {
    const stat = await handle.stat({ bigint: true });
    const head = new Uint8Array(HEAD);
    const { bytesRead } = await handle.read(head, 0, HEAD, 0);
    const dataSetOffset = dataSetOffsetOf(head.subarray(0, bytesRead));
    const size = Number(stat.size);
    if (dataSetOffset === undefined || dataSetOffset > size) throw new PhosphorError('damaged', 'a stored file has lost its beginning');
    return { handle, size, dataSetOffset, modifiedAt: Number(stat.mtimeMs), inode: stat.ino };
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

/** Bytes from which the beginning of the data set can be told. */
export const HEAD = 144;

/** Preamble, prefix, then the group length of the File Meta Information (PS3.10 §7.1), which is always first in a file of ours. */
export function dataSetOffsetOf(head: Uint8Array): number | undefined {
  if (head.length < HEAD) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const isOurs = view.getUint32(128) === 0x4449434d && view.getUint32(132) === 0x02000000 && view.getUint32(136) === 0x554c0400;
  return isOurs ? HEAD + view.getUint32(140, true) : undefined;
}

const PIECE = 1 << 20;

/** Reads the data set once, in order; each piece is valid until the next one is asked for. */
export async function* dataSetOf(file: StoredFile, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(Math.max(1, Math.min(PIECE, file.size - file.dataSetOffset)));
  for (let position = file.dataSetOffset; position < file.size; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.handle.read(buffer, 0, Math.min(buffer.length, file.size - position), position);
    if (bytesRead === 0) throw new PhosphorError('damaged', 'a stored file became shorter while it was read');
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** SHA-256 of the data set, lower-case hex. */
export async function hashDataSet(file: StoredFile, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of dataSetOf(file, signal)) hash.update(piece);
  return hash.digest('hex');
}
