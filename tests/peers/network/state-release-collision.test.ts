import { expect, test } from 'vitest';
import type { ServiceProvider } from '../../../electron/dicom/network/index.ts';
import { ourAcceptor, ourRequestor, rawAnswer, rawAssociate } from '../../support/our-association.ts';
import { PDU, UIDs } from '../../support/scripted-peer.ts';

const verification: ServiceProvider = { commandField: 0x30, abstractSyntaxes: [UIDs.verification], handle: () => undefined };
const EMPTY = Buffer.alloc(4);

test('both release at once and we opened the association: we answer first, and both end in good order', async () => {
  using ours = await ourRequestor();
  await ours.peer.readAssociateRQ();
  ours.peer.sendRaw(rawAssociate(2, { contexts: [rawAnswer(1, 0)] }));
  const association = await ours.association;
  const released = association.release();
  expect(await ours.peer.readShort()).toBe('A-RELEASE-RQ');
  ours.peer.sendPDU(PDU.releaseRQ, EMPTY);
  expect(await ours.peer.readShort()).toBe('A-RELEASE-RP');
  ours.peer.sendPDU(PDU.releaseRP, EMPTY);
  await released;
  expect(await ours.peer.readShort()).toBe('closed');
  ours.peer.socket.end();
  expect(await association.closed).toBeUndefined();
  expect(ours.log.at(-1)).toMatch(/^OURS->RAW\(\d+\) released$/);
});

test('both release at once and the peer opened the association: we answer only after it has, and both end in good order', async () => {
  using ours = await ourAcceptor({ services: [verification] });
  ours.peer.sendRaw(rawAssociate(1, {}));
  expect(await ours.peer.readShort()).toBe('A-ASSOCIATE-AC');
  const association = await ours.association;
  const released = association.release();
  expect(await ours.peer.readShort()).toBe('A-RELEASE-RQ');
  ours.peer.sendPDU(PDU.releaseRQ, EMPTY);
  // Had we answered the request itself, this would be the second PDU.
  ours.peer.sendPDU(PDU.releaseRP, EMPTY);
  expect(await ours.peer.readShort()).toBe('A-RELEASE-RP');
  await released;
  ours.peer.socket.end();
  expect(await ours.peer.readShort()).toBe('closed');
  expect(await association.closed).toBeUndefined();
  expect(ours.log.at(-1)).toMatch(/ released$/);
});

test('a collision that the peer does not finish ends by the release clock', async () => {
  const clocks = { association: 30, release: 0.3, dimseResponse: 60, pduReceive: 60, writeProgress: 60, idle: 60, cancelGrace: 5 };
  using ours = await ourAcceptor({ services: [verification], clocks });
  ours.peer.sendRaw(rawAssociate(1, {}));
  expect(await ours.peer.readShort()).toBe('A-ASSOCIATE-AC');
  const released = (await ours.association).release();
  expect(await ours.peer.readShort()).toBe('A-RELEASE-RQ');
  ours.peer.sendPDU(PDU.releaseRQ, EMPTY);
  await expect(released).rejects.toMatchObject({ data: { kind: 'timed-out', clock: 'release' } });
  expect(await ours.peer.readShort()).toBe('A-ABORT 0/0');
});
