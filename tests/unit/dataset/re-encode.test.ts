import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Dataset, decodeDataset, encodeDataset, Tag, TransferSyntaxUID } from '../../../electron/dicom/dataset/index.ts';
import { reEncode } from '../../../electron/dicom/dataset/re-encode.ts';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { elementsOf, firstDifference, gathered } from '../../support/elements.ts';
import { SYNTAXES, sampleDataset } from './support.ts';

const {
  ImplicitVRLittleEndian: IMPLICIT,
  ExplicitVRLittleEndian: EXPLICIT,
  ExplicitVRBigEndian: BIG,
  DeflatedExplicitVRLittleEndian: DEFLATED,
} = TransferSyntaxUID;

async function converted(bytes: Uint8Array, from: string, to: string, pieceBytes = 5): Promise<Uint8Array> {
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, i) =>
    bytes.subarray(i * pieceBytes, (i + 1) * pieceBytes),
  );
  return await gathered(reEncode(pieces, from, to));
}

/** Elements of an Explicit VR Little Endian data set that `encodeDataset` would not write: VR and value as given. */
function raw(...elements: [tag: number, vr: string, value: Uint8Array][]): Buffer {
  return Buffer.concat(
    elements.map(([tag, vr, value]) => {
      const long = ['OB', 'OW', 'UN', 'SQ', 'OV', 'ZZ'].includes(vr);
      const header = Buffer.alloc(long ? 12 : 8);
      header.writeUInt16LE(tag / 0x10000, 0);
      header.writeUInt16LE(tag % 0x10000, 2);
      header.write(vr, 4, 'latin1');
      if (long) header.writeUInt32LE(value.length, 8);
      else header.writeUInt16LE(value.length, 6);
      return Buffer.concat([header, value]);
    }),
  );
}

const US = (value: number): Uint8Array => Uint8Array.of(value & 0xff, value >> 8);

/** An implicit element, nothing looked up. */
function implicit(tag: number, value: Uint8Array): Uint8Array {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(tag / 0x10000, 0);
  header.writeUInt16LE(tag % 0x10000, 2);
  header.writeUInt32LE(value.length, 4);
  return Buffer.concat([header, value]);
}

const pairs = SYNTAXES.flatMap((from) => SYNTAXES.filter((to) => to !== from).map((to) => [from, to] as const));

