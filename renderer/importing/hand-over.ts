import { errorKind, PhosphorError } from '../../shared/contract/index.ts';
import type { Client } from '../api/types.ts';
import type { FoundFile } from './walk.ts';

type DropRequest = NonNullable<Client['dropRequest']>;

/** Bytes of one request; the host takes no more. */
const PART = 8 * 1024 * 1024;
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
 * Hands files over to a host that learns no paths: a few at once, each in parts, no faster than the host writes them. Rejects with
 * PhosphorError, `cancelled` among them; nothing is left behind then.
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
  const waiting: { readonly number: number; readonly file: FoundFile }[] = [];
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
      const next = waiting.shift();
      if (next !== undefined) {
        const opened = await next.file.open().catch(() => undefined);
        if (opened === undefined) unread += 1;
        else if (
          !(await sendFile(request, dropId, next.number, next.file.name, opened, either, (bytes) => {
            so.bytes += bytes;
            progress({ ...so });
          }))
        )
          unread += 1;
        so.done += 1;
        progress({ ...so });
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
          'X-Drop-Name': encodeURIComponent(bounded(name).toWellFormed()),
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
