import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { memorySource, readFrameFragments, readPart10 } from '../../../electron/dicom/dataset/index.ts';
import { dcmtk } from '../../support/dcmtk.ts';
import { filesBelow } from '../../support/dicom-data.ts';
import { mp4, mpeg2, PDF, png } from '../../support/foreign-files.ts';
import { writeSeries } from '../../support/instances.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { phosphor } from '../../support/workstation.ts';

const run = promisify(execFile);
const STUDY = '1.2.826.0.1.3680043.9.1';
const SYSTEM_PYTHON = '/usr/bin/python3';
const READ = `
import sys, pydicom
for path in sys.argv[1:]:
    d = pydicom.dcmread(path)
    for e in d.iterall(): e.value
    print(d.SOPClassUID.name, d.file_meta.TransferSyntaxUID.name, getattr(d, 'PatientName', ''), d.get('NumberOfFrames', 1), sep='|')
    if 'PixelData' in d and not d.file_meta.TransferSyntaxUID.is_compressed: d.pixel_array
`;

async function withStudy(folder: string): Promise<string[]> {
  await writeSeries(join(folder, 'in'), { study: STUDY, count: 3, patientName: 'Mustermann^Erika' });
  const profile = ['--profile', join(folder, 'profile')];
  expect((await phosphor(['import', join(folder, 'in'), ...profile])).code).toBe(0);
  return profile;
}

/** Files of the archive whose path is not among those before. */
function stored(folder: string, before: ReadonlySet<string> = new Set()): string[] {
  return filesBelow(join(folder, 'profile', 'archive', 'files')).filter((file) => !before.has(file));
}

async function readByOthers(files: readonly string[]): Promise<string[]> {
  for (const file of files) {
    const dump = await dcmtk('dcmdump', '-q', file);
    expect([dump.code, dump.output.match(/^[EW]: .*/gm)], file).toEqual([0, null]);
  }
  const { stdout } = await run(SYSTEM_PYTHON, ['-W', 'error::UserWarning', '-c', READ, ...files]);
  return stdout.trim().split('\n');
}

test('a study de-identified from the command line is read by others, and nothing of the patient is in its files, in the log or on standard error', async () => {
  await using folder = await temporaryFolder('deidentify');
  const profile = await withStudy(folder.path);
  const before = new Set(stored(folder.path));
  const preview = await phosphor(['deidentify', '--study', STUDY, '--project', 'TRIAL', '--preview', '--json', ...profile]);
  expect(preview.code, preview.stderr).toBe(0);
  expect(preview.lines).toContainEqual(expect.objectContaining({ kind: 'change', keyword: 'PatientName', before: 'Mustermann^Erika' }));
  expect(stored(folder.path, before)).toEqual([]);

  const done = await phosphor(['deidentify', '--study', STUDY, '--project', 'TRIAL', '--dates', 'shift', '--json', ...profile]);
  expect(done.lines.at(-1), done.stderr).toMatchObject({ type: 'ActionComplete', outcome: 'success', details: { instances: 3 } });
  const copies = stored(folder.path, before);
  expect(copies).toHaveLength(3);
  for (const file of copies) expect(readFileSync(file).toString('latin1')).not.toMatch(/Mustermann|Erika|1\.2\.826|19600102/);
  expect(await readByOthers(copies)).toEqual(
    expect.arrayContaining([expect.stringMatching(/^CT Image Storage\|Explicit VR Little Endian\|TRIAL-/)]),
  );

  const map = await phosphor(['pseudonyms', '--project', 'TRIAL', '--json', ...profile]);
  expect(map.lines[0]).toMatchObject({
    patientName: 'Mustermann^Erika',
    studyInstanceUID: STUDY,
    pseudonym: expect.stringMatching(/^TRIAL-/),
  });
  const log = (await readdir(join(folder.path, 'profile', 'logs')))
    .map((name) => readFileSync(join(folder.path, 'profile', 'logs', name), 'utf8'))
    .join('');
  expect(log + done.stderr + preview.stderr).not.toMatch(/Mustermann|P-1\.2\.826|TRIAL-/);
}, 120_000);

test('rectangles of losslessly compressed images are black in the copy, and everything else is as it was', async () => {
  await using folder = await temporaryFolder('blank');
  await writeSeries(join(folder.path, 'plain'), { study: STUDY, count: 1 });
  const [plain = ''] = filesBelow(join(folder.path, 'plain'));
  const compressed = join(folder.path, 'rle.dcm');
  expect((await dcmtk('dcmcrle', plain, compressed)).code).toBe(0);
  const profile = ['--profile', join(folder.path, 'profile')];
  expect((await phosphor(['import', compressed, ...profile])).code).toBe(0);
  const before = new Set(stored(folder.path));
  const done = await phosphor(['deidentify', '--study', STUDY, '--project', 'TRIAL', '--blank', '1,0,2,1;0,15,16,1', '--json', ...profile]);
  expect(done.lines.at(-1), done.stderr).toMatchObject({ outcome: 'success', details: { instances: 1, warnings: 0 } });
  const [copy = ''] = stored(folder.path, before);
  await readByOthers([copy]);
  const pixels = (file: string): number[] => {
    const { source, pixelData } = readPart10(memorySource(readFileSync(file)));
    const bytes = Buffer.from(source.read(pixelData?.offset ?? 0, 512));
    return Array.from({ length: 256 }, (_, index) => bytes.readUInt16LE(index * 2));
  };
  expect(pixels(copy)).toEqual(pixels(plain).map((value, index) => (index === 1 || index === 2 || index >= 240 ? 0 : value)));
}, 120_000);

