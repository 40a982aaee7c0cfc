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
  const { number, isComplete } = dropPath(pathname) ?? {};
  if (isComplete === undefined) return undefined;
  return isComplete ? ['POST'] : number === undefined ? ['DELETE'] : ['PUT'];
}

/**
 * POST /drops begins a drop; PUT /drops/ID/NUMBER brings a part of a file; POST /drops/ID/complete hands it to the import that is then asked for;
 * DELETE /drops/ID gives it up. Never rejects.
 */
export async function answerDrop(spool: DropSpool, request: IncomingMessage, pathname: string): Promise<DropAnswer> {
  try {
    const named = dropPath(pathname);
    if (named === undefined) return { status: 201, body: { dropId: await spool.begin() } };
    const { dropId, number, isComplete } = named;
    if (isComplete) return { status: 200, body: await spool.complete(dropId) };
    if (number === undefined) await spool.cancel(dropId);
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

interface DropPath {
  readonly dropId: string;
  readonly number?: number;
  readonly isComplete: boolean;
}

function dropPath(pathname: string): DropPath | undefined {
  const [, dropId, rest] = /^\/drops\/([0-9a-f-]{36})(?:\/(complete|[1-9][0-9]{0,6}))?$/.exec(pathname) ?? [];
  if (dropId === undefined) return undefined;
  if (rest === undefined) return { dropId, isComplete: false };
  return rest === 'complete' ? { dropId, isComplete: true } : { dropId, number: Number(rest), isComplete: false };
}

/** Throws PhosphorError `invalid-arguments`, `limit-exceeded`. */
function partIn({ headers }: IncomingMessage, number: number): DropPart {
  const length = whole(headers['content-length']);
  if (length > DROP_LIMITS.part) throw new PhosphorError('limit-exceeded', 'the part is too long');
  return {
    number,
    length,
    offset: whole(headers['x-drop-offset']),
    size: whole(headers['x-drop-size']),
    name: nameIn(headers['x-drop-name']),
  };
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
