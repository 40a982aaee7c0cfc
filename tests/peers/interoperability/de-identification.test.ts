import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { BASIC_PROFILE, dataSetPieces, deIdentify, ProjectKey } from '../../../electron/dicom/dataset/de-identification/index.ts';
import { encodeFileMeta, memorySource, readPart10, Tag } from '../../../electron/dicom/dataset/index.ts';
import { dcmtk } from '../../support/dcmtk.ts';
import { filesBelow, realDicomFolder } from '../../support/dicom-data.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const run = promisify(execFile);
const KEY = new ProjectKey('trial', Buffer.alloc(32, 3));
const LARGEST = 4 * 1024 * 1024;
const AT_MOST = 200;
const GENEROUS = {
  ...BASIC_PROFILE,
  dates: 'shift',
  cleanStructuredContent: true,
  cleanGraphics: true,
  cleanDescriptors: true,
  retainSafePrivate: true,
} as const;
const READ = `
import sys, warnings, pydicom
warnings.simplefilter('ignore')
for path in open(sys.argv[1]).read().splitlines():
    d = pydicom.dcmread(path)
    for e in d.iterall(): e.value
    assert d.PatientIdentityRemoved == 'YES', path
    assert not [e for e in d.iterall() if e.tag.is_private and e.tag.element > 0xff and e.private_creator is None], path
    print(path)
`;

test('de-identified real files of every kind are read by DCMTK and pydicom to their end', async () => {
  await using folder = await temporaryFolder('de-identified');
  const all = filesBelow(realDicomFolder());
  const step = Math.max(1, Math.floor(all.length / AT_MOST));
  const written: string[] = [];
  for (const [index, path] of all.entries()) {
    // Neighbours are slices of one series; what is rare stands alone in its folder.
    if (index % step !== 0) continue;
    const bytes = readFileSync(path);
    if (bytes.length > LARGEST) continue;
    let file: ReturnType<typeof readPart10>;
    try {
      file = readPart10(memorySource(bytes));
    } catch {
      continue;
    }
    if (file.dataset.uid(Tag.SOPInstanceUID) === '' || file.dataset.uid(Tag.SOPClassUID) === '') continue;
    const { source, pixelData, meta } = file;
    const { transferSyntaxUID } = meta;
    const { dataset, sopClassUID, sopInstanceUID } = deIdentify({
      dataset: file.dataset,
      key: KEY,
      options: index % 2 === 0 ? BASIC_PROFILE : GENEROUS,
    });
    const pieces: Uint8Array[] = [encodeFileMeta({ sopClassUID, sopInstanceUID, transferSyntaxUID })];
    for await (const piece of dataSetPieces(dataset, { source, pixelData, transferSyntaxUID })) pieces.push(piece);
    const name = join(folder.path, `${String(index).padStart(5, '0')}.dcm`);
    await writeFile(name, Buffer.concat(pieces));
    written.push(name);
  }
  expect(written.length).toBeGreaterThan(20);
  const dump = await dcmtk('dcmdump', '-q', ...written);
  expect([dump.code, dump.output.match(/^E: .*/gm)]).toEqual([0, null]);
  const list = join(folder.path, 'list.txt');
  await writeFile(list, written.join('\n'));
  const { stdout } = await run('/usr/bin/python3', ['-c', READ, list], { maxBuffer: 8 * 1024 * 1024 });
  expect(stdout.trim().split('\n')).toEqual(written);
}, 120_000);
