import { readFile } from 'node:fs/promises';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { locateInstance } from '../../../electron/archive/layout.ts';
import { dcmtk } from '../../support/dcmtk.ts';
import { filesBelow, realDicomFolder } from '../../support/dicom-data.ts';
import { type Receiver, startReceiver } from '../../support/receiver.ts';
import { startRecordingProxy } from '../../support/recording-proxy.ts';
import { PDU, scriptedCaller, UIDs } from '../../support/scripted-peer.ts';
import { storedDataSetHash } from '../../support/stored-file.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const STUDY = '1.2.840.55';

/** An element written by hand, so that no encoder tidies it up. `length` overrides the true one. */
interface Element {
  readonly tag: number;
  readonly vr: string;
  readonly value: Buffer;
  readonly length?: number;
}

const LONG = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV', 'ZZ']);
const text = (tag: number, vr: string, value: string, encoding: BufferEncoding = 'latin1'): Element => {
  const bytes = Buffer.from(value, encoding);
  return { tag, vr, value: bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from([vr === 'UI' ? 0 : 0x20])]) };
};
const binary = (tag: number, vr: string, value: number[] | Buffer, length?: number): Element => ({
  tag,
  vr,
  value: Buffer.from(value as number[]),
  ...(length === undefined ? {} : { length }),
});

function encode(elements: readonly Element[], how: 'implicit' | 'explicit' | 'big'): Buffer {
  const parts = [...elements]
    .sort((a, b) => a.tag - b.tag)
    .flatMap(({ tag, vr, value, length = value.length }) => {
      const head = Buffer.alloc(how === 'implicit' ? 8 : LONG.has(vr) ? 12 : 8);
      const u16 = (at: number, v: number) => (how === 'big' ? head.writeUInt16BE(v, at) : head.writeUInt16LE(v, at));
      const u32 = (at: number, v: number) => (how === 'big' ? head.writeUInt32BE(v, at) : head.writeUInt32LE(v, at));
      u16(0, Math.floor(tag / 0x10000));
      u16(2, tag % 0x10000);
      if (how === 'implicit') u32(4, length);
      else {
        head.write(vr, 4, 'latin1');
        if (LONG.has(vr)) u32(8, length);
        else u16(6, length);
      }
      return [head, value];
    });
  return Buffer.concat(parts);
}

const identity = (n: number): Element[] => [
  text(0x00080016, 'UI', UIDs.secondaryCaptureStorage),
  text(0x00080018, 'UI', `${STUDY}.1.${n}`),
  text(0x0020000d, 'UI', STUDY),
  text(0x0020000e, 'UI', `${STUDY}.1`),
];
const item = (bytes: Buffer, big = false) => {
  const head = Buffer.from(big ? [0xff, 0xfe, 0xe0, 0, 0, 0, 0, 0] : [0xfe, 0xff, 0, 0xe0, 0, 0, 0, 0]);
  if (big) head.writeUInt32BE(bytes.length, 4);
  else head.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
};
const sequenceEnd = Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
const open = Buffer.from([0xfe, 0xff, 0, 0xe0, 0xff, 0xff, 0xff, 0xff]);
const close = Buffer.from([0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0]);
const UNDEFINED = 0xffffffff;

const PRIVATE: Element[] = [
  text(0x00090010, 'LO', 'ACME 1.1'),
  binary(0x00091001, 'UN', [1, 2, 3, 4, 5, 6]),
  binary(0x00091002, 'OB', [0xff, 0xfe, 0xfd]),
  text(0x00091003, 'LO', 'trailing blanks    '),
  // Odd data elements outside any block, a creator without a block, an odd length, a retired group length that is wrong.
  text(0x00090099, 'LO', 'ORPHAN'),
  binary(0x00110000, 'UL', [99, 0, 0, 0]),
  binary(0x00111234, 'UN', [7]),
];
const LAST = [binary(0x7fe00010, 'OW', Buffer.alloc(64, 0x5a)), binary(0xfffcfffc, 'OB', Buffer.alloc(10, 0xee))];
const fragments = Buffer.concat([
  item(Buffer.alloc(0)),
  item(Buffer.from('ffd8ffe0ffd9', 'hex')),
  item(Buffer.from('ffd8ffe1ffd9', 'hex')),
  sequenceEnd,
]);

