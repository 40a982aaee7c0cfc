import { type Arena, inParallel } from './arena.ts';
import { caller, wayOf } from './connections.ts';
import { type Conversation, FRESH, MOVE_MESSAGE_ID, STUDY } from './conversations.ts';
import { MutatingPeer } from './mutating-peer.ts';
import { mutate } from './mutations.ts';
import { Random } from './random.ts';
import type { RawConnection } from './raw-connection.ts';
import { refreshed, replay } from './replay.ts';

/** Mutated PDUs in the full form, three fifths of them to the listener. */
const PDUS = 100_000;
const TO_LISTENER = 0.6;
const CALLERS = 20;
const LANES = 10;
/** How often a PDU is left as it is: what comes after a bad one should be reached as well. */
const INTACT = 0.6;
const PATIENCE_MS = 40;

/** Recorded conversations with mutated PDUs, said to the listener and to the association pool at the same time. */
export async function pduFuzz(arena: Arena): Promise<void> {
  const pdus = Math.ceil(PDUS * arena.scale);
  await Promise.all([asCallers(arena, Math.ceil(pdus * TO_LISTENER)), asPeers(arena, Math.ceil(pdus * (1 - TO_LISTENER)))]);
}

/** Counts mutated PDUs as they are sent, the first of a conversation sometimes. */
function mutator(arena: Arena, random: Random, conversation: Conversation, role: string, tally: { sent: number }) {
  const others = conversation.entries.map(({ pdu }) => pdu);
  return (pdu: Buffer, index: number): readonly Buffer[] => {
    // Without an association there is little to see.
    if (random.chance(index === 0 ? 0.85 : INTACT)) return [pdu];
    tally.sent += 1;
    arena.count(`mutated PDUs to the ${role}`);
    return mutate({ pdu, others, random });
  };
}

async function asCallers(arena: Arena, pdus: number): Promise<void> {
  const tally = { sent: 0 };
  await inParallel(CALLERS, async (index) => {
    if (tally.sent >= pdus) return false;
    const random = Random.of(arena.seed, index);
    const conversation = arena.conversations[random.below(arena.conversations.length)];
    if (conversation === undefined) throw new Error('nothing was recorded');
    const entries = random.chance(0.7) ? refreshed(conversation.entries, FRESH, index) : conversation.entries;
    // Most come plainly, for their PDUs to be read.
    const way = random.chance(0.8) ? 'plainly' : wayOf(arena, index);
    await arena.attempt(`${way} to the listener, case ${index}, ${conversation.name}`, async () => {
      const connection = await caller(arena, index, way);
      try {
        const change = mutator(arena, random, conversation, 'listener', tally);
        await replay(connection, entries, 'scu', { change, patienceMs: PATIENCE_MS });
        return await endOf(connection, random);
      } finally {
        connection.socket.destroy();
      }
    });
    return true;
  });
}

/** Hangs up in one of three ways and waits for the listener to do the same. */
async function endOf(connection: RawConnection, random: Random): Promise<string> {
  const before = connection.isFinished ? 'it hung up' : undefined;
  const manner = random.below(20);
  if (manner === 0) connection.reset();
  // One in twenty waits for the clock.
  else if (manner > 1) connection.socket.end();
  await connection.finished;
  const reason = connection.reason.length > 0 && [3, 7].includes(connection.lastType) ? ` ${connection.reason.join('/')}` : '';
  return `${connection.lastName}${reason}${before === undefined ? '' : `, ${before}`}`;
}

async function asPeers(arena: Arena, pdus: number): Promise<void> {
  const own = arena.conversations.filter(({ caller }) => caller === 'ours');
  const tally = { sent: 0 };
  const lanes = await Promise.all(Array.from({ length: LANES }, () => MutatingPeer.listen()));
  await inParallel(LANES, async (index, lane) => {
    if (tally.sent >= pdus) return false;
    const random = Random.of(~arena.seed, index);
    const conversation = own[random.below(own.length)];
    const peer = lanes[lane];
    if (conversation === undefined || peer === undefined) throw new Error('nothing was recorded');
    const change = mutator(arena, random, conversation, 'pool', tally);
    peer.answer = async (connection) => {
      await replay(connection, conversation.entries, 'scp', { change, patienceMs: PATIENCE_MS });
      if (random.chance(0.9)) connection.socket.end();
      else if (random.chance(0.5)) connection.reset();
    };
    await arena.attempt(`to the pool, case ${index}, ${conversation.name}`, async () => {
      const files = conversation.kind === 'store' ? { files: [`${arena.folder}/fresh/1.2.826.0.1.4.${FRESH}.1.1.dcm`] } : {};
      const { kind } = conversation;
      const { outcome } = await arena.system.call('operate', { kind, port: peer.port, study: STUDY, messageId: MOVE_MESSAGE_ID, ...files });
      return `${kind}: ${outcome}`;
    });
    peer.hangUp();
    return true;
  });
  for (const peer of lanes) peer.close();
}
