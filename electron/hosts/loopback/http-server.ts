import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { ArchiveLocation } from '../../archive/types.ts';
import { byteRange, instanceUID, openInstance } from '../instance-file.ts';
import { contentSecurityPolicy, SECURITY_HEADERS, type StaticSite } from '../static-files.ts';
import { answerDrop, dropMethods } from './drop-routes.ts';
import type { DropSpool } from './drop-spool.ts';
import { type RequestKind, refuse } from './guard.ts';
import type { Keyring } from './keys.ts';
import { partsIn, readWhole, sendParts } from './parts-route.ts';

export interface HttpServerOptions {
  readonly site: StaticSite;
  readonly archive: ArchiveLocation;
  readonly keyring: Keyring;
  readonly spool: DropSpool;
  /** A launch token was exchanged (its page can go). */
  readonly onExchanged: (token: string) => void;
}

const MAX_CONNECTIONS = 128;
const MAX_STREAMS = 64;
const MAX_SESSION_BODY = 1024;
const READ_BYTES = 256 * 1024;

type Handler = (request: IncomingMessage, response: ServerResponse, pathname: string) => Promise<void>;

/** The loopback host's HTTP side: the page, the built files, the token exchange, the stored instances and what is dropped. Nothing else has an address. */
export function createHttpServer({ site, archive, keyring, spool, onExchanged }: HttpServerOptions): Server {
  let streams = 0;

  const isAuthorised = ({ headers }: IncomingMessage): boolean => {
    const key = /^Bearer ([A-Za-z0-9_-]{1,128})$/.exec(headers.authorization ?? '')?.[1];
    return key !== undefined && keyring.knows(key);
  };

  const page: Handler = async (request, response) => {
    const nonce = randomBytes(18).toString('base64url');
    const body = Buffer.from(site.page(nonce));
    response.writeHead(200, {
      ...securityHeaders(nonce),
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Length': body.length,
      'Cache-Control': 'no-store',
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  };

  const file: Handler = async (request, response, pathname) => {
    const found = site.files.get(pathname);
    // Every browser asks for one; its absence is no mistake that belongs in a console.
    if (found === undefined) return answer(request, response, pathname === '/favicon.ico' ? 204 : 404);
    response.writeHead(200, {
      ...securityHeaders(),
      'Content-Type': found.type,
      'Content-Length': found.bytes,
      'Cache-Control': found.immutable ? 'private, max-age=31536000, immutable' : 'no-cache',
    });
    if (request.method === 'HEAD') response.end();
    else await pipeline(createReadStream(found.path, { end: Math.max(0, found.bytes - 1) }), response);
  };

  const instance: Handler = async (request, response, pathname) => {
    if (!isAuthorised(request)) return answer(request, response, 401);
    const uid = instanceUID(pathname);
    const opened = uid === undefined ? undefined : await openInstance(archive, uid);
    if (opened === undefined) return answer(request, response, 404);
    const { handle, bytes } = opened;
    try {
      const range = byteRange(request.headers.range, bytes);
      if (range === 'unsatisfiable') return answer(request, response, 416, { 'Content-Range': `bytes */${bytes}` });
      if (streams >= MAX_STREAMS) return answer(request, response, 503, { 'Retry-After': '1' });
      const { offset, length } = range === 'whole' ? { offset: 0, length: bytes } : range;
      response.writeHead(range === 'whole' ? 200 : 206, {
        ...securityHeaders(),
        'Content-Type': 'application/dicom',
        'Content-Length': length,
        'Accept-Ranges': 'bytes',
        'Cache-Control': 'no-store',
        ...(range === 'whole' ? {} : { 'Content-Range': `bytes ${offset}-${offset + length - 1}/${bytes}` }),
      });
      if (request.method === 'HEAD' || length === 0) {
        response.end();
        return;
      }
      streams += 1;
      try {
        if (length <= READ_BYTES * 4) {
          // A slice by one read: a stream's machinery costs as much again.
          const small = await readWhole(handle, offset, length);
          if (small === undefined) response.destroy();
          else response.end(small);
          return;
        }
        const stream = handle.createReadStream({ start: offset, end: offset + length - 1, highWaterMark: READ_BYTES, autoClose: false });
        await pipeline(stream, response);
      } finally {
        streams -= 1;
      }
    } finally {
      await handle.close();
    }
  };

  const parts: Handler = async (request, response) => {
    if (!isAuthorised(request)) return answer(request, response, 401);
    const asked = partsIn(request.url ?? '');
    if (asked === undefined || request.method !== 'GET') return answer(request, response, 404);
    if (streams >= MAX_STREAMS) return answer(request, response, 503, { 'Retry-After': '1' });
    streams += 1;
    try {
      response.writeHead(200, {
        ...securityHeaders(),
        'Content-Type': 'application/octet-stream',
        'Content-Length': asked.reduce((sum, { length }) => sum + length, 0),
        'Cache-Control': 'no-store',
      });
      await sendParts(archive, asked, response);
    } finally {
      streams -= 1;
    }
  };

  const session: Handler = async (request, response) => {
    const token = tokenIn(await boundedBody(request));
    const key = token === undefined ? undefined : keyring.exchange(token);
    if (token === undefined || key === undefined) return answer(request, response, 403);
    onExchanged(token);
    const body = JSON.stringify({ key });
    response.writeHead(200, { ...securityHeaders(), 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
    response.end(body);
  };

  const drop: Handler = async (request, response, pathname) => {
    if (!isAuthorised(request)) return answer(request, response, 401);
    const { status, body } = await answerDrop(spool, request, pathname);
    if (!request.complete) {
      // The rest of a body that was refused is not waited for.
      response.shouldKeepAlive = false;
      request.resume();
    }
    const text = body === undefined ? '' : JSON.stringify(body);
    response.writeHead(status, {
      ...securityHeaders(),
      ...(text === '' ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
      'Cache-Control': 'no-store',
    });
    response.end(text);
  };

  const route = (pathname: string): { kind: RequestKind; methods: readonly string[]; handler: Handler } => {
    if (pathname === '/') return { kind: 'page', methods: READING, handler: page };
    if (pathname === '/session') return { kind: 'session', methods: ['POST'], handler: session };
    if (pathname.startsWith('/instances/')) return { kind: 'resource', methods: READING, handler: instance };
    if (pathname === '/parts') return { kind: 'resource', methods: READING, handler: parts };
    const writing = dropMethods(pathname);
    if (writing !== undefined) return { kind: 'session', methods: writing, handler: drop };
    return { kind: 'resource', methods: READING, handler: file };
  };

  const server = createServer({ maxHeaderSize: 16 * 1024, headersTimeout: 10_000, requestTimeout: 20_000, keepAliveTimeout: 30_000 });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('request', (request, response) => {
    const pathname = (request.url ?? '').split('?', 1)[0] ?? '';
    const { kind, methods, handler } = route(pathname);
    // The answer to a stranger names no reason: what a refused page learns is that there is something here, no more.
    if (refuse(kind, request.headers, authorityOf(request)) !== undefined) answer(request, response, 403);
    else if (!methods.includes(request.method ?? '')) answer(request, response, 405, { Allow: methods.join(', ') });
    else handler(request, response, pathname).catch(() => response.destroy());
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  return server;
}

const READING = ['GET', 'HEAD'] as const;

/** Host and port under which this connection was accepted: the only value that `Host` may have. */
export function authorityOf(request: IncomingMessage): string {
  return `127.0.0.1:${request.socket.localPort ?? 0}`;
}

function securityHeaders(nonce = 'none'): Record<string, string> {
  return { ...SECURITY_HEADERS, 'Content-Security-Policy': contentSecurityPolicy(nonce) };
}

function answer(request: IncomingMessage, response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  // A body that nobody reads must not keep the connection busy.
  request.resume();
  response.writeHead(status, { ...securityHeaders(), 'Content-Length': 0, 'Cache-Control': 'no-store', ...headers });
  response.end();
}

async function boundedBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_SESSION_BODY) return '';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tokenIn(body: string): string | undefined {
  try {
    const value: unknown = JSON.parse(body);
    const token = typeof value === 'object' && value !== null && 'token' in value ? value.token : undefined;
    return typeof token === 'string' && /^[A-Za-z0-9_-]{1,128}$/.test(token) ? token : undefined;
  } catch {
    return undefined;
  }
}
