import { readFileSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Archive } from '../../../electron/archive/index.ts';
import { memorySource, readPart10 } from '../../../electron/dicom/dataset/index.ts';
import type { MediaProfile } from '../../../shared/contract/export-fields.ts';
import { dcmtk } from '../../support/dcmtk.ts';
import { filesBelow, realDicomFolder } from '../../support/dicom-data.ts';
import { archiveWith, exportAll, PYTHON, run } from '../../support/exporting.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const FILE_SET = 'import sys; from pydicom.fileset import FileSet; print(len(FileSet(sys.argv[1])))';

interface DirectoryRecord {
  readonly keys: Record<string, [vr: string, value: unknown]>;
  readonly below: readonly DirectoryRecord[];
}

interface Directory {
  readonly records: number;
  readonly reached: number;
  readonly roots: readonly DirectoryRecord[];
  readonly syntax: string;
}

const PROFILES: readonly (readonly [profile: MediaProfile, dcmmkdir: string])[] = [
  ['STD-GEN-CD', '--general-purpose'],
  ['STD-GEN-DVD-JPEG', '--general-dvd-jpeg'],
  ['STD-GEN-USB-J2K', '--usb-and-flash-j2k'],
];

let place: Awaited<ReturnType<typeof temporaryFolder>>;
let archive: Archive;

// An export changes nothing in the archive: one of all real files serves every profile.
beforeAll(async () => {
  place = await temporaryFolder('media-archive');
  archive = await archiveWith(place.path, [realDicomFolder()]);
}, 120_000);
afterAll(async () => {
  await archive.close();
  await place[Symbol.asyncDispose]();
});

describe.each(PROFILES)('a medium of %s made of every real file', (profile, option) => {
  test('has the records that dcmmkdir makes of the same files, and pydicom, dcmdump and we ourselves read it', {
    timeout: 240_000,
  }, async () => {
    await using folder = await temporaryFolder('media');
    const medium = join(folder.path, 'medium');
    const { result } = await exportAll(archive, { form: 'media', container: 'folder', to: medium, profile });
    expect(result.exported).toBeGreaterThan(20);
    expect((await readdir(medium)).sort()).toEqual(['DICOM', 'DICOMDIR', 'README.TXT']);

    const files = filesBelow(join(medium, 'DICOM')).map((file) => relative(medium, file));
    expect(files).toHaveLength(result.exported);
    for (const file of files) expect(file).toMatch(/^[A-Z0-9_]{1,8}(\/[A-Z0-9_]{1,8}){1,7}$/);

    const theirs = join(folder.path, 'theirs');
    const list = join(folder.path, 'list');
    await writeFile(list, files.join('\n'));
    const made = await dcmtk(
      'dcmmkdir',
      ...[option, '-W', '+I', '+Nrs', '-Nxc', '-Nec', '-Nrc', '-nb', '+id', medium, '+D', theirs, '-ll', 'error', `@${list}`],
    );
    const { stdout } = await run(PYTHON, ['tests/support/directory-records.py', join(medium, 'DICOMDIR'), theirs], { maxBuffer: 1 << 28 });
    const [ours, reference] = Object.values(JSON.parse(stdout) as Record<string, Directory>);
    if (ours === undefined || reference === undefined) throw new Error('pydicom read no records');
    expect([ours.reached, ours.syntax]).toEqual([ours.records, '1.2.840.10008.1.2.1']);
    const [a, b] = [flat(ours.roots), flat(reference.roots)];
    expect(
      [...a.keys()].filter((key) => key.startsWith('DICOM')),
      'every file has its record',
    ).toHaveLength(files.length);
    // What DCMTK refuses (a type 1 key that it does not invent, a file it cannot read) it names, and has no record of.
    const refused = [...a.keys()].filter((key) => key.startsWith('DICOM') && !b.has(key));
    expect(refused.filter((key) => !made.output.includes(key))).toEqual([]);
    expect(b.size).toBeGreaterThan(30);
    const differences: unknown[] = [];
    for (const [key, record] of b) {
      const own = a.get(key);
      if (own === undefined) differences.push({ key, missing: true });
      else
        for (const tag of differing(own, record, medium)) {
          const [group, element] = [tag.slice(0, 4), tag.slice(4)];
          // DCMTK copies the bytes of a value whose VR is written as UN; we know what it is.
          const { output } = await dcmtk('dcmdump', '+P', `${group},${element}`, join(medium, ...(fileIDsOf(own)[0] ?? '').split('\\')));
          if (!output.includes(') UN ')) differences.push({ key, tag, own: own.keys[tag], theirs: record.keys[tag] });
        }
    }
    expect(differences).toEqual([]);
    const known = new Set(b.keys());
    expect(studies(ours.roots, known), 'in the same order below each parent').toEqual(studies(reference.roots, known));

    const opened = await run(PYTHON, ['-W', 'ignore', '-c', FILE_SET, join(medium, 'DICOMDIR')]);
    expect(Number(opened.stdout), 'instances that a file-set reader finds').toBe(result.exported);
    expect((await dcmtk('dcmdump', join(medium, 'DICOMDIR'))).output).not.toMatch(/[WEF]: /);
    await mkdir(join(folder.path, 'again'));
    const again = await archiveWith(join(folder.path, 'again'), [medium]);
    expect((await again.stats()).instances).toBe(result.exported);
    await again.close();
  });
});

