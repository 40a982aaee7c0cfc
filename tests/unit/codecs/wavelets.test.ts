import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeFrame, type FrameDescription } from '../../../shared/codecs/index.ts';
import { COLUMNS, cells, pattern, ROWS } from '../../support/images.ts';
import { provideWasmFromPackages } from '../../support/wasm.ts';

// The encoders of OpenJPEG and OpenJPH stand in the same packages as their decoders.

interface Encoder {
  getDecodedBuffer(info: object): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  setQuality(lossless: boolean, step: number): void;
  setProgressionOrder(order: number): void;
  setDecompositions(levels: number): void;
  encode(): void;
}

const RPCL = 2;
const require = createRequire(import.meta.url);
type Wavelet = 'JPEG 2000' | 'HTJ2K';
const newEncoder: Partial<Record<Wavelet, () => Encoder>> = {};

beforeAll(async () => {
  provideWasmFromPackages();
  for (const [wavelet, name, encoder] of [
    ['JPEG 2000', '@cornerstonejs/codec-openjpeg', 'J2KEncoder'],
    ['HTJ2K', '@cornerstonejs/codec-openjph', 'HTJ2KEncoder'],
  ] as const) {
    const { default: create } = (await import(require.resolve(`${name}/wasmjs`))) as {
      default: (options: object) => Promise<Record<string, new () => Encoder>>;
    };
    const module = await create({ wasmBinary: await readFile(require.resolve(`${name}/wasm`)) });
    const Encoder = module[encoder];
    if (Encoder !== undefined) newEncoder[wavelet] = () => new Encoder();
  }
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

function encode(wavelet: Wavelet, image: FrameDescription, values: readonly number[], lossless = true): Uint8Array {
  const encoder = newEncoder[wavelet]?.();
  if (encoder === undefined) throw new Error(`no encoder for ${wavelet}`);
  const buffer = encoder.getDecodedBuffer({
    width: image.columns,
    height: image.rows,
    bitsPerSample: image.bitsStored,
    componentCount: image.samplesPerPixel,
    isSigned: image.pixelRepresentation === 1,
    isUsingColorTransform: image.photometricInterpretation === 'YBR_RCT' || image.photometricInterpretation === 'YBR_ICT',
  });
  buffer.set(cells(values, image.bitsStored > 8 ? 16 : 8).subarray(0, buffer.length));
  if (wavelet === 'HTJ2K') {
    encoder.setQuality(lossless, lossless ? 0 : 0.001);
    encoder.setProgressionOrder(RPCL);
  } else {
    encoder.setDecompositions(3);
    encoder.setQuality(lossless, lossless ? 0 : 1);
  }
  encoder.encode();
  return encoder.getEncodedBuffer().slice();
}

const SYNTAXES: Readonly<Record<Wavelet, readonly string[]>> = { 'JPEG 2000': ['90', '91'], HTJ2K: ['201', '202', '203'] };

describe.each(['JPEG 2000', 'HTJ2K'] as const)('%s', (wavelet) => {
  it.each([
    ['8 bits', { ...GREY, ...bits(8, 8) }],
    ['10 bits', { ...GREY, ...bits(16, 10) }],
    ['12 bits, signed', { ...GREY, ...bits(16, 12, 1) }],
    ['16 bits', GREY],
    ['16 bits, signed', { ...GREY, ...bits(16, 16, 1) }],
    ['RGB', { ...GREY, ...bits(8, 8), samplesPerPixel: 3, photometricInterpretation: 'RGB' }],
    ['YBR_RCT', { ...GREY, ...bits(8, 8), samplesPerPixel: 3, photometricInterpretation: 'YBR_RCT' }],
  ])('lossless of %s comes back sample by sample, in each of its syntaxes', async (_name, image) => {
    const values = valuesOf(image);
    const fragments = [encode(wavelet, image, values)];
    for (const suffix of SYNTAXES[wavelet]) {
      const decoded = await decodeFrame({ transferSyntaxUID: `1.2.840.10008.1.2.4.${suffix}`, image, fragments });
      expect([...decoded.samples]).toEqual(values);
      if (image.samplesPerPixel === 3) expect(decoded.photometricInterpretation).toBe('RGB');
    }
  });

  it('of a foreign size, or cut off, is damaged', async () => {
    const whole = encode(wavelet, GREY, valuesOf(GREY));
    const transferSyntaxUID = `1.2.840.10008.1.2.4.${SYNTAXES[wavelet][0]}`;
    await expect(decodeFrame({ transferSyntaxUID, image: { ...GREY, rows: ROWS + 1 }, fragments: [whole] })).rejects.toMatchObject({
      kind: 'damaged',
    });
    await expect(decodeFrame({ transferSyntaxUID, image: GREY, fragments: [whole.subarray(0, 60)] })).rejects.toMatchObject({
      kind: 'damaged',
    });
  });
});

it('HTJ2K that lost something is near', async () => {
  const image = { ...GREY, ...bits(16, 12) };
  const values = valuesOf(image);
  const fragments = [encode('HTJ2K', image, values, false)];
  const { samples } = await decodeFrame({ transferSyntaxUID: '1.2.840.10008.1.2.4.203', image, fragments });
  const most = Math.max(...values.map((value, i) => Math.abs(value - (samples[i] ?? 0))));
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(64);
});
