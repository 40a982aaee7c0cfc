import type { Random } from './random.ts';

/** What a mutation sees: the PDU, and others of the same conversation to borrow from. */
export interface Subject {
  readonly pdu: Buffer;
  readonly others: readonly Buffer[];
  readonly random: Random;
}

/** A PDU becomes the PDUs, or the bytes, that are sent in its place. */
type Mutation = (subject: Subject) => Buffer[];

const LENGTHS_32 = [0, 1, 2, 3, 5, 0x7fff_ffff, 0xffff_fffe, 0xffff_ffff] as const;
const LENGTHS_16 = [0, 1, 2, 3, 0x7fff, 0xfffe, 0xffff] as const;
/** Command fields of PS3.7 annex E, and some that are none. */
const COMMAND_FIELDS = [
  0x0000, 0x0001, 0x8001, 0x0010, 0x0020, 0x8020, 0x0021, 0x8021, 0x0030, 0x8030, 0x0fff, 0x0100, 0x0130, 0xffff,
] as const;
const P_DATA_TF = 4;
const COMMAND_FIELD = 0x0100;

/** Mutations that any PDU can suffer. */
const ANY: readonly [Mutation, ...Mutation[]] = [
  ({ pdu, random }) => [flipped(pdu, random, 1 + random.below(8))],
  ({ pdu, random }) => [flipped(pdu, random, 1)],
  ({ pdu, random }) => [overwritten(pdu, random.below(pdu.length), random.bytes(1 + random.below(16)))],
  // Cut off: the next PDU's bytes are taken for the rest of this one.
  ({ pdu, random }) => [pdu.subarray(0, random.below(pdu.length))],
  // Cut off, and saying so.
  ({ pdu, random }) => [withLength(pdu.subarray(0, Math.max(6, random.below(pdu.length))))],
  ({ pdu }) => [pdu, pdu],
  ({ pdu, others, random }) => [pdu, others[random.below(others.length)] ?? pdu],
  ({ pdu, others, random }) => [others[random.below(others.length)] ?? pdu, pdu],
  ({ pdu, others, random }) => [spliced(pdu, others[random.below(others.length)] ?? pdu, random)],
  ({ pdu, others, random }) => [withLength(spliced(pdu, others[random.below(others.length)] ?? pdu, random))],
  ({ pdu, random }) => [uint32(pdu, 2, random.pick([...LENGTHS_32, pdu.length - 5, pdu.length - 7]))],
  ({ pdu, random }) => [uint8(pdu, 0, random.pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 0x47, 0xff]))],
  ({ random }) => [withLength(Buffer.concat([Buffer.from([random.below(10), 0, 0, 0, 0, 0]), random.bytes(random.below(300))]))],
  ({ pdu, random }) => [pdu.subarray(0, 6), random.bytes(random.below(64)), pdu.subarray(6)],
  () => [],
];

/** Mutations of A-ASSOCIATE-RQ and -AC: their items, nested as PS3.8 §9.3.2 nests them. */
const ITEMS: readonly [Mutation, ...Mutation[]] = [
  onItem(({ pdu, random }, at) => [
    uint16(pdu, at + 2, random.pick([...LENGTHS_16, pdu.readUInt16BE(at + 2) + 1, pdu.readUInt16BE(at + 2) - 1])),
  ]),
  onItem(({ pdu, random }, at) => [
    uint8(pdu, at, random.pick([0x10, 0x20, 0x21, 0x30, 0x40, 0x50, 0x51, 0x52, 0x53, 0x54, 0x56, 0x57, 0x58, 0xff])),
  ]),
  onItem(({ pdu, random }, at, end) => [inserted(pdu, end, repeated(pdu.subarray(at, end), 1 + random.below(200)))]),
  onItem(({ pdu }, at, end) => [withLength(Buffer.concat([pdu.subarray(0, at), pdu.subarray(end)]))]),
  // An item within itself, many levels deep.
  onItem(({ pdu, random }, at, end) => [inserted(pdu, end, nested(pdu.subarray(at, end), random.below(40)))]),
  onItem(({ pdu, random }, at, end) => [overwritten(pdu, at + 4, random.bytes(end - at - 4))]),
  // Protocol version, titles, reserved bytes.
  ({ pdu, random }) => [overwritten(pdu, 6 + random.below(68), random.bytes(1 + random.below(16)))],
];

