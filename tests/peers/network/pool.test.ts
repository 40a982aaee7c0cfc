import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AssociationPool, createAssociationPool, moveMessageIds, type SubOperations } from '../../../electron/associations/index.ts';
import type { MatchRow } from '../../../shared/contract/index.ts';
import { clocks } from '../../support/clocks.ts';
import { type DcmtkServer, dcmtk, startDcmqrscp } from '../../support/dcmtk.ts';
import { freePort } from '../../support/free-port.ts';
import { writeSeries } from '../../support/instances.ts';
import { type Receiver, startReceiver } from '../../support/receiver.ts';
import { Command, implicitDataSet, PDU, type ScriptedConnection, ScriptedPeer, smallInstance, UIDs } from '../../support/scripted-peer.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const peerAt = (port: number, calledAETitle = 'PEER') => ({ host: '127.0.0.1', port, calledAETitle, callingAETitle: 'PHOSPHOR' });

let pool: AssociationPool;
beforeAll(() => {
  pool = createAssociationPool({ workers: 1 });
});
afterAll(() => pool.close());

/** Accepts the association and hands over the first message. */
async function accept(connection: ScriptedConnection) {
  connection.acceptAssociate(await connection.readAssociateRQ());
  return await connection.readMessage();
}

function find(port: number, changes: Parameters<typeof clocks>[0] = {}, onRows: (rows: MatchRow[]) => void = () => {}) {
  return pool.find({
    peer: peerAt(port),
    clocks: clocks(changes),
    query: { level: 'study' },
    onMatches: (rows, acknowledge) => {
      onRows(rows);
      acknowledge();
    },
  });
}

function move(port: number, changes: Parameters<typeof clocks>[0] = {}, extra: { thirdParty?: boolean; study?: string } = {}) {
  const pending: SubOperations[] = [];
  const operation = pool.move({
    peer: peerAt(port),
    clocks: clocks(changes),
    studyInstanceUID: extra.study ?? '1.2.3',
    destinationAETitle: 'PHOSPHOR',
    messageId: moveMessageIds.take(),
    thirdParty: extra.thirdParty ?? false,
    onPending: (counts) => pending.push(counts),
  });
  return { ...operation, pending };
}

