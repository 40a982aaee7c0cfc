import { createHash, hash as digestOf } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { ArrivedEntry } from './arrival-messages.ts';
import { folderOf } from './layout.ts';
import type { ArchiveLocation } from './types.ts';

/** Reads up to this are hashed in one call. */
const PIECE = 1024 * 1024;
let piece: Uint8Array | undefined;

/** A file of incoming/ with the bytes of its data set at its end. */
export type WrittenFile = Pick<ArrivedEntry, 'entryName' | 'dataSetBytes' | 'fileBytes'>;

/**
 * SHA-256 of an arrival's data set, lower-case hex, read back by the name in incoming/, which is another name of the file: it was written a moment
 * before, so that its pages are in memory. Undefined where it has left incoming/ (the index holds it) or cannot be read now: what stays in
 * incoming/ is looked at again by the next repair.
 */
export function hashOfArrived(location: ArchiveLocation, { entryName, dataSetBytes, fileBytes }: WrittenFile): string | undefined {
  try {
    const fd = fs.openSync(path.join(folderOf.incoming(location), entryName), 'r');
    try {
      return hashOf(fd, fileBytes - dataSetBytes, fileBytes);
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

function hashOf(fd: number, from: number, to: number): string {
  piece ??= new Uint8Array(PIECE);
  if (to - from <= PIECE) {
    read(fd, piece, to - from, from);
    return digestOf('sha256', piece.subarray(0, to - from));
  }
  const hash = createHash('sha256');
  for (let at = from; at < to; at += PIECE) {
    const length = Math.min(PIECE, to - at);
    read(fd, piece, length, at);
    hash.update(piece.subarray(0, length));
  }
  return hash.digest('hex');
}

function read(fd: number, into: Uint8Array, length: number, position: number): void {
  for (let done = 0; done < length; ) {
    const count = fs.readSync(fd, into, done, length - done, position + done);
    if (count === 0) throw new PhosphorError('storage', 'a file that has just arrived became shorter');
    done += count;
  }
}
