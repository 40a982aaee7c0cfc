import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { productionBuild } from '../../build/scripts/production-build.ts';

const PAGE = fileURLToPath(new URL('../e2e/page', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
};

/** Serves the page of tests/e2e/page, built into `folder`, with the instances it is told of; on 127.0.0.1 only. */
export interface PageServer {
  readonly url: string;
  /** From now on `/instances/<uid>` is this file. */
  serve(uid: string, path: string): void;
  /** Bodies that the page has sent since the last call. */
  results(): Result[];
  close(): Promise<void>;
}

export interface Result {
  readonly bytes: Buffer;
  readonly bytesPerSample: number;
}

export async function startPageServer(folder: string): Promise<PageServer> {
  await productionBuild({
    configFile: false,
    root: PAGE,
    base: '/',
    plugins: [react()],
    worker: { format: 'es' },
    build: { outDir: folder, emptyOutDir: true, target: 'chrome140', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
    logLevel: 'error',
  });
  let instance = { uid: '', bytes: Buffer.alloc(0) };
  let results: Result[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (pathname === '/result') void take(request, response, (result) => results.push(result));
    else if (pathname === `/instances/${instance.uid}`) sendRange(request, response, instance.bytes);
    else if (pathname === '/instances/never') request.resume();
    else sendFile(response, folder, pathname === '/' ? '/index.html' : pathname);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    serve: (uid, path) => {
      instance = { uid, bytes: readFileSync(path) };
    },
    results: () => {
      const taken = results;
      results = [];
      return taken;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function take(request: IncomingMessage, response: ServerResponse, keep: (result: Result) => void): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  keep({ bytes: Buffer.concat(pieces), bytesPerSample: Number(request.headers['x-bytes-per-sample'] ?? 1) });
  response.writeHead(204).end();
}

function sendRange(request: IncomingMessage, response: ServerResponse, bytes: Buffer): void {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  if (range === null) response.writeHead(200, { 'Content-Length': bytes.length }).end(bytes);
  else if (Number(range[1]) >= bytes.length) response.writeHead(416).end();
  else {
    const piece = bytes.subarray(Number(range[1]), Number(range[2]) + 1);
    response.writeHead(206, { 'Content-Length': piece.length }).end(piece);
  }
}

function sendFile(response: ServerResponse, folder: string, pathname: string): void {
  const type = TYPES[extname(pathname)];
  if (type === undefined || pathname.includes('..')) {
    response.writeHead(404).end();
    return;
  }
  try {
    response.writeHead(200, { 'Content-Type': type }).end(readFileSync(join(folder, pathname)));
  } catch {
    response.writeHead(404).end();
  }
}