describe('against dcmqrscp', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let receiver: Receiver;
  let pacs: DcmtkServer;
  beforeAll(async () => {
    folder = await temporaryFolder('pool');
    receiver = await startReceiver(folder.path, { access: { knownAETitles: ['DCMQR'] } });
    pacs = await startDcmqrscp(`${folder.path}/pacs`, { destinations: { PHOSPHOR: receiver.listener.port } });
    await writeSeries(`${folder.path}/a`, { study: '1.2.826.1', count: 20, patientName: 'Müller^Jürgen' });
    await writeSeries(`${folder.path}/a`, { study: '1.2.826.1', series: 2, count: 5, patientName: 'Müller^Jürgen' });
    await writeSeries(`${folder.path}/b`, { study: '1.2.826.2', count: 10 });
    const sent = await dcmtk('storescu', '-aec', 'DCMQR', '127.0.0.1', String(pacs.port), '+sd', `${folder.path}/a`, `${folder.path}/b`);
    expect(sent.code).toBe(0);
  });
  afterAll(async () => {
    await pacs?.stop();
    await receiver?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });
  const pacsPeer = () => peerAt(pacs.port, 'DCMQR');

  test('an echo is answered, and timed', async () => {
    const result = await pool.echo({ peer: pacsPeer(), clocks: clocks() }).done;
    expect(result).toMatchObject({ ok: true, status: 0 });
    expect(result.ok && result.latencyMs).toBeGreaterThan(0);
  });

  test('several echoes go over one association, one after the other, and the median is told', async () => {
    let associations = 0;
    let echoes = 0;
    await using peer = await ScriptedPeer.listen(async (connection) => {
      associations += 1;
      for (let message = await accept(connection); ; message = await connection.readMessage()) {
        echoes += 1;
        connection.respond(message, { status: 0 });
      }
    });
    const result = await pool.echo({ peer: peerAt(peer.port), clocks: clocks(), repeat: 7 }).done;
    expect(result).toMatchObject({ ok: true, status: 0, answered: 7 });
    expect([associations, echoes]).toEqual([1, 7]);
  });

  test('a PACS that ends the association after its first echo has answered it', async () => {
    await using peer = await ScriptedPeer.listen(async (connection) => {
      connection.respond(await accept(connection), { status: 0 });
      await connection.readMessage();
      connection.socket.destroy();
    });
    const result = await pool.echo({ peer: peerAt(peer.port), clocks: clocks(), repeat: 3 }).done;
    expect(result).toMatchObject({ ok: true, status: 0, answered: 1 });
  });

  test('the first echo that is not answered with success is the last', async () => {
    let echoes = 0;
    await using peer = await ScriptedPeer.listen(async (connection) => {
      for (let message = await accept(connection); ; message = await connection.readMessage()) {
        echoes += 1;
        connection.respond(message, { status: echoes === 3 ? 0x0122 : 0 });
      }
    });
    expect(await pool.echo({ peer: peerAt(peer.port), clocks: clocks(), repeat: 7 }).done).toMatchObject({ ok: true, status: 0x0122 });
    expect(echoes).toBe(3);
  });

  test('a wrong AE title is a rejection that says whose title is unknown', async () => {
    const result = await pool.echo({ peer: peerAt(pacs.port, 'NOBODY'), clocks: clocks() }).done;
    expect(result).toMatchObject({ ok: false, error: { kind: 'rejected', upperLayer: { result: 1, source: 1, reason: 7 } } });
  });

  test.each([
    ['study', {}, 2],
    ['series', { studyInstanceUID: '1.2.826.1' }, 2],
    ['image', { studyInstanceUID: '1.2.826.1', seriesInstanceUID: '1.2.826.1.1' }, 20],
    ['patient', { patientID: 'P-1.2.826.2' }, 1],
  ] as const)('a search at %s level finds what is there', async (level, keys, matches) => {
    const rows: MatchRow[] = [];
    const operation = pool.find({
      peer: pacsPeer(),
      clocks: clocks(),
      query: { level, ...keys },
      onMatches: (batch, acknowledge) => {
        rows.push(...batch);
        acknowledge();
      },
    });
    expect(await operation.done).toMatchObject({ ok: true, status: 0, matches });
    expect(rows.map((row) => row.level)).toEqual(Array.from({ length: matches }, () => level));
  });

  test('a study moved to ourselves arrives whole, is counted, and is credited to its retrieve', async () => {
    const messageId = moveMessageIds.take();
    const actionId = crypto.randomUUID();
    const study = '1.2.826.1';
    await receiver.listener.expect({ actionId, moveOriginatorAETitle: 'PHOSPHOR', messageId, studyInstanceUID: study });
    const pending: SubOperations[] = [];
    const operation = pool.move({
      peer: pacsPeer(),
      clocks: clocks(),
      studyInstanceUID: study,
      destinationAETitle: 'PHOSPHOR',
      messageId,
      thirdParty: false,
      onPending: (counts) => pending.push(counts),
    });
    expect(await operation.done).toMatchObject({ ok: true, status: 0, subOperations: { completed: 25, failed: 0 }, sawPending: true });
    expect(await receiver.listener.unexpect(actionId)).toEqual({ credited: 25 });
    expect(receiver.stored.filter((instance) => instance.actionId === actionId)).toHaveLength(25);
    expect(pending.at(-1)?.completed).toBeGreaterThan(0);
    moveMessageIds.release(messageId);
  });

  test('a destination that the peer does not know is its status, not an error', async () => {
    const operation = pool.move({
      peer: pacsPeer(),
      clocks: clocks(),
      studyInstanceUID: '1.2.826.2',
      destinationAETitle: 'NOWHERE',
      messageId: moveMessageIds.take(),
      thirdParty: true,
      onPending: () => {},
    });
    expect(await operation.done).toMatchObject({ ok: true, status: 0xa801 });
  });
});

