import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/**
 * SHA-256 of a stored instance's data set: everything after the File Meta Information, whose length stands in (0002,0000) (PS3.10 §7.1).
 * Written without the product's readers on purpose.
 */
export async function storedDataSetHash(path: string): Promise<string> {
  const file = await readFile(path);
  if (file.toString('latin1', 128, 132) !== 'DICM') throw new Error(`${path} has no DICM prefix`);
  if (file.readUInt32LE(132) !== 0x00000002 || file.toString('latin1', 136, 138) !== 'UL') throw new Error(`${path} has no group length`);
  const start = 144 + file.readUInt32LE(140);
  return createHash('sha256').update(file.subarray(start)).digest('hex');
}
