import { setTimeout as pause } from 'node:timers/promises';
import { implicitDataSet, ScriptedConnection } from '../support/scripted-peer.ts';
import type { Arena } from './arena.ts';
import { withPeers } from './connections.ts';
import { MOVE_MESSAGE_ID, STUDY } from './conversations.ts';

const PENDING = 0xff00;
const STUDY_INSTANCE_UID = 0x0020000d;
const LEVEL = 0x00080052;
/** A peer that was itself kept from speaking for so long has not been pending all the time: its case is done again. */
const LONGEST_GAP_MS = 500;
const TRIES = 5;

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
    for (let attempts = 1; attempts <= TRIES; attempts += 1) {
      const gap = { longestMs: 0 };
      const outcome = await arena.attempt(`${manner.kind}, ${manner.changes ? 'changing' : 'unchanged'}, case ${index}`, async () => {
        peer.answer = ({ socket }) => sayPending(new ScriptedConnection(socket), manner, interval, gap);
        const operation = { kind: manner.kind, port: peer.port, study: STUDY, messageId: MOVE_MESSAGE_ID };
        const { outcome } = await arena.system.call('operate', operation);
        peer.hangUp();
        return `${manner.kind}: ${outcome}`;
      });
      if (outcome === expected) return;
      if (gap.longestMs > LONGEST_GAP_MS && attempts < TRIES) arena.count('done again: the torturer itself was kept from speaking');
      else return arena.fail(`${manner.kind}, case ${index}: ${outcome} instead of ${expected}`);
    }
  });
}

async function sayPending(
  connection: ScriptedConnection,
  { kind, changes }: (typeof MANNERS)[number],
  interval: number,
  gap: { longestMs: number },
): Promise<void> {
  connection.acceptAssociate(await connection.readAssociateRQ());
  const request = await connection.readMessage();
  let spokenAt = performance.now();
  for (let count = 1; !connection.socket.destroyed; count += 1) {
    gap.longestMs = Math.max(gap.longestMs, performance.now() - spokenAt);
    spokenAt = performance.now();
    const number = changes ? count : 1;
    const completed = number & 0xffff;
    if (kind !== 'find') connection.respond(request, { status: PENDING, remaining: 10, completed, failed: 0, warning: 0 });
    else connection.respond(request, { status: PENDING }, implicitDataSet({ [LEVEL]: 'STUDY', [STUDY_INSTANCE_UID]: `1.2.${number}` }));
    await pause(interval);
  }
}
