import { describe, expect, test } from 'vitest';
import { CollectingSink, type ServiceProvider } from '../../../electron/dicom/network/index.ts';
import {
  type OurAssociation,
  ourAcceptor,
  ourRequestor,
  rawPDU as pdu,
  rawAnswer,
  rawAssociate,
  rawContext,
  rawMaximumLength,
} from '../../support/our-association.ts';
import { Command, encodeCommand, PDU, pdv, type ScriptedConnection, UIDs } from '../../support/scripted-peer.ts';

const FIND = UIDs.studyRootFind;
const MIB = 1 << 20;

/** Answers a C-FIND with one match that holds what was asked. */
const findProvider: ServiceProvider = {
  commandField: 0x20,
  abstractSyntaxes: [FIND],
  handle: (request) =>
    new CollectingSink((identifier) => {
      void request.respond({ status: 0xff00 }, Uint8Array.from(identifier));
      return request.respond({ status: 0 });
    }),
};

async function associated(options: { maxPDULength?: number; peerMaximum?: number } = {}): Promise<OurAssociation> {
  const { peerMaximum = 16_384, ...rest } = options;
  const ours = await ourAcceptor({ services: [findProvider], ...rest });
  ours.peer.sendRaw(rawAssociate(1, { contexts: [rawContext(1, FIND)], user: [rawMaximumLength(peerMaximum)] }));
  expect(await ours.peer.readShort()).toBe('A-ASSOCIATE-AC');
  await ours.association;
  return ours;
}

const findRQ = (extra: object = {}) =>
  encodeCommand({ commandField: Command.findRQ, affectedSOPClassUID: FIND, messageID: 7, priority: 0, dataSetType: 1, ...extra });
const IDENTIFIER = Buffer.from('08005200060000005354554459200800', 'hex');

/** A part of a message, cut into fragments of `size` bytes. */
function fragments(command: boolean, bytes: Buffer, size: number): Buffer[] {
  const all: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const last = at + size >= bytes.length ? 2 : 0;
    all.push(pdv(1, (command ? 1 : 0) | last, bytes.subarray(at, at + size)));
  }
  return all;
}

async function expectMatch(peer: ScriptedConnection): Promise<void> {
  const match = await peer.readMessage();
  expect(match.command).toMatchObject({ status: 0xff00, messageIDBeingRespondedTo: 7 });
  expect(match.dataSet).toEqual(IDENTIFIER);
  expect((await peer.readMessage()).command.status).toBe(0);
}

