import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { type Arena, inParallel } from './arena.ts';
import { type Conversation, type Entry, FRESH, MOVE_MESSAGE_ID, STUDY } from './conversations.ts';
import { MutatingPeer } from './mutating-peer.ts';
import { Random } from './random.ts';
import { RawConnection } from './raw-connection.ts';
import { refreshed, replay } from './replay.ts';

const PATIENCE_MS = 1000;
const ADDRESSES = 8;

/** The `number`th address to call from: the listener counts callers by it. */
export function address(number: number): string {
  return `127.0.0.${2 + (number % ADDRESSES)}`;
}

/** How a caller comes: by the plain port, by TLS, or with what it has to say to the TLS port itself. */
export type Way = 'plainly' | 'by TLS' | 'to the TLS port';
const WAYS: readonly Way[] = ['plainly', 'plainly', 'plainly', 'by TLS', 'plainly', 'to the TLS port', 'plainly'];

/** The `number`th caller of the listener. */
export async function caller(arena: Arena, number: number, way = wayOf(arena, number)): Promise<RawConnection> {
  const { securePort = arena.system.port } = arena;
  if (way === 'by TLS') return await RawConnection.openSecurely(securePort, address(number));
  return await RawConnection.open(way === 'plainly' ? arena.system.port : securePort, address(number));
}

export function wayOf(arena: Arena, number: number): Way {
  return (arena.securePort === undefined ? undefined : WAYS[number % WAYS.length]) ?? 'plainly';
}

/** One operation of the pool with a peer that `answer` plays; the outcome is the operation's result. */
export async function operateAgainst(
  arena: Arena,
  peer: MutatingPeer,
  kind: Conversation['kind'],
  answer: (connection: RawConnection) => Promise<void>,
): Promise<string> {
  peer.answer = answer;
  const files = kind === 'store' ? { files: [`${arena.folder}/fresh/1.2.826.0.1.4.${FRESH}.1.1.dcm`] } : {};
  const request = { kind, port: peer.port, study: STUDY, messageId: MOVE_MESSAGE_ID, ...files };
  const { outcome } = await arena.system.call('operate', request);
  peer.hangUp();
  return `${kind}: ${outcome}`;
}

/** Lanes of the pool's peers, closed in the end. */
export async function withPeers(lanes: number, cases: number, work: (index: number, peer: MutatingPeer) => Promise<void>): Promise<void> {
  const peers = await Promise.all(Array.from({ length: lanes }, () => MutatingPeer.listen()));
  try {
    await inParallel(lanes, async (index, lane) => {
      const peer = peers[lane];
      if (index >= cases || peer === undefined) return false;
      await work(index, peer);
      return true;
    });
  } finally {
    for (const peer of peers) peer.close();
  }
}

/** What was left of a connection when the other side had ended it. */
export async function outcomeOf(connection: RawConnection): Promise<string> {
  await connection.finished;
  const reason = connection.reason.length > 0 && [3, 7].includes(connection.lastType) ? ` ${connection.reason.join('/')}` : '';
  return `${connection.lastName}${reason}`;
}

/**
 * The connection is reset after byte n of a recorded conversation, for a sweep of n: as caller of the listener and as peer of the pool, each
 * kind of service, in an order of chance.
 */
export async function rstAnywhere(arena: Arena): Promise<void> {
  const points = Math.ceil(600 * arena.scale);
  const sweep = (side: Entry['from']) => (conversation: Conversation) => {
    const bytes = lengthOf(conversation.entries, side);
    return Array.from({ length: points }, (_, point) => ({ conversation, side, resetAfter: Math.floor((point * bytes) / points) }));
  };
  const ours = arena.conversations.filter(({ caller }) => caller === 'ours');
  const cases = new Random(arena.seed).shuffled([
    ...oneOfEach(arena.conversations).flatMap(sweep('scu')),
    ...oneOfEach(ours).flatMap(sweep('scp')),
  ]);
  await withPeers(20, cases.length, async (index, peer) => {
    const { conversation, side, resetAfter } = cases[index] ?? {};
    if (conversation === undefined || resetAfter === undefined) return;
    const options = { resetAfter, patienceMs: PATIENCE_MS };
    if (side === 'scp') {
      await arena.attempt(`${conversation.name}, the peer's side reset after byte ${resetAfter}`, () =>
        operateAgainst(arena, peer, conversation.kind, (connection) => replay(connection, conversation.entries, 'scp', options)),
      );
      return;
    }
    await arena.attempt(`${conversation.name}, our side reset after byte ${resetAfter}`, async () => {
      const connection = await RawConnection.open(arena.system.port, address(index));
      await replay(connection, refreshed(conversation.entries, FRESH, index), 'scu', options);
      connection.reset();
      await connection.closed;
      return `${conversation.kind} as SCP, reset`;
    });
  });
}

