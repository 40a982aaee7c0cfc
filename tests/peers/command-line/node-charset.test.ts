import { join } from 'node:path';
import { expect, test } from 'vitest';
import { implicitDataSet, type ScriptedConnection, ScriptedPeer } from '../../support/scripted-peer.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { phosphor } from '../../support/workstation.ts';

const CYRILLIC = Buffer.from([0xb8, 0xd2, 0xd0, 0xdd, 0xde, 0xd2]);

test('a PACS that declares no character set is read by the one that was entered for it', async () => {
  await using folder = await temporaryFolder('charset');
  const row = implicitDataSet({ 524370: 'STUDY', 1048592: CYRILLIC, 2097165: '1.2.3' });
  const answer = async (connection: ScriptedConnection) => {
    connection.acceptAssociate(await connection.readAssociateRQ());
    const message = await connection.readMessage();
    connection.respond(message, { status: 0xff00 }, row);
    connection.respond(message, { status: 0 });
    await connection.finish();
  };
  await using peer = await ScriptedPeer.listen(answer);
  const profile = ['--profile', join(folder.path, 'profile')];
  const add = ['node', 'add', 'OLD', '--host', '127.0.0.1', '--port', String(peer.port), '--ae', 'OLD', '--charset'];
  const refused = await phosphor([...add, 'KOI8', ...profile]);
  expect([refused.code === 0, refused.stderr.includes('--charset')]).toEqual([false, true]);
  expect((await phosphor([...add, 'ISO_IR 144', ...profile])).code).toBe(0);
  expect((await phosphor(['find', 'OLD', ...profile])).stdout).toContain('Иванов');
});
