import type { IncomingMessage } from 'node:http';
import type { ErrorKind } from '../../../shared/contract/index.ts';
import { PhosphorError, toErrorData } from '../../../shared/contract/phosphor-error.ts';
import { LONGEST_NAME } from '../../archive/drop-folder.ts';
import { DROP_LIMITS, type DropPart, type DropSpool } from './drop-spool.ts';

/** What a request about a drop is answered with. */
export interface DropAnswer {
  readonly status: number;
  readonly body?: object;
}

/** Methods that a path below /drops takes; undefined where there is nothing. */
export function dropMethods(pathname: string): readonly string[] | undefined {
  if (pathname === '/drops') return ['POST'];
  const { what } = dropPath(pathname) ?? {};
  return what === undefined ? undefined : [METHODS[what]];
}

/**
 * POST /drops begins a drop; PUT /drops/ID/NUMBER brings a part of a file, PUT /drops/ID/files several small files (drop-batch.ts);
 * POST /drops/ID/complete hands it to the import that is then asked for; DELETE /drops/ID gives it up. Never rejects.
 */
export async function answerDrop(spool: DropSpool, request: IncomingMessage, pathname: string): Promise<DropAnswer> {
  try {
    const named = dropPath(pathname);
    if (named === undefined) return { status: 201, body: { dropId: await spool.begin() } };
    const { dropId, what, number } = named;
    if (what === 'complete') return { status: 200, body: await spool.complete(dropId) };
    if (what === 'drop') await spool.cancel(dropId);
    else if (what === 'files') await spool.writeFiles(dropId, lengthOf(request), request);
    else await spool.write(dropId, partIn(request, number), request);
    return { status: 204 };
  } catch (thrown) {
    const { kind } = toErrorData(thrown);
    return { status: STATUS[kind] ?? 500, body: { kind } };
  }
}

const STATUS: Readonly<Partial<Record<ErrorKind, number>>> = {
  'invalid-arguments': 400,
  'not-found': 404,
  'limit-exceeded': 413,
  busy: 503,
  'storage-full': 507,
};

const METHODS = { drop: 'DELETE', complete: 'POST', files: 'PUT', file: 'PUT' } as const;

interface DropPath {
  readonly dropId: string;
  readonly what: keyof typeof METHODS;
  /** Of the file. */
  readonly number: number;
}

function dropPath(pathname: string): DropPath | undefined {
  const [, dropId, rest] = /^\/drops\/([0-9a-f-]{36})(?:\/(complete|files|[1-9][0-9]{0,6}))?$/.exec(pathname) ?? [];
  if (dropId === undefined) return undefined;
  if (rest === undefined) return { dropId, what: 'drop', number: 0 };
  return rest === 'complete' || rest === 'files' ? { dropId, what: rest, number: 0 } : { dropId, what: 'file', number: Number(rest) };
}

/** Throws PhosphorError `invalid-arguments`, `limit-exceeded`. */
function partIn(request: IncomingMessage, number: number): DropPart {
  const { headers } = request;
  return {
    number,
    length: lengthOf(request),
    offset: whole(headers['x-drop-offset']),
    size: whole(headers['x-drop-size']),
    name: nameIn(headers['x-drop-name']),
  };
}

/** Throws PhosphorError `invalid-arguments`, `limit-exceeded`. */
function lengthOf({ headers }: IncomingMessage): number {
  const length = whole(headers['content-length']);
  if (length > DROP_LIMITS.part) throw new PhosphorError('limit-exceeded', 'the part is too long');
  return length;
}

function whole(header: string | readonly string[] | undefined): number {
  if (typeof header !== 'string' || !/^\d{1,15}$/.test(header)) throw new PhosphorError('invalid-arguments', 'a length is missing');
  return Number(header);
}

/** Percent-encoded: a header holds plain characters only. */
function nameIn(header: string | readonly string[] | undefined): string {
  if (typeof header !== 'string' || header === '') throw new PhosphorError('invalid-arguments', 'a name is missing');
  let name: string;
  try {
    name = decodeURIComponent(header);
  } catch {
    throw new PhosphorError('invalid-arguments', 'the name cannot be read');
  }
  if (name.length > LONGEST_NAME) throw new PhosphorError('limit-exceeded', 'the name is too long');
  return name;
}
