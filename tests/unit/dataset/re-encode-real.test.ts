import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeDataset, encodeFileMeta, readPart10Meta, TransferSyntaxUID } from '../../../electron/dicom/dataset/index.ts';
import { NATIVE_TRANSFER_SYNTAXES, reEncode } from '../../../electron/dicom/dataset/re-encode.ts';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { dcmtk } from '../../support/dcmtk.ts';
import { elementsOf, type FlatElement, firstDifference, gathered } from '../../support/elements.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const ROOT = process.env.DICOM_TEST_DATA;

interface RealFile {
  readonly path: string;
  readonly transferSyntaxUID: string;
  readonly dataSet: Uint8Array;
  readonly elements: readonly FlatElement[];
}

/** The native files that our reader reads to their end. */
function nativeFiles(root: string): RealFile[] {
  const rows = readFileSync(join(root, 'MANIFEST.tsv'), 'utf8').split('\n').slice(1);
  return rows.flatMap((row): RealFile[] => {
    const path = row.split('\t')[0] ?? '';
    try {
      const bytes = readFileSync(join(root, path));
      const { transferSyntaxUID, dataSetOffset } = readPart10Meta(bytes);
      if (!NATIVE_TRANSFER_SYNTAXES.includes(transferSyntaxUID)) return [];
      const dataSet = bytes.subarray(dataSetOffset);
      return [{ path, transferSyntaxUID, dataSet, elements: elementsOf(decodeDataset(dataSet, transferSyntaxUID)) }];
    } catch {
      return [];
    }
  });
}

async function converted(bytes: Uint8Array, from: string, to: string): Promise<Uint8Array> {
  const pieces = Array.from({ length: Math.ceil(bytes.length / 10_007) }, (_, i) => bytes.subarray(i * 10_007, (i + 1) * 10_007));
  return await gathered(reEncode(pieces, from, to));
}

/** The byte order of these cannot be changed without guessing. */
const AMBIGUOUS = [
  'highdicom/sm_image_grayscale.dcm',
  ...['16bit', '16bit_2frame', '32bit', '32bit_2frame', 'expb_16bit', 'expb_16bit_2frame', 'expb_32bit', 'expb_32bit_2frame'].map(
    (name) => `pydicom-data/SC_rgb_${name}.dcm`,
  ),
  ...['badVR', 'rtdose', 'rtdose_1frame', 'rtdose_expb', 'rtdose_expb_1frame'].map((name) => `pydicom/test_files/${name}.dcm`),
];

