import { expect, test } from 'vitest';
import { openAssociation } from '../../../electron/associations/open-association.ts';
import type { Peer } from '../../../electron/associations/types.ts';
import { clocks } from '../../support/clocks.ts';
import { freePort } from '../../support/free-port.ts';
import { ScriptedPeer, UIDs } from '../../support/scripted-peer.ts';

const contexts = [{ abstractSyntax: UIDs.verification, transferSyntaxes: [UIDs.implicitVRLittleEndian] }];

function calling(port: number, userIdentity?: Peer['userIdentity']) {
  const peer = { host: '127.0.0.1', port, calledAETitle: 'PACS', callingAETitle: 'PHOSPHOR' };
  const { signal } = new AbortController();
  return openAssociation({ peer: { ...peer, ...(userIdentity ? { userIdentity } : {}) }, clocks: clocks(), contexts, signal });
}

test('a connection that is reset in the middle of an association is told of with the system’s code', async () => {
  await using peer = await ScriptedPeer.listen(async (connection) => {
    connection.acceptAssociate(await connection.readAssociateRQ());
    await connection.readMessage();
    connection.socket.resetAndDestroy();
  });
  const association = await calling(peer.port);
  const context = association.contextFor(UIDs.verification);
  if (context === undefined) throw new Error('not accepted');
  const { done } = association.send({ context, command: { commandField: 0x30, affectedSOPClassUID: UIDs.verification } });
  await expect(done).rejects.toMatchObject({ data: { kind: 'connection-lost', code: 'ECONNRESET' } });
});

test.each([
  ['is empty', { type: 'kerberos', token: Buffer.alloc(0) }],
  ['is longer than its field', { type: 'jwt', token: '€'.repeat(30_000) }],
] as const)('a user identity that %s ends the call before anybody is called', async (_, identity) => {
  // Nobody is there: calling would end as unreachable.
  await expect(calling(await freePort(), identity)).rejects.toMatchObject({ data: { kind: 'invalid-arguments' } });
});
