import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dataset, decodeDataset, encodeFileMeta, memorySource, readPart10Meta, Tag } from '../../../electron/dicom/dataset/index.ts';
import { NATIVE_TRANSFER_SYNTAXES } from '../../../electron/dicom/dataset/re-encode.ts';
import { type CodecWorker, createCodecWorker, type TranscodeSource, transcode } from '../../../electron/transcoding/index.ts';
import { elementsOf, gathered } from '../../support/elements.ts';
import { colourDataset, compressed, ctDataset, type EncodedInstance, SYNTAX } from './encoded-images.ts';

const ROOT = process.env.DICOM_TEST_DATA;
const PLANAR = 1;

let codec: CodecWorker;
beforeAll(() => {
  codec = createCodecWorker();
});
afterAll(() => codec.close());

function fileOf(bytes: Uint8Array): TranscodeSource {
  const source = memorySource(bytes);
  return { ...source, fetch: async (offset, length) => source.read(offset, length) };
}

function part10(instance: EncodedInstance): Uint8Array {
  return Buffer.concat([encodeFileMeta(instance), instance.bytes]);
}

interface Options {
  readonly to?: string;
  readonly allowLossyConversion?: boolean;
  readonly worker?: CodecWorker;
}

async function chunksOf(bytes: Uint8Array, options: Options = {}): Promise<AsyncIterable<Uint8Array>> {
  const { to = SYNTAX.explicit, allowLossyConversion = false, worker = codec } = options;
  return await transcode(fileOf(bytes), { to, codec: worker, allowLossyConversion, signal: new AbortController().signal });
}

async function transcoded(instance: EncodedInstance, options: Options = {}): Promise<Dataset> {
  const bytes = await gathered(await chunksOf(part10(instance), options));
  return decodeDataset(bytes, options.to ?? SYNTAX.explicit);
}

/** The coder's own elements aside (DCMTK adds what it did). */
function said(dataset: Dataset): string[] {
  const ofTheCoder = ['00080008', '00082111', '00082112', '00280006', '00282110', '00282112', '00282114', '00189004'];
  const flat = elementsOf(dataset).filter(({ path }) => !ofTheCoder.some((tag) => path.startsWith(tag)) && path !== '7fe00010');
  return flat.map(({ path, bytes }) => `${path} ${Buffer.from(bytes).toString('latin1')}`);
}

const LOSSLESS = [SYNTAX.rle, SYNTAX.jpegLossless, SYNTAX.jpegLS, SYNTAX.jpeg2000];

