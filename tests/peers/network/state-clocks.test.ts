import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import type {
  AcceptorOptions,
  Association,
  AssociationClocks,
  RequestorOptions,
  ServiceProvider,
} from '../../../electron/dicom/network/index.ts';
import {
  type OurAssociation,
  ourAcceptor,
  ourRequestor,
  rawAnswer,
  rawAssociate,
  rawContext,
  rawPDU,
} from '../../support/our-association.ts';
import { Command, encodeCommand, pdv, type ScriptedConnection, UIDs } from '../../support/scripted-peer.ts';

// Each clock with a peer on a real socket that only this clock can end: all others are set to an hour.

const HOUR = 3600;
const SHORT = 0.3;

function only(clock: keyof AssociationClocks): { clocks: AssociationClocks } {
  const hours = {
    association: HOUR,
    release: HOUR,
    dimseResponse: HOUR,
    pduReceive: HOUR,
    writeProgress: HOUR,
    idle: HOUR,
    cancelGrace: HOUR,
  };
  return { clocks: { ...hours, [clock]: SHORT } };
}

const FIND_CONTEXT = [{ abstractSyntax: UIDs.studyRootFind, transferSyntaxes: [UIDs.implicitVRLittleEndian] }];

/** Matches without end to whoever asks without an identifier; whoever announces one is waited for. */
const endless: ServiceProvider = {
  commandField: 0x20,
  abstractSyntaxes: [UIDs.studyRootFind],
  handle: (request) => {
    if (request.command.hasDataSet) return undefined;
    void (async () => {
      while (!request.signal.aborted) await request.respond({ status: 0xff00 }, new Uint8Array(65_536));
    })();
    return undefined;
  },
};

async function accepted(options: Partial<AcceptorOptions>): Promise<OurAssociation & { open: Association }> {
  const ours = await ourAcceptor({ services: [endless], ...options });
  ours.peer.sendRaw(rawAssociate(1, { contexts: [rawContext(1, UIDs.studyRootFind)] }));
  expect(await ours.peer.readShort()).toBe('A-ASSOCIATE-AC');
  return { ...ours, open: await ours.association };
}

async function requested(options: Partial<RequestorOptions>): Promise<OurAssociation & { open: Association }> {
  const ours = await ourRequestor({ contexts: FIND_CONTEXT, ...options });
  await ours.peer.readAssociateRQ();
  ours.peer.sendRaw(rawAssociate(2, { contexts: [rawAnswer(1, 0)] }));
  return { ...ours, open: await ours.association };
}

function search(association: Association) {
  const [context] = association.contexts;
  if (!context) throw new Error('no context');
  return association.send({ context, command: { commandField: 0x20 }, dataSet: Uint8Array.of(0, 0) });
}

/** Sends these bytes one by one, without end, until the connection is gone. */
function trickle(peer: ScriptedConnection, bytes: Iterable<Uint8Array>): void {
  const each = bytes[Symbol.iterator]();
  const timer = setInterval(() => {
    const { value, done } = each.next();
    if (!done && peer.socket.writable) peer.sendRaw(value);
  }, 25);
  peer.socket.once('close', () => clearInterval(timer));
}

const byteByByte = (bytes: Uint8Array) => Array.from(bytes, (byte) => Uint8Array.of(byte));
function* forEver(bytes: Uint8Array) {
  for (;;) yield bytes;
}

const timedOut = (clock: string) => ({ data: { kind: 'timed-out', clock } });

describe('association', () => {
  test.each(['says nothing', 'one byte now and then'])('a caller: %s', async (how) => {
    using ours = await ourAcceptor(only('association'));
    if (how !== 'says nothing') trickle(ours.peer, byteByByte(rawAssociate(1, {})));
    await expect(ours.association).rejects.toMatchObject(timedOut('association'));
    expect(await ours.peer.readShort()).toBe('closed');
  });

  test.each(['says nothing', 'one byte now and then'])('a peer that we called: %s', async (how) => {
    using ours = await ourRequestor(only('association'));
    await ours.peer.readAssociateRQ();
    if (how !== 'says nothing') trickle(ours.peer, byteByByte(rawAssociate(2, { contexts: [rawAnswer(1, 0)] })));
    await expect(ours.association).rejects.toMatchObject(timedOut('association'));
    expect(await ours.peer.readShort()).toBe('A-ABORT 0/0');
  });
});