const CASES: readonly [string, string, (n: number) => Buffer][] = [
  [
    'private elements, orphans, odd lengths and trailing padding',
    UIDs.explicitVRLittleEndian,
    (n) => encode([...identity(n), ...PRIVATE, ...LAST], 'explicit'),
  ],
  ['private elements in implicit VR', UIDs.implicitVRLittleEndian, (n) => encode([...identity(n), ...PRIVATE, ...LAST], 'implicit')],
  [
    'VRs that are new, unknown or wrong',
    UIDs.explicitVRLittleEndian,
    (n) =>
      encode(
        [
          ...identity(n),
          binary(0x00291001, 'ZZ', [1, 2, 3, 4]),
          binary(0x00291002, 'OV', Buffer.alloc(16, 3)),
          binary(0x00291003, 'SV', Buffer.alloc(8, 0xff)),
          binary(0x00291004, 'UC', Buffer.from('unlimited ')),
          binary(0x00100020, 'UN', Buffer.from('ID as UN')),
          text(0x00200013, 'IS', 'not a number'),
          ...LAST,
        ],
        'explicit',
      ),
  ],
  [
    'sequences of undefined length, nested, and one sent as UN',
    UIDs.explicitVRLittleEndian,
    (n) => {
      const inner = encode([text(0x00080100, 'SH', 'CODE'), text(0x00080104, 'LO', 'Meaning ')], 'explicit');
      const nested = Buffer.concat([
        open,
        inner,
        encode([binary(0x00081199, 'SQ', Buffer.concat([open, inner, close, sequenceEnd]), UNDEFINED)], 'explicit'),
        close,
        sequenceEnd,
      ]);
      const asUN = Buffer.concat([open, encode([text(0x00080100, 'SH', 'CODE')], 'implicit'), close, sequenceEnd]);
      return encode(
        [...identity(n), binary(0x00081140, 'SQ', nested, UNDEFINED), binary(0x00291010, 'UN', asUN, UNDEFINED), ...LAST],
        'explicit',
      );
    },
  ],
  [
    'a name in Japanese by escape sequences, and bytes that fit no character set',
    UIDs.explicitVRLittleEndian,
    (n) =>
      encode(
        [
          ...identity(n),
          text(0x00080005, 'CS', '\\ISO 2022 IR 87'),
          binary(0x00100010, 'PN', Buffer.from('59616d6164615e5461726f3d1b24423b33451b28425e1b2442424040271b2842', 'hex')),
          binary(0x00100020, 'LO', Buffer.from('80ff1b2441fe', 'hex')),
          ...LAST,
        ],
        'explicit',
      ),
  ],
  ['big endian', '1.2.840.10008.1.2.2', (n) => encode([...identity(n), ...PRIVATE, binary(0x00280010, 'US', [0, 4]), ...LAST], 'big')],
  ['deflated', '1.2.840.10008.1.2.1.99', (n) => deflateRawSync(encode([...identity(n), ...PRIVATE, ...LAST], 'explicit'), { level: 1 })],
  [
    'encapsulated, in fragments',
    '1.2.840.10008.1.2.4.50',
    (n) => encode([...identity(n), binary(0x7fe00010, 'OB', fragments, UNDEFINED)], 'explicit'),
  ],
];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let receiver: Receiver;

beforeAll(async () => {
  folder = await temporaryFolder('bytes');
  receiver = await startReceiver(folder.path, { access: { acceptAnyone: true } });
});