describe.skipIf(ROOT === undefined)('real files in another native transfer syntax', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let files: RealFile[];
  beforeAll(async () => {
    folder = await temporaryFolder('re-encode');
    files = nativeFiles(ROOT ?? '');
  });
  afterAll(() => folder?.[Symbol.asyncDispose]());

  test('there and back, each of them says the same in all four; only those whose bytes would be guessed at are refused', {
    timeout: 120_000,
  }, async () => {
    const different: string[] = [];
    const refused = new Set<string>();
    let same = 0;
    for (const { path, transferSyntaxUID, dataSet, elements } of files) {
      for (const to of NATIVE_TRANSFER_SYNTAXES.filter((uid) => uid !== transferSyntaxUID)) {
        try {
          const there = await converted(dataSet, transferSyntaxUID, to);
          const back = await converted(there, to, transferSyntaxUID);
          const difference =
            firstDifference(elements, elementsOf(decodeDataset(there, to))) ??
            firstDifference(elements, elementsOf(decodeDataset(back, transferSyntaxUID)));
          if (difference === undefined) same += 1;
          else different.push(`${path} ${to}: ${difference}`);
        } catch (thrown) {
          if (thrown instanceof PhosphorError && thrown.kind === 'unsupported') refused.add(path);
          else different.push(`${path} ${to}: ${thrown}`);
        }
      }
    }
    expect(different).toEqual([]);
    expect([...refused].sort()).toEqual([...AMBIGUOUS].sort());
    expect(same).toBeGreaterThan(1500);
  });

  test('DCMTK makes the same elements of a file, VRs of standard elements included', { timeout: 120_000 }, async () => {
    const options: Readonly<Record<string, string>> = {
      [TransferSyntaxUID.ExplicitVRLittleEndian]: '+te',
      [TransferSyntaxUID.ImplicitVRLittleEndian]: '+ti',
      [TransferSyntaxUID.ExplicitVRBigEndian]: '+tb',
      [TransferSyntaxUID.DeflatedExplicitVRLittleEndian]: '+td',
    };
    const different: string[] = [];
    let same = 0;
    // Every ninth file, so that each family of files is there.
    for (const { path, transferSyntaxUID, dataSet } of files.filter((_, i) => i % 9 === 0)) {
      for (const to of NATIVE_TRANSFER_SYNTAXES.filter((uid) => uid !== transferSyntaxUID)) {
        const out = `${folder.path}/dcmtk.dcm`;
        // Without group lengths, lengths of sequences undefined, as ours.
        const { code } = await dcmtk('dcmconv', '-g', '-e', options[to] ?? '', join(ROOT ?? '', path), out);
        if (code !== 0) continue;
        const theirs = readFileSync(out);
        const { dataSetOffset } = readPart10Meta(theirs);
        const ours = await converted(dataSet, transferSyntaxUID, to).catch(() => undefined);
        if (ours === undefined) continue;
        const [a, b] = [elementsOf(decodeDataset(ours, to)), elementsOf(decodeDataset(theirs.subarray(dataSetOffset), to))];
        const difference = firstDifference(a, b) ?? otherVR(a, b);
        if (difference === undefined) same += 1;
        else different.push(`${path} ${to}: ${difference}`);
      }
    }
    expect(different).toEqual([]);
    expect(same).toBeGreaterThan(100);
  });

  test('DCMTK reads what we write without a warning', { timeout: 120_000 }, async () => {
    const complaints: string[] = [];
    for (const { path, transferSyntaxUID, dataSet } of files.filter((_, i) => i % 12 === 5)) {
      const before = await dcmtk('dcmdump', '-q', join(ROOT ?? '', path));
      const warns = /^[WE]:/m.test((await dcmtk('dcmdump', join(ROOT ?? '', path))).output);
      if (before.code !== 0 || warns) continue;
      for (const to of NATIVE_TRANSFER_SYNTAXES.filter((uid) => uid !== transferSyntaxUID)) {
        const ours = await converted(dataSet, transferSyntaxUID, to).catch(() => undefined);
        if (ours === undefined) continue;
        const out = `${folder.path}/ours.dcm`;
        const meta = encodeFileMeta({ sopClassUID: '1.2', sopInstanceUID: '1.3', transferSyntaxUID: to });
        await writeFile(out, Buffer.concat([meta, ours]));
        const { code, output } = await dcmtk('dcmdump', out);
        // Of a private sequence without VR DCMTK only tells how it reads it.
        const complaint = output.match(/^[WE]:(?!.*CP-246).*$/m)?.[0];
        if (code !== 0 || complaint !== undefined) complaints.push(`${path} ${to}: ${complaint ?? code}`);
      }
    }
    expect(complaints).toEqual([]);
  });
});

/** A standard element that two writers give different VRs; OB and OW are both right for pixels of 8 bits (PS3.5 A.2). */
function otherVR(ours: readonly FlatElement[], theirs: readonly FlatElement[]): string | undefined {
  const at = ours.findIndex(({ path, vr }, i) => {
    const other = theirs[i]?.vr;
    // Written without VR and signed by Pixel Representation, which DCMTK does not look at there.
    if (path === '00280120' && vr === 'SS' && other === 'US') return false;
    const isEither = ['OB', 'OW'].includes(vr) && other !== undefined && ['OB', 'OW'].includes(other);
    return other !== vr && !isEither && !/[13579bdf]....$/.test(path);
  });
  return at === -1 ? undefined : `${ours[at]?.path} ${ours[at]?.vr} / ${theirs[at]?.vr}`;
}
