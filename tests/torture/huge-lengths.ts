import { constants, deflateRawSync } from 'node:zlib';
import { UIDs } from '../support/scripted-peer.ts';
import { type Arena, inParallel } from './arena.ts';
import { address, operateAgainst, outcomeOf, withPeers } from './connections.ts';
import { type Conversation, FRESH } from './conversations.ts';
import { Random } from './random.ts';
import { RawConnection } from './raw-connection.ts';
import { refreshed, replay } from './replay.ts';
import { StoringCaller } from './storing-caller.ts';

const LENGTHS = [0x7fff_fffe, 0x8000_0000, 0xffff_fffe, 0xffff_ffff] as const;
const DEFLATED = '1.2.840.10008.1.2.1.99';
/** What a bomb inflates to: far beyond what the reader may hold, were it to hold it. */
const BOMB_BYTES = 256 << 20;
/** Bytes of a value that are really sent. */
const STREAMED = 24 << 20;

/** Lengths that no peer can mean, wherever a length stands; values and bombs that are really as long. */
export async function hugeLengths(arena: Arena): Promise<void> {
  const rounds = Math.max(1, Math.ceil(10 * arena.scale));
  const bomb = deflateRawSync(Buffer.concat([element(0x00080005, 'LT', BOMB_BYTES), Buffer.alloc(BOMB_BYTES, 0x20)]), {
    level: 6,
    finishFlush: constants.Z_SYNC_FLUSH,
  });
  const hostile = dataSets();
  for (let round = 0; round < rounds; round += 1) {
    await announced(arena, round);
    await inParallel(6, async (index) => {
      const entry = hostile[index];
      if (entry === undefined) return false;
      const [name, dataSet] = entry;
      await stored(arena, `${name}, round ${round}`, UIDs.explicitVRLittleEndian, [dataSet], index);
      return true;
    });
    await stored(arena, `deflate bomb, round ${round}`, DEFLATED, [bomb], 1);
    const piece = Buffer.alloc(1 << 20, 0x41);
    const long = [element(0x00100010, 'LT', 0xffff_fff0), ...Array.from({ length: STREAMED / piece.length }, () => piece)];
    await stored(arena, `value without end, round ${round}`, UIDs.explicitVRLittleEndian, long, 2);
  }
}

/** The lengths of recorded PDUs, PDVs, items and command elements replaced: to the listener and to the pool. */
async function announced(arena: Arena, round: number): Promise<void> {
  const random = Random.of(arena.seed, round);
  const places = arena.conversations.flatMap((conversation) =>
    conversation.entries.flatMap(({ from, pdu }, at) => placesOf(pdu).map((place) => ({ conversation, from, at, ...place }))),
  );
  const some = places.filter(() => random.chance(arena.scale < 1 ? 0.08 : 0.4));
  await inParallel(16, async (index) => {
    const place = some[index];
    if (place === undefined) return false;
    const { conversation, from, at, offset, width, little } = place;
    if (from !== 'scu') return true;
    const huge = altered(conversation.entries[at]?.pdu ?? Buffer.alloc(6), offset, width, little, random.pick(LENGTHS));
    await arena.attempt(`to the listener, ${conversation.name}, PDU ${at}, length at ${offset}`, async () => {
      const connection = await RawConnection.open(arena.system.port, address(index));
      try {
        const entries = refreshed(conversation.entries, FRESH, round * 1000 + index);
        entries[at] = { from, pdu: huge };
        await replay(connection, entries, 'scu', { patienceMs: 60 });
        return `to the listener: ${await outcomeOf(connection)}`;
      } finally {
        connection.socket.destroy();
      }
    });
    return true;
  });
  const toPool = some.filter(({ from, conversation }) => from === 'scp' && conversation.caller === 'ours');
  await withPeers(10, toPool.length, async (index, peer) => {
    const place = toPool[index];
    if (place === undefined) return;
    const { conversation, from, at, offset, width, little } = place;
    const entries: Conversation['entries'][number][] = [...conversation.entries];
    const pdu = altered(entries[at]?.pdu ?? Buffer.alloc(6), offset, width, little, random.pick(LENGTHS));
    entries[at] = { from, pdu };
    await arena.attempt(`to the pool, ${conversation.name}, PDU ${at}, length at ${offset}`, () =>
      operateAgainst(arena, peer, conversation.kind, (connection) => replay(connection, entries, 'scp', { patienceMs: 60 })),
    );
  });
}

