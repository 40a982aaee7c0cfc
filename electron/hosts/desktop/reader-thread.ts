import { parentPort, workerData } from 'node:worker_threads';
import type { ArchiveLocation } from '../../archive/types.ts';
import { byteRange, openInstance } from '../instance-file.ts';
import { type FromReader, MAX_CHUNK, type ToReader } from './reader-protocol.ts';

/** The thread that reads stored files for the desktop window: the main thread never touches their bytes. */
const { archive } = workerData as { archive: ArchiveLocation };
const open = new Map<number, Awaited<ReturnType<typeof openInstance>> & { offset: number; left: number }>();

const tell = (message: FromReader, transfer: ArrayBuffer[] = []): void => parentPort?.postMessage(message, transfer);

async function close(id: number): Promise<void> {
  const file = open.get(id);
  open.delete(id);
  await file?.handle.close();
}

async function begin(id: number, sopInstanceUID: string, header: string | null): Promise<void> {
  const file = await openInstance(archive, sopInstanceUID);
  if (file === undefined) {
    tell({ kind: 'opened', id, status: 404 });
    return;
  }
  const range = byteRange(header, file.bytes);
  if (range === 'unsatisfiable') {
    await file.handle.close();
    tell({ kind: 'opened', id, status: 416, bytes: file.bytes });
    return;
  }
  const { offset, length } = range === 'whole' ? { offset: 0, length: file.bytes } : range;
  open.set(id, { ...file, offset, left: length });
  tell({ kind: 'opened', id, status: range === 'whole' ? 200 : 206, bytes: file.bytes, offset, length });
}

async function next(id: number): Promise<void> {
  const file = open.get(id);
  if (file === undefined) {
    // It was open in the thread before this one: whoever waits for its next bytes must hear that there are none.
    tell({ kind: 'failed', id });
    return;
  }
  const buffer = Buffer.allocUnsafeSlow(Math.min(MAX_CHUNK, file.left));
  const { bytesRead } = buffer.length === 0 ? { bytesRead: 0 } : await file.handle.read(buffer, 0, buffer.length, file.offset);
  file.offset += bytesRead;
  file.left -= bytesRead;
  if (bytesRead === 0) {
    await close(id);
    tell({ kind: 'end', id });
    return;
  }
  const chunk = new Uint8Array(buffer.buffer, 0, bytesRead);
  tell({ kind: 'chunk', id, chunk }, [buffer.buffer]);
}

parentPort?.on('message', (message: ToReader) => {
  const work =
    message.kind === 'open'
      ? begin(message.id, message.sopInstanceUID, message.range)
      : message.kind === 'next'
        ? next(message.id)
        : close(message.id);
  work.catch(() => {
    tell({ kind: 'failed', id: message.id });
    return close(message.id).catch(() => undefined);
  });
});
