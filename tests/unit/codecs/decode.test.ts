import { deflateRawSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type DecodedFrame,
  decodeFrame,
  type FrameDescription,
  inflate,
  readTable,
  toPaletteTable,
  toRGBA,
} from '../../../shared/codecs/index.ts';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { provideWasmFromPackages } from '../../support/wasm.ts';

const LITTLE = '1.2.840.10008.1.2.1';
const BIG = '1.2.840.10008.1.2.2';
const RLE = '1.2.840.10008.1.2.5';

const GREY16: FrameDescription = {
  rows: 2,
  columns: 2,
  samplesPerPixel: 1,
  photometricInterpretation: 'MONOCHROME2',
  planarConfiguration: 0,
  bitsAllocated: 16,
  bitsStored: 12,
  highBit: 11,
  pixelRepresentation: 1,
};
const RGB8: FrameDescription = {
  ...GREY16,
  samplesPerPixel: 3,
  photometricInterpretation: 'RGB',
  bitsAllocated: 8,
  bitsStored: 8,
  highBit: 7,
  pixelRepresentation: 0,
};

const native = (transferSyntaxUID: string, image: FrameDescription, bytes: ArrayLike<number>, more = {}) =>
  decodeFrame({ transferSyntaxUID, image, fragments: [Uint8Array.from(bytes)], ...more });

beforeAll(provideWasmFromPackages);

describe('native frames', () => {
  it('keep the stored bits only and extend their sign', async () => {
    const { samples } = await native(LITTLE, GREY16, [0xff, 0xff, 0x01, 0xf0, 0x00, 0x08, 0xff, 0x07]);
    expect([...samples]).toEqual([-1, 1, -2048, 2047]);
  });

  it('shift down values whose high bit is not the last stored one', async () => {
    const { samples } = await native(LITTLE, { ...GREY16, highBit: 15, pixelRepresentation: 0 }, [0x10, 0, 0xf0, 0xff, 0, 0, 0x2f, 0]);
    expect([...samples]).toEqual([1, 4095, 0, 2]);
  });

  it('are read in big-endian words', async () => {
    const { samples } = await native(BIG, { ...GREY16, bitsStored: 16, highBit: 15 }, [0, 1, 0xff, 0xfe, 1, 0, 0x7f, 0xff]);
    expect([...samples]).toEqual([1, -2, 256, 32767]);
  });

  it('of 8 bits are swapped pairwise only where they were written as big-endian words', async () => {
    const image = { ...GREY16, bitsAllocated: 8, bitsStored: 8, highBit: 7, pixelRepresentation: 0 };
    expect([...(await native(BIG, image, [1, 2, 3, 4])).samples]).toEqual([1, 2, 3, 4]);
    expect([...(await native(BIG, image, [1, 2, 3, 4], { swappedWords: true })).samples]).toEqual([2, 1, 4, 3]);
  });

  it('of 1 bit start at any bit of a byte, least significant first', async () => {
    const image = { ...GREY16, bitsAllocated: 1, bitsStored: 1, highBit: 0, pixelRepresentation: 0 };
    expect([...(await native(LITTLE, image, [0b1011_0000], { bitOffset: 4 })).samples]).toEqual([1, 1, 0, 1]);
  });

  it('in colour planes come out pixel by pixel', async () => {
    const { samples } = await native(LITTLE, { ...RGB8, planarConfiguration: 1 }, [1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24]);
    expect([...samples]).toEqual([1, 11, 21, 2, 12, 22, 3, 13, 23, 4, 14, 24]);
  });

  it('of 4:2:2 colour get their shared chroma', async () => {
    const frame = await native(LITTLE, { ...RGB8, photometricInterpretation: 'YBR_FULL_422' }, [10, 20, 100, 150, 30, 40, 101, 151]);
    expect([...frame.samples]).toEqual([10, 100, 150, 20, 100, 150, 30, 101, 151, 40, 101, 151]);
    expect(frame.photometricInterpretation).toBe('YBR_FULL');
  });

  it('of 12 bits allocated follow each other without gaps', async () => {
    const image = { ...GREY16, bitsAllocated: 12, pixelRepresentation: 0 };
    const { samples } = await native(LITTLE, image, [0x23, 0x61, 0x45, 0xbc, 0xfa, 0xde]);
    expect([...samples]).toEqual([0x123, 0x456, 0xabc, 0xdef]);
  });

  it('that come in fragments are put together', async () => {
    const fragments = [Uint8Array.from([1, 0, 2]), Uint8Array.from([0, 3, 0, 4, 0])];
    const image = { ...GREY16, pixelRepresentation: 0 };
    const { samples } = await decodeFrame({ transferSyntaxUID: '1.2.840.10008.1.2.1.98', image, fragments });
    expect([...samples]).toEqual([1, 2, 3, 4]);
  });

  it('never change the bytes they were read from', async () => {
    const bytes = Buffer.from([0xff, 0xff, 0x01, 0xf0, 0, 8, 0xff, 7]);
    await decodeFrame({ transferSyntaxUID: LITTLE, image: GREY16, fragments: [bytes] });
    expect([...bytes]).toEqual([0xff, 0xff, 0x01, 0xf0, 0, 8, 0xff, 7]);
  });
});