describe('a compressed image, decoded on its way', () => {
  it.each(LOSSLESS.flatMap((from) => NATIVE_TRANSFER_SYNTAXES.map((to) => [from, to] as const)))(
    'from %s has the pixels and elements of its original in %s',
    async (from, to) => {
      const original = ctDataset(64, { frames: 3 });
      const result = await transcoded(await compressed(original, from), { to });
      expect(Buffer.compare(result.bytes(Tag.PixelData) ?? Buffer.alloc(0), original.bytes(Tag.PixelData) ?? Buffer.alloc(1))).toBe(0);
      expect(said(result)).toEqual(said(original));
    },
  );

  it.each(LOSSLESS)('in colour from %s has its samples side by side, in RGB, and says so', async (from) => {
    const original = colourDataset(63);
    const result = await transcoded(await compressed(original, from));
    const pixels = result.bytes(Tag.PixelData) ?? Buffer.alloc(0);
    expect(Buffer.compare(pixels.subarray(0, 63 * 63 * 3), original.bytes(Tag.PixelData) ?? Buffer.alloc(1))).toBe(0);
    expect(pixels.length % 2).toBe(0);
    expect(result.string(Tag.PhotometricInterpretation)).toBe('RGB');
    expect(result.number(Tag.PlanarConfiguration)).not.toBe(PLANAR);
    expect(result.get(Tag.PixelData)?.vr).toBe('OB');
  });

  it('in several fragments a frame is put together by its offset table, and refused where nothing tells its frames apart', async () => {
    const original = ctDataset(64, { frames: 3 });
    const result = await transcoded(await compressed(original, SYNTAX.rle, ['+fs', '1', '+ot']));
    expect(Buffer.compare(result.bytes(Tag.PixelData) ?? Buffer.alloc(0), original.bytes(Tag.PixelData) ?? Buffer.alloc(1))).toBe(0);
    const ambiguous = await compressed(original, SYNTAX.rle, ['+fs', '1', '-ot']);
    await expect(transcoded(ambiguous)).rejects.toMatchObject({ kind: 'damaged', message: expect.stringContaining('frames') });
  });

  it('loses the offset tables that count in its fragments, and nothing behind its pixels', async () => {
    const instance = await compressed(ctDataset(64), SYNTAX.jpeg2000);
    const pixels = Buffer.from(instance.bytes).indexOf(Buffer.from('e07f1000', 'hex'));
    const table = Buffer.from('e07f01004f56000008000000' + '0000000000000000', 'hex');
    const padding = Buffer.from('fcfffcff4f42000004000000' + '00000000', 'hex');
    const bytes = Buffer.concat([instance.bytes.subarray(0, pixels), table, instance.bytes.subarray(pixels), padding]);
    const tags = (await transcoded({ ...instance, bytes })).elements().map(({ tag }) => tag);
    expect(tags).not.toContain(Tag.ExtendedOffsetTable);
    expect(tags.slice(-2)).toEqual([Tag.PixelData, 0xfffcfffc]);
  });

  it('keeps what RLE holds beside the stored bits', async () => {
    const original = ctDataset(16, {
      change: (samples, dataset) => {
        dataset.set('BitsStored', 12).set('HighBit', 11).set('PixelRepresentation', 0);
        samples.forEach((sample, i) => {
          samples[i] = (sample & 0x0fff) | (i % 2 === 0 ? 0x1000 : 0);
        });
      },
    });
    const result = await transcoded(await compressed(original, SYNTAX.rle));
    expect(Buffer.compare(result.bytes(Tag.PixelData) ?? Buffer.alloc(0), original.bytes(Tag.PixelData) ?? Buffer.alloc(1))).toBe(0);
    expect([Tag.BitsAllocated, Tag.BitsStored, Tag.HighBit].map((tag) => result.number(tag))).toEqual([16, 12, 11]);
  });

  it('that was compressed with loss is refused with the reason, and decoded where that is allowed', async () => {
    const original = colourDataset(32);
    const lossy = await compressed(original, SYNTAX.jpegBaseline);
    const refusal = { kind: 'unsupported', message: expect.stringMatching(/compressed with loss.*settings/) };
    await expect(transcoded(lossy)).rejects.toMatchObject(refusal);
    const result = await transcoded(lossy, { allowLossyConversion: true });
    expect([result.string(Tag.PhotometricInterpretation), result.string(Tag.LossyImageCompression)]).toEqual(['RGB', '01']);
    expect(result.bytes(Tag.PixelData)).toHaveLength(32 * 32 * 3);
  });

  it('from near-lossless JPEG-LS loses nothing more, and stays known as lossy', async () => {
    const unsigned = ctDataset(32, {
      change: (samples, dataset) => {
        dataset.set('PixelRepresentation', 0);
        for (const [i, sample] of samples.entries()) samples[i] = sample + 1024;
      },
    });
    const near = await compressed(unsigned, SYNTAX.jpegLS, ['+en', '+md', '2']);
    const result = await transcoded({ ...near, transferSyntaxUID: '1.2.840.10008.1.2.4.81' });
    expect(result.bytes(Tag.PixelData)).toHaveLength(32 * 32 * 2);
    expect(result.string(Tag.LossyImageCompression)).toBe('01');
  });

  it('of 80 MiB is not held whole, and damage of a late frame ends it there', async () => {
    const original = ctDataset(1024, { frames: 40, change: (samples) => samples.fill(7) });
    const instance = await compressed(original, SYNTAX.rle);
    let bytes = 0;
    for await (const chunk of await chunksOf(part10(instance))) bytes += chunk.length;
    expect(bytes).toBeGreaterThan(80 * 1024 * 1024);
    // The last frame's header says that it has 255 segments.
    const broken = Uint8Array.from(instance.bytes);
    const last = Buffer.from(broken.buffer).lastIndexOf(Buffer.from([2, 0, 0, 0, 64, 0, 0, 0]));
    broken[last] = 255;
    let before = 0;
    const reading = async (): Promise<void> => {
      for await (const chunk of await chunksOf(part10({ ...instance, bytes: broken }))) before += chunk.length;
    };
    await expect(reading()).rejects.toMatchObject({ kind: 'damaged' });
    expect(before).toBeGreaterThan(8 * 1024 * 1024);
  });

  it('that is damaged gives nothing at all where it fits into memory', async () => {
    const instance = await compressed(ctDataset(32, { frames: 3 }), SYNTAX.jpegLossless);
    const bytes = Uint8Array.from(instance.bytes);
    const start = Buffer.from(bytes.buffer).lastIndexOf(Buffer.from([0xff, 0xd8, 0xff]));
    bytes.fill(0, start, start + 40);
    await expect(chunksOf(part10({ ...instance, bytes }))).rejects.toMatchObject({ kind: 'damaged' });
    await expect(chunksOf(part10({ ...instance, bytes: instance.bytes.subarray(0, -300) }))).rejects.toMatchObject({ kind: 'damaged' });
  });

  it('over which the decoder hangs is given up in time', async () => {
    const endless = "import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { for (;;); });";
    const start = (): Worker => new Worker(new URL(`data:text/javascript,${encodeURIComponent(endless)}`));
    const worker = createCodecWorker({ start, runMs: 200 });
    await expect(transcoded(await compressed(ctDataset(16), SYNTAX.rle), { worker })).rejects.toMatchObject({ kind: 'timed-out' });
    await worker.close();
  });

  it.each([
    ['1.2.840.10008.1.2.4.102', /video/],
    ['1.2.840.10008.1.2.4.110', /cannot be decoded/],
  ])('in %s is refused with the reason', async (transferSyntaxUID, message) => {
    const instance = await compressed(ctDataset(16), SYNTAX.rle);
    await expect(transcoded({ ...instance, transferSyntaxUID })).rejects.toMatchObject({
      kind: 'unsupported',
      message: expect.stringMatching(message),
    });
  });

  it('with a compressed icon is refused with the reason', async () => {
    const instance = await compressed(ctDataset(16), SYNTAX.rle);
    const icon = Buffer.from(
      `88000002${Buffer.from('SQ').toString('hex')}0000fffffffffeff00e0ffffffffe07f10004f420000fffffffffeff00e000000000feffdde000000000`,
      'hex',
    );
    const pixels = Buffer.from(instance.bytes).indexOf(Buffer.from('e07f1000', 'hex'));
    const bytes = Buffer.concat([
      instance.bytes.subarray(0, pixels),
      icon,
      Buffer.from('feff0de000000000feffdde000000000', 'hex'),
      instance.bytes.subarray(pixels),
    ]);
    await expect(transcoded({ ...instance, bytes })).rejects.toMatchObject({
      kind: 'unsupported',
      message: expect.stringContaining('icon'),
    });
  });

  it('without pixel data is re-encoded', async () => {
    const plain = Dataset.of({ PatientID: 'P', Modality: 'SR' });
    const bytes = Buffer.concat([
      encodeFileMeta({ sopClassUID: '1.2', sopInstanceUID: '1.3', transferSyntaxUID: SYNTAX.jpegLS }),
      Buffer.from('10002000' + '4c4f0200' + '5020', 'hex'),
    ]);
    const out = decodeDataset(await gathered(await chunksOf(bytes, { to: SYNTAX.implicit })), SYNTAX.implicit);
    expect(out.string(Tag.PatientID)).toBe(plain.string(Tag.PatientID));
  });
});

