import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AssociationPool, createAssociationPool, type SentInstance, type StoreRequest } from '../../../electron/associations/index.ts';
import { type Dataset, decodeDataset, encodeFileMeta, readPart10Meta, Tag } from '../../../electron/dicom/dataset/index.ts';
import { NATIVE_TRANSFER_SYNTAXES } from '../../../electron/dicom/dataset/re-encode.ts';
import { clocks } from '../../support/clocks.ts';
import { dcmtk, startStorescp } from '../../support/dcmtk.ts';
import { filesBelow } from '../../support/dicom-data.ts';
import { elementsOf, firstDifference } from '../../support/elements.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { colourDataset, compressed, ctDataset, instanceOf, SYNTAX } from '../../unit/transcoding/encoded-images.ts';

const ROOT = process.env.DICOM_TEST_DATA;

/** Names of DCMTK for the only transfer syntax that a storescp takes. */
const ONLY: readonly (readonly [uid: string, name: string])[] = [
  [SYNTAX.explicit, 'LittleEndianExplicit'],
  [SYNTAX.implicit, 'LittleEndianImplicit'],
  [SYNTAX.deflated, 'DeflatedLittleEndianExplicit'],
  [SYNTAX.bigEndian, 'BigEndianExplicit'],
];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let pool: AssociationPool;

beforeAll(async () => {
  folder = await temporaryFolder('transcode');
  pool = createAssociationPool({ workers: 1 });
});
afterAll(async () => {
  await pool?.close();
  await folder?.[Symbol.asyncDispose]();
});

async function sent(port: number, files: readonly string[], request: Partial<StoreRequest> = {}) {
  const results: SentInstance[] = [];
  const peer = { host: '127.0.0.1', port, calledAETitle: 'STORESCP', callingAETitle: 'PHOSPHOR' };
  const operation = pool.store({ peer, clocks: clocks(), files, onSent: (instances) => results.push(...instances), ...request });
  const result = await operation.done;
  // One whose file is refused may be told before the one in front of it is answered.
  const order = (one: SentInstance): number => files.indexOf(one.path);
  return { result, results: results.sort((a, b) => order(a) - order(b)) };
}

/** storescp that accepts one transfer syntax for each of these SOP classes. It writes anew what it has read, or with `+B` the bytes as they came. */
async function startOnly(name: string, syntaxName: string, sopClassUIDs: readonly string[], args: readonly string[] = []) {
  const configuration = `${folder.path}/${name}.cfg`;
  const contexts = sopClassUIDs.map((uid, i) => `PresentationContext${i + 1} = ${uid}\\Only`);
  const lines = ['[[TransferSyntaxes]]', '[Only]', `TransferSyntax1 = ${syntaxName}`, '[[PresentationContexts]]', '[Storage]', ...contexts];
  await writeFile(configuration, [...lines, '[[Profiles]]', '[Only]', 'PresentationContexts = Storage', ''].join('\n'));
  return await startStorescp(`${folder.path}/${name}`, { args: ['-xf', configuration, 'Only', ...args] });
}

const CT = '1.2.840.10008.5.1.4.1.1.2';

interface Stored {
  readonly dataset: Dataset;
  readonly transferSyntaxUID: string;
}

function read(path: string): Stored {
  const bytes = readFileSync(path);
  const { transferSyntaxUID, dataSetOffset } = readPart10Meta(bytes);
  return { transferSyntaxUID, dataset: decodeDataset(bytes.subarray(dataSetOffset), transferSyntaxUID, { valueBytes: 2 ** 30 }) };
}

function receivedBelow(name: string): Map<string, Stored> {
  const files = filesBelow(`${folder.path}/${name}`).map(read);
  return new Map(files.map((file) => [file.dataset.uid(Tag.SOPInstanceUID), file]));
}

/** A file for each of these images, with a UID of its own. */
async function written(name: string, images: readonly (readonly [Dataset, string])[]): Promise<string[]> {
  const paths: string[] = [];
  for (const [index, [dataset, syntax]] of images.entries()) {
    dataset.set('SOPInstanceUID', `1.2.3.4.${index + 1}`);
    const isPlain = NATIVE_TRANSFER_SYNTAXES.includes(syntax);
    const instance = isPlain ? instanceOf(dataset, syntax) : await compressed(dataset, syntax);
    const path = `${folder.path}/${name}-${index}.dcm`;
    await writeFile(path, Buffer.concat([encodeFileMeta(instance), instance.bytes]));
    paths.push(path);
  }
  return paths;
}

const pixels = (dataset: Dataset | undefined): string => Buffer.from(dataset?.bytes(Tag.PixelData) ?? []).toString('base64');