describe('a message is understood however it is cut', () => {
  test('into fragments of one byte, one to a PDU', async () => {
    using ours = await associated();
    for (const value of [...fragments(true, findRQ(), 1), ...fragments(false, IDENTIFIER, 1)]) ours.peer.sendRaw(pdu(value));
    await expectMatch(ours.peer);
  });

  test('into fragments of one byte, all in one PDU', async () => {
    using ours = await associated();
    ours.peer.sendRaw(pdu(...fragments(true, findRQ(), 1), ...fragments(false, IDENTIFIER, 1)));
    await expectMatch(ours.peer);
  });

  test('with empty fragments, and an empty last one', async () => {
    using ours = await associated();
    const empty = Buffer.alloc(0);
    ours.peer.sendRaw(pdu(pdv(1, 1, empty), pdv(1, 1, findRQ()), pdv(1, 3, empty)));
    ours.peer.sendRaw(pdu(pdv(1, 0, IDENTIFIER), pdv(1, 0, empty)));
    ours.peer.sendRaw(pdu(pdv(1, 2, empty)));
    await expectMatch(ours.peer);
  });

  test('and delivered a byte at a time', async () => {
    using ours = await associated();
    const all = pdu(pdv(1, 3, findRQ()), pdv(1, 2, IDENTIFIER));
    for (const byte of all) {
      ours.peer.sendRaw(Buffer.from([byte]));
      // Each byte is a write of its own; whether the system joins some of them is its affair.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await expectMatch(ours.peer);
  });

  test('reserved bits of the message control header mean nothing', async () => {
    using ours = await associated();
    ours.peer.sendRaw(pdu(pdv(1, 0xf3, findRQ()), pdv(1, 0xf2, IDENTIFIER)));
    await expectMatch(ours.peer);
  });

  test('a peer that takes 8 bytes to a PDU gets its answer in fragments of two', async () => {
    using ours = await associated({ peerMaximum: 8 });
    ours.peer.sendRaw(pdu(pdv(1, 3, findRQ()), pdv(1, 2, IDENTIFIER)));
    const { type, body } = await ours.peer.readPDU();
    expect([type, body.length]).toEqual([PDU.data, 8]);
    const rest = await ours.peer.readMessage();
    expect(rest.contextId).toBe(1);
  });
});

describe('a message out of bounds ends in A-ABORT', () => {
  const big = (length: number) => Buffer.alloc(length);
  const cases: readonly (readonly [string, string, string, () => Iterable<Buffer>])[] = [
    ['a PDU longer than we announced', 'A-ABORT 2/6', 'protocol', () => [pdu(pdv(1, 1, big(16_384)))]],
    ['a P-DATA-TF PDU without a value', 'A-ABORT 2/6', 'protocol', () => [pdu()]],
    [
      'a value that leaves its PDU',
      'A-ABORT 2/6',
      'protocol',
      () => [Buffer.from('0400 00000008 00000100 01 03 0000'.replace(/ /g, ''), 'hex')],
    ],
    ['a context that was not accepted', 'A-ABORT 2/6', 'protocol', () => [pdu(pdv(3, 3, findRQ()))]],
    ['a command set over 64 KiB', 'A-ABORT 0/0', 'protocol', () => Array.from({ length: 5 }, () => pdu(pdv(1, 1, big(16_000))))],
    ['a data set without a command', 'A-ABORT 0/0', 'protocol', () => [pdu(pdv(1, 2, IDENTIFIER))]],
    ['a second command where the data set was due', 'A-ABORT 0/0', 'protocol', () => [pdu(pdv(1, 3, findRQ()), pdv(1, 3, findRQ()))]],
    ['a command set that is none', 'A-ABORT 0/0', 'protocol', () => [pdu(pdv(1, 3, Buffer.from('not a command set')))]],
    [
      'an identifier over 16 MiB',
      'A-ABORT 0/0',
      'limit-exceeded',
      function* () {
        yield pdu(pdv(1, 3, findRQ()));
        for (let sent = 0; sent <= 16 * MIB; sent += 16_000) yield pdu(pdv(1, 0, big(16_000)));
      },
    ],
  ];
  test.each(cases)('%s: %s', async (_name, answer, kind, bytes) => {
    using ours = await associated({ maxPDULength: 16_384 });
    const association = await ours.association;
    for (const part of bytes()) ours.peer.sendRaw(part);
    expect(await ours.peer.readShort()).toBe(answer);
    ours.peer.socket.destroy();
    expect(await association.closed).toMatchObject({ data: { kind } });
  });

  test('an identifier of exactly 16 MiB is taken', async () => {
    using ours = await associated({ maxPDULength: 0 });
    ours.peer.sendRaw(pdu(pdv(1, 3, findRQ())));
    for (let sent = 0; sent < 16; sent++) ours.peer.sendRaw(pdu(pdv(1, sent === 15 ? 2 : 0, big(MIB))));
    expect((await ours.peer.readMessage()).dataSet).toHaveLength(16 * MIB);
  });
});

test('to a peer without a limit we send PDUs of at most 256 KiB', async () => {
  using ours = await ourRequestor({ contexts: [{ abstractSyntax: FIND, transferSyntaxes: [UIDs.implicitVRLittleEndian] }] });
  ours.peer.sendRaw(rawAssociate(2, { contexts: [rawAnswer(1, 0)], user: [rawMaximumLength(0)] }));
  const association = await ours.association;
  await ours.peer.readAssociateRQ();
  const [context] = association.contexts;
  if (!context) throw new Error('no context');
  association.send({ context, command: { commandField: 0x20 }, dataSet: new Uint8Array(3 * MIB) }).done.catch(() => {});
  let longest = 0;
  for (let received = 0; received < 3 * MIB; ) {
    const { body } = await ours.peer.readPDU();
    longest = Math.max(longest, body.length);
    received += body.length - 6;
  }
  expect(longest).toBeGreaterThan(65_536);
  expect(longest).toBeLessThanOrEqual(262_144);
});