interface Place {
  readonly offset: number;
  readonly width: 2 | 4;
  readonly little: boolean;
}

/** Where lengths stand: of the PDU, of its items, of its PDV, of the elements of its command or data set. */
function placesOf(pdu: Buffer): Place[] {
  const places: Place[] = [{ offset: 2, width: 4, little: false }];
  const type = pdu.readUInt8(0);
  if (type === 1 || type === 2) {
    for (let at = 74; at + 4 <= pdu.length; at += 4 + pdu.readUInt16BE(at + 2)) places.push({ offset: at + 2, width: 2, little: false });
  }
  if (type === 4 && pdu.length > 20) {
    places.push({ offset: 6, width: 4, little: false });
    for (let at = 12; at + 8 <= pdu.length && places.length < 20; ) {
      places.push({ offset: at + 4, width: 4, little: true });
      const length = pdu.readUInt32LE(at + 4);
      if (length > pdu.length) break;
      at += 8 + length;
    }
  }
  return places;
}

function altered(pdu: Buffer, offset: number, width: 2 | 4, little: boolean, value: number): Buffer {
  const copy = Buffer.from(pdu);
  if (width === 2) copy.writeUInt16BE(value & 0xffff, offset);
  else if (little) copy.writeUInt32LE(value, offset);
  else copy.writeUInt32BE(value, offset);
  return copy;
}

/** Data sets whose lengths lie, by name. */
function dataSets(): (readonly [string, Buffer])[] {
  const head = Buffer.concat([text(0x00080016, 'UI', UIDs.secondaryCaptureStorage), text(0x00080018, 'UI', '1.2.3.4')]);
  const sequence = element(0x00081140, 'SQ', 0xffff_ffff);
  const item = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0xff, 0xff, 0xff, 0xff]);
  const nested = Buffer.concat(Array.from({ length: 20_000 }, () => Buffer.concat([sequence, item])));
  const lies = LENGTHS.flatMap((length) => [
    [`value of ${length}`, Buffer.concat([head, element(0x00081030, 'UT', length)])] as const,
    [`sequence of ${length}`, Buffer.concat([head, element(0x00081140, 'SQ', length)])] as const,
    [`item of ${length}`, Buffer.concat([head, sequence, withItemLength(item, length)])] as const,
    [`unknown value of ${length}`, Buffer.concat([head, element(0x00091001, 'UN', length)])] as const,
    [`pixels of ${length}`, Buffer.concat([head, element(0x7fe00010, 'OW', length)])] as const,
  ]);
  return [...lies, ['20,000 sequences in one another', Buffer.concat([head, nested])]];
}

function withItemLength(item: Buffer, length: number): Buffer {
  const copy = Buffer.from(item);
  copy.writeUInt32LE(length, 4);
  return copy;
}

function element(tag: number, vr: string, length: number): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  head.write(vr === 'LT' ? 'UT' : vr, 4, 'latin1');
  head.writeUInt32LE(length >>> 0, 8);
  return head;
}

function text(tag: number, vr: string, value: string): Buffer {
  const bytes = Buffer.from(value.length % 2 === 0 ? value : `${value}\0`, 'latin1');
  const head = Buffer.alloc(8);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  head.write(vr, 4, 'latin1');
  head.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([head, bytes]);
}

/** One C-STORE of a data set that is sent piece by piece, whatever it says of itself. */
async function stored(arena: Arena, name: string, transferSyntax: string, pieces: readonly Buffer[], from: number): Promise<void> {
  await arena.attempt(`C-STORE, ${name}`, async () => {
    await using caller = await StoringCaller.open(arena.system.port, address(from), UIDs.secondaryCaptureStorage, transferSyntax);
    return `C-STORE, ${name.replace(/, round \d+| of \d+/g, '')}: ${await caller.store('1.2.3.4', pieces)}`;
  });
}