describe('sending to a peer that takes another encoding', () => {
  test.each(ONLY)('one that takes only %s gets images of every lossless encoding in it, told one by one', async (uid, syntaxName) => {
    await using scp = await startOnly(`only-${syntaxName}`, syntaxName, [CT]);
    const stored = [
      SYNTAX.explicit,
      SYNTAX.implicit,
      SYNTAX.bigEndian,
      SYNTAX.deflated,
      SYNTAX.rle,
      SYNTAX.jpegLossless,
      SYNTAX.jpegLS,
      SYNTAX.jpeg2000,
    ];
    const originals = stored.map((syntax) => [ctDataset(64, { frames: 2 }), syntax] as const);
    const files = await written(syntaxName, originals);
    const { result, results } = await sent(scp.port, files);
    expect(result).toEqual({ ok: true, sent: 8, warnings: 0, failed: 0 });
    expect(results.map(({ transcodedTo }) => transcodedTo)).toEqual(stored.map((syntax) => (syntax === uid ? undefined : uid)));
    const received = receivedBelow(`only-${syntaxName}`);
    for (const [original] of originals) {
      const arrived = received.get(original.uid(Tag.SOPInstanceUID));
      expect(arrived?.transferSyntaxUID).toBe(uid);
      expect(pixels(arrived?.dataset)).toBe(pixels(original));
      expect(arrived?.dataset.string(Tag.PatientName)).toBe('Doe^Jane');
    }
  });

  test('one that takes the stored encoding gets the stored bytes, not a conversion', async () => {
    await using scp = await startStorescp(`${folder.path}/all`, { args: ['+xa', '+B'] });
    const files = await written('all', [[ctDataset(32), SYNTAX.jpegLossless]]);
    const { results } = await sent(scp.port, files);
    expect(results).toEqual([expect.not.objectContaining({ transcodedTo: expect.anything() })]);
    const [stored, arrived] = [readFileSync(files[0] ?? ''), readFileSync(filesBelow(`${folder.path}/all`)[0] ?? '')];
    const dataSetOf = (bytes: Buffer): Buffer => bytes.subarray(readPart10Meta(bytes).dataSetOffset);
    expect(Buffer.compare(dataSetOf(arrived), dataSetOf(stored))).toBe(0);
  });

  test('a lossy image is not sent, with the reason, unless that is allowed; the others arrive on the same association', async () => {
    await using scp = await startOnly('lossy', 'LittleEndianExplicit', [CT]);
    const files = await written('lossy', [
      [ctDataset(32), SYNTAX.rle],
      [colourDataset(32), SYNTAX.jpegBaseline],
      [ctDataset(32), SYNTAX.implicit],
    ]);
    const refused = await sent(scp.port, files);
    expect(refused.result).toEqual({ ok: true, sent: 2, warnings: 0, failed: 1 });
    expect(refused.results[1]?.error).toMatchObject({
      kind: 'no-presentation-context',
      message: expect.stringMatching(/CT.* in Explicit VR Little Endian, not in JPEG Baseline.*compressed with loss/),
    });
    const allowed = await sent(scp.port, files, { allowLossyConversion: true });
    expect(allowed.result).toEqual({ ok: true, sent: 3, warnings: 0, failed: 0 });
    expect(allowed.results[1]?.transcodedTo).toBe(SYNTAX.explicit);
  });

  test('a peer that takes nothing of a kind of instance gets none of it, and each says so; what it takes arrives', async () => {
    const MR = '1.2.840.10008.5.1.4.1.1.4';
    await using scp = await startOnly('none', 'LittleEndianExplicit', [MR]);
    const files = await written('none', [
      [ctDataset(16), SYNTAX.rle],
      [ctDataset(16, { change: (_samples, dataset) => dataset.set('SOPClassUID', MR) }), SYNTAX.implicit],
    ]);
    const { result, results } = await sent(scp.port, files);
    expect(result).toEqual({ ok: true, sent: 1, warnings: 0, failed: 1 });
    const error = { kind: 'no-presentation-context', message: 'the peer accepted no presentation context for CT Image Storage' };
    expect(results[0]?.error).toMatchObject(error);
    expect([...receivedBelow('none').keys()]).toEqual(['1.2.3.4.2']);
  });

  test('a peer that takes only another compression is told apart: what it took is named', async () => {
    await using scp = await startOnly('other', 'JPEGLSLossless', [CT]);
    const files = await written('other', [
      [ctDataset(16), SYNTAX.jpegLS],
      [ctDataset(16), SYNTAX.implicit],
    ]);
    const { results } = await sent(scp.port, files);
    expect(results.map(({ status }) => status)).toEqual([0, undefined]);
    expect(results[1]?.error).toMatchObject({
      kind: 'no-presentation-context',
      message: expect.stringMatching(/CT Image Storage in JPEG-LS Lossless Image Compression, not in Implicit VR Little Endian/),
    });
  });

  test('a damaged image fails alone: those before and after it arrive on the same association', async () => {
    await using scp = await startOnly('damaged', 'LittleEndianExplicit', [CT]);
    const files = await written(
      'damaged',
      [1, 2, 3].map(() => [ctDataset(32), SYNTAX.jpegLossless] as const),
    );
    const bytes = readFileSync(files[1] ?? '');
    bytes.fill(0, bytes.indexOf(Buffer.from([0xff, 0xd8, 0xff])));
    await writeFile(files[1] ?? '', bytes);
    const { result, results } = await sent(scp.port, files);
    expect(result).toEqual({ ok: true, sent: 2, warnings: 0, failed: 1 });
    expect(results.map(({ error }) => error?.kind)).toEqual([undefined, 'damaged', undefined]);
  });

  test('an image of 80 MB, damaged after what went out already, fails alone too: the others go on a new association', async () => {
    await using scp = await startOnly('late', 'LittleEndianExplicit', [CT]);
    const large = ctDataset(1024, { frames: 40, change: (samples) => samples.fill(7) });
    const files = await written('late', [
      [ctDataset(32), SYNTAX.rle],
      [large, SYNTAX.rle],
      [ctDataset(32), SYNTAX.rle],
      [ctDataset(32), SYNTAX.explicit],
    ]);
    const whole = await sent(scp.port, files.slice(1, 2));
    expect(whole.result).toMatchObject({ sent: 1 });
    expect(pixels(receivedBelow('late').get('1.2.3.4.2')?.dataset)).toBe(pixels(large));
    const bytes = readFileSync(files[1] ?? '');
    bytes[bytes.lastIndexOf(Buffer.from([2, 0, 0, 0, 64, 0, 0, 0]))] = 255;
    await writeFile(files[1] ?? '', bytes);
    const { result, results } = await sent(scp.port, files);
    expect(results.map(({ error }) => error?.kind)).toEqual([undefined, 'damaged', undefined, undefined]);
    expect(result).toEqual({ ok: true, sent: 3, warnings: 0, failed: 1 });
  });
});