describe('when things go wrong', () => {
  test('a refused port is unreachable, with the system code', async () => {
    const result = await pool.echo({ peer: peerAt(await freePort()), clocks: clocks() }).done;
    expect(result).toMatchObject({ ok: false, error: { kind: 'unreachable', code: 'ECONNREFUSED', retryable: true } });
  });

  test('a peer that hangs up in the middle of its answer ends the search as lost, with the matches so far', async () => {
    await using peer = await ScriptedPeer.listen(async (connection) => {
      const request = await accept(connection);
      connection.respond(request, { status: 0xff00 }, implicitDataSet({ 524370: 'STUDY', 2097165: '1.2.3' }));
      connection.socket.end();
    });
    const rows: MatchRow[] = [];
    const result = await find(peer.port, {}, (batch) => rows.push(...batch)).done;
    expect(result).toMatchObject({ ok: false, error: { kind: 'connection-lost' } });
    expect(rows).toHaveLength(1);
  });

  test('a peer that aborts is told apart from one that vanishes', async () => {
    await using peer = await ScriptedPeer.listen(async (connection) => {
      await accept(connection);
      connection.sendPDU(PDU.abort, Buffer.from([0, 0, 2, 1]));
    });
    expect(await find(peer.port).done).toMatchObject({
      ok: false,
      error: { kind: 'aborted-by-peer', upperLayer: { source: 2, reason: 1 } },
    });
  });

  test('a worker killed in the middle of a search ends it as worker-died; the next search runs on a new worker', async () => {
    const asked = Promise.withResolvers<void>();
    await using peer = await ScriptedPeer.listen(async (connection) => {
      await accept(connection);
      asked.resolve();
    });
    const operation = find(peer.port);
    await asked.promise;
    const [worker] = pool.workers();
    await pool.killWorker(worker?.threadId ?? -1);
    expect(await operation.done).toMatchObject({ ok: false, error: { kind: 'worker-died', retryable: true } });
    expect(pool.workers()[0]?.threadId).not.toBe(worker?.threadId);
    await using other = await ScriptedPeer.listen(async (connection) => {
      connection.respond(await accept(connection), { status: 0 });
      await connection.finish();
    });
    expect(await find(other.port).done).toMatchObject({ ok: true, status: 0, matches: 0 });
  });
});

describe('cancel', () => {
  test('the peer gets C-CANCEL for the right message, and its answer is the result', async () => {
    const asked = Promise.withResolvers<void>();
    let cancelled: unknown;
    await using peer = await ScriptedPeer.listen(async (connection) => {
      const request = await accept(connection);
      asked.resolve();
      const { command } = await connection.readMessage();
      cancelled = { field: command.commandField, id: command.messageIDBeingRespondedTo === request.command.messageID };
      connection.respond(request, { status: 0xfe00, completed: 3, failed: 0, warning: 0, remaining: 7 });
      await connection.finish();
    });
    const operation = move(peer.port);
    await asked.promise;
    operation.cancel();
    operation.cancel();
    expect(await operation.done).toMatchObject({ ok: true, status: 0xfe00, subOperations: { completed: 3, remaining: 7 } });
    expect(cancelled).toEqual({ field: Command.cancelRQ, id: true });
    expect(peer.failures).toEqual([]);
  });

  test('a peer that does not react is aborted after the grace', async () => {
    const asked = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<Buffer | undefined>();
    await using peer = await ScriptedPeer.listen(async (connection) => {
      await accept(connection);
      asked.resolve();
      aborted.resolve(await connection.expectPDU(PDU.abort));
    });
    const operation = find(peer.port, { cancelGrace: 0.2 });
    await asked.promise;
    operation.cancel();
    expect(await operation.done).toMatchObject({ ok: false, error: { clock: 'cancel-grace' } });
    expect(await aborted.promise).toBeDefined();
  });

  test('a search whose reader takes nothing any more can still be cancelled, and tells no matches afterwards', async () => {
    await using peer = await ScriptedPeer.listen(async (connection) => {
      const request = await accept(connection);
      for (let i = 0; i < 3_000; i += 1) {
        connection.respond(request, { status: 0xff00 }, implicitDataSet({ 524370: 'STUDY', 2097165: `1.2.3.${i}` }));
      }
      await connection.readMessage();
      connection.respond(request, { status: 0xfe00 });
      await connection.finish();
    });
    const filled = Promise.withResolvers<void>();
    let [batches, over] = [0, false];
    const operation = pool.find({
      peer: peerAt(peer.port),
      clocks: clocks(),
      query: { level: 'study' },
      onMatches: () => {
        expect(over).toBe(false);
        batches += 1;
        if (batches === 16) filled.resolve();
      },
    });
    await filled.promise;
    operation.cancel();
    expect(await operation.done).toMatchObject({ ok: true, status: 0xfe00 });
    over = true;
    expect(batches).toBeLessThanOrEqual(17);
    expect(peer.failures).toEqual([]);
  });

  test('before the association stands, connecting is given up', async () => {
    const asked = Promise.withResolvers<void>();
    await using peer = await ScriptedPeer.listen(async (connection) => {
      await connection.readAssociateRQ();
      asked.resolve();
    });
    const operation = find(peer.port);
    await asked.promise;
    operation.cancel();
    expect(await operation.done).toMatchObject({ ok: false, error: { kind: 'cancelled' } });
  });
});

