import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { requestAssociation, type ServiceProvider } from '../../../electron/dicom/network/index.ts';
import { CLOCKS } from './associations.ts';
import { memoryTransportPair } from './memory-transport.ts';
import { echoRQ, pdus, RawPeer, RQ, VERIFICATION } from './raw-peer.ts';

/** Answers later, as one does that writes to a disk first. */
const later: ServiceProvider = {
  commandField: 0x30,
  abstractSyntaxes: [VERIFICATION],
  handle: (request) => void turn().then(() => request.respond({ status: 0 })),
};

async function associated(provider = later) {
  const [near, far] = memoryTransportPair();
  const peer = new RawPeer(far);
  const contexts = [{ abstractSyntax: VERIFICATION, transferSyntaxes: ['1.2.840.10008.1.2'], roles: { scu: true, scp: true } }];
  const attempt = requestAssociation(near, {
    clocks: CLOCKS,
    callingAETitle: 'A',
    calledAETitle: 'B',
    contexts,
    services: [provider],
  });
  await turn();
  const roles = [{ sopClassUID: VERIFICATION, scu: true, scp: true }];
  peer.send(pdus.associateAC({ userInformation: { ...RQ.userInformation, roles } }));
  return { association: await attempt, peer };
}

test('a request that comes when our A-RELEASE-RQ is out is not answered: the release goes on, and nothing of ours breaks', async () => {
  const { association, peer } = await associated();
  const released = association.release();
  await turn();
  expect(peer.last).toBe('A-RELEASE-RQ');
  peer.send(echoRQ());
  await turn();
  await turn();
  expect(peer.last).toBe('A-RELEASE-RQ');
  peer.send(pdus.releaseRP());
  await released;
});

test('of two requests at once the first is answered before a release that is waiting, the second not any more', async () => {
  let released: Promise<void> | undefined;
  const releasing: ServiceProvider = {
    ...later,
    handle: (request) => {
      released ??= request.association.release();
      return later.handle(request);
    },
  };
  const { peer } = await associated(releasing);
  peer.send(echoRQ(1), echoRQ(2));
  for (let turns = 0; turns < 5; turns += 1) await turn();
  expect(peer.pdus.slice(1)).toEqual(['P-DATA-TF', 'A-RELEASE-RQ']);
  peer.send(pdus.releaseRP());
  await released;
});

test('an answer that is due in the very turn in which the peer breaks the rules is dropped: the association is aborted, and nothing of ours breaks', async () => {
  const broken: unknown[] = [];
  const atOnce: ServiceProvider = {
    ...later,
    handle: (request) =>
      void Promise.resolve()
        .then(() => request.respond({ status: 0 }))
        .catch((thrown: unknown) => broken.push(thrown)),
  };
  const { association, peer } = await associated(atOnce);
  peer.send(Buffer.concat([echoRQ(), pdus.associateRQ()]));
  await turn();
  await turn();
  expect(peer.last).toMatch(/^A-ABORT 2/);
  expect(broken).toEqual([]);
  peer.close();
  expect(await association.closed).toMatchObject({ kind: 'protocol' });
});
