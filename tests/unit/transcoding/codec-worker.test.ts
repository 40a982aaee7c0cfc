import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Dataset, Tag } from '../../../electron/dicom/dataset/index.ts';
import { type CodecWorker, type CodecWorkerOptions, createCodecWorker, type EncodedImage } from '../../../electron/transcoding/index.ts';
import type { FrameDescription } from '../../../shared/codecs/index.ts';
import { ctDataset, jpeg2000Frames, SYNTAX } from './encoded-images.ts';

const SIZE = 64;
const CT_IMAGE: FrameDescription = {
  rows: SIZE,
  columns: SIZE,
  samplesPerPixel: 1,
  photometricInterpretation: 'MONOCHROME2',
  planarConfiguration: 0,
  bitsAllocated: 16,
  bitsStored: 16,
  highBit: 15,
  pixelRepresentation: 1,
};
const pixels = ctDataset(SIZE).bytes(Tag.PixelData) ?? new Uint8Array();
const NATIVE: EncodedImage = { transferSyntaxUID: SYNTAX.explicit, image: CT_IMAGE, frames: [{ fragments: [pixels] }] };
const EXPECTED = createHash('sha256').update(`${SIZE} ${SIZE} 1 MONOCHROME2 true;`).update(pixels).digest('hex');

const CODEC = new URL('../../../electron/transcoding/codec-thread.ts', import.meta.url);
/** Takes a job and never comes back from it, as a decoder in an endless loop. */
const HANGING = new URL(
  `data:text/javascript,${encodeURIComponent("import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { for (;;); });")}`,
);

/** A codec worker that is closed with the test, and the threads that it started: the given ones first, then real ones. */
function watched(options: CodecWorkerOptions = {}, first: readonly URL[] = []): { codec: CodecWorker; threads: Worker[] } {
  const threads: Worker[] = [];
  const start = (): Worker => {
    const thread = new Worker(first[threads.length] ?? CODEC);
    threads.push(thread);
    return thread;
  };
  const codec = createCodecWorker({ start, ...options });
  onTestFinished(() => codec.close());
  return { codec, threads };
}