afterAll(async () => {
  await receiver[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

test.each(CASES.map(([name, syntax, bytes], index) => ({ name, syntax, bytes, n: index + 1 })))(
  'stored as sent: $name',
  async ({ syntax, bytes, n }) => {
    const connection = await scriptedCaller(receiver.listener.port);
    const sopClassUID = UIDs.secondaryCaptureStorage;
    const { type } = await connection.associate({
      calledAETitle: 'PHOSPHOR',
      callingAETitle: 'ODD',
      abstractSyntaxes: [sopClassUID],
      transferSyntax: syntax,
    });
    expect(type).toBe(PDU.associateAC);
    const dataSet = bytes(n);
    const sopInstanceUID = `${STUDY}.1.${n}`;
    expect(await connection.store({ sopClassUID, sopInstanceUID, dataSet })).toBe(0);
    const file = await readFile(locateInstance(receiver.location, sopInstanceUID));
    const start = 144 + file.readUInt32LE(140);
    expect(file.subarray(start).equals(dataSet)).toBe(true);
    expect(file.subarray(132, start).includes(Buffer.from(syntax, 'latin1'))).toBe(true);
    await receiver.until(() => receiver.stored.some((one) => one.sopInstanceUID === sopInstanceUID));
    await connection.release();
  },
);

/** storescu's option that proposes a transfer syntax, and a part of the names of files in it. */
const SYNTAXES: readonly [string, string][] = [
  ['-xb', '1.2.840.10008.1.2.2'],
  ['-xd', '1.2.840.10008.1.2.1.99'],
  ['-xs', '1.2.840.10008.1.2.4.70'],
  ['-xt', '1.2.840.10008.1.2.4.80'],
  ['-xv', '1.2.840.10008.1.2.4.90'],
  ['-xr', '1.2.840.10008.1.2.5'],
  ['-xe', '1.2.840.10008.1.2.1'],
  ['-xi', '1.2.840.10008.1.2'],
];

test('real files as DCMTK puts them on the wire, in every transfer syntax that it sends', { timeout: 120_000 }, async () => {
  await using folder = await temporaryFolder('real-bytes');
  await using receiver = await startReceiver(folder.path, { access: { acceptAnyone: true } });
  await using proxy = await startRecordingProxy({ port: receiver.listener.port });
  const bySyntax = new Map<string, string[]>();
  for (const path of filesBelow(realDicomFolder())) {
    const syntax = await transferSyntaxOf(path);
    const held = syntax === undefined ? undefined : (bySyntax.get(syntax) ?? []);
    if (syntax === undefined || held === undefined || held.length >= 3) continue;
    bySyntax.set(syntax, [...held, path]);
  }
  for (const [option, syntax] of SYNTAXES) {
    const files = bySyntax.get(syntax) ?? [];
    if (files.length > 0) await dcmtk('storescu', option, '-nh', '-aec', 'PHOSPHOR', '127.0.0.1', String(proxy.port), ...files);
  }
  await receiver.until(() => receiver.stored.length + receiver.refused.length === proxy.stores.length);
  expect(receiver.stored.length).toBeGreaterThanOrEqual(6);
  const wire = new Map<string, Set<string>>();
  for (const { sopInstanceUID, sha256 } of proxy.stores) wire.set(sopInstanceUID, (wire.get(sopInstanceUID) ?? new Set()).add(sha256));
  for (const { sopInstanceUID } of receiver.stored) {
    expect(wire.get(sopInstanceUID)).toContain(await storedDataSetHash(locateInstance(receiver.location, sopInstanceUID)));
  }
});

/** From the File Meta Information, without the product's readers. */
async function transferSyntaxOf(path: string): Promise<string | undefined> {
  const file = await readFile(path);
  if (file.length < 160 || file.toString('latin1', 128, 132) !== 'DICM') return undefined;
  const at = file.subarray(0, 2048).indexOf(Buffer.from('0200100055490000', 'hex').subarray(0, 6));
  if (at < 0) return undefined;
  return file.toString('latin1', at + 8, at + 8 + file.readUInt16LE(at + 6)).replace(/[\0 ]+$/, '');
}