/** Mutations of P-DATA-TF: PDVs, context IDs, control headers. */
const PDVS: readonly [Mutation, ...Mutation[]] = [
  ({ pdu, random }) => [uint8(pdu, 10, random.pick([0, 2, 3, 5, 127, 128, 254, 255]))],
  ({ pdu, random }) => [uint8(pdu, 11, random.pick([0, 1, 2, 3, 4, 0x80, 0xff]))],
  ({ pdu, random }) => [uint32(pdu, 6, random.pick([...LENGTHS_32, pdu.length - 9, pdu.length - 11]))],
  // Nothing in it at all; a PDV of nothing; a thousand of them.
  ({ pdu }) => [withLength(pdu.subarray(0, 6))],
  ({ pdu }) => [withLength(uint32(pdu.subarray(0, 12), 6, 2)), pdu],
  ({ pdu, random }) => [
    withLength(Buffer.concat([pdu.subarray(0, 6), repeated(uint32(pdu.subarray(0, 12), 6, 2).subarray(6), 1 + random.below(1000))])),
  ],
  // The same bytes, one in each PDU: nothing is wrong with that.
  ({ pdu }) => splitUp(pdu, pdu.length > 300 ? 97 : 1),
  ({ pdu, random }) => splitUp(pdu, 1 + random.below(64)).reverse(),
];

/** Mutations of a command set (PS3.7 §6.3): elements dropped, doubled, out of order, of wrong length, of other meaning. */
const COMMANDS: readonly [Mutation, ...Mutation[]] = [
  onElement(({ pdu, random }, at) => [overwritten(pdu, at + 4, littleEndian32(random.pick([...LENGTHS_32, 0x10000])))]),
  onElement(({ pdu }, at, end) => [shortened(pdu, at, end)]),
  onElement(({ pdu }, at, end) => [lengthened(pdu, end, pdu.subarray(at, end))]),
  onElement(({ pdu, random }, at, end) => [overwritten(pdu, at + 8, random.bytes(end - at - 8))]),
  onElement(({ pdu, random }, at) => [overwritten(pdu, at, random.bytes(4))]),
  onElement(({ pdu, random }, at, end) => [
    lengthened(pdu, end, Buffer.concat([pdu.subarray(at, at + 4), littleEndian32(2000), random.bytes(2000)])),
  ]),
  ({ pdu, random }) => [withCommandField(pdu, random.pick(COMMAND_FIELDS))],
  ({ pdu, random }) => [withCommandField(pdu, random.pick(COMMAND_FIELDS)), pdu],
];

/** Mutations of the data set that a P-DATA-TF carries. */
const DATA_SETS: readonly [Mutation, ...Mutation[]] = [
  ({ pdu, random }) => [overwritten(pdu, 12 + random.below(Math.min(400, pdu.length - 12)), random.bytes(1 + random.below(4)))],
  ({ pdu, random }) => [
    overwritten(pdu, 12 + 4 * random.below(Math.max(1, Math.min(100, (pdu.length - 12) >> 2))), littleEndian32(random.pick(LENGTHS_32))),
  ],
  ({ pdu, random }) => [
    overwritten(pdu, 12 + 2 * random.below(Math.max(1, Math.min(200, (pdu.length - 12) >> 1))), Buffer.from('SQ', 'latin1')),
  ],
  ({ pdu, random }) => [
    overwritten(pdu, 12 + 2 * random.below(Math.max(1, Math.min(200, (pdu.length - 12) >> 1))), Buffer.from([0xfe, 0xff, 0, 0xe0])),
  ],
];

/** One mutation of those that fit the PDU. */
export function mutate(subject: Subject): Buffer[] {
  const { pdu, random } = subject;
  if (pdu.length < 13 || random.chance(0.35)) return random.pick(ANY)(subject);
  const type = pdu.readUInt8(0);
  if (type === 1 || type === 2) return random.pick(ITEMS)(subject);
  if (type !== P_DATA_TF) return random.pick(ANY)(subject);
  if (random.chance(0.3)) return random.pick(PDVS)(subject);
  return random.pick((pdu.readUInt8(11) & 1) === 1 ? COMMANDS : DATA_SETS)(subject);
}

function onItem(change: (subject: Subject, at: number, end: number) => Buffer[]): Mutation {
  return (subject) => {
    const places = [...itemsOf(subject.pdu, 74, subject.pdu.length)];
    const place = places[subject.random.below(places.length)];
    return place === undefined ? [subject.pdu] : change(subject, ...place);
  };
}

/** Items and their sub-items: a presentation context has four bytes before its own, user information none. */
function* itemsOf(pdu: Buffer, from: number, to: number): Generator<readonly [number, number]> {
  for (let at = from; at + 4 <= to; ) {
    const end = at + 4 + pdu.readUInt16BE(at + 2);
    if (end > to) return;
    yield [at, end];
    const type = pdu.readUInt8(at);
    if (type === 0x20 || type === 0x21) yield* itemsOf(pdu, at + 8, end);
    if (type === 0x50) yield* itemsOf(pdu, at + 4, end);
    at = end;
  }
}