describe('the codec worker', () => {
  let coded: EncodedImage;
  beforeAll(async () => {
    coded = { ...NATIVE, transferSyntaxUID: SYNTAX.jpeg2000, frames: [{ fragments: await jpeg2000Frames(ctDataset(SIZE)) }] };
  });

  it('starts no thread before it is needed, and one for all', async () => {
    const { codec, threads } = watched();
    expect(threads).toHaveLength(0);
    expect(await Promise.all([codec.run('samplesHash', NATIVE), codec.run('samplesHash', coded)])).toEqual([EXPECTED, EXPECTED]);
    expect(threads).toHaveLength(1);
  });

  it('leaves the caller its bytes', async () => {
    const { codec } = watched();
    const before = Uint8Array.from(pixels);
    await codec.run('samplesHash', NATIVE);
    expect(Buffer.compare(pixels, before)).toBe(0);
  });

  it('hashes frames in their order, and tells the sign of samples with the same bytes apart', async () => {
    const { codec } = watched();
    const [first, second] = [pixels, pixels.slice().fill(1, 0, 2)].map((frame) => ({ fragments: [frame] }));
    if (first === undefined || second === undefined) throw new Error('no frames');
    const inOrder = await codec.run('samplesHash', { ...NATIVE, frames: [first, second] });
    expect(await codec.run('samplesHash', { ...NATIVE, frames: [second, first] })).not.toBe(inOrder);
    expect(await codec.run('samplesHash', { ...NATIVE, image: { ...CT_IMAGE, pixelRepresentation: 0 } })).not.toBe(EXPECTED);
  });

  it('hashes samples alike whatever cells a decoder puts them into', async () => {
    const { codec } = watched();
    const image = { ...CT_IMAGE, bitsStored: 8, highBit: 7, pixelRepresentation: 0 };
    const wide = new Uint16Array(SIZE * SIZE).map((_, i) => i & 0xff);
    const narrow = Dataset.of({ Rows: SIZE, Columns: SIZE, SamplesPerPixel: 1, BitsStored: 8, PixelRepresentation: 0 });
    narrow.set('PixelData', Uint8Array.from(wide), 'OB');
    const native = await codec.run('samplesHash', { ...NATIVE, image, frames: [{ fragments: [new Uint8Array(wide.buffer)] }] });
    const stream = await jpeg2000Frames(narrow);
    expect(await codec.run('samplesHash', { ...coded, image, frames: [{ fragments: stream }] })).toBe(native);
  });

  it.each([
    ['unsupported', 'a transfer syntax that nobody decodes', { transferSyntaxUID: '1.2.840.10008.1.2.4.102' }],
    ['damaged', 'bytes that are no JPEG 2000', { transferSyntaxUID: SYNTAX.jpeg2000 }],
    ['damaged', 'fewer bytes than the image has', { frames: [{ fragments: [pixels.subarray(2)] }] }],
    ['limit-exceeded', 'more frames than it takes', { frames: Array.from({ length: 10_001 }, () => ({ fragments: [] })) }],
    ['limit-exceeded', 'an image larger than it takes', { image: { ...CT_IMAGE, rows: 65_535, columns: 65_535 } }],
    ['limit-exceeded', 'rows that are no number', { image: { ...CT_IMAGE, rows: Number.NaN } }],
  ])('says “%s” of %s, and decodes the next one', async (kind, _what, changes) => {
    const { codec, threads } = watched();
    await expect(codec.run('samplesHash', { ...NATIVE, ...changes })).rejects.toMatchObject({ kind });
    expect(await codec.run('samplesHash', NATIVE)).toBe(EXPECTED);
    expect(threads).toHaveLength(1);
  });

  it('ends a thread that hangs over an image, and does the next one in another', async () => {
    const { codec, threads } = watched({ runMs: 3_000 }, [HANGING]);
    const hung = codec.run('samplesHash', NATIVE);
    const next = codec.run('samplesHash', coded);
    await expect(hung).rejects.toMatchObject({ kind: 'timed-out' });
    expect(await next).toBe(EXPECTED);
    expect(threads).toHaveLength(2);
  });

  it('answers in time also who waits behind an image that takes long', async () => {
    const { codec, threads } = watched({ totalMs: 100 }, [HANGING]);
    const jobs = [codec.run('samplesHash', NATIVE), codec.run('samplesHash', coded)];
    for (const job of jobs) await expect(job).rejects.toMatchObject({ kind: 'timed-out' });
    expect(threads).toHaveLength(1);
  });

  it('takes no more images than may wait, and answers all when it is closed', async () => {
    const { codec } = watched({ maxWaiting: 1 }, [HANGING]);
    const jobs = [1, 2, 3].map(() => codec.run('samplesHash', NATIVE));
    const kinds = Promise.all(jobs.map((job) => job.catch(({ kind }) => kind)));
    await codec.close();
    expect(await kinds).toEqual(['interrupted', 'interrupted', 'busy']);
    await expect(codec.run('samplesHash', NATIVE)).rejects.toMatchObject({ kind: 'interrupted' });
  });

  it('gives the memory of its decoders back when there is nothing to do', async () => {
    const { codec, threads } = watched({ idleMs: 1 });
    await codec.run('samplesHash', coded);
    if (threads[0] === undefined) throw new Error('no thread');
    await once(threads[0], 'exit');
    expect(await codec.run('samplesHash', coded)).toBe(EXPECTED);
  });

  it('gives up the image that it dies over, and nothing else', async () => {
    const { codec, threads } = watched();
    await codec.run('samplesHash', NATIVE);
    const fatal = codec.run('samplesHash', coded);
    const next = codec.run('samplesHash', coded);
    await Promise.all([threads[0]?.terminate(), expect(fatal).rejects.toMatchObject({ kind: 'worker-died' })]);
    expect(await next).toBe(EXPECTED);
    expect(threads).toHaveLength(2);
  });
});
