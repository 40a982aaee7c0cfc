import { errorKind, PhosphorError } from '../../shared/contract/index.ts';
import type { Client } from '../api/types.ts';
import type { FoundFile } from './walk.ts';

type DropRequest = NonNullable<Client['dropRequest']>;

/** Bytes of one request; the host takes no more. */
const PART = 8 * 1024 * 1024;
/** Files that are not longer go several to a request: a request takes milliseconds, however little is in it. */
const SMALL = 1024 * 1024;
const MOST_TOGETHER = 32;
/** Bytes of files that are opened for one request. */
const TOGETHER = 4 * 1024 * 1024;
const AT_ONCE = 4;
const LONGEST_NAME = 1024;
/** What the host takes as one drop. */
export const MOST_FILES = 200_000;

export interface HandOverProgress {
  readonly found: number;
  readonly done: number;
  readonly bytes: number;
  readonly isWalking: boolean;
}

export interface HandedOver {
  readonly dropId: string;
  readonly files: number;
  /** Files that could not be read. */
  readonly unread: number;
}

/**
 * Hands files over to a host that learns no paths: a few requests at once, long files in parts and small ones together, no faster than the
 * host writes them. Rejects with PhosphorError, `cancelled` among them; nothing is left behind then.
 */
export async function handOver(
  files: AsyncIterable<FoundFile>,
  request: DropRequest,
  signal: AbortSignal,
  progress: (progress: HandOverProgress) => void,
): Promise<HandedOver> {
  const { dropId } = readDrop(await ask(request('/drops'), { method: 'POST', signal }));
  const so = { found: 0, done: 0, bytes: 0, isWalking: true };
  let unread = 0;
  const waiting: Waiting[] = [];
  let wake = Promise.withResolvers<void>();
  const wakeAll = (): void => {
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);

  const walkAll = async (): Promise<void> => {
    for await (const file of files) {
      if (either.aborted) return;
      if (so.found >= MOST_FILES) throw new PhosphorError('limit-exceeded', 'too many files in one drop');
      so.found += 1;
      waiting.push({ number: so.found, file });
      wakeAll();
      progress({ ...so });
    }
  };
  const send = async (): Promise<void> => {
    while (!either.aborted) {
      // Their lengths are not known before they are opened; as many as one request holds are opened at once.
      const opened = await openAll(waiting.splice(0, Math.max(1, Math.min(MOST_TOGETHER, Math.ceil(waiting.length / AT_ONCE)))));
      if (opened.length > 0) {
        const isSmall = ({ file }: Opened): boolean => file !== undefined && file.size <= SMALL;
        for (const together of groups(opened.filter(isSmall))) {
          if (either.aborted) return;
          const { files, bytes } = await sendTogether(request, dropId, together, either);
          unread += together.length - files;
          so.bytes += bytes;
          so.done += together.length;
          progress({ ...so });
        }
        for (const { number, name, file } of opened.filter((one) => !isSmall(one))) {
          if (either.aborted) return;
          const isSent =
            file !== undefined &&
            (await sendFile(request, dropId, number, name, file, either, (bytes) => {
              so.bytes += bytes;
              progress({ ...so });
            }));
          if (!isSent) unread += 1;
          so.done += 1;
          progress({ ...so });
        }
      } else if (so.isWalking) {
        await wake.promise;
      } else return;
    }
  };
  const walking = walkAll().finally(() => {
    so.isWalking = false;
    wakeAll();
  });
  try {
    const stopping = (thrown: unknown): never => {
      stop.abort();
      wakeAll();
      throw thrown;
    };
    await Promise.all([walking, ...Array.from({ length: AT_ONCE }, () => send())].map((one) => one.catch(stopping)));
    signal.throwIfAborted();
    await ask(request(`/drops/${dropId}/complete`), { method: 'POST', signal });
    return { dropId, files: so.done - unread, unread };
  } catch (thrown) {
    await fetch(request(`/drops/${dropId}`).url, { method: 'DELETE', headers: request('').headers }).catch(() => undefined);
    throw signal.aborted ? new PhosphorError('cancelled', 'cancelled') : thrown instanceof PhosphorError ? thrown : lost(thrown);
  }
}

interface Waiting {
  readonly number: number;
  readonly file: FoundFile;
}