describe('clocks', () => {
  test('a peer that never answers the association request', async () => {
    await using peer = await ScriptedPeer.listen(async (connection) => {
      await connection.readAssociateRQ();
    });
    expect(await find(peer.port, { association: 0.2 }).done).toMatchObject({
      ok: false,
      error: { kind: 'timed-out', clock: 'association' },
    });
  });

  test('a peer that never answers the request', async () => {
    await using peer = await ScriptedPeer.listen(async (connection) => {
      await accept(connection);
    });
    expect(await find(peer.port, { dimseResponse: 0.2 }).done).toMatchObject({
      ok: false,
      error: { kind: 'timed-out', clock: 'dimse-response' },
    });
  });

  test('a move that repeats the same counts for ever stalls', async () => {
    await using peer = await ScriptedPeer.listen(async (connection) => {
      const request = await accept(connection);
      const timer = setInterval(
        () => connection.respond(request, { status: 0xff00, remaining: 9, completed: 1, failed: 0, warning: 0 }),
        50,
      );
      connection.socket.once('close', () => clearInterval(timer));
    });
    const operation = move(peer.port, { retrieveStall: 0.5, cancelGrace: 0.2, dimseResponse: 0.3 });
    expect(await operation.done).toMatchObject({ ok: false, error: { kind: 'timed-out', clock: 'retrieve-stall' } });
  });

  test('a move whose counts change, or whose instances arrive, does not stall', async () => {
    await using peer = await ScriptedPeer.listen(async (connection) => {
      const request = await accept(connection);
      let completed = 0;
      const timer = setInterval(() => {
        completed += 1;
        if (completed < 6) connection.respond(request, { status: 0xff00, remaining: 6 - completed, completed, failed: 0, warning: 0 });
        if (completed < 20) return;
        clearInterval(timer);
        connection.respond(request, { status: 0, completed, failed: 0, warning: 0 });
      }, 100);
      await connection.finish();
    });
    const operation = move(peer.port, { retrieveStall: 0.5, dimseResponse: 0.3 });
    const arrivals = setInterval(() => pool.moveProgress(operation.operationId), 100);
    expect(await operation.done).toMatchObject({ ok: true, status: 0, subOperations: { completed: 20 } });
    clearInterval(arrivals);
  });

  test('a third-party move is given its own, longer clock until the first pending response', async () => {
    const started = performance.now();
    await using peer = await ScriptedPeer.listen(async (connection) => {
      await accept(connection);
    });
    const slow = { retrieveStall: 0.1, retrieveStallThirdParty: 0.6, cancelGrace: 0.1 };
    const result = await move(peer.port, slow, { thirdParty: true }).done;
    expect(result).toMatchObject({ ok: false, error: { clock: 'retrieve-stall' } });
    expect(performance.now() - started).toBeGreaterThan(550);
  });

  test('a move that goes on and on ends with the total clock', async () => {
    await using peer = await ScriptedPeer.listen(async (connection) => {
      await accept(connection);
    });
    const result = await move(peer.port, { retrieveTotal: 0.2, cancelGrace: 0.1 }).done;
    expect(result).toMatchObject({ ok: false, error: { clock: 'retrieve-total' } });
  });
});

test('an association is released in good order once it has answered', async () => {
  const released = Promise.withResolvers<Buffer | undefined>();
  await using peer = await ScriptedPeer.listen(async (connection) => {
    connection.respond(await accept(connection), { status: 0 });
    released.resolve(await connection.expectPDU(PDU.releaseRQ));
    connection.sendPDU(PDU.releaseRP, Buffer.alloc(4));
  });
  expect(await pool.echo({ peer: peerAt(peer.port), clocks: clocks() }).done).toMatchObject({ ok: true, status: 0 });
  expect(await released.promise).toBeDefined();
});

