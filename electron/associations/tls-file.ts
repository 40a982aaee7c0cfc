import { open } from 'node:fs/promises';
import { systemCode } from '../../shared/contract/phosphor-error.ts';

/** A file that the settings name: its text, or why it could not be read. */
export interface TLSFile {
  readonly path: string;
  readonly text?: string;
  /** System error code where `text` is absent, e.g. ENOENT. */
  readonly code?: string;
  /** Whether other users of this computer may read or change it; false where the system has no such rights. */
  readonly readableByOthers: boolean;
}

/** All the authorities of a large organisation take less. */
const MOST_BYTES = 4_194_304;

/** Reads a certificate, key or trust anchors file as it is now. Never rejects. */
export async function readTLSFile(path: string): Promise<TLSFile> {
  try {
    await using file = await open(path, 'r');
    const { size, mode } = await file.stat();
    const readableByOthers = process.platform !== 'win32' && (mode & 0o077) !== 0;
    if (size > MOST_BYTES) return { path, code: 'EFBIG', readableByOthers };
    return { path, text: await file.readFile('latin1'), readableByOthers };
  } catch (thrown) {
    return { path, code: systemCode(thrown) ?? 'UNKNOWN', readableByOthers: false };
  }
}
