import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import type { ArchiveLocation } from '../../archive/types.ts';
import { instanceUID, openInstance } from '../instance-file.ts';

/** Bytes of one stored instance that are asked for together with those of others. */
interface Part {
  readonly sopInstanceUID: string;
  readonly offset: number;
  readonly length: number;
}

const MAX_PARTS = 16;
const MAX_PART_BYTES = 1024 * 1024;

/**
 * `/parts?UID:OFFSET:LENGTH,…`: small pieces of several instances, such as neighbouring slices, which one request brings as one run of bytes.
 * Undefined where the request is anything else.
 */
export function partsIn(url: string): readonly Part[] | undefined {
  const query = /^\/parts\?(.{1,8192})$/.exec(url)?.[1];
  const texts = query?.split(',') ?? [];
  if (texts.length === 0 || texts.length > MAX_PARTS) return undefined;
  const parts: Part[] = [];
  for (const text of texts) {
    const [, uid = '', offset = '', length = ''] = /^([^:]{1,384}):(\d{1,15}):(\d{1,7})$/.exec(text) ?? [];
    const sopInstanceUID = instanceUID(`/instances/${uid}`);
    if (sopInstanceUID === undefined || Number(length) < 1 || Number(length) > MAX_PART_BYTES) return undefined;
    parts.push({ sopInstanceUID, offset: Number(offset), length: Number(length) });
  }
  return parts;
}

/** Undefined where the file ends before its part does. */
export async function readWhole(
  handle: FileHandle,
  offset: number,
  length: number,
  buffer: Buffer = Buffer.allocUnsafeSlow(length),
): Promise<Buffer | undefined> {
  const { bytesRead } = await handle.read(buffer, 0, length, offset);
  return bytesRead === length ? buffer.subarray(0, length) : undefined;
}

/** Sends the parts one after the other. One that is not there whole breaks the answer off: each is then asked for by itself, which says why. */
export async function sendParts(archive: ArchiveLocation, parts: readonly Part[], response: ServerResponse): Promise<void> {
  const [one, other] = [takeBuffer(), takeBuffer()];
  let coming = readPart(archive, parts[0], one);
  try {
    for (let index = 0; index < parts.length; index++) {
      const bytes = await coming;
      if (bytes === undefined) throw new PhosphorError('not-found', 'a part is not in the archive');
      // Each is read while the one before is sent.
      coming = readPart(archive, parts[index + 1], index % 2 === 0 ? other : one);
      await write(response, bytes);
    }
    response.end();
    buffers.push(one, other);
  } finally {
    coming.catch(() => undefined);
  }
}

/** Resolves when the bytes are sent and their memory is free again; rejects when they never will be. */
async function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  await new Promise<void>((sent, failed) => {
    const closed = () => failed(new PhosphorError('cancelled', 'the window has gone'));
    response.once('close', closed);
    response.write(bytes, (error) => {
      response.off('close', closed);
      if (error) failed(error);
      else sent();
    });
  });
}

/** Undefined where the archive does not hold the part. */
async function readPart(archive: ArchiveLocation, part: Part | undefined, buffer: Buffer): Promise<Buffer | undefined> {
  const opened = part === undefined ? undefined : await openInstance(archive, part.sopInstanceUID);
  if (part === undefined || opened === undefined) return undefined;
  try {
    return await readWhole(opened.handle, part.offset, part.length, buffer);
  } finally {
    await opened.handle.close();
  }
}

/** Used again and again: new memory for each slice keeps the garbage collector as busy as the slices do this thread. */
const buffers: Buffer[] = [];

function takeBuffer(): Buffer {
  return buffers.pop() ?? Buffer.allocUnsafeSlow(MAX_PART_BYTES);
}