/** Where the cells differ from the reference though the stored values do not; and references of another layout. */
const EXPLAINED: Readonly<Record<string, string>> = {
  'pydicom-data/JLSL_16_15_1_1F.dcm': 'signed in 15 bits: we extend the sign',
  'pydicom/test_files/J2K_pixelrep_mismatch.dcm': 'unsigned codestream of signed pixels: we extend the sign',
  'pydicom-data/liver_deflate.dcm': '1-bit samples: the reference unpacks them',
  'pydicom-data/liver_j2k.dcm': '1-bit samples: the reference unpacks them',
  'pydicom-data/liver_rle.dcm': '1-bit samples: the reference unpacks them',
  'fo-dicom/GH364.dcm': 'no data set: an item outside any sequence',
  'fo-dicom/genFile.dcm': 'no JPEG in its fragments',
};

describe.skipIf(ROOT === undefined)('real compressed files', () => {
  it('decode to the pixels that GDCM or DCMTK give, or are refused because they would lose something', { timeout: 120_000 }, async () => {
    const [head = [], ...rows] = readFileSync(join(ROOT ?? '', 'REFERENCE.tsv'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split('\t'));
    const different: string[] = [];
    const counts = { equal: 0, refused: 0 };
    for (const row of rows) {
      const { path = '', ...value } = Object.fromEntries(row.map((text, i) => [head[i] ?? '', text]));
      const bytes = readFileSync(join(ROOT ?? '', path));
      if (EXPLAINED[path] !== undefined || !isCompressed(bytes)) continue;
      try {
        const dataset = decodeDataset(await gathered(await chunksOf(bytes)), SYNTAX.explicit);
        const hash = createHash('sha256').update(pixelsOf(dataset)).digest('hex');
        if ([value.gdcm_pixels_sha256, value.dcmtk_pixels_sha256].includes(hash)) counts.equal += 1;
        else different.push(`${path}: other pixels`);
      } catch (thrown) {
        const message = thrown instanceof Error ? thrown.message : '';
        if (message.includes('compressed with loss')) counts.refused += 1;
        else different.push(`${path}: ${message}`);
      }
    }
    expect(different).toEqual([]);
    expect(counts.equal).toBeGreaterThan(90);
    expect(counts.refused).toBeGreaterThan(40);
  });
});

function isCompressed(bytes: Uint8Array): boolean {
  try {
    return !NATIVE_TRANSFER_SYNTAXES.includes(readPart10Meta(bytes).transferSyntaxUID);
  } catch {
    return false;
  }
}

/** Without the pad. */
function pixelsOf(dataset: Dataset): Uint8Array {
  const sizes = [Tag.Rows, Tag.Columns, Tag.SamplesPerPixel, Tag.BitsAllocated].map((tag) => dataset.number(tag) ?? 0);
  const bits = sizes.reduce((product, size) => product * size, dataset.number(Tag.NumberOfFrames) ?? 1);
  return (dataset.bytes(Tag.PixelData) ?? new Uint8Array(0)).subarray(0, bits / 8);
}