function onElement(change: (subject: Subject, at: number, end: number) => Buffer[]): Mutation {
  return (subject) => {
    const places = [...elementsOf(subject.pdu)];
    const place = places[subject.random.below(places.length)];
    return place === undefined ? [subject.pdu] : change(subject, ...place);
  };
}

/** The elements of a command set that stands alone in its PDU. */
function* elementsOf(pdu: Buffer): Generator<readonly [number, number]> {
  for (let at = 12; at + 8 <= pdu.length; ) {
    const end = at + 8 + pdu.readUInt32LE(at + 4);
    if (end > pdu.length) return;
    yield [at, end];
    at = end;
  }
}

function withCommandField(pdu: Buffer, value: number): Buffer {
  for (const [at] of elementsOf(pdu)) {
    if (pdu.readUInt16LE(at) === 0 && pdu.readUInt16LE(at + 2) === COMMAND_FIELD) {
      return overwritten(pdu, at + 8, Buffer.from([value & 0xff, value >> 8]));
    }
  }
  return pdu;
}

function shortened(pdu: Buffer, at: number, end: number): Buffer {
  return withPdvLength(Buffer.concat([pdu.subarray(0, at), pdu.subarray(end)]));
}

function lengthened(pdu: Buffer, at: number, bytes: Buffer): Buffer {
  return withPdvLength(Buffer.concat([pdu.subarray(0, at), bytes, pdu.subarray(at)]));
}

function withPdvLength(pdu: Buffer): Buffer {
  return withLength(uint32(pdu, 6, pdu.length - 10));
}

function splitUp(pdu: Buffer, size: number): Buffer[] {
  const context = pdu.readUInt8(10);
  const control = pdu.readUInt8(11);
  const pieces: Buffer[] = [];
  for (let at = 12; at < pdu.length; at += size) {
    const bytes = pdu.subarray(at, at + size);
    const head = Buffer.from([P_DATA_TF, 0, 0, 0, 0, 0, 0, 0, 0, 0, context, at + size >= pdu.length ? control : control & 1]);
    pieces.push(withPdvLength(Buffer.concat([head, bytes])));
  }
  return pieces;
}

function inserted(pdu: Buffer, at: number, bytes: Buffer): Buffer {
  return withLength(Buffer.concat([pdu.subarray(0, at), bytes, pdu.subarray(at)]));
}

function nested(item: Buffer, depth: number): Buffer {
  let value = item;
  for (let i = 0; i < depth && value.length < 60_000; i += 1) {
    value = Buffer.concat([uint16(item.subarray(0, 4), 2, value.length), value]);
  }
  return value;
}

function repeated(bytes: Buffer, times: number): Buffer {
  return Buffer.concat(Array.from({ length: Math.min(times, Math.ceil(200_000 / Math.max(1, bytes.length))) }, () => bytes));
}

function spliced(pdu: Buffer, other: Buffer, random: Random): Buffer {
  const from = random.below(other.length);
  return Buffer.concat([pdu.subarray(0, random.below(pdu.length)), other.subarray(from, from + random.below(600))]);
}

function flipped(pdu: Buffer, random: Random, bits: number): Buffer {
  const copy = Buffer.from(pdu);
  // What steers is at the front; pixels say little.
  const within = random.chance(0.7) ? Math.min(pdu.length, 260) : pdu.length;
  for (let i = 0; i < bits; i += 1) {
    const at = random.below(within);
    copy.writeUInt8(copy.readUInt8(at) ^ (1 << random.below(8)), at);
  }
  return copy;
}

/** The PDU with the length that it has. */
export function withLength(pdu: Buffer): Buffer {
  if (pdu.length < 6) return pdu;
  return uint32(pdu, 2, pdu.length - 6);
}

function overwritten(pdu: Buffer, at: number, bytes: Buffer): Buffer {
  const copy = Buffer.from(pdu);
  bytes.copy(copy, Math.min(at, copy.length));
  return copy;
}

function uint8(pdu: Buffer, at: number, value: number): Buffer {
  return overwritten(pdu, at, Buffer.from([value & 0xff]));
}

function uint16(pdu: Buffer, at: number, value: number): Buffer {
  return overwritten(pdu, at, Buffer.from([(value >> 8) & 0xff, value & 0xff]));
}

function uint32(pdu: Buffer, at: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return overwritten(pdu, at, bytes);
}

function littleEndian32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}