describe('release', () => {
  test('the peer does not answer it', async () => {
    using ours = await requested(only('release'));
    await expect(ours.open.release()).rejects.toMatchObject(timedOut('release'));
    expect(await ours.peer.readShort()).toBe('A-RELEASE-RQ');
    expect(await ours.peer.readShort()).toBe('A-ABORT 0/0');
    expect(await ours.open.closed).toMatchObject(timedOut('release'));
  });

  test('the peer answers it with data, for ever', async () => {
    using ours = await requested(only('release'));
    const release = ours.open.release();
    expect(await ours.peer.readShort()).toBe('A-RELEASE-RQ');
    trickle(ours.peer, forEver(rawPDU(pdv(1, 1, Buffer.alloc(0)))));
    await expect(release).rejects.toMatchObject(timedOut('release'));
  });

  test('a peer that was sent A-ABORT and does not hang up', async () => {
    using ours = await requested(only('release'));
    ours.open.abort();
    expect(await ours.peer.readShort()).toBe('A-ABORT 0/0');
    // Ends with nothing more from the peer: our side has closed.
    await ours.open.closed;
  });
});

describe('DIMSE response', () => {
  test('the peer says nothing', async () => {
    using ours = await requested(only('dimseResponse'));
    await expect(search(ours.open).done).rejects.toMatchObject(timedOut('dimse-response'));
    expect(await ours.peer.expectPDU(7)).toBeDefined();
  });

  test('the peer begins a response and never ends it, one fragment after the other', async () => {
    using ours = await requested(only('dimseResponse'));
    const { done } = search(ours.open);
    trickle(ours.peer, forEver(rawPDU(pdv(1, 1, Buffer.alloc(0)))));
    await expect(done).rejects.toMatchObject(timedOut('dimse-response'));
  });
});

describe('PDU receive', () => {
  const command = encodeCommand({ commandField: Command.findRQ, affectedSOPClassUID: UIDs.studyRootFind, messageID: 1, dataSetType: 1 });

  test.each([
    ['comes one byte now and then', byteByByte(rawPDU(pdv(1, 3, command)))],
    ['begins and nothing follows', [rawPDU(pdv(1, 3, command)).subarray(0, 30)]],
    ['of the data set does not follow that of its command', [rawPDU(pdv(1, 3, command))]],
  ])('a PDU %s', async (_how, parts) => {
    using ours = await accepted(only('pduReceive'));
    trickle(ours.peer, parts);
    expect(await ours.peer.readShort()).toBe('A-ABORT 0/0');
    ours.peer.socket.destroy();
    expect(await ours.open.closed).toMatchObject(timedOut('pdu-receive'));
  });
});

test('write progress: a peer asks and does not read the answers', async () => {
  using ours = await accepted(only('writeProgress'));
  ours.peer.socket.pause();
  ours.peer.sendMessage(1, { commandField: Command.findRQ, affectedSOPClassUID: UIDs.studyRootFind, messageID: 1 });
  expect(await ours.open.closed).toMatchObject(timedOut('write-progress'));
  expect(ours.transport.bufferedBytes).toBeLessThan(4 << 20);
});

describe('idle', () => {
  test('a caller does nothing', async () => {
    using ours = await accepted(only('idle'));
    expect(await ours.peer.readShort()).toBe('A-ABORT 0/0');
    ours.peer.socket.end();
    expect(await ours.open.closed).toMatchObject(timedOut('idle'));
  });

  test('we do nothing: we leave in good order', async () => {
    using ours = await requested(only('idle'));
    await ours.peer.finish();
    expect(await ours.open.closed).toMatchObject(timedOut('idle'));
  });
});

test('cancel grace: the peer goes on with pending responses', async () => {
  using ours = await requested(only('cancelGrace'));
  const operation = search(ours.open);
  const request = await ours.peer.readMessage();
  const timer = setInterval(() => ours.peer.respond(request, { status: 0xff00 }, Buffer.alloc(2)), 25);
  once(ours.peer.socket, 'close').finally(() => clearInterval(timer));
  operation.cancel();
  await expect(operation.done).rejects.toMatchObject(timedOut('cancel-grace'));
  expect((await ours.peer.readMessage()).command.commandField).toBe(Command.cancelRQ);
  expect(await ours.peer.readShort()).toBe('A-ABORT 0/0');
  ours.peer.socket.destroy();
});
