import { type FileHandle, open } from 'node:fs/promises';
import { USABLE_UID } from '../../shared/contract/limits.ts';
import { locateInstance } from '../archive/layout.ts';
import type { ArchiveLocation } from '../archive/types.ts';

/** First byte and number of bytes. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface OpenInstance {
  readonly handle: FileHandle;
  readonly bytes: number;
}

/**
 * The UID in a request for `/instances/<uid>` (percent-encoded), or undefined where the path is anything else. It is only ever hashed,
 * never part of a path.
 */
export function instanceUID(pathname: string): string | undefined {
  const encoded = /^\/instances\/([^/]{1,384})$/.exec(pathname)?.[1];
  if (encoded === undefined) return undefined;
  try {
    const decoded = decodeURIComponent(encoded);
    return USABLE_UID.test(decoded) ? decoded : undefined;
  } catch {
    return undefined;
  }
}

/** Opens the stored file of an instance, or undefined where the archive does not hold it. The caller closes the handle. */
export async function openInstance(location: ArchiveLocation, sopInstanceUID: string): Promise<OpenInstance | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(locateInstance(location, sopInstanceUID), 'r');
  } catch {
    return undefined;
  }
  const found = await handle.stat();
  if (found.isFile()) return { handle, bytes: found.size };
  await handle.close();
  return undefined;
}

/**
 * A Range header of one byte range (RFC 9110 §14.1.2) against a file of `bytes`: the part that exists, `whole` without a header, or
 * `unsatisfiable` for everything else (malformed and multiple ranges too, so that a mistake never moves a whole file).
 */
export function byteRange(header: string | null | undefined, bytes: number): ByteRange | 'whole' | 'unsatisfiable' {
  if (header === undefined || header === null) return 'whole';
  const parts = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim());
  if (parts === null) return 'unsatisfiable';
  const [, first = '', last = ''] = parts;
  if (first === '') {
    const suffix = Math.min(Number(last), bytes);
    return last === '' || suffix === 0 ? 'unsatisfiable' : { offset: bytes - suffix, length: suffix };
  }
  const offset = Number(first);
  const end = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  return offset > end ? 'unsatisfiable' : { offset, length: end - offset + 1 };
}