describe('RLE frames', () => {
  const rle = (...segments: number[][]) => {
    const header = new Uint8Array(64);
    const view = new DataView(header.buffer);
    view.setUint32(0, segments.length, true);
    let at = 64;
    for (const [i, segment] of segments.entries()) {
      view.setUint32(4 + 4 * i, at, true);
      at += segment.length;
    }
    return [...header, ...segments.flat()];
  };

  it('put the byte planes of 16-bit samples together', async () => {
    const { samples } = await native(RLE, { ...GREY16, pixelRepresentation: 0 }, rle([0xfd, 0x01], [0x03, 1, 2, 3, 4]));
    expect([...samples]).toEqual([0x101, 0x102, 0x103, 0x104]);
  });

  it('that end early are damaged, not half an image', async () => {
    await expect(native(RLE, GREY16, rle([0xff, 0x01], [0x01, 1, 2]))).rejects.toMatchObject({ kind: 'damaged' });
  });

  it('with segments outside the frame are damaged', async () => {
    const bytes = rle([0xfd, 0x01], [0xfd, 0x01]);
    bytes[8] = 0xff;
    bytes[9] = 0xff;
    await expect(native(RLE, GREY16, bytes)).rejects.toMatchObject({ kind: 'damaged' });
  });
});

describe('frames that cannot be shown', () => {
  it('of RLE too short for their image are refused before memory is taken for it', async () => {
    const image = { ...GREY16, rows: 12_000, columns: 12_000 };
    await expect(native(RLE, image, [2, 0, 0, 0, 64, 0, 0, 0, 66, ...new Array(60).fill(0)])).rejects.toMatchObject({ kind: 'damaged' });
  });

  it('of an unknown transfer syntax are unsupported', async () => {
    await expect(native('1.2.840.10008.1.2.4.100', GREY16, [])).rejects.toMatchObject({ kind: 'unsupported' });
  });

  it('with fewer bytes than declared are damaged', async () => {
    await expect(native(LITTLE, GREY16, [1, 2, 3])).rejects.toMatchObject({ kind: 'damaged' });
  });

  it('that would take gigabytes are refused before anything is allocated', async () => {
    await expect(native(LITTLE, { ...GREY16, rows: 65_535, columns: 65_535 }, [])).rejects.toMatchObject({ kind: 'limit-exceeded' });
  });

  it.each([
    ['more bits stored than allocated', { bitsStored: 17 }],
    ['a high bit below the stored bits', { highBit: 3 }],
    ['no rows', { rows: 0 }],
  ])('with %s are damaged', async (_what, change) => {
    await expect(native(LITTLE, { ...GREY16, ...change }, [0, 0, 0, 0, 0, 0, 0, 0])).rejects.toMatchObject({ kind: 'damaged' });
  });

  it.each(['50', '51', '57', '70', '80', '90', '201'])(
    'of transfer syntax 1.2.840.10008.1.2.4.%s and garbage inside are damaged',
    async (suffix) => {
      const garbage = Array.from({ length: 400 }, (_, i) => (i * 37) & 255);
      await expect(native(`1.2.840.10008.1.2.4.${suffix}`, GREY16, garbage)).rejects.toMatchObject({ kind: 'damaged' });
    },
  );

  it('compressed to another size than declared are damaged', async () => {
    const jpeg = [0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 9, 0, 9, 1, 1, 0x11, 0, 0xff, 0xd9];
    const image = { ...GREY16, bitsAllocated: 8, bitsStored: 8, highBit: 7, pixelRepresentation: 0 };
    await expect(native('1.2.840.10008.1.2.4.50', image, jpeg)).rejects.toThrow(/9 × 9/);
  });
});

describe('colour', () => {
  const frame = (photometricInterpretation: string, samples: number[], samplesPerPixel = 3): DecodedFrame => ({
    rows: 1,
    columns: samples.length / samplesPerPixel,
    samplesPerPixel,
    photometricInterpretation,
    bitsStored: 8,
    signed: false,
    samples: Uint8Array.from(samples),
  });

  it('of YBR_FULL turns into RGB', () => {
    expect([...toRGBA(frame('YBR_FULL', [76, 85, 255]))]).toEqual([254, 0, 0, 255]);
    expect([...toRGBA(frame('YBR_FULL', [128, 128, 128]))]).toEqual([128, 128, 128, 255]);
  });

  it('of a palette clamps indices that lie outside of it', () => {
    const table = (values: number[]) =>
      toPaletteTable(
        readTable({ entries: 2, firstMapped: 10, bits: 16, segmented: false }, new Uint8Array(Uint16Array.from(values).buffer)),
      );
    const palette = { red: table([0x0100, 0xff00]), green: table([0x0200, 0x8000]), blue: table([0x0300, 0x4000]) };
    expect([...toRGBA(frame('PALETTE COLOR', [0, 10, 11, 200], 1), palette)]).toEqual([
      1, 2, 3, 255, 1, 2, 3, 255, 255, 128, 64, 255, 255, 128, 64, 255,
    ]);
  });

  it('without its palette is damaged, in an unknown space unsupported', () => {
    expect(() => toRGBA(frame('PALETTE COLOR', [0], 1))).toThrow(PhosphorError);
    expect(() => toRGBA(frame('CIELAB', [0, 0, 0]))).toThrow(/CIELAB/);
  });
});

describe('deflated data', () => {
  it('is inflated, also where it was padded to an even length', async () => {
    const deflated = deflateRawSync(Buffer.alloc(1000, 7));
    const odd = deflated.length % 2 === 1 ? Buffer.concat([deflated, Buffer.alloc(1)]) : deflated;
    expect((await inflate(odd, 1000)).length).toBe(1000);
  });

  it('that grows past its bound is refused', async () => {
    await expect(inflate(deflateRawSync(Buffer.alloc(1_000_000)), 1000)).rejects.toMatchObject({ kind: 'limit-exceeded' });
  });

  it('that is cut off is damaged', async () => {
    await expect(inflate(deflateRawSync(Buffer.from('abcdefghijklmnop')).subarray(0, 6), 1000)).rejects.toMatchObject({ kind: 'damaged' });
  });
});
