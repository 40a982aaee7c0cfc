import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { acceptedSocket, connectSocket } from '../../../electron/associations/socket-transport.ts';
import {
  acceptAssociation,
  type DataSetSink,
  requestAssociation,
  type ServiceProvider,
  type Transport,
} from '../../../electron/dicom/network/index.ts';
import { rawAnswer, rawAssociate, rawContext, rawMaximumLength, rawPDU } from '../../support/our-association.ts';
import { Command, encodeCommand, pdv, UIDs } from '../../support/scripted-peer.ts';

const MIB = 1 << 20;
const CHUNK = new Uint8Array(256 << 10);
const SIZE = 256 * MIB;
const CLOCKS = { association: 30, release: 5, dimseResponse: 60, pduReceive: 60, writeProgress: 60, idle: 60, cancelGrace: 5 };
const CONTEXTS = [{ abstractSyntax: UIDs.ctImageStorage, transferSyntaxes: [UIDs.implicitVRLittleEndian] }];
const NAMES = { callingAETitle: 'NEAR', calledAETitle: 'FAR' };

/** A transport that notes how much it ever held unsent, and how many bytes it delivered. */
function metered(transport: Transport) {
  const meter = { mostBuffered: 0, delivered: 0 };
  const watched: Transport = {
    get remoteAddress() {
      return transport.remoteAddress;
    },
    get localAddress() {
      return transport.localAddress;
    },
    get bufferedBytes() {
      return transport.bufferedBytes;
    },
    start: (handler) =>
      transport.start({
        onData: (chunk) => {
          meter.delivered += chunk.length;
          return handler.onData(chunk);
        },
        onDrain: () => handler.onDrain(),
        onClose: (error) => handler.onClose(error),
      }),
    write: (chunks) => {
      const more = transport.write(chunks);
      meter.mostBuffered = Math.max(meter.mostBuffered, transport.bufferedBytes);
      return more;
    },
    pause: () => transport.pause(),
    resume: () => transport.resume(),
    end: () => transport.end(),
    destroy: () => transport.destroy(),
  };
  return { transport: watched, meter };
}

/** A data set as a disk would give it, and how much of it was asked for. */
function source() {
  const pulled = { bytes: 0 };
  async function* chunks() {
    for (let at = 0; at < SIZE; at += CHUNK.length) {
      pulled.bytes += CHUNK.length;
      yield CHUNK;
    }
  }
  return { dataSet: { chunks: chunks(), length: SIZE }, pulled };
}

test('256 MiB to a slow disk on the other side: neither side ever holds 4 MiB', async () => {
  let taken = 0;
  let mostHeld = 0;
  const slowDisk: DataSetSink = {
    write: async (chunk) => {
      mostHeld = Math.max(mostHeld, received().delivered - taken);
      // A disk that gets to work only after everything else that waits has had its turn.
      await new Promise((resolve) => setImmediate(resolve));
      taken += chunk.length;
    },
    end: () => undefined,
    abort: () => {},
  };
  const storage: ServiceProvider = {
    commandField: 1,
    abstractSyntaxes: [UIDs.ctImageStorage],
    handle: (request) => ({ ...slowDisk, end: () => request.respond({ status: 0 }) }),
  };
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const connected = once(server, 'connection');
  const near = metered(await connectSocket('127.0.0.1', address.port, 10));
  const far = metered(acceptedSocket((await connected)[0]));
  server.close();
  const received = () => far.meter;

  const accepting = acceptAssociation(far.transport, { clocks: CLOCKS, services: [storage], authorize: () => ({}) });
  const association = await requestAssociation(near.transport, { clocks: CLOCKS, contexts: CONTEXTS, ...NAMES });
  await accepting;
  const [context] = association.contexts;
  if (!context) throw new Error('no context');
  const { dataSet, pulled } = source();
  // What was read from our disk and has not reached the other one lies in our buffers, theirs, or the system's.
  let mostOnTheWay = 0;
  const meter = setInterval(() => {
    mostOnTheWay = Math.max(mostOnTheWay, pulled.bytes - taken);
  }, 1);
  const { done } = association.send({ context, command: { commandField: 1 }, dataSet });
  expect((await done).command.status).toBe(0);
  clearInterval(meter);

  expect(taken).toBe(SIZE);
  expect(mostHeld).toBeLessThan(4 * MIB);
  expect(near.meter.mostBuffered).toBeLessThan(4 * MIB);
  expect(near.meter.mostBuffered).toBeGreaterThan(0);
  expect(mostOnTheWay).toBeLessThan(24 * MIB);
  await association.release();
}, 120_000);

