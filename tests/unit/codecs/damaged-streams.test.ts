import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeFrame } from '../../../shared/codecs/index.ts';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { provideWasmFromPackages } from '../../support/wasm.ts';
import { readFrames } from './part10-frames.ts';

const ROOT = process.env.DICOM_TEST_DATA;
const MUTANTS = 30;

/** One small file for each family of decoders. */
const FILES: readonly [syntax: string, path: string][] = [
  ['RLE', 'pydicom/test_files/MR_small_RLE.dcm'],
  ['JPEG baseline', 'pydicom/test_files/SC_rgb_jpeg_dcmtk.dcm'],
  ['JPEG extended', 'pydicom/test_files/JPEG-lossy.dcm'],
  ['JPEG lossless', 'tcia-cmb-crc/1-001.dcm'],
  ['JPEG-LS', 'pydicom/test_files/MR_small_jpeg_ls_lossless.dcm'],
  ['JPEG 2000', 'pydicom/test_files/MR_small_jp2klossless.dcm'],
  ['HTJ2K', 'pydicom-data/HTJ2KLossless_08_RGB.dcm'],
];

describe.skipIf(ROOT === undefined)('a compressed frame that was damaged on its way', () => {
  beforeAll(provideWasmFromPackages);

  it.each(FILES)('(%s) becomes an image or a typed error, and the decoder lives on', { timeout: 120_000 }, async (_syntax, path) => {
    const file = readFrames(readFileSync(join(ROOT ?? '', path)));
    const [frame] = file.frames;
    if (frame === undefined) throw new Error('the file has no frame');
    const whole = { transferSyntaxUID: file.transferSyntaxUID, image: file.image };
    const intact = await decodeFrame({ ...whole, ...frame });
    const random = randomNumbers(7);
    let refused = 0;
    for (let i = 0; i < MUTANTS; i++) {
      const fragments = mutate(frame.fragments, i, random);
      try {
        const decoded = await decodeFrame({ ...whole, fragments });
        expect(decoded.samples.length).toBe(intact.samples.length);
      } catch (error) {
        expect(error).toBeInstanceOf(PhosphorError);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(0);
    expect((await decodeFrame({ ...whole, ...frame })).samples).toEqual(intact.samples);
  });
});

/** Overwritten bytes, flipped bits in the header, or a cut. */
function mutate(fragments: readonly Uint8Array[], round: number, random: () => number): Uint8Array[] {
  const [first = new Uint8Array(), ...rest] = fragments.map((fragment) => new Uint8Array(fragment));
  const at = (below: number) => Math.floor(random() * below);
  if (round % 3 === 0) for (let k = 0; k < 5; k++) first[at(first.length)] = at(256);
  if (round % 3 === 1) for (let k = 0; k < 3; k++) first[at(Math.min(200, first.length))] = at(256);
  return round % 3 === 2 ? [first.subarray(0, at(first.length))] : [first, ...rest];
}

function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state / 0x7fff_ffff;
  };
}