test('a correction and its undoing are in the audit trail, which only this user can read', async () => {
  await using folder = await temporaryFolder('correct');
  const profile = await withStudy(folder.path);
  const done = await phosphor(['correct', '--study', STUDY, '--new-name', 'Mustermann^Erna', '--new-id', '4711', '--json', ...profile]);
  expect(done.lines.at(-1), done.stderr).toMatchObject({ outcome: 'success', details: { corrected: 3 } });
  expect(await readByOthers(stored(folder.path))).toEqual(
    Array.from({ length: 3 }, () => 'CT Image Storage|Explicit VR Little Endian|Mustermann^Erna|1'),
  );
  const dump = await dcmtk('dcmdump', '+P', '0400,0561', '+P', '0400,0565', '+P', '0400,0550', stored(folder.path)[0] ?? '');
  expect(dump.output).toMatch(/CORRECT/);
  expect(dump.output).toMatch(/Mustermann\^Erika/);

  const undone = await phosphor(['undo-correction', String(done.lines.at(-1)?.actionId), ...profile]);
  expect(undone.code, undone.stderr).toBe(0);
  expect((await phosphor(['list', '--json', ...profile])).lines[0]).toMatchObject({ patientName: { alphabetic: 'Mustermann^Erika' } });

  const audit = join(folder.path, 'profile', 'audit');
  const [month = ''] = await readdir(audit);
  expect(statSync(audit).mode & 0o777).toBe(0o700);
  expect(statSync(join(audit, month)).mode & 0o777).toBe(0o600);
  const events = (await readFile(join(audit, month), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    // The import stands before them.
    .slice(1);
  expect(events).toMatchObject(
    ['correct', 'undo-correction'].map((code) => ({
      EventIdentification: { EventID: { code: '110103' }, EventActionCode: 'U', EventOutcomeIndicator: 0, EventTypeCode: [{ code }] },
      ParticipantObjectIdentification: [{ ParticipantObjectID: STUDY }, { ParticipantObjectTypeCode: 1 }],
    })),
  );
}, 120_000);

test('wrapped files are read by others as what they are', async () => {
  await using folder = await temporaryFolder('wrap');
  const profile = await withStudy(folder.path);
  const before = new Set(stored(folder.path));
  const jpeg = join(folder.path, 'photo.jpg');
  const image = stored(folder.path)[0] ?? '';
  expect((await dcmtk('dcmj2pnm', '+oj', '+Wm', image, jpeg)).code).toBe(0);
  const files: Readonly<Record<string, Buffer>> = {
    'letter of Müller.pdf': PDF,
    'scan.png': png({ columns: 31, rows: 17, depth: 16, colour: 0 }, (x, y) => x * 1000 + y),
    'colour.png': png({ columns: 31, rows: 17, depth: 8, colour: 6 }, (x, y, channel) => (x * y * (channel + 1)) & 0xff),
    ...films(),
  };
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder.path, name), bytes);
  const paths = [jpeg, ...Object.keys(files).map((name) => join(folder.path, name))];
  const done = await phosphor(['wrap', ...paths, '--study', STUDY, '--json', ...profile]);
  expect(done.lines.at(-1), done.stderr).toMatchObject({ outcome: 'success', details: { wrapped: paths.length, refused: 0 } });
  const wrapped = stored(folder.path, before);
  const seen = await readByOthers(wrapped);
  expect(seen.map((line) => line.split('|').slice(0, 3).join('|')).sort()).toEqual(
    [
      'Encapsulated PDF Storage|Explicit VR Little Endian',
      'Secondary Capture Image Storage|Explicit VR Little Endian',
      'Secondary Capture Image Storage|Explicit VR Little Endian',
      'Secondary Capture Image Storage|JPEG Baseline (Process 1)',
      'Video Photographic Image Storage|MPEG-4 AVC/H.264 High Profile / Level 4.1',
      'Video Photographic Image Storage|MPEG2 Main Profile / Main Level',
    ].map((line) => `${line}|Mustermann^Erika`),
  );
  // The JPEG is still one for a decoder that is not ours.
  const photo = wrapped[seen.findIndex((line) => line.includes('JPEG'))] ?? '';
  expect(await dcmtk('dcmdjpeg', photo, join(folder.path, 'decoded.dcm'))).toMatchObject({ code: 0 });
}, 120_000);

/** Real ones where there are any, else their boxes and headers. */
function films(): Readonly<Record<string, Buffer>> {
  const real = process.env.DICOM_TEST_DATA;
  if (real === undefined) return { 'film.mp4': mp4(), 'film.mpg': mpeg2() };
  return {
    'film.mp4': fragmentOf(join(real, 'derived/video_h264_high41_mp4.dcm')),
    'film.mpg': fragmentOf(join(real, 'derived/video_mpeg2_mpml.dcm')),
  };
}

function fragmentOf(file: string): Buffer {
  const { source, pixelData } = readPart10(memorySource(readFileSync(file)));
  const { frames } = readFrameFragments(source, pixelData ?? { offset: 0, length: 0 }, 1);
  return Buffer.concat((frames[0] ?? []).map(([offset, length]) => source.read(offset, length)));
}