test('256 MiB to a peer that stops reading: our reading from the disk stops, and write progress ends it', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const connected = once(server, 'connection');
  const { transport, meter } = metered(await connectSocket('127.0.0.1', address.port, 10));
  const [peer] = await connected;
  server.close();
  peer.on('error', () => {});
  peer.write(rawAssociate(2, { contexts: [rawAnswer(1, 0)], user: [rawMaximumLength(0)] }));
  peer.pause();
  const clocks = { ...CLOCKS, writeProgress: 0.5 };
  const association = await requestAssociation(transport, { clocks, contexts: CONTEXTS, ...NAMES });
  const [context] = association.contexts;
  if (!context) throw new Error('no context');
  const { dataSet, pulled } = source();
  const { done } = association.send({ context, command: { commandField: 1 }, dataSet });
  await expect(done).rejects.toMatchObject({ data: { kind: 'timed-out', clock: 'write-progress' } });
  expect(meter.mostBuffered).toBeLessThan(4 * MIB);
  expect(pulled.bytes).toBeLessThan(24 * MIB);
  peer.destroy();
}, 120_000);

test('256 MiB from a peer that sends as fast as it can: it is slowed down by our disk', async () => {
  let taken = 0;
  let mostHeld = 0;
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const connected = once(server, 'connection');
  const peer = connect({ host: '127.0.0.1', port: address.port });
  peer.on('error', () => {});
  const { transport, meter } = metered(acceptedSocket((await connected)[0]));
  server.close();
  const stored = Promise.withResolvers<void>();
  const storage: ServiceProvider = {
    commandField: 1,
    abstractSyntaxes: [UIDs.ctImageStorage],
    handle: () => ({
      write: async (chunk) => {
        mostHeld = Math.max(mostHeld, meter.delivered - taken);
        await new Promise((resolve) => setImmediate(resolve));
        taken += chunk.length;
        if (taken === SIZE) stored.resolve();
      },
      end: () => undefined,
      abort: () => {},
    }),
  };
  const accepting = acceptAssociation(transport, { clocks: CLOCKS, services: [storage], authorize: () => ({}) });
  const command = { commandField: Command.storeRQ, affectedSOPClassUID: UIDs.ctImageStorage, messageID: 1, priority: 0, dataSetType: 1 };
  const dataPDU = rawPDU(pdv(1, 0, CHUNK.subarray(0, CHUNK.length / 4)));
  peer.write(rawAssociate(1, { contexts: [rawContext(1, UIDs.ctImageStorage)] }));
  await once(peer, 'data');
  peer.write(rawPDU(pdv(1, 3, encodeCommand({ ...command, affectedSOPInstanceUID: '1.2.3' }))));
  let ahead = 0;
  for (let sent = 0; sent < SIZE; sent += CHUNK.length / 4) {
    if (!peer.write(dataPDU)) await once(peer, 'drain');
    ahead = Math.max(ahead, sent - peer.writableLength - taken);
  }
  await stored.promise;
  expect(mostHeld).toBeLessThan(4 * MIB);
  // What the peer got rid of and our disk did not have yet: our buffers and the system's.
  expect(ahead).toBeLessThan(24 * MIB);
  (await accepting).abort();
  peer.destroy();
}, 120_000);