/** Records by file ID, or by type and the key that tells them apart. */
function flat(records: readonly DirectoryRecord[], into = new Map<string, DirectoryRecord>()): Map<string, DirectoryRecord> {
  for (const record of records) {
    into.set(keyOf(record), record);
    flat(record.below, into);
  }
  return into;
}

const value = (record: DirectoryRecord, tag: string): string => String(record.keys[tag]?.[1] ?? '');

function keyOf(record: DirectoryRecord): string {
  const fileID = value(record, '00041500');
  if (fileID !== '') return fileID.replaceAll('\\', '/');
  const identity = value(record, '0020000e') || value(record, '0020000d') || invented(value(record, '00100020'));
  return `${value(record, '00041430')} ${identity}`;
}

/** What each makes up where a file has no patient ID. */
function invented(text: string): string {
  return /^(DCMTKPAT|PATIENT)\d+$/.test(text) ? '(invented)' : text;
}

/** Tags whose VR or value differ, but for those that the files leave open: values that they do not have, or not the same. */
function differing(own: DirectoryRecord, theirs: DirectoryRecord, medium: string): string[] {
  const tags = new Set([...Object.keys(own.keys), ...Object.keys(theirs.keys)]);
  const others = [...tags].filter((tag) => JSON.stringify(own.keys[tag]) !== JSON.stringify(theirs.keys[tag]));
  if (others.length === 0) return [];
  const files = fileIDsOf(own).map((fileID) => readPart10(memorySource(readFileSync(join(medium, ...fileID.split('\\'))))).dataset);
  return others.filter((hex) => {
    const tag = Number.parseInt(hex, 16);
    const values = new Set(files.map((dataset) => dataset.strings(tag).join('\\')));
    return values.size === 1 && !(INVENTED.has(hex) && values.has(''));
  });
}

/** Patient ID, Study Date, Study Time, Study ID, Series Number, Instance Number. */
const INVENTED: ReadonlySet<string> = new Set(['00100020', '00080020', '00080030', '00200010', '00200011', '00200013']);

function fileIDsOf(record: DirectoryRecord): string[] {
  const own = value(record, '00041500');
  return own === '' ? record.below.flatMap(fileIDsOf) : [own];
}

/** What stands below each study, in order. Above it DCMTK gives a study without patient ID to whoever has the same name. */
function studies(roots: readonly DirectoryRecord[], known: ReadonlySet<string>): Record<string, unknown> {
  const all = roots.flatMap(({ below }) => below).map((study) => [keyOf(study), order(study.below, known)] as const);
  return Object.fromEntries(all.filter(([, below]) => below.length > 0));
}

function order(records: readonly DirectoryRecord[], known: ReadonlySet<string>): unknown[] {
  return records.filter((record) => known.has(keyOf(record))).map((record) => [keyOf(record), order(record.below, known)]);
}
