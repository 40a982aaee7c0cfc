import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Archive, type ArrivalWriter, locateInstance } from '../../../electron/archive/index.ts';
import { isSameInstance } from '../../../electron/archive/same-instance.ts';
import type { Dataset } from '../../../electron/dicom/dataset/index.ts';
import { createCodecWorker } from '../../../electron/transcoding/index.ts';
import { colourDataset, compressed, ctDataset, type EncodedInstance, instanceOf, SYNTAX } from '../transcoding/encoded-images.ts';
import { finished, namesIn, opened, part10, RETRIEVE, STORE, sha256, store, storedBytes, temporaryFolder, writerOf } from './fixtures.ts';

/** The same image as several peers would send it. */
function encodings(dataset: Dataset, syntaxes: readonly string[] = LOSSLESS): Promise<EncodedInstance[]> {
  return Promise.all([instanceOf(dataset, SYNTAX.explicit), ...syntaxes.map((syntax) => compressed(dataset, syntax))]);
}

const { rle, jpegLossless, jpegLS, jpeg2000, deflated, jpegBaseline } = SYNTAX;
const LOSSLESS = [rle, jpegLossless, jpegLS, jpeg2000, deflated];

/** What every later one is taken for after the first; the file is removed again. */
async function outcomes(archive: Archive, writer: ArrivalWriter, [first, ...later]: readonly EncodedInstance[], origin = RETRIEVE) {
  if (first === undefined) return [];
  const results = [(await store(writer, first)).result];
  for (const one of later) results.push((await store(writer, one, origin)).result);
  if (!results.includes('replaced')) expect(storedBytes(archive.location, first.sopInstanceUID).equals(first.bytes)).toBe(true);
  rmSync(locateInstance(archive.location, first.sopInstanceUID));
  return results;
}

describe('an image that comes again in another transfer syntax', () => {
  let ct: EncodedInstance[];
  beforeAll(async () => {
    ct = await encodings(ctDataset(48));
  });

  it('is known, whichever of uncompressed, deflated, RLE, JPEG lossless, JPEG-LS and JPEG 2000 came first', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    for (const [i, first] of ct.entries()) {
      const order = [first, ...ct.slice(i + 1), ...ct.slice(0, i)];
      expect(await outcomes(archive, writer, order)).toEqual(['stored', 'known', 'known', 'known', 'known', 'known']);
    }
    await archive.settled();
    const leftOver = () => (['trash', 'conflicts', 'incoming'] as const).flatMap((folder) => namesIn(archive.location, folder));
    await expect.poll(leftOver).toEqual([]);
  });

  it('is another version when one sample differs by one: a retrieve replaces, a store is put into conflicts', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    const flipped = ctDataset(48, { change: (samples) => samples.set([(samples[777] ?? 0) ^ 1], 777) });
    for (const syntax of LOSSLESS) {
      const other = await compressed(flipped, syntax);
      const [plain] = ct;
      if (plain === undefined) throw new Error('no CT');
      expect([syntax, await outcomes(archive, writer, [plain, other], STORE)]).toEqual([syntax, ['stored', 'conflict']]);
      await store(writer, plain);
      expect([syntax, (await store(writer, other, RETRIEVE)).result]).toEqual([syntax, 'replaced']);
      rmSync(locateInstance(archive.location, plain.sopInstanceUID));
    }
  });

  it('is another version when an attribute differs, however equal the pixels', async () => {
    const archive = await opened();
    const other = ctDataset(48, { change: (_, dataset) => void dataset.set('DerivationDescription', 'Subtraction') });
    const [plain] = ct;
    expect(
      await outcomes(
        archive,
        writerOf(archive),
        [plain, await compressed(other, rle)].filter((one) => one !== undefined),
        STORE,
      ),
    ).toEqual(['stored', 'conflict']);
  });

  it('is known with many frames, and with colour that a codec turned around', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    for (const dataset of [ctDataset(32, { frames: 5 }), colourDataset(32)]) {
      expect(await outcomes(archive, writer, await encodings(dataset))).toEqual(['stored', 'known', 'known', 'known', 'known', 'known']);
    }
  });

  it('is known when the same transfer syntax was encoded another time', async () => {
    const archive = await opened();
    const dataset = ctDataset(32, { frames: 3 });
    const twice = [await compressed(dataset, jpegLossless), await compressed(dataset, jpegLossless, ['+ff', '+fs', '1', '-ot'])];
    expect(twice[0]?.bytes.length).not.toBe(twice[1]?.bytes.length);
    expect(await outcomes(archive, writerOf(archive), twice)).toEqual(['stored', 'known']);
  });

  it('is another version when it was compressed with loss', async () => {
    const archive = await opened();
    const colour = colourDataset(32);
    const lossy = await compressed(colour, jpegBaseline);
    const plain = instanceOf(colour, SYNTAX.explicit);
    expect(await outcomes(archive, writerOf(archive), [plain, lossy], STORE)).toEqual(['stored', 'conflict']);
  });

  it('is another version when its pixels cannot be decoded', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    const [plain, ...others] = ct;
    const coded = others.find(({ transferSyntaxUID }) => transferSyntaxUID === jpegLS);
    if (plain === undefined || coded === undefined) throw new Error('no CT');
    const bytes = Buffer.from(coded.bytes);
    bytes.fill(0x5a, bytes.length - 800, bytes.length - 40);
    expect(await outcomes(archive, writer, [plain, { ...coded, bytes }], STORE)).toEqual(['stored', 'conflict']);
    expect(await outcomes(archive, writer, [plain, coded], STORE)).toEqual(['stored', 'known']);
  });

  it('is another version when an overlay lies in the unused bits of one: that would be lost', async () => {
    const archive = await opened();
    const withOverlay = ctDataset(32, {
      change: (_, dataset) =>
        void dataset.set(0x60000010, 32, 'US').set(0x60000011, 32, 'US').set(0x60000100, 16, 'US').set(0x60000102, 15, 'US'),
    });
    const order = [await compressed(withOverlay, rle), instanceOf(withOverlay, SYNTAX.explicit)];
    expect(await outcomes(archive, writerOf(archive), order, STORE)).toEqual(['stored', 'conflict']);
  });

  it('is known also on the thread that imports', async () => {
    const archive = await opened();
    const [plain, ...others] = ct;
    if (plain === undefined) throw new Error('no CT');
    await store(writerOf(archive), plain);
    const folder = temporaryFolder();
    for (const [i, one] of others.entries()) writeFileSync(join(folder, `${i}.dcm`), part10(one));
    const { result } = await finished(archive.import([folder]));
    expect(result).toMatchObject({ imported: 0, known: others.length, conflict: 0 });
  });

  it('is another version when nobody can decode it in time', async () => {
    const [plain, ...others] = ct;
    const coded = others.find(({ transferSyntaxUID }) => transferSyntaxUID === jpeg2000);
    if (plain === undefined || coded === undefined) throw new Error('no CT');
    const stored = join(temporaryFolder(), 'stored.dcm');
    writeFileSync(stored, part10(plain));
    const sameWithin = async (totalMs: number): Promise<boolean> => {
      const codec = createCodecWorker({ totalMs });
      onTestFinished(() => codec.close());
      const entry = { sha256: Buffer.from(sha256(coded.bytes), 'hex') };
      return isSameInstance({ ...coded, entry, dataSetBytes: coded.bytes.length, read: async () => coded.bytes, codec }, stored);
    };
    expect(await sameWithin(0)).toBe(false);
    expect(await sameWithin(15_000)).toBe(true);
  });
});