describe('a data set in another native transfer syntax', () => {
  test.each(pairs)('from %s to %s and back says the same', async (from, to) => {
    const dataset = sampleDataset();
    dataset
      .set(0x00091001, Uint8Array.of(1, 2, 3, 4), 'OW')
      .set(0x00091002, [-2], 'SL')
      .set(0x00090010, 'CREATOR', 'LO');
    const source = encodeDataset(dataset, from);
    const wanted = elementsOf(decodeDataset(source, from));
    const there = await converted(source, from, to, 1);
    expect(firstDifference(wanted, elementsOf(decodeDataset(there, to)))).toBeUndefined();
    const back = await converted(there, to, from);
    expect(firstDifference(wanted, elementsOf(decodeDataset(back, from)))).toBeUndefined();
  });

  test('elements without VR get that of the dictionary, by Pixel Representation and Bits Allocated where it has two', async () => {
    const bytes = Buffer.concat([
      implicit(0x00090010, Buffer.from('CREATOR ')),
      implicit(0x00091001, Uint8Array.of(1, 2)),
      implicit(Tag.BitsAllocated, US(16)),
      implicit(Tag.PixelRepresentation, US(1)),
      implicit(Tag.PixelPaddingValue, US(0xfffe)),
      implicit(0x00283006, US(7)),
      implicit(
        0x00880200,
        Buffer.concat([implicit(Tag.Item, Buffer.concat([implicit(Tag.BitsAllocated, US(8)), implicit(Tag.PixelData, US(5))]))]),
      ),
      implicit(0x7ff10010, Buffer.from('X ')),
      implicit(Tag.PixelData, US(9)),
    ]);
    const explicit = decodeDataset(await converted(bytes, IMPLICIT, EXPLICIT), EXPLICIT);
    const vrs = elementsOf(explicit).map(({ path, vr }) => `${path} ${vr}`);
    expect(vrs).toEqual([
      '00090010 LO',
      '00091001 UN',
      '00280100 US',
      '00280103 US',
      '00280120 SS',
      '00283006 OW',
      '00880200 SQ',
      '00880200[0] SQ',
      '00880200[0].00280100 US',
      '00880200[0].7fe00010 OB',
      '7fe00010 OW',
      '7ff10010 LO',
    ]);
    expect(explicit.numbers(Tag.PixelPaddingValue)).toEqual([-2]);
  });

  test.each([EXPLICIT, BIG])('a value too long for its VR in explicit form becomes UN in %s, and comes back as it was', async (to) => {
    const dataset = Dataset.of({ PatientID: 'A' }).set(
      'WindowCenter',
      Array.from({ length: 20_000 }, (_, i) => i),
    );
    dataset.set(0x00280120, [1]).set(
      0x00281101,
      Array.from({ length: 40_000 }, (_, i) => i),
    );
    const source = encodeDataset(dataset, IMPLICIT);
    const there = await converted(source, IMPLICIT, to, 1000);
    expect(Buffer.from(there).includes('UN')).toBe(true);
    expect(Buffer.compare(await converted(there, to, IMPLICIT, 999), source)).toBe(0);
  });

  test('a sequence of unknown VR and undefined length keeps its implicit little endian bytes inside a big endian data set', async () => {
    const content = Buffer.concat([implicit(Tag.Rows, US(258)), Buffer.from('feff0de000000000', 'hex')]);
    const sequence = Buffer.concat([Buffer.from('feff00e0ffffffff', 'hex'), content, Buffer.from('feffdde000000000', 'hex')]);
    const unknown = raw([0x00091010, 'UN', new Uint8Array(0)]);
    Buffer.from(unknown.buffer, unknown.byteOffset).writeUInt32LE(0xffffffff, 8);
    const source = Buffer.concat([unknown, sequence, raw([0x00100020, 'LO', Buffer.from('A ')])]);
    const big = await converted(source, EXPLICIT, BIG);
    expect(Buffer.from(big).includes(sequence)).toBe(true);
    expect(decodeDataset(big, BIG).items(0x00091010)[0]?.number(Tag.Rows)).toBe(258);
    expect(Buffer.compare(await converted(big, BIG, EXPLICIT), source)).toBe(0);
  });

  test('UN keeps its bytes in every byte order, and a VR that nobody knows its letters', async () => {
    const source = raw([0x00091010, 'UN', Uint8Array.of(1, 2, 3, 4)], [0x00091011, 'US', US(258)]);
    const big = Buffer.from(await converted(source, EXPLICIT, BIG));
    expect(big.toString('hex')).toContain('554e000000000004' + '01020304');
    expect(big.toString('hex')).toContain('55530002' + '0102');
    const unknown = raw([0x00091010, 'ZZ', Uint8Array.of(1, 2, 3, 4)]);
    expect((await converted(unknown, EXPLICIT, IMPLICIT)).length).toBe(unknown.length - 4);
    await expect(converted(unknown, EXPLICIT, BIG)).rejects.toMatchObject({ kind: 'unsupported' });
  });

  test.each<[string, Uint8Array]>([
    ['32-bit samples in OW', raw([Tag.BitsAllocated, 'US', US(32)], [Tag.PixelData, 'OW', Uint8Array.of(1, 2, 3, 4)])],
    ['16-bit samples in OB', raw([Tag.BitsAllocated, 'US', US(16)], [Tag.PixelData, 'OB', Uint8Array.of(1, 2)])],
    ['curve data of unknown values', raw([0x50003000, 'OB', Uint8Array.of(1, 2)])],
    ['a number that is cut off', raw([0x00186016, 'UL', Uint8Array.of(1, 2, 3, 4, 5, 6)])],
  ])('%s stay as they are where bytes need not be turned round, and are refused where they would be guessed at', async (_what, source) => {
    const wanted = elementsOf(decodeDataset(source, EXPLICIT));
    const there = decodeDataset(await converted(source, EXPLICIT, IMPLICIT), IMPLICIT);
    expect(firstDifference(wanted, elementsOf(there))).toBeUndefined();
    await expect(converted(source, EXPLICIT, BIG)).rejects.toMatchObject({
      kind: 'unsupported',
      message: expect.stringContaining('guessing'),
    });
  });

  test('odd values get their pad, by their VR', async () => {
    const source = raw(
      [0x00080060, 'CS', Buffer.from('CTX')],
      [0x00081155, 'UI', Buffer.from('1.2')],
      [0x00091010, 'OB', Uint8Array.of(7)],
    );
    const padded = Buffer.from(await converted(source, EXPLICIT, IMPLICIT)).toString('latin1');
    expect(padded).toContain('CTX ');
    expect(padded).toContain('1.2\0');
    expect(padded.endsWith('\x07\0')).toBe(true);
    const words = raw([Tag.PixelData, 'OW', Uint8Array.of(1, 2, 3)]);
    expect(Buffer.from(await converted(words, EXPLICIT, BIG)).subarray(-4)).toEqual(Buffer.from([2, 1, 0, 3]));
  });

  test.each<[string, Uint8Array, string, string]>([
    ['a value that is cut off', raw([Tag.PatientID, 'LO', Buffer.from('ABCDEF')]).subarray(0, -2), EXPLICIT, 'damaged'],
    ['a header that is cut off', raw([Tag.PatientID, 'LO', Buffer.from('AB')]).subarray(0, 5), EXPLICIT, 'damaged'],
    ['an item outside a sequence', Buffer.from('feff00e000000000', 'hex'), EXPLICIT, 'damaged'],
    [
      'an element longer than its item',
      implicit(0x00081140, implicit(Tag.Item, implicit(Tag.PatientID, new Uint8Array(4)).subarray(0, 10))),
      IMPLICIT,
      'damaged',
    ],
    ['a deflated stream that is cut off', deflateRawSync(new Uint8Array(1000)).subarray(0, 5), DEFLATED, 'damaged'],
    ['no deflated stream', Uint8Array.of(0xff, 0xff, 0xff), DEFLATED, 'damaged'],
    ['compressed pixels', Buffer.from('e07f10004f420000ffffffff', 'hex'), EXPLICIT, 'unsupported'],
  ])('%s is said to be what it is', async (_what, bytes, from, kind) => {
    await expect(converted(bytes, from, BIG)).rejects.toMatchObject({ kind });
  });

  test('sequences without end are refused before they cost memory', async () => {
    const deep = Buffer.concat(Array.from({ length: 5000 }, () => Buffer.from('0800401153510000fffffffffeff00e0ffffffff', 'hex')));
    await expect(converted(deep, EXPLICIT, BIG, 1000)).rejects.toMatchObject({ kind: 'limit-exceeded' });
  });

  test('whatever bytes are broken, it is converted or refused with a typed error', async () => {
    let seed = 20_261_121;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
      return seed % below;
    };
    for (let round = 0; round < 1500; round += 1) {
      const [from, to] = pairs[round % pairs.length] ?? [EXPLICIT, BIG];
      const bytes = Uint8Array.from(encodeDataset(sampleDataset(), from));
      for (let n = random(5) + 1; n > 0; n -= 1) bytes[random(bytes.length)] = random(256);
      const thrown = await converted(bytes.subarray(0, bytes.length - random(2) * random(100)), from, to, 400).catch(
        (error: unknown) => error,
      );
      if (!(thrown instanceof Uint8Array)) expect(thrown, `round ${round}`).toBeInstanceOf(PhosphorError);
    }
  });

  test('a small stream that inflates without end is stopped', async () => {
    const bomb = deflateRawSync(raw([Tag.PixelData, 'OB', new Uint8Array(8_000_000)]));
    const out = gathered(reEncode([bomb], DEFLATED, IMPLICIT, 1_000_000));
    await expect(out).rejects.toMatchObject({ kind: 'limit-exceeded' });
  });

  test.each([BIG, DEFLATED])('an image of 300 MB passes to %s without being held', async (to) => {
    const chunk = new Uint8Array(500_000);
    const header = raw([Tag.BitsAllocated, 'US', US(16)], [Tag.PixelData, 'OW', new Uint8Array(0)]);
    header.writeUInt32LE(600 * chunk.length, header.length - 4);
    let most = 0;
    let bytes = 0;
    const start = process.memoryUsage().arrayBuffers;
    const source = function* (): Generator<Uint8Array> {
      yield header;
      for (let i = 0; i < 600; i += 1) yield chunk.slice();
    };
    for await (const out of reEncode(source(), EXPLICIT, to)) {
      bytes += out.length;
      most = Math.max(most, process.memoryUsage().arrayBuffers - start);
    }
    expect(bytes).toBeGreaterThan(to === BIG ? 300_000_000 : 200_000);
    expect(most).toBeLessThan(150_000_000);
  });
});