interface Opened {
  readonly number: number;
  readonly name: string;
  /** Nothing where it cannot be read. */
  readonly file: File | undefined;
}

function openAll(files: readonly Waiting[]): Promise<Opened[]> {
  return Promise.all(
    files.map(async ({ number, file }) => ({
      number,
      name: bounded(file.name).toWellFormed(),
      file: await file.open().catch(() => undefined),
    })),
  );
}

/** Files of one request each: no more bytes than it holds. */
function groups(files: readonly Opened[]): Opened[][] {
  const all: Opened[][] = [];
  let bytes = 0;
  for (const one of files) {
    const size = one.file?.size ?? 0;
    const last = all.at(-1);
    if (last === undefined || bytes + size > TOGETHER) {
      all.push([one]);
      bytes = size;
    } else {
      last.push(one);
      bytes += size;
    }
  }
  return all;
}

/** Several small files in one request (electron/hosts/loopback/drop-batch.ts); how many of them could be read. */
async function sendTogether(
  request: DropRequest,
  dropId: string,
  files: readonly Opened[],
  signal: AbortSignal,
): Promise<{ files: number; bytes: number }> {
  const read = await Promise.all(
    // Read before they are sent: a file that cannot be read is not a connection that broke.
    files.map(async ({ number, name, file }) => ({ number, name, bytes: await file?.arrayBuffer().catch(() => undefined) })),
  );
  const whole = read.flatMap(({ number, name, bytes }) => (bytes === undefined ? [] : [{ number, name, bytes }]));
  const bytes = whole.reduce((sum, one) => sum + one.bytes.byteLength, 0);
  if (whole.length === 0) return { files: 0, bytes: 0 };
  const list = new TextEncoder().encode(JSON.stringify(whole.map((one) => [one.number, one.bytes.byteLength, one.name])));
  const body = new Uint8Array(4 + list.length + bytes);
  new DataView(body.buffer).setUint32(0, list.length);
  body.set(list, 4);
  let at = 4 + list.length;
  for (const one of whole) {
    body.set(new Uint8Array(one.bytes), at);
    at += one.bytes.byteLength;
  }
  await ask(request(`/drops/${dropId}/files`), { method: 'PUT', body, signal });
  return { files: whole.length, bytes };
}

/** False where the file cannot be read: it was changed or removed since. */
async function sendFile(
  request: DropRequest,
  dropId: string,
  number: number,
  name: string,
  file: File,
  signal: AbortSignal,
  sent: (bytes: number) => void,
): Promise<boolean> {
  for (let offset = 0; offset === 0 || offset < file.size; offset += PART) {
    let body: ArrayBuffer;
    try {
      // Read before it is sent: a file that cannot be read is not a connection that broke.
      body = await file.slice(offset, offset + PART).arrayBuffer();
    } catch {
      return false;
    }
    const { url, headers } = request(`/drops/${dropId}/${number}`);
    await ask(
      {
        url,
        headers: {
          ...headers,
          'X-Drop-Offset': String(offset),
          'X-Drop-Size': String(file.size),
          'X-Drop-Name': encodeURIComponent(name),
        },
      },
      { method: 'PUT', body, signal },
    );
    sent(body.byteLength);
  }
  return true;
}

/** The end of a name tells more than its beginning. */
function bounded(name: string): string {
  return name.length <= LONGEST_NAME ? name : `…${name.slice(1 - LONGEST_NAME)}`;
}

async function ask({ url, headers }: ReturnType<DropRequest>, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, { ...init, headers }).catch((thrown: unknown) => {
    throw lost(thrown);
  });
  const text = await response.text().catch(() => '');
  const body: unknown = text === '' ? {} : JSON.parse(text);
  if (response.ok) return body;
  const kind = errorKind.safeParse(typeof body === 'object' && body !== null && 'kind' in body ? body.kind : undefined);
  throw new PhosphorError(kind.success ? kind.data : 'rejected', 'the host refuses what was dropped');
}

function readDrop(answer: unknown): { dropId: string } {
  const dropId = typeof answer === 'object' && answer !== null && 'dropId' in answer ? answer.dropId : undefined;
  if (typeof dropId !== 'string') throw new PhosphorError('protocol', 'the host answered without a drop');
  return { dropId };
}

function lost(thrown: unknown): PhosphorError {
  return new PhosphorError('connection-lost', 'the host went away', {}, { cause: thrown });
}