const MANNERS = ['FIN', 'silence', 'silence inside a PDU', 'no reading'] as const;
type Manner = (typeof MANNERS)[number];

/** Peers that stop, of the listener and of the pool: half-closed after each PDU, silent after each PDU, no longer reading. */
export async function halfOpen(arena: Arena): Promise<void> {
  const points = arena.conversations.flatMap((conversation) =>
    conversation.entries.flatMap((_, at) => MANNERS.map((manner) => ({ conversation, at, manner }))),
  );
  const toPool = points.filter(({ conversation }) => conversation.caller === 'ours');
  const random = new Random(arena.seed);
  const cases = random.shuffled([
    ...repeatedTo(random.shuffled(points), Math.ceil(1200 * arena.scale)).map((point) => ({ ...point, toPool: false })),
    ...repeatedTo(random.shuffled(toPool), Math.ceil(875 * arena.scale)).map((point) => ({ ...point, toPool: true })),
  ]);
  await withPeers(40, cases.length, async (index, peer) => {
    const it = cases[index];
    if (it === undefined) return;
    const { conversation, at, manner } = it;
    await arena.attempt(
      `${it.toPool ? 'to the pool' : `${wayOf(arena, index)} to the listener`}, ${conversation.name}, ${manner} after PDU ${at}`,
      () => (it.toPool ? stoppingPeer(arena, peer, conversation, at, manner) : stoppingCaller(arena, index, conversation, at, manner)),
    );
  });
}

async function stoppingCaller(arena: Arena, index: number, { entries }: Conversation, at: number, manner: Manner): Promise<string> {
  const connection = await caller(arena, index);
  try {
    if (manner === 'no reading') connection.socket.pause();
    const patienceMs = manner === 'no reading' ? 20 : PATIENCE_MS;
    await replay(connection, refreshed(entries, FRESH, index).slice(0, at), 'scu', { patienceMs });
    if (manner === 'silence inside a PDU') connection.write(Buffer.from([4, 0, 0, 0, 1]));
    if (manner === 'FIN') connection.socket.end();
    if (manner === 'no reading') {
      // Only what is read shows the end: until then the listener's own clocks run.
      await pause(2500);
      connection.socket.resume();
    }
    return `${wayOf(arena, index)} to the listener, ${manner}: ${await outcomeOf(connection)}`;
  } finally {
    connection.socket.destroy();
  }
}

function stoppingPeer(arena: Arena, peer: MutatingPeer, { kind, entries }: Conversation, at: number, manner: Manner): Promise<string> {
  return operateAgainst(arena, peer, kind, async (connection) => {
    if (manner === 'no reading' && at > 3) connection.socket.pause();
    await replay(connection, entries.slice(0, at), 'scp', { patienceMs: PATIENCE_MS });
    if (manner === 'silence inside a PDU') connection.write(Buffer.from([4, 0, 0, 0, 1]));
    if (manner === 'FIN') connection.socket.end();
  });
}

/** One byte a second, in every phase of an association, from many connections at once. */
export async function slowLoris(arena: Arena): Promise<void> {
  const conversations = oneOfEach(arena.conversations);
  const rounds = Math.max(1, Math.ceil(20 * arena.scale));
  const callers = 30;
  for (let round = 0; round < rounds; round += 1) {
    await inParallel(callers, async (index) => {
      const conversation = conversations[index % conversations.length];
      if (index >= callers || conversation === undefined) return false;
      const pdus = refreshed(conversation.entries, FRESH, round * callers + index);
      // Before the request, inside it, after the acceptance, inside a command, inside a data set.
      const fast = PHASES[index % PHASES.length] ?? PHASES[0];
      await arena.attempt(`${wayOf(arena, index)} to the listener, ${conversation.name}, slow ${fast.name}`, async () => {
        const connection = await caller(arena, index);
        try {
          await trickle(connection, pdus, fast);
          return `${wayOf(arena, index)} to the listener, slow ${fast.name}: ${await outcomeOf(connection)}`;
        } finally {
          connection.socket.destroy();
        }
      });
      return true;
    });
    await withPeers(10, 20, async (index, peer) => {
      const own = conversations.filter(({ caller }) => caller === 'ours');
      const conversation = own[index % own.length];
      if (conversation === undefined) return;
      const fast = PHASES[(index >> 2) % PHASES.length] ?? PHASES[0];
      await arena.attempt(`to the pool, ${conversation.name}, slow ${fast.name}`, () =>
        operateAgainst(arena, peer, conversation.kind, (connection) => trickle(connection, conversation.entries, fast, 'scp')),
      );
    });
  }
}

interface Phase {
  readonly name: string;
  /** Of our own PDUs, so many at full speed, and so many bytes of the next; then one byte a second. */
  readonly pdus: number;
  readonly bytes: number;
}

