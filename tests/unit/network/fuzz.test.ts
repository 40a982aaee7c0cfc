import fc from 'fast-check';
import { expect, test } from 'vitest';
import { acceptAssociation, requestAssociation } from '../../../electron/dicom/network/index.ts';
import { findProvider, moveProvider, storageProvider, verificationProvider } from '../../../electron/dicom/services/index.ts';
import { PhosphorError } from '../../../shared/contract/index.ts';
import { CLOCKS } from './associations.ts';
import { FakeTime, settled } from './fake-time.ts';
import { memoryTransportPair } from './memory-transport.ts';
import { AC, command, echoRQ, echoRSP, IMPLICIT, pdus, RawPeer, RQ, VERIFICATION } from './raw-peer.ts';

const FIND = '1.2.840.10008.5.1.4.1.2.2.1';
const MOVE = '1.2.840.10008.5.1.4.1.2.2.2';
const CT = '1.2.840.10008.5.1.4.1.1.2';

/** Counts what is open, so that nothing is left behind. */
function services() {
  const open = { sinks: 0 };
  const providers = [
    verificationProvider(),
    storageProvider({
      begin: () => {
        open.sinks += 1;
        const end = () => {
          open.sinks -= 1;
        };
        return { write: () => undefined, finish: async () => end(), abort: end };
      },
    }),
    findProvider({
      find: async function* ({ identifier }) {
        yield identifier;
        yield identifier;
      },
    }),
    moveProvider({ instances: async () => [], connect: () => Promise.reject(new PhosphorError('unreachable', 'no')) }),
  ];
  return { open, providers };
}

const SYNTAXES = [VERIFICATION, CT, FIND, MOVE];
const request = pdus.associateRQ({
  contexts: SYNTAXES.map((abstractSyntax, index) => ({ id: 2 * index + 1, abstractSyntax, transferSyntaxes: [IMPLICIT] })),
});
const acceptance = pdus.associateAC({ contexts: SYNTAXES.map((_, index) => ({ id: 2 * index + 1, result: 0, transferSyntax: IMPLICIT })) });

function dataSet(contextId: number, bytes: number[]): Uint8Array {
  const length = bytes.length + 2;
  return Uint8Array.of(4, 0, 0, 0, 0, length + 4, 0, 0, 0, length, contextId, 2, ...bytes);
}

const level = [8, 0, 0x52, 0, 6, 0, 0, 0, 0x53, 0x54, 0x55, 0x44, 0x59, 0x20];
const conversation = [
  echoRQ(1),
  command({ commandField: 1, hasDataSet: true, messageID: 2, affectedSOPClassUID: CT, affectedSOPInstanceUID: '1.2.3', priority: 0 }, 3),
  dataSet(3, level),
  command({ commandField: 0x20, hasDataSet: true, messageID: 3, affectedSOPClassUID: FIND, priority: 0 }, 5),
  dataSet(5, level),
  command({ commandField: 0xfff, hasDataSet: false, messageIDBeingRespondedTo: 3 }, 5),
  command({ commandField: 0x21, hasDataSet: true, messageID: 4, affectedSOPClassUID: MOVE, moveDestination: 'X', priority: 0 }, 7),
  dataSet(7, level),
  pdus.releaseRQ(),
];

/** A stream with bytes changed, cut off, doubled. */
function mutated(parts: readonly Uint8Array[]) {
  const stream = Buffer.concat(parts);
  return fc
    .record({
      changes: fc.array(fc.tuple(fc.nat(stream.length - 1), fc.nat(255)), { maxLength: 6 }),
      end: fc.integer({ min: 1, max: stream.length }),
      repeat: fc.option(fc.tuple(fc.nat(stream.length - 1), fc.nat(200)), { nil: undefined }),
    })
    .map(({ changes, end, repeat }) => {
      const copy = Buffer.from(stream);
      for (const [at, value] of changes) copy[at] = value;
      const cut = copy.subarray(0, end);
      return repeat === undefined ? cut : Buffer.concat([cut, copy.subarray(repeat[0], repeat[0] + repeat[1])]);
    });
}

const chunk = fc.constantFrom(0, 0, 0, 7, 64);

test('as acceptor: whatever a peer sends, the association ends, typed, and nothing is left', async () => {
  await fc.assert(
    fc.asyncProperty(mutated([request, ...conversation]), chunk, async (stream, size) => {
      const [near, far] = memoryTransportPair({ chunk: size });
      const time = new FakeTime();
      const { open, providers } = services();
      const peer = new RawPeer(near);
      const ended = acceptAssociation(far, { clocks: CLOCKS, time, services: providers, authorize: () => ({}) }).then(
        (association) => association.closed,
        (error: unknown) => error,
      );
      peer.send(stream);
      await settled();
      await time.pass(140);
      const error = await ended;
      if (error !== undefined) {
        expect(error).toBeInstanceOf(PhosphorError);
        expect(error).not.toMatchObject({ data: { kind: 'internal' } });
      }
      expect(open.sinks).toBe(0);
      expect(time.timers).toBe(0);
    }),
    { numRuns: 250 },
  );
});

test('as requestor: whatever a peer answers, the operation ends, typed, and nothing is left', async () => {
  await fc.assert(
    fc.asyncProperty(mutated([acceptance, echoRSP(1), echoRSP(2), pdus.releaseRP()]), chunk, async (stream, size) => {
      const [near, far] = memoryTransportPair({ chunk: size });
      const time = new FakeTime();
      const peer = new RawPeer(far);
      const contexts = SYNTAXES.map((abstractSyntax) => ({ abstractSyntax, transferSyntaxes: [IMPLICIT] }));
      const ended = requestAssociation(near, { clocks: CLOCKS, time, callingAETitle: 'A', calledAETitle: 'B', contexts }).then(
        async (association) => {
          const [context] = association.contexts;
          if (context) {
            for (let turn = 0; turn < 2 && association.established; turn++) {
              const operation = association.send({ context, command: { commandField: 0x30 } });
              const thrown = await operation.done.then(
                () => undefined,
                (error: unknown) => error,
              );
              if (thrown !== undefined) expect(thrown).toBeInstanceOf(PhosphorError);
            }
          }
          association.release().catch(() => {});
          return association.closed;
        },
        (error: unknown) => error,
      );
      await settled();
      peer.send(stream);
      await settled();
      await time.pass(140);
      const error = await ended;
      if (error !== undefined) {
        expect(error).toBeInstanceOf(PhosphorError);
        expect(error).not.toMatchObject({ data: { kind: 'internal' } });
      }
      expect(time.timers).toBe(0);
    }),
    { numRuns: 150 },
  );
});

test('the untouched conversation is served to its end', async () => {
  const [near, far] = memoryTransportPair();
  const time = new FakeTime();
  const { providers } = services();
  const peer = new RawPeer(near);
  const accepted = acceptAssociation(far, { clocks: CLOCKS, time, services: providers, authorize: () => ({}) });
  for (const pdu of [request, ...conversation]) {
    peer.send(pdu);
    await settled();
  }
  expect(peer.pdus.filter((pdu) => pdu === 'P-DATA-TF').length).toBeGreaterThanOrEqual(6);
  expect(peer.last).toBe('A-RELEASE-RP');
  peer.close();
  expect(await (await accepted).closed).toBeUndefined();
  expect(RQ.contexts).toHaveLength(AC.contexts.length);
});
