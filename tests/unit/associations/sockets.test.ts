import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { acceptedSocket, connectSocket } from '../../../electron/associations/socket-transport.ts';
import type { Transport, TransportHandler } from '../../../electron/dicom/network/index.ts';
import { freePort } from '../../support/free-port.ts';

async function pair(): Promise<{ ours: Transport; theirs: Transport; close(): void }> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const accepted = once(server, 'connection');
  const ours = await connectSocket('127.0.0.1', address.port, 5);
  const [peer] = (await accepted) as [Socket];
  const theirs = acceptedSocket(peer);
  const close = () => {
    ours.destroy();
    theirs.destroy();
    server.close();
  };
  return { ours, theirs, close };
}

/** Collects what arrives; `until` resolves when so many bytes are there. */
function collector(): TransportHandler & { received(): Buffer; until(bytes: number): Promise<void>; closed: Promise<Error | undefined> } {
  const chunks: Buffer[] = [];
  let length = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let wake = () => {};
  const end = Promise.withResolvers<Error | undefined>();
  return {
    onData(chunk) {
      chunks.push(Buffer.from(chunk));
      length += chunk.length;
      if (length >= wanted) wake();
      return true;
    },
    onDrain() {},
    onClose: (error) => end.resolve(error),
    received: () => Buffer.concat(chunks),
    until: (bytes) =>
      new Promise((resolve) => {
        wanted = bytes;
        wake = resolve;
        if (length >= bytes) resolve();
      }),
    closed: end.promise,
  };
}

test('a refused port is unreachable, with the system code', async () => {
  await expect(connectSocket('127.0.0.1', await freePort(), 5)).rejects.toMatchObject({
    data: { kind: 'unreachable', code: 'ECONNREFUSED', retryable: true },
  });
});

test('a host that does not exist is unreachable, with the system code', async () => {
  await expect(connectSocket('no-such-host.invalid', 104, 10)).rejects.toMatchObject({
    data: { kind: 'unreachable', code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/) },
  });
});

test('a host that does not answer ends with the connect clock', async () => {
  // A listener that never accepts: once its queue is full, the kernel leaves further callers without an answer.
  const script = `const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('fs').writeSync(1, s.address().port + '\\n'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); });`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = await once(child.stdout, 'data');
  const port = Number(String(line));
  const queue = Array.from({ length: 6 }, () => connect({ host: '127.0.0.1', port }).on('error', () => {}));
  await Promise.race(queue.map((socket) => once(socket, 'connect')));
  await expect(connectSocket('127.0.0.1', port, 0.2)).rejects.toMatchObject({ data: { kind: 'timed-out', clock: 'connect' } });
  for (const socket of queue) socket.destroy();
  child.kill('SIGKILL');
});

test('a connection that was accepted counts as one until it has ended', async () => {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const accepted = once(server, 'connection');
  const peer = connect({ host: '127.0.0.1', port: address.port });
  const [socket] = (await accepted) as [Socket];
  const transport = acceptedSocket(socket);
  const handler = collector();
  transport.start(handler);
  expect(transport.remoteAddress).toMatch(/^127\.0\.0\.1:\d+$/);
  const count = () => new Promise((resolve) => server.getConnections((_, connections) => resolve(connections)));
  expect(await count()).toBe(1);
  peer.end('last words');
  await handler.closed;
  expect(handler.received().toString()).toBe('last words');
  await new Promise<void>((resolve) => server.close(() => resolve()));
  expect(await count()).toBe(0);
});

test('connecting can be given up', async () => {
  const reason = new Error('given up');
  await expect(connectSocket('127.0.0.1', 1, 5, AbortSignal.abort(reason))).rejects.toBe(reason);
});

test('bytes come through whole and in order, both ways, in one write of many chunks', async () => {
  const { ours, theirs, close } = await pair();
  const [here, there] = [collector(), collector()];
  ours.start(here);
  theirs.start(there);
  const chunks = Array.from({ length: 50 }, (_, i) => Buffer.alloc(30_000, i));
  ours.write(chunks);
  theirs.write(chunks);
  await Promise.all([here.until(1_500_000), there.until(1_500_000)]);
  expect(here.received().equals(Buffer.concat(chunks))).toBe(true);
  expect(there.received().equals(Buffer.concat(chunks))).toBe(true);
  close();
});

test('a reader that pauses holds the sender back and loses nothing', async () => {
  const { ours, theirs, close } = await pair();
  const there = collector();
  ours.start({
    ...collector(),
    onData: () => true,
  });
  let paused = 0;
  theirs.start({
    ...there,
    onData(chunk) {
      there.onData(chunk);
      theirs.pause();
      paused += 1;
      setImmediate(() => theirs.resume());
      return true;
    },
  });
  const total = 40 * 200_000;
  for (let i = 0; i < 40; i += 1) ours.write([Buffer.alloc(200_000, i)]);
  expect(ours.bufferedBytes).toBeGreaterThan(0);
  await there.until(total);
  expect(paused).toBeGreaterThan(10);
  expect(there.received().length).toBe(total);
  close();
});

test('a chunk that is still held is not written over while the reader is paused', async () => {
  const { ours, theirs, close } = await pair();
  theirs.start(collector());
  const kept: Uint8Array[] = [];
  const copies: Buffer[] = [];
  const all = Promise.withResolvers<void>();
  let length = 0;
  ours.start({
    ...collector(),
    onData(chunk) {
      ours.pause();
      kept.push(chunk);
      setTimeout(() => {
        copies.push(Buffer.from(chunk));
        length += chunk.length;
        if (length >= 1_000_000) all.resolve();
        ours.resume();
      }, 1);
      return false;
    },
  });
  const sent = Buffer.alloc(1_000_000, Buffer.from(Array.from({ length: 251 }, (_, i) => i)));
  theirs.write([sent]);
  await all.promise;
  expect(Buffer.concat(copies).equals(sent)).toBe(true);
  close();
});

test('the end of the connection is told once: without an error when it was orderly, with one when it was reset', async () => {
  const orderly = await pair();
  const first = collector();
  orderly.ours.start(first);
  orderly.theirs.start(collector());
  orderly.theirs.end();
  expect(await first.closed).toBeUndefined();
  orderly.close();
  const server = createServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const reset = await connectSocket('127.0.0.1', address.port, 5);
  const second = collector();
  reset.start(second);
  reset.write([Buffer.from('x')]);
  expect(await second.closed).toMatchObject({ data: { kind: 'connection-lost', code: 'ECONNRESET' } });
  server.close();
});
