import { expect, test, vi } from 'vitest';
import { Command, implicitDataSet, PDU, type ScriptedConnection, ScriptedPeer, UIDs } from '../../support/scripted-peer.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { phosphor } from '../../support/workstation.ts';

vi.setConfig({ testTimeout: 240_000 });

const accept = async (connection: ScriptedConnection) => connection.acceptAssociate(await connection.readAssociateRQ());
const row = implicitDataSet({ 524370: 'STUDY', 2097165: '1.2.3', 1048592: 'Doe^Jane' });

/** Where a peer goes away in the middle of a search, and what the person reads. */
const STAGES: readonly [string, (connection: ScriptedConnection) => Promise<void>][] = [
  ['as soon as it is connected to', async ({ socket }) => void socket.destroy()],
  [
    'after the association request',
    async (connection) => {
      await connection.readAssociateRQ();
      connection.socket.destroy();
    },
  ],
  [
    'in the middle of A-ASSOCIATE-AC',
    async (connection) => {
      await connection.readAssociateRQ();
      connection.sendRaw(Buffer.from([PDU.associateAC, 0, 0, 0, 0, 200, 0, 1, 0, 0]));
      connection.socket.end();
    },
  ],
  [
    'after A-ASSOCIATE-AC',
    async (connection) => {
      await accept(connection);
      connection.socket.end();
    },
  ],
  [
    'after the request',
    async (connection) => {
      await accept(connection);
      await connection.readMessage();
      connection.socket.end();
    },
  ],
  [
    'by a reset after the first match',
    async (connection) => {
      await accept(connection);
      const message = await connection.readMessage();
      connection.respond(message, { status: 0xff00 }, row);
      connection.socket.resetAndDestroy();
    },
  ],
  [
    'in the middle of a response',
    async (connection) => {
      await accept(connection);
      const { contextId } = await connection.readMessage();
      connection.sendRaw(Buffer.from([PDU.data, 0, 0, 0, 1, 0, 0, 0, 0, 0xfc, contextId, 3, 0, 0, 0, 0]));
      connection.socket.end();
    },
  ],
  [
    'with A-ABORT',
    async (connection) => {
      await accept(connection);
      await connection.readMessage();
      connection.sendPDU(PDU.abort, Buffer.from([0, 0, 2, 0]));
      connection.socket.end();
    },
  ],
];

test('a peer that hangs up at any stage of a search: exit code 1, one completion, a sentence that names it', async () => {
  await using folder = await temporaryFolder('hang-ups');
  let stage: (connection: ScriptedConnection) => Promise<void> = async () => undefined;
  await using peer = await ScriptedPeer.listen((connection) => stage(connection));
  await phosphor(['node', 'add', 'FLAKY', '--host', '127.0.0.1', '--port', String(peer.port), '--ae', 'FLAKY', '--profile', folder.path]);
  for (const [name, script] of STAGES) {
    stage = script;
    const run = await phosphor(['find', 'FLAKY', '--profile', folder.path, '--json']);
    expect(run.code, name).toBe(1);
    const completions = run.lines.filter((line) => line.type === 'ActionComplete');
    expect(completions, name).toHaveLength(1);
    expect(completions[0], name).toMatchObject({
      outcome: expect.stringMatching(/^(failed|aborted)$/),
      diagnosis: { error: { kind: expect.stringMatching(/^(connection-lost|aborted-by-peer)$/) } },
    });
    expect(run.stderr, name).toMatch(/FLAKY|127\.0\.0\.1/);
    expect(run.stderr, name).not.toMatch(/\n\s+at |\.ts:\d+|undefined/);
  }
  // And then it is well again.
  stage = async (connection) => {
    await accept(connection);
    const message = await connection.readMessage();
    expect(message.command).toMatchObject({ commandField: Command.findRQ, affectedSOPClassUID: UIDs.studyRootFind });
    connection.respond(message, { status: 0xff00 }, row);
    connection.respond(message, { status: 0 });
    await connection.finish();
  };
  const well = await phosphor(['find', 'FLAKY', '--profile', folder.path, '--json']);
  expect(well.lines.at(-1)).toMatchObject({ outcome: 'success', counts: { received: 1 } });
});