test('a pool that closes cancels what runs, and everything ends', async () => {
  const asked = Promise.withResolvers<void>();
  await using peer = await ScriptedPeer.listen(async (connection) => {
    const request = await accept(connection);
    asked.resolve();
    await connection.readMessage();
    connection.respond(request, { status: 0xfe00, completed: 1, failed: 0, warning: 0, remaining: 2 });
    await connection.finish();
  });
  const own = createAssociationPool({ workers: 2 });
  const operation = own.move({
    peer: peerAt(peer.port),
    clocks: clocks(),
    studyInstanceUID: '1.2.3',
    destinationAETitle: 'PHOSPHOR',
    messageId: moveMessageIds.take(),
    thirdParty: false,
    onPending: () => {},
  });
  await asked.promise;
  await own.close();
  expect(await operation.done).toMatchObject({ ok: true, status: 0xfe00 });
  expect(own.workers()).toEqual([]);
});

test('a peer that stores one by one and answers the move only afterwards does not deadlock one worker', async () => {
  await using folder = await temporaryFolder('deadlock');
  await using receiver = await startReceiver(folder.path, { access: { knownAETitles: ['PEER'] } });
  const { scriptedCaller } = await import('../../support/scripted-peer.ts');
  const study = '1.2.840.77';
  await using peer = await ScriptedPeer.listen(async (connection) => {
    const request = await accept(connection);
    const store = await scriptedCaller(receiver.listener.port);
    await store.associate({ calledAETitle: 'PHOSPHOR', callingAETitle: 'PEER', abstractSyntaxes: [UIDs.secondaryCaptureStorage] });
    let completed = 0;
    for (let i = 1; i <= 30; i += 1) {
      const originator = { moveOriginatorAETitle: 'PHOSPHOR', moveOriginatorMessageID: request.command.messageID ?? 0, messageID: i };
      if ((await store.store(smallInstance(study, `${study}.1`, `${study}.1.${i}`), originator)) === 0) completed += 1;
    }
    await store.release();
    connection.respond(request, { status: 0, completed, failed: 0, warning: 0 });
    await connection.finish();
  });
  const messageId = moveMessageIds.take();
  const actionId = crypto.randomUUID();
  await receiver.listener.expect({ actionId, moveOriginatorAETitle: 'PHOSPHOR', messageId, studyInstanceUID: study });
  const operation = pool.move({
    peer: peerAt(peer.port),
    clocks: clocks(),
    studyInstanceUID: study,
    destinationAETitle: 'PHOSPHOR',
    messageId,
    thirdParty: false,
    onPending: () => {},
  });
  expect(await operation.done).toMatchObject({ ok: true, status: 0, subOperations: { completed: 30 }, sawPending: false });
  expect(await receiver.listener.unexpect(actionId)).toEqual({ credited: 30 });
  expect(peer.failures).toEqual([]);
});

test('10,000 matches with a slow reader: at most 16 batches are open, and the worker keeps serving others', async () => {
  const matches = 10_000;
  await using peer = await ScriptedPeer.listen(async (connection) => {
    const request = await accept(connection);
    const name = 'Doe^Jane'.padEnd(40, 'x');
    for (let i = 0; i < matches; i += 1) {
      connection.respond(request, { status: 0xff00 }, implicitDataSet({ 524370: 'STUDY', 1048592: name, 2097165: `1.2.3.${i}` }));
      if (connection.socket.writableNeedDrain) await once(connection.socket, 'drain');
    }
    connection.respond(request, { status: 0 });
    await connection.finish();
  });
  await using echo = await ScriptedPeer.listen(async (connection) => {
    connection.respond(await accept(connection), { status: 0 });
    await connection.finish();
  });
  const waiting: (() => void)[] = [];
  const filled = Promise.withResolvers<void>();
  let [received, most, slow] = [0, 0, true];
  const operation = pool.find({
    peer: peerAt(peer.port),
    clocks: clocks(),
    query: { level: 'study' },
    onMatches: (rows, acknowledge) => {
      received += rows.length;
      expect(rows.length).toBeLessThanOrEqual(64);
      if (!slow) return acknowledge();
      waiting.push(acknowledge);
      most = Math.max(most, waiting.length);
      if (waiting.length === 16) filled.resolve();
    },
  });
  await filled.promise;
  // The reader takes nothing: the search waits, the worker does not.
  expect(await pool.echo({ peer: peerAt(echo.port), clocks: clocks() }).done).toMatchObject({ ok: true });
  expect(most).toBe(16);
  expect(received).toBeLessThan(matches);
  slow = false;
  for (const acknowledge of waiting) acknowledge();
  expect(await operation.done).toMatchObject({ ok: true, status: 0, matches });
  expect(received).toBe(matches);
});