describe.skipIf(ROOT === undefined)('real files to a peer that takes only one encoding', () => {
  const rows = ROOT === undefined ? [] : references(ROOT);

  test.each(ONLY)(
    '%s: each arrives with the elements it had and the pixels that reference decoders give, or says why not',
    { timeout: 240_000 },
    async (uid, syntaxName) => {
      const chosen = rows.filter(({ path }) => isReadable(join(ROOT ?? '', path)));
      const sopClassUIDs = [...new Set(chosen.map(({ path }) => read(join(ROOT ?? '', path)).dataset.uid(Tag.SOPClassUID)))];
      await using scp = await startOnly(`real-${syntaxName}`, syntaxName, sopClassUIDs, ['+B']);
      const different: string[] = [];
      let same = 0;
      const files = chosen.map(({ path }) => join(ROOT ?? '', path));
      const { results } = await sent(scp.port, files);
      const told = new Map(results.map((one) => [one.path, one]));
      const reasons = new Set<string>();
      const received = receivedBelow(`real-${syntaxName}`);
      for (const { path, hashes } of chosen) {
        const one = told.get(join(ROOT ?? '', path));
        if (one?.status !== 0) {
          reasons.add((one?.error?.message ?? `status ${one?.status}`).replace(/^.*?: /, ''));
          continue;
        }
        const original = read(join(ROOT ?? '', path));
        const arrived = received.get(original.dataset.uid(Tag.SOPInstanceUID));
        const difference = arrived === undefined ? 'not there' : differs(original, arrived, hashes);
        if (difference === undefined && arrived?.transferSyntaxUID === uid) same += 1;
        else different.push(`${path}: ${difference ?? arrived?.transferSyntaxUID}`);
      }
      expect(different).toEqual([]);
      expect(same).toBeGreaterThan(100);
      for (const reason of reasons)
        expect(reason).toMatch(/compressed with loss|guessing|no presentation context|video|damaged|inside|JPEG|is missing/);
    },
  );

  test('DCMTK decodes the stored file to the pixels that we send', { timeout: 120_000 }, async () => {
    const tools: Readonly<Record<string, string>> = {
      [SYNTAX.rle]: 'dcmdrle',
      [SYNTAX.jpegLossless]: 'dcmdjpeg',
      '1.2.840.10008.1.2.4.57': 'dcmdjpeg',
      [SYNTAX.jpegLS]: 'dcmdjpls',
    };
    const chosen = rows.filter(({ path, syntax }) => tools[syntax] !== undefined && isReadable(join(ROOT ?? '', path))).slice(0, 30);
    const sopClassUIDs = [...new Set(chosen.map(({ path }) => read(join(ROOT ?? '', path)).dataset.uid(Tag.SOPClassUID)))];
    await using scp = await startOnly('decoders', 'LittleEndianExplicit', sopClassUIDs);
    let same = 0;
    for (const { path, syntax } of chosen) {
      const decoded = `${folder.path}/decoded.dcm`;
      const { code } = await dcmtk(tools[syntax] ?? '', '+te', join(ROOT ?? '', path), decoded);
      const { results } = await sent(scp.port, [join(ROOT ?? '', path)]);
      if (code !== 0 || results[0]?.status !== 0) continue;
      const [theirs, ours] = [read(decoded).dataset, receivedBelow('decoders').get(results[0].sopInstanceUID ?? '')?.dataset];
      if (ours === undefined || theirs.number(Tag.PlanarConfiguration) === 1) continue;
      expect(pixels(ours), path).toBe(pixels(theirs));
      const ofTheImage = [
        Tag.Rows,
        Tag.Columns,
        Tag.BitsAllocated,
        Tag.BitsStored,
        Tag.HighBit,
        Tag.PixelRepresentation,
        Tag.PhotometricInterpretation,
      ];
      for (const tag of ofTheImage) expect(ours.string(tag), path).toBe(theirs.string(tag));
      same += 1;
    }
    expect(same).toBeGreaterThan(10);
  });
});

