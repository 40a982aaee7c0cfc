import { createHash, hash } from 'node:crypto';
import fs from 'node:fs';
import type { VerifiedItem } from '../../shared/contract/index.ts';
import { systemCode } from '../../shared/contract/phosphor-error.ts';
import { dataSetOffsetOf, HEAD } from './stored-file.ts';

const PIECE = 4 * 1024 * 1024;
const PREAMBLE = 128;
const ZEROS = Buffer.alloc(PREAMBLE);
let buffer: Buffer | undefined;

/**
 * Re-reads a stored file and compares the hash of its data set; its preamble must be empty (PS3.10 §7.1). Synchronous, for a thread of its
 * own: most files are one read, and a way through the thread pool for each call took as long as hashing.
 */
export function compareFile(file: string, sha256: string): { bytes: number; problem?: VerifiedItem['problem'] } {
  let fd: number | undefined;
  try {
    fd = fs.openSync(file, 'r');
    buffer ??= Buffer.allocUnsafeSlow(PIECE);
    const first = fs.readSync(fd, buffer, 0, PIECE, 0);
    const dataSetOffset = dataSetOffsetOf(buffer.subarray(0, Math.min(first, HEAD)));
    if (dataSetOffset === undefined || dataSetOffset > first) return { bytes: first, problem: 'altered' };
    const isBlank = buffer.subarray(0, PREAMBLE).equals(ZEROS);
    const { digest, bytes } =
      first < PIECE ? { digest: hash('sha256', buffer.subarray(dataSetOffset, first)), bytes: first } : rest(fd, buffer, dataSetOffset);
    return isBlank && digest === sha256 ? { bytes } : { bytes, problem: 'altered' };
  } catch (thrown) {
    return { bytes: 0, problem: systemCode(thrown) === 'ENOENT' ? 'missing-file' : 'unreadable' };
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/** Of a file longer than the buffer, whose beginning is in it. */
function rest(fd: number, buffer: Buffer, dataSetOffset: number): { digest: string; bytes: number } {
  const digest = createHash('sha256').update(buffer.subarray(dataSetOffset));
  let bytes = buffer.length;
  for (;;) {
    const read = fs.readSync(fd, buffer, 0, buffer.length, bytes);
    if (read === 0) return { digest: digest.digest('hex'), bytes };
    digest.update(buffer.subarray(0, read));
    bytes += read;
  }
}