const PHASES: readonly [Phase, ...Phase[]] = [
  { name: 'from the first byte', pdus: 0, bytes: 0 },
  { name: 'inside the negotiation', pdus: 0, bytes: 40 },
  { name: 'between two PDUs', pdus: 1, bytes: 0 },
  { name: 'inside a PDU', pdus: 1, bytes: 20 },
  { name: 'inside the PDU after it', pdus: 2, bytes: 14 },
];

async function trickle(connection: RawConnection, entries: readonly Entry[], { pdus, bytes }: Phase, side: Entry['from'] = 'scu') {
  const own = entries.filter(({ from }) => from === side);
  const next = own[pdus]?.pdu ?? Buffer.alloc(64);
  const until = own[pdus] === undefined ? entries.length : entries.indexOf(own[pdus]);
  await replay(connection, entries.slice(0, until), side, { patienceMs: PATIENCE_MS });
  connection.write(next.subarray(0, bytes));
  for (let at = bytes; !connection.isFinished && at < next.length; at += 1) {
    connection.write(next.subarray(at, at + 1));
    await Promise.race([pause(1000), connection.finished]);
  }
}

/** Two thousand connections at once against the caps: who asks is told 2/3/2, and there is room again as soon as somebody goes. */
export async function flood(arena: Arena): Promise<void> {
  const connections = Math.ceil(2000 * Math.min(1, arena.scale * 4));
  const request = arena.conversations[0]?.entries[0]?.pdu ?? Buffer.alloc(0);
  for (const [name, addresses] of [
    ['one address', 1],
    ['250 addresses', 250],
  ] as const) {
    for (let round = 0; round < Math.max(1, Math.ceil(3 * arena.scale)); round += 1) {
      await Promise.all(
        Array.from({ length: connections }, (_, index) =>
          arena.attempt(`${name}, connection ${index}`, async () => {
            // Not faster than the system's own queue of callers takes them: what it drops never reaches us.
            await pause(index / 2);
            const connection = await RawConnection.open(arena.system.port, `127.0.1.${1 + (index % addresses)}`);
            try {
              // One in four says nothing at all.
              if (index % 4 === 3) {
                await Promise.race([connection.finished, pause(3500)]);
                if (!connection.isFinished && isHeld(arena.system.port, connection))
                  arena.fail(`${name}: a caller that says nothing is still held`);
                return `${name}, silent: ${connection.isFinished ? 'hung up on' : 'never got past the queue of the system'}`;
              }
              connection.write(request);
              await connection.has(1, 4000);
              if (connection.lastType === 2) await pause(500);
              if (connection.lastType === 0) arena.fail(`${name}: a caller that asked was not answered`);
              if (connection.lastType === 3 && connection.reason.join('/') !== '2/3/2') {
                arena.fail(`${name}: a caller was refused with ${connection.reason.join('/')}`);
              }
              return `${name}, asked: ${connection.lastName} ${connection.reason.join('/')}`.trim();
            } finally {
              connection.reset();
            }
          }),
        ),
      );
      // Nobody is left: an honest caller comes in at the first attempt.
      await arena.attempt(`${name}, the next caller`, async () => {
        const connection = await RawConnection.open(arena.system.port, '127.0.1.1');
        try {
          connection.write(request);
          await connection.has(1, 4000);
          if (connection.lastType !== 2) arena.fail(`${name}: the caller after the flood got ${connection.lastName}`);
          return `${name}, after the flood: ${connection.lastName}`;
        } finally {
          connection.reset();
        }
      });
    }
  }
}

/** Whether the other end of a connection has been accepted: the system drops callers whose last ACK finds its queue full, and only it knows. */
function isHeld(port: number, { socket }: RawConnection): boolean {
  const hex = (number: number) => number.toString(16).toUpperCase().padStart(4, '0');
  const ends = new RegExp(`:${hex(port)} [0-9A-F]{8}:${hex(socket.localPort ?? 0)} (01|08) `);
  return readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .some((line) => ends.test(line) && line.trim().split(/\s+/)[9] !== '0');
}

/** Of each service the first conversation, and of each caller. */
function oneOfEach(conversations: readonly Conversation[]): Conversation[] {
  return [...Map.groupBy(conversations, ({ kind, caller }) => `${kind} ${caller}`).values()].flatMap(([first]) => first ?? []);
}

function lengthOf(entries: readonly Entry[], side: Entry['from']): number {
  return entries.reduce((sum, { from, pdu }) => sum + (from === side ? pdu.length : 0), 0);
}

/** As many as are wanted: some of the values, or all of them several times. */
function repeatedTo<T>(values: readonly T[], count: number): T[] {
  return Array.from({ length: Math.ceil(count / Math.max(1, values.length)) }, () => values)
    .flat()
    .slice(0, count);
}
