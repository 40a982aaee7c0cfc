import { setTimeout as pause } from 'node:timers/promises';
import { implicitDataSet, ScriptedConnection } from '../support/scripted-peer.ts';
import type { Arena } from './arena.ts';
import { withPeers } from './connections.ts';
import { MOVE_MESSAGE_ID, STUDY } from './conversations.ts';

const PENDING = 0xff00;
const STUDY_INSTANCE_UID = 0x0020000d;
const LEVEL = 0x00080052;

/** Peers that say pending for ever, and the clock that must end it. */
const MANNERS = [
  { kind: 'find', changes: false, clock: 'dimse-response' },
  { kind: 'find', changes: true, clock: 'retrieve-total' },
  { kind: 'move', changes: false, clock: 'retrieve-stall' },
  { kind: 'move', changes: true, clock: 'retrieve-total' },
  { kind: 'get', changes: false, clock: 'retrieve-stall' },
  { kind: 'get', changes: true, clock: 'retrieve-total' },
] as const;

/** C-FIND, C-MOVE and C-GET with peers that are pending for ever, with counts that stand still and that change: each ends by its clock. */
export async function pendingForever(arena: Arena): Promise<void> {
  const cases = Math.ceil(1600 * arena.scale);
  await withPeers(24, cases, async (index, peer) => {
    const manner = MANNERS[index % MANNERS.length];
    if (manner === undefined) return;
    // Every few milliseconds, or as fast as it goes.
    const interval = (index >> 3) % 2 === 0 ? 20 : 1;
    const expected = `${manner.kind}: timed-out (${manner.clock})`;
    const outcome = await arena.attempt(`${manner.kind}, ${manner.changes ? 'changing' : 'unchanged'}, case ${index}`, async () => {
      peer.answer = async ({ socket }) => {
        const connection = new ScriptedConnection(socket);
        connection.acceptAssociate(await connection.readAssociateRQ());
        const request = await connection.readMessage();
        for (let count = 1; !socket.destroyed; count += 1) {
          const number = manner.changes ? count : 1;
          const completed = number & 0xffff;
          if (manner.kind !== 'find') connection.respond(request, { status: PENDING, remaining: 10, completed, failed: 0, warning: 0 });
          else
            connection.respond(request, { status: PENDING }, implicitDataSet({ [LEVEL]: 'STUDY', [STUDY_INSTANCE_UID]: `1.2.${number}` }));
          await pause(interval);
        }
      };
      const operation = { kind: manner.kind, port: peer.port, study: STUDY, messageId: MOVE_MESSAGE_ID };
      const { outcome } = await arena.system.call('operate', operation);
      peer.hangUp();
      return `${manner.kind}: ${outcome}`;
    });
    if (outcome !== expected) arena.fail(`${manner.kind}, case ${index}: ${outcome} instead of ${expected}`);
  });
}
