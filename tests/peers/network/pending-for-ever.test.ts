import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { openArchive } from '../../../electron/archive/index.ts';
import { createAssociationPool } from '../../../electron/associations/index.ts';
import { acceptedSocket } from '../../../electron/associations/socket-transport.ts';
import { acceptAssociation } from '../../../electron/dicom/network/index.ts';
import { getProvider } from '../../../electron/dicom/services/index.ts';
import { clocks } from '../../support/clocks.ts';
import { implicitDataSet, ScriptedPeer, UIDs } from '../../support/scripted-peer.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const pool = createAssociationPool({ workers: 1 });
afterAll(() => pool.close());

const STUDY_UID = 0x0020000d;

/** Answers a C-FIND with pending for ever; `number` tells the matches apart. */
function endless(number: (count: number) => number) {
  return ScriptedPeer.listen(async (connection) => {
    connection.acceptAssociate(await connection.readAssociateRQ());
    const request = await connection.readMessage();
    for (let count = 1; !connection.socket.destroyed; count += 1) {
      connection.respond(request, { status: 0xff00 }, implicitDataSet({ 524370: 'STUDY', [STUDY_UID]: `1.2.3.${number(count)}` }));
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
}

test.each([
  ['the same match', () => 1, clocks({ dimseResponse: 0.5, cancelGrace: 0.2 }), 'dimse-response'],
  ['another match each time', (count: number) => count, clocks({ retrieveTotal: 0.5, cancelGrace: 0.2 }), 'retrieve-total'],
] as const)(
  'a PACS that answers a search for ever with %s: the search ends with the clock that ran out',
  async (_, number, limits, clock) => {
    await using peer = await endless(number);
    const request = { host: '127.0.0.1', port: peer.port, calledAETitle: 'PACS', callingAETitle: 'PHOSPHOR' };
    const operation = pool.find({
      peer: request,
      clocks: limits,
      query: { level: 'study' },
      onMatches: (_rows, acknowledge) => acknowledge(),
    });
    expect(await operation.done).toMatchObject({ ok: false, error: { kind: 'timed-out', clock } });
  },
);

test('a PACS that accepts no search at all: the answer comes, and no clock ends the worker afterwards', async () => {
  await using peer = await ScriptedPeer.listen(async (connection) => {
    connection.acceptAssociate({ ...(await connection.readAssociateRQ()), contexts: [] });
    await connection.finish();
  });
  const request = { host: '127.0.0.1', port: peer.port, calledAETitle: 'PACS', callingAETitle: 'PHOSPHOR' };
  const before = pool.workers();
  const limits = clocks({ dimseResponse: 0.2, retrieveTotal: 0.2 });
  const query = { peer: request, clocks: limits, query: { level: 'study' }, onMatches: () => undefined } as const;
  expect(await pool.find(query).done).toMatchObject({ ok: false, error: { kind: 'no-presentation-context' } });
  await using endlessPeer = await endless(() => 1);
  // Long enough for a clock that was left running.
  const longer = { ...query, peer: { ...request, port: endlessPeer.port }, clocks: clocks({ dimseResponse: 0.5, cancelGrace: 0.2 }) };
  expect(await pool.find({ ...longer, onMatches: (_rows, acknowledge) => acknowledge() }).done).toMatchObject({
    error: { clock: 'dimse-response' },
  });
  expect(pool.workers().map(({ threadId }) => threadId)).toEqual(before.map(({ threadId }) => threadId));
});

test('a PACS that answers a C-ECHO with pending breaks the protocol, and is not waited for', async () => {
  await using peer = await ScriptedPeer.listen(async (connection) => {
    connection.acceptAssociate(await connection.readAssociateRQ());
    const request = await connection.readMessage();
    while (!connection.socket.destroyed) {
      connection.respond(request, { status: 0xff00 });
      await delay(5);
    }
  });
  const operation = pool.echo({
    peer: { host: '127.0.0.1', port: peer.port, calledAETitle: 'PACS', callingAETitle: 'PHOSPHOR' },
    clocks: clocks(),
  });
  expect(await operation.done).toMatchObject({ ok: false, error: { kind: 'protocol', upperLayer: { source: 0, reason: 0 } } });
});

test('a PACS whose counts of a C-MOVE go to and fro is left by the stall clock, one that gets on is not', async () => {
  await using peer = await ScriptedPeer.listen(async (connection) => {
    connection.acceptAssociate(await connection.readAssociateRQ());
    const request = await connection.readMessage();
    // Some progress first, for longer than the clock.
    for (let completed = 0; completed < 10; completed += 1) {
      connection.respond(request, { status: 0xff00, remaining: 20 - completed, completed, failed: 0, warning: 0 });
      await delay(100);
    }
    for (let count = 0; !connection.socket.destroyed; count += 1) {
      connection.respond(request, { status: 0xff00, remaining: 11 + (count % 2), completed: 9 - (count % 2), failed: 0, warning: 0 });
      await delay(20);
    }
  });
  const counts: (number | undefined)[] = [];
  const operation = pool.move({
    peer: { host: '127.0.0.1', port: peer.port, calledAETitle: 'PACS', callingAETitle: 'PHOSPHOR' },
    clocks: clocks({ retrieveStall: 0.6, cancelGrace: 0.2 }),
    studyInstanceUID: '1.2.3',
    destinationAETitle: 'PHOSPHOR',
    messageId: 1,
    thirdParty: false,
    onPending: ({ completed }) => counts.push(completed),
  });
  expect(await operation.done).toMatchObject({ ok: false, error: { kind: 'timed-out', clock: 'retrieve-stall' } });
  expect(counts).toContain(9);
});

test('a worklist that repeats one entry for ever ends with the clock of responses', async () => {
  const step = implicitDataSet({ 524384: 'CT', 4194313: 'STEP 1' });
  const item = Buffer.concat([Buffer.from([0xfe, 0xff, 0x00, 0xe0, step.length, 0, 0, 0]), step]);
  await using peer = await ScriptedPeer.listen(async (connection) => {
    connection.acceptAssociate(await connection.readAssociateRQ());
    const request = await connection.readMessage();
    while (!connection.socket.destroyed) {
      connection.respond(request, { status: 0xff00 }, implicitDataSet({ 1048608: 'P1', 4194560: item }));
      await delay(5);
    }
  });
  let entries = 0;
  const operation = pool.worklist({
    peer: { host: '127.0.0.1', port: peer.port, calledAETitle: 'RIS', callingAETitle: 'PHOSPHOR' },
    clocks: clocks({ dimseResponse: 0.5, cancelGrace: 0.2 }),
    query: {},
    onEntries: (some, acknowledge) => {
      entries += some.length;
      acknowledge();
    },
  });
  expect(await operation.done).toMatchObject({ ok: false, error: { kind: 'timed-out', clock: 'dimse-response' } });
  expect(entries).toBeGreaterThan(0);
});

test('an archive that trickles the images of a C-GET is left by the stall clock, although something always comes', async () => {
  await using folder = await temporaryFolder('trickle');
  const archive = await openArchive({ directory: `${folder.path}/archive`, databases: folder.path, durable: false });
  const trickle = async function* (sent: { pieces: number }) {
    for (;;) {
      yield Buffer.from([8, 0]);
      sent.pieces += 1;
      await delay(10);
    }
  };
  const sent = { pieces: 0 };
  const instance = { sopClassUID: UIDs.ctImageStorage, sopInstanceUID: '1.2.3.4', transferSyntaxUID: UIDs.explicitVRLittleEndian };
  const services = [getProvider({ instances: async () => [{ ...instance, open: () => ({ chunks: trickle(sent) }) }] })];
  const sockets: Socket[] = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.push(socket);
    const options = { clocks: clocks(), services, authorize: () => ({}), subOperations: () => true };
    acceptAssociation(acceptedSocket(socket), options).catch(() => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const operation = pool.get({
    peer: { host: '127.0.0.1', port, calledAETitle: 'PACS', callingAETitle: 'PHOSPHOR' },
    clocks: clocks({ retrieveStall: 0.5, cancelGrace: 0.2 }),
    actionId: crypto.randomUUID(),
    studyInstanceUID: '1.2.3',
    storage: { location: archive.location, arrivals: archive.arrivalPort() },
    onPending: () => undefined,
    onStored: () => undefined,
    onRefused: () => undefined,
  });
  expect(await operation.done).toMatchObject({ ok: false, error: { kind: 'timed-out', clock: 'retrieve-stall' } });
  expect(sent.pieces).toBeGreaterThan(5);
  for (const socket of sockets) socket.destroy();
  server.close();
  await archive.close();
});
