import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeFrame, type FrameDescription } from '../../../shared/codecs/index.ts';
import { COLUMNS, cells, pattern, ROWS } from '../../support/images.ts';
import { provideWasmFromPackages } from '../../support/wasm.ts';

// OpenJPH's encoder stands in the same package as its decoder.

interface Encoder {
  getDecodedBuffer(info: object): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  setQuality(lossless: boolean, step: number): void;
  setProgressionOrder(order: number): void;
  encode(): void;
}

const require = createRequire(import.meta.url);
let newEncoder: () => Encoder;

beforeAll(async () => {
  provideWasmFromPackages();
  const { default: create } = (await import(require.resolve('@cornerstonejs/codec-openjph/wasmjs'))) as {
    default: (options: object) => Promise<{ HTJ2KEncoder: new () => Encoder }>;
  };
  const { HTJ2KEncoder } = await create({ wasmBinary: await readFile(require.resolve('@cornerstonejs/codec-openjph/wasm')) });
  newEncoder = () => new HTJ2KEncoder();
});

const GREY: FrameDescription = {
  rows: ROWS,
  columns: COLUMNS,
  samplesPerPixel: 1,
  photometricInterpretation: 'MONOCHROME2',
  planarConfiguration: 0,
  bitsAllocated: 16,
  bitsStored: 16,
  highBit: 15,
  pixelRepresentation: 0,
};
const bits = (bitsAllocated: number, bitsStored: number, pixelRepresentation = 0) => ({
  bitsAllocated,
  bitsStored,
  highBit: bitsStored - 1,
  pixelRepresentation,
});

/** Values over the whole range of an image's samples. */
function valuesOf({ rows, columns, samplesPerPixel, bitsStored, pixelRepresentation }: FrameDescription): number[] {
  const low = pixelRepresentation === 1 ? -(2 ** (bitsStored - 1)) : 0;
  return pattern(rows * columns * samplesPerPixel).map((share) => low + Math.round(share * (2 ** bitsStored - 1)));
}

function encode(image: FrameDescription, values: readonly number[], { lossless = true, order = 2 } = {}): Uint8Array {
  const encoder = newEncoder();
  const buffer = encoder.getDecodedBuffer({
    width: image.columns,
    height: image.rows,
    bitsPerSample: image.bitsStored,
    componentCount: image.samplesPerPixel,
    isSigned: image.pixelRepresentation === 1,
    isUsingColorTransform: image.photometricInterpretation === 'YBR_RCT' || image.photometricInterpretation === 'YBR_ICT',
  });
  buffer.set(cells(values, image.bitsStored > 8 ? 16 : 8).subarray(0, buffer.length));
  encoder.setQuality(lossless, lossless ? 0 : 0.001);
  encoder.setProgressionOrder(order);
  encoder.encode();
  return encoder.getEncodedBuffer().slice();
}

const RPCL = 2;

describe('HTJ2K', () => {
  it.each([
    ['8 bits', { ...GREY, ...bits(8, 8) }],
    ['10 bits', { ...GREY, ...bits(16, 10) }],
    ['12 bits, signed', { ...GREY, ...bits(16, 12, 1) }],
    ['16 bits', GREY],
    ['16 bits, signed', { ...GREY, ...bits(16, 16, 1) }],
    ['RGB', { ...GREY, ...bits(8, 8), samplesPerPixel: 3, photometricInterpretation: 'RGB' }],
    ['YBR_RCT', { ...GREY, ...bits(8, 8), samplesPerPixel: 3, photometricInterpretation: 'YBR_RCT' }],
  ])('lossless of %s comes back sample by sample, in both of its syntaxes', async (_name, image) => {
    const values = valuesOf(image);
    const fragments = [encode(image, values, { order: RPCL })];
    for (const suffix of ['201', '202']) {
      const decoded = await decodeFrame({ transferSyntaxUID: `1.2.840.10008.1.2.4.${suffix}`, image, fragments });
      expect([...decoded.samples]).toEqual(values);
      if (image.samplesPerPixel === 3) expect(decoded.photometricInterpretation).toBe('RGB');
    }
  });

  it('lossy is near', async () => {
    const image = { ...GREY, ...bits(16, 12) };
    const values = valuesOf(image);
    const fragments = [encode(image, values, { lossless: false })];
    const { samples } = await decodeFrame({ transferSyntaxUID: '1.2.840.10008.1.2.4.203', image, fragments });
    const most = Math.max(...values.map((value, i) => Math.abs(value - (samples[i] ?? 0))));
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(64);
  });
});
