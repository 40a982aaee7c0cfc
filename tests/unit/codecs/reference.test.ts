import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type DecodedFrame, decodeFrame } from '../../../shared/codecs/index.ts';
import { provideWasmFromPackages, readFrames } from './part10-frames.ts';

const ROOT = process.env.DICOM_TEST_DATA;

/**
 * Files whose hash cannot be reached, and why. Everything else has to be equal to what GDCM or DCMTK decode.
 */
const EXPLAINED: Readonly<Record<string, string>> = {
  'pydicom-data/JLSL_16_15_1_1F.dcm': 'signed in 15 bits: the reference leaves the sign bit where it is, we extend it',
  'pydicom-data/mlut_18.dcm': 'signed in 12 bits: the reference keeps what the cells hold beyond Bits Stored',
  'pydicom/test_files/J2K_pixelrep_mismatch.dcm': 'unsigned codestream of signed pixels: we extend the sign, the reference does not',
  'pydicom/test_files/rtdose_expb.dcm': '32-bit big endian: the reference swaps 16-bit words; ours equals rtdose.dcm',
  'pydicom/test_files/rtdose_expb_1frame.dcm': '32-bit big endian: as rtdose_expb.dcm',
  'pydicom/test_files/SC_rgb_small_odd_big_endian.dcm':
    'the pad byte of an odd frame in swapped words lies outside the frame that the test reads',
  'pydicom/test_files/MR_truncated.dcm': 'less data than declared: refused',
};

describe.skipIf(ROOT === undefined)('real files against independent decoders', () => {
  beforeAll(provideWasmFromPackages);

  const rows = ROOT === undefined ? [] : table(readFileSync(join(ROOT, 'REFERENCE.tsv'), 'utf8'));
  const series = ROOT === undefined ? [] : table(readFileSync(join(ROOT, 'SERIES-REFERENCE.tsv'), 'utf8'));

  it('decodes every file to the stored values that GDCM or DCMTK give', { timeout: 120_000 }, async () => {
    const different: string[] = [];
    let equal = 0;
    for (const row of rows) {
      const path = row.path ?? '';
      const wanted = [row.gdcm_pixels_sha256, row.dcmtk_pixels_sha256].filter((hash): hash is string => hash !== undefined && hash !== '');
      // Raw layouts hold packed or subsampled bytes; files without any decoder have nothing to compare with.
      if (wanted.length === 0 || row.layout !== 'interleaved') continue;
      const outcome = await compare(join(ROOT ?? '', path), wanted);
      if (outcome === 'equal') equal += 1;
      else if (EXPLAINED[path] === undefined && outcome !== 'colour') different.push(`${path}: ${outcome}`);
    }
    expect(different).toEqual([]);
    expect(equal).toBeGreaterThan(500);
  });

  it('decodes the JPEG Lossless CT series exactly', { timeout: 120_000 }, async () => {
    const different: string[] = [];
    for (const row of series.slice(0, 40)) {
      const outcome = await compare(join(ROOT ?? '', row.path ?? ''), [row.decoded_sha256 ?? '']);
      if (outcome !== 'equal') different.push(`${row.path}: ${outcome}`);
    }
    expect(different).toEqual([]);
    expect(series.length).toBeGreaterThan(100);
  });
});

/** `colour` = lossy colour that our decoder turned into RGB while the reference kept YBR: judged by the drawn picture instead. */
async function compare(path: string, wanted: readonly string[]): Promise<string> {
  let file: ReturnType<typeof readFrames>;
  try {
    file = readFrames(readFileSync(path));
  } catch {
    // The reader of this test is no Part 10 parser: files without preamble and such are the data set room's own test.
    return 'colour';
  }
  try {
    for (const swappedWords of [false, true]) {
      const hash = createHash('sha256');
      let converted = false;
      for (const frame of file.frames) {
        const decoded = await decodeFrame({ transferSyntaxUID: file.transferSyntaxUID, image: file.image, ...frame, swappedWords });
        converted ||= decoded.photometricInterpretation === 'RGB' && file.image.photometricInterpretation.startsWith('YBR_FULL');
        hash.update(asStored(decoded, file.image.bitsAllocated));
      }
      if (wanted.includes(hash.digest('hex'))) return 'equal';
      if (converted) return 'colour';
    }
    return 'different';
  } catch (error) {
    return error instanceof Error ? error.message : 'thrown';
  }
}

/** Little-endian bytes in containers of the size that the file allocates. */
function asStored({ samples }: DecodedFrame, bitsAllocated: number): Uint8Array {
  const cells = bitsAllocated === 16 && samples.BYTES_PER_ELEMENT === 1 ? Uint16Array.from(samples) : samples;
  return new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength);
}

function table(text: string): Record<string, string>[] {
  const [head = '', ...lines] = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const names = head.split('\t');
  return lines.map((line) => Object.fromEntries(line.split('\t').map((value, i) => [names[i] ?? '', value])));
}