/** The stored values are the same, the reference's cells are not: unpacked bits, a sign that is not extended. */
const OTHER_CELLS: ReadonlySet<string> = new Set([
  'pydicom-data/JLSL_16_15_1_1F.dcm',
  'pydicom-data/liver_j2k.dcm',
  // A sequence that its file calls UN.
  'pydicom-data/bad_sequence.dcm',
  'pydicom/test_files/J2K_pixelrep_mismatch.dcm',
]);

interface Reference {
  readonly path: string;
  readonly syntax: string;
  readonly hashes: readonly string[];
}

/** A third of the files with reference pixels and every compressed one; one file for each SOP Instance UID. */
function references(root: string): Reference[] {
  const [head = [], ...rows] = readFileSync(join(root, 'REFERENCE.tsv'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'));
  const all = rows.map((row) => Object.fromEntries(row.map((text, i) => [head[i] ?? '', text])));
  const used = new Set<string>();
  return all.flatMap((row, i): Reference[] => {
    const { path = '', transfer_syntax_uid: syntax = '' } = row;
    const hashes = [row.gdcm_pixels_sha256 ?? '', row.dcmtk_pixels_sha256 ?? ''].filter((hash) => hash !== '');
    if (row.layout !== 'interleaved' || hashes.length === 0 || OTHER_CELLS.has(path)) return [];
    if (NATIVE_TRANSFER_SYNTAXES.includes(syntax) && i % 3 !== 0) return [];
    if (!isReadable(join(root, path))) return [];
    const uid = read(join(root, path)).dataset.uid(Tag.SOPInstanceUID);
    if (used.has(uid)) return [];
    used.add(uid);
    return [{ path, syntax, hashes }];
  });
}

function isReadable(path: string): boolean {
  try {
    return read(path).dataset.uid(Tag.SOPInstanceUID) !== '';
  } catch {
    return false;
  }
}

/** Of the encoding, or what changes with decoding (PS3.5 §8.2); private ones that storescp does not keep byte by byte are compared by presence. */
const OF_THE_PIXELS = [
  '00280004',
  '00280006',
  '00280100',
  '00280101',
  '00280102',
  '00282110',
  '7fe00001',
  '7fe00002',
  '7fe00003',
  '7fe00010',
];

function differs(original: Stored, arrived: Stored, hashes: readonly string[]): string | undefined {
  const [a, b] = [original, arrived].map(({ dataset }) => elementsOf(dataset).filter(({ path }) => !OF_THE_PIXELS.includes(path)));
  const difference = firstDifference(a ?? [], b ?? []);
  if (difference !== undefined) return difference;
  const sizes = [Tag.Rows, Tag.Columns, Tag.SamplesPerPixel, Tag.BitsAllocated].map((tag) => arrived.dataset.number(tag) ?? 0);
  const bits = sizes.reduce((product, size) => product * size, arrived.dataset.number(Tag.NumberOfFrames) ?? 1);
  const bytes = (arrived.dataset.bytes(Tag.PixelData) ?? new Uint8Array(0)).subarray(0, bits / 8);
  if (!(original.dataset.get(Tag.PixelData)?.value instanceof Uint8Array)) {
    return hashes.includes(createHash('sha256').update(bytes).digest('hex')) ? undefined : 'other pixels';
  }
  return pixels(arrived.dataset) === pixels(original.dataset) ? undefined : 'other pixels';
}
