import { Worker } from 'node:worker_threads';
import type { ArchiveLocation } from '../../archive/types.ts';
import { SECURITY_HEADERS } from '../static-files.ts';
import type { FromReader, ToReader } from './reader-protocol.ts';

export interface InstanceReader {
  /** The stored file of an instance, or the part that a Range header names, as a response that reads only as fast as it is consumed. */
  respond(sopInstanceUID: string, range: string | null): Promise<Response>;
  close(): Promise<void>;
}

const MAX_OPEN = 64;

/** Serves stored files from a thread of its own, which is replaced when it dies (responses that it owed end with an error). */
export function createInstanceReader(archive: ArchiveLocation): InstanceReader {
  const waiting = new Map<number, (message: FromReader) => void>();
  let worker: Worker | undefined;
  let nextId = 1;

  const thread = (): Worker => {
    if (worker !== undefined) return worker;
    const started = new Worker(new URL('./reader-thread.ts', import.meta.url), { workerData: { archive }, name: 'instances' });
    started.on('message', (message: FromReader) => waiting.get(message.id)?.(message));
    started.on('error', () => undefined);
    started.once('exit', () => {
      if (worker === started) worker = undefined;
      for (const [id, tell] of [...waiting]) tell({ kind: 'failed', id });
    });
    started.unref();
    worker = started;
    return started;
  };
  const ask = (message: ToReader): Promise<FromReader> =>
    new Promise((resolve) => {
      waiting.set(message.id, (answer) => {
        waiting.delete(message.id);
        resolve(answer);
      });
      thread().postMessage(message);
    });

  let openCount = 0;
  return {
    async respond(sopInstanceUID, range) {
      if (openCount >= MAX_OPEN) return new Response(null, { status: 503, headers: { ...SECURITY_HEADERS, 'Retry-After': '1' } });
      const id = nextId++;
      let counts = true;
      openCount += 1;
      // Once, however it ends: a window may give up a response while its last bytes are being read.
      const release = (): void => {
        if (counts) openCount -= 1;
        counts = false;
      };
      const opened = await ask({ kind: 'open', id, sopInstanceUID, range });
      if (opened.kind !== 'opened' || opened.status === 404 || opened.status === 416) {
        release();
        if (opened.kind !== 'opened') return new Response(null, { status: 500, headers: SECURITY_HEADERS });
        const headers = opened.status === 416 ? { ...SECURITY_HEADERS, 'Content-Range': `bytes */${opened.bytes}` } : SECURITY_HEADERS;
        return new Response(null, { status: opened.status, headers });
      }
      const { status, offset, length, bytes } = opened;
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
        {
          async pull(controller) {
            const answer = await ask({ kind: 'next', id });
            if (!counts) return;
            if (answer.kind === 'chunk') {
              controller.enqueue(answer.chunk);
              return;
            }
            release();
            if (answer.kind === 'end') controller.close();
            else controller.error(new Error('the stored file could not be read'));
          },
          cancel() {
            release();
            thread().postMessage({ kind: 'close', id } satisfies ToReader);
          },
        },
        { highWaterMark: 1 },
      );
      return new Response(body, {
        status,
        headers: {
          ...SECURITY_HEADERS,
          'Content-Type': 'application/dicom',
          'Content-Length': String(length),
          'Accept-Ranges': 'bytes',
          'Cache-Control': 'no-store',
          ...(status === 206 ? { 'Content-Range': `bytes ${offset}-${offset + length - 1}/${bytes}` } : {}),
        },
      });
    },
    async close() {
      await worker?.terminate();
    },
  };
}
