import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { secureSocket } from '../../../electron/associations/socket-transport.ts';
import { tlsError } from '../../../electron/associations/tls-errors.ts';
import { createTLSPort } from '../../../electron/associations/tls-port.ts';
import { startTLS } from '../../../electron/associations/tls-requestor.ts';
import type { Transport, TransportHandler } from '../../../electron/dicom/network/index.ts';
import { type Certificate, certificateMaker, OPENSSL_MISSING } from '../../support/certificates.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const suite = OPENSSL_MISSING === undefined ? describe : describe.skip;

suite(`connections by TLS${OPENSSL_MISSING === undefined ? '' : ` (${OPENSSL_MISSING})`}`, () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let authority: Certificate;
  let ours: Certificate;

  beforeAll(async () => {
    folder = await temporaryFolder('tls-sockets');
    const make = certificateMaker(folder.path);
    authority = make('authority', { ca: true });
    ours = make('ours', { issuer: authority });
  });
  afterAll(() => folder?.[Symbol.asyncDispose]());

  async function port(onSecured: (secured: Promise<Transport>) => void, handshakeSeconds = 5) {
    const { certificate, privateKey } = ours;
    const server = createTLSPort({
      tls: { certificate, privateKey, minimumVersion: '1.2', clientCertificates: 'none', port: 0 },
      handshakeSeconds,
      onConnection: (_, secured) => onSecured(secured),
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('no port');
    return { server, number: address.port };
  }

  async function pair() {
    const accepted = Promise.withResolvers<Transport>();
    const { server, number } = await port((secured) => accepted.resolve(secured));
    const tls = { trustAnchors: authority.certificate, checkName: true, minimumVersion: '1.2' } as const;
    const here = await secureSocket(() => startTLS('127.0.0.1', number, tls), { connect: 5, tlsHandshake: 5 });
    const there = await accepted.promise;
    const close = () => {
      here.destroy();
      there.destroy();
      server.close();
    };
    return { here, there, close };
  }

  const silent: TransportHandler = { onData: () => true, onDrain() {}, onClose() {} };
  const pattern = (bytes: number) => Buffer.alloc(bytes, Buffer.from(Array.from({ length: 251 }, (_, i) => i)));

  test('both ends are named by their addresses, and bytes come whole and in order', async () => {
    const { here, there, close } = await pair();
    expect(here.remoteAddress).toBe(there.localAddress);
    expect(here.remoteAddress).toMatch(/^127\.0\.0\.1:\d+$/);
    const sent = pattern(3_000_000);
    const parts: Buffer[] = [];
    const all = Promise.withResolvers<void>();
    here.start(silent);
    there.start({
      ...silent,
      onData(chunk) {
        parts.push(Buffer.from(chunk));
        if (parts.reduce((sum, part) => sum + part.length, 0) === sent.length) all.resolve();
        return true;
      },
    });
    here.write([sent.subarray(0, 1_000_000), sent.subarray(1_000_000, 1_000_007), sent.subarray(1_000_007)]);
    await all.promise;
    expect(Buffer.concat(parts).equals(sent)).toBe(true);
    close();
  });

  test('a paused reader gets nothing, holds the sender back, and what it holds is not written over', async () => {
    const { here, there, close } = await pair();
    here.start(silent);
    const sent = pattern(8_000_000);
    const copies: Buffer[] = [];
    let length = 0;
    let paused = false;
    let whilePaused = 0;
    let held = 0;
    const all = Promise.withResolvers<void>();
    there.start({
      ...silent,
      onData(chunk) {
        if (paused) whilePaused += 1;
        paused = true;
        there.pause();
        setTimeout(() => {
          held = Math.max(held, here.bufferedBytes);
          copies.push(Buffer.from(chunk));
          length += chunk.length;
          paused = false;
          if (length >= sent.length) all.resolve();
          there.resume();
        }, 0);
        return false;
      },
    });
    expect(here.write([sent])).toBe(false);
    await all.promise;
    expect(whilePaused).toBe(0);
    expect(held).toBeGreaterThan(1_000_000);
    expect(Buffer.concat(copies).equals(sent)).toBe(true);
    close();
  }, 120_000);

  test('a burst leaves timers their turn', async () => {
    const { here, there, close } = await pair();
    here.start(silent);
    const total = 8_000_000;
    let length = 0;
    const all = Promise.withResolvers<void>();
    // Our own work between two timers: by the clock on the wall a busy machine would be measured.
    const spent = () => {
      const { user, system } = process.threadCpuUsage();
      return (user + system) / 1000;
    };
    let last = spent();
    let longest = 0;
    const timer = setInterval(() => {
      longest = Math.max(longest, spent() - last);
      last = spent();
    }, 1);
    there.start({
      ...silent,
      onData(chunk) {
        // A millisecond of work on each record: half a second in all.
        const until = spent() + 1;
        while (spent() < until);
        length += chunk.length;
        if (length === total) all.resolve();
        return true;
      },
    });
    last = spent();
    for (let i = 0; i < 8; i += 1) here.write([Buffer.alloc(total / 8)]);
    await all.promise;
    clearInterval(timer);
    expect(longest).toBeLessThan(100);
    close();
  });

  test('what was written before an orderly end arrives, also at a reader that was paused, and the end is told once', async () => {
    const { here, there, close } = await pair();
    here.start(silent);
    const parts: Buffer[] = [];
    const ends: (Error | undefined)[] = [];
    const end = Promise.withResolvers<void>();
    there.start({
      onData(chunk) {
        parts.push(Buffer.from(chunk));
        return true;
      },
      onDrain() {},
      onClose(error) {
        ends.push(error);
        end.resolve();
      },
    });
    there.pause();
    here.write([pattern(100_000)]);
    here.end();
    setTimeout(() => there.resume(), 50);
    await end.promise;
    expect(Buffer.concat(parts).equals(pattern(100_000))).toBe(true);
    expect(ends).toEqual([undefined]);
    close();
  });

  test('a caller that hangs up, one that stalls and one that speaks another language are told apart', async () => {
    const told: Promise<unknown>[] = [];
    const { server, number } = await port((secured) => told.push(secured.catch((error: unknown) => error)), 0.3);
    const caller = async (bytes: string) => {
      const socket = connect(number, '127.0.0.1').on('error', () => {});
      const accepted = once(server, 'connection');
      await accepted;
      if (bytes !== '') socket.write(bytes);
      return socket;
    };
    (await caller('')).destroy();
    const stalled = await caller('');
    const plain = await caller('GET / HTTP/1.1\r\n\r\n');
    expect(await Promise.all(told)).toMatchObject([
      { data: { kind: 'tls', code: 'ECONNRESET' } },
      { data: { kind: 'timed-out', clock: 'tls-handshake' } },
      { data: { kind: 'tls', code: 'ERR_SSL_HTTP_REQUEST' } },
    ]);
    stalled.destroy();
    plain.destroy();
    server.close();
  });

  test('a reason that Node hides behind a failed write is found', () => {
    const thrown = Object.assign(
      new Error('write EPROTO 8040:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../x.c:1:'),
      {
        code: 'EPROTO',
      },
    );
    expect(tlsError(thrown).data).toMatchObject({ kind: 'tls', code: 'ERR_SSL_WRONG_VERSION_NUMBER', retryable: false });
    expect(tlsError(new Error('x')).data).toMatchObject({ kind: 'tls', code: 'UNKNOWN' });
  });
});
