import { expect, test } from 'vitest';
import { type Association, requestAssociation } from '../../../electron/dicom/network/index.ts';
import { encodeAssociateAC } from '../../../electron/dicom/network/pdu-encode.ts';
import { CLOCKS } from './associations.ts';
import { FakeTime, settled } from './fake-time.ts';
import { memoryTransportPair } from './memory-transport.ts';
import { AC, echoRSP, IMPLICIT, VERIFICATION } from './raw-peer.ts';

const P_DATA = 0x04;

/** A peer that answers in two pieces; what it got after the association request, byte by byte. */
async function stallingPeer() {
  const [near, far] = memoryTransportPair();
  const time = new FakeTime();
  const got: number[] = [];
  let request = true;
  far.start({
    onData: (chunk) => {
      if (!request) got.push(...chunk);
      else far.write([encodeAssociateAC(AC)]);
      request = false;
      return true;
    },
    onDrain: () => {},
    onClose: () => {},
  });
  const association = await requestAssociation(near, {
    clocks: CLOCKS,
    time,
    callingAETitle: 'NEAR',
    calledAETitle: 'FAR',
    contexts: [{ abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] }],
  });
  /** The response's first 12 bytes, then after a while the rest. */
  const answer = async (messageID: number, seconds: number, between: () => void = () => {}) => {
    const response = echoRSP(messageID);
    far.write([response.subarray(0, 12)]);
    await settled();
    await time.pass(seconds);
    between();
    far.write([response.subarray(12)]);
    await settled();
  };
  return { association, got, answer };
}

function echo(association: Association) {
  const context = association.contextFor(VERIFICATION);
  if (!context) throw new Error('no context');
  return association.send({ context, command: { commandField: 0x30, affectedSOPClassUID: VERIFICATION } });
}

/** Cuts the bytes into PDUs; what is left over stands last. */
function cut(bytes: readonly number[]): Buffer[] {
  const all = Buffer.from(bytes);
  const found: Buffer[] = [];
  let at = 0;
  while (at + 6 <= all.length && at + 6 + all.readUInt32BE(at + 2) <= all.length) {
    const end = at + 6 + all.readUInt32BE(at + 2);
    found.push(all.subarray(at, end));
    at = end;
  }
  return at < all.length ? [...found, all.subarray(at)] : found;
}

test('a peer whose responses stall between two pieces gets one byte of the queued request meanwhile, and a stream without a fault', async () => {
  const { association, got, answer } = await stallingPeer();
  const echoes = [1, 2, 3, 4].map(() => echo(association));
  const lengths: number[] = [];
  for (const messageID of [1, 2, 3]) {
    await settled();
    const before = got.length;
    await answer(messageID, 0.1, () => lengths.push(got.length - before));
  }
  // Twice the stall is only noticed.
  expect(lengths).toEqual([0, 0, 1]);
  await answer(4, 0.1);
  await Promise.all(echoes.map(({ done }) => done));
  const sent = cut(got);
  expect(sent.map((pdu) => [pdu[0], pdu.length])).toEqual(Array.from({ length: 4 }, () => [P_DATA, sent[0]?.length]));
});

test('a peer that answers without a pause gets nothing ahead of its time', async () => {
  const { association, got, answer } = await stallingPeer();
  const echoes = [1, 2, 3, 4, 5].map(() => echo(association));
  for (const messageID of [1, 2, 3, 4, 5]) {
    await settled();
    const before = got.length;
    await answer(messageID, 0, () => expect(got.length).toBe(before));
  }
  await Promise.all(echoes.map(({ done }) => done));
});

test('when the queued request is cancelled after its first byte went out, the one before is still answered and the association ends by an abort', async () => {
  const { association, got, answer } = await stallingPeer();
  const echoes = [1, 2, 3, 4].map(() => echo(association));
  for (const messageID of [1, 2]) {
    await settled();
    await answer(messageID, 0.1);
  }
  await answer(3, 0.1, () => echoes[3]?.cancel());
  expect((await echoes[2]?.done)?.command.status).toBe(0);
  await expect(echoes[3]?.done).rejects.toMatchObject({ kind: 'cancelled' });
  await settled();
  expect(association.established).toBe(false);
  expect(cut(got).map((pdu) => pdu[0])).toEqual([P_DATA, P_DATA, P_DATA, P_DATA, 0x07]);
});
