import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { Dataset, encodeDataset, encodeFileMeta } from '../../../electron/dicom/dataset/index.ts';
import { DropSpool } from '../../../electron/hosts/loopback/drop-spool.ts';
import { importedItem } from '../../../shared/contract/index.ts';
import { EXPLICIT, everything, finished, namesIn, opened, part10, sample, temporaryFolder, temporaryLocation, zipOf } from './fixtures.ts';

const DIRECTORY = '1.2.840.10008.1.3.10';

/** A DICOMDIR whose records name these files, one after the other below the root. */
function directoryOf(fileIDs: readonly string[]): Buffer {
  const records = fileIDs.map((fileID) =>
    Dataset.of({
      OffsetOfTheNextDirectoryRecord: 0,
      RecordInUseFlag: 0xffff,
      DirectoryRecordType: 'IMAGE',
      ReferencedFileID: fileID.split('\\'),
    }),
  );
  const meta = encodeFileMeta({ sopClassUID: DIRECTORY, sopInstanceUID: '1.2.9', transferSyntaxUID: EXPLICIT });
  const make = (offsets: readonly number[]): Buffer => {
    for (const [index, record] of records.entries()) record.set('OffsetOfTheNextDirectoryRecord', offsets[index + 1] ?? 0);
    const dataset = Dataset.of({
      FileSetID: '',
      OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity: offsets[0] ?? 0,
      OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity: offsets.at(-1) ?? 0,
      DirectoryRecordSequence: records,
    });
    return Buffer.concat([meta, encodeDataset(dataset, EXPLICIT)]);
  };
  // The offsets do not change the lengths.
  const draft = make(fileIDs.map(() => 1));
  const offsets: number[] = [];
  const item = Buffer.from([0xfe, 0xff, 0x00, 0xe0]);
  for (let at = draft.indexOf(item); at >= 0; at = draft.indexOf(item, at + 1)) offsets.push(at);
  return make(offsets);
}

async function imported(...paths: string[]) {
  const archive = await opened();
  const { result, items } = await finished(archive.import(paths));
  for (const item of items) importedItem.parse(item);
  const of = (ending: string) => items.filter((item) => item.path.endsWith(ending)).map((item) => item.error?.kind ?? item.result);
  return { archive, result, items, of };
}

it('takes in what a medium holds, names what its DICOMDIR names in vain, and finds files whose names the system has changed', async () => {
  const folder = temporaryFolder();
  fs.mkdirSync(path.join(folder, 'images'));
  fs.writeFileSync(path.join(folder, 'images', 'im000001.;1'), part10(sample('1.2.3.1')));
  fs.writeFileSync(path.join(folder, 'images', 'not-named'), part10(sample('1.2.3.2')));
  const ids = ['IMAGES\\IM000001', 'IMAGES\\IM000002', '..\\..\\ETC\\PASSWD', 'IMAGES/IM000001'];
  fs.writeFileSync(path.join(folder, 'dicomdir'), directoryOf(ids));
  const { result, items } = await imported(folder);
  expect(result).toMatchObject({ imported: 2, refused: 0, directories: 1, missing: 2, reasons: {} });
  expect(items.find((item) => item.path.endsWith('dicomdir'))).toMatchObject({ result: 'media-directory' });
  const missing = items.filter((item) => item.result === 'missing');
  expect(missing.map((item) => item.error?.kind).sort()).toEqual(['not-found', 'unsupported']);
  expect(missing.every((item) => item.path.startsWith(folder))).toBe(true);
});

it('compares the DICOMDIR of a drop with what was dropped with it, under the names that people know', async () => {
  const location = temporaryLocation();
  const spool = new DropSpool(location);
  const dropId = await spool.begin();
  const files = [
    ['disc/DICOMDIR', directoryOf(['IMAGES\\IM1', 'IMAGES\\IM2'])],
    ['disc/images/im1.;1', part10(sample('1.2.3.1'))],
    ['other/images/IM2', part10(sample('1.2.3.2'))],
    ['disc/more.zip', await zipOf({ 'three.dcm': part10(sample('1.2.3.3')) })],
  ] as const;
  for (const [index, [name, bytes]] of files.entries()) {
    await spool.write(dropId, { number: index + 1, offset: 0, length: bytes.length, size: bytes.length, name }, Readable.from([bytes]));
  }
  await spool.complete(dropId);
  const { result, items } = await finished((await opened(location)).import([], dropId));
  expect(result).toMatchObject({ imported: 3, refused: 0, directories: 1, missing: 1 });
  expect(items.filter((item) => item.result === 'missing').map(({ path }) => path)).toEqual(['disc/IMAGES/IM2']);
  expect(items.some((item) => item.path.startsWith('disc/more.zip') && item.path.endsWith('three.dcm'))).toBe(true);
});

it('takes a DICOMDIR that is named alone for its medium, and a damaged one for none', async () => {
  const folder = temporaryFolder();
  fs.writeFileSync(path.join(folder, 'A'), part10(sample('1.2.3.1')));
  const directory = directoryOf(['A', 'B']);
  fs.writeFileSync(path.join(folder, 'DICOMDIR'), directory);
  const named = await imported(path.join(folder, 'DICOMDIR'));
  expect(named.result).toMatchObject({ imported: 1, refused: 0, directories: 1, missing: 1 });
  expect(named.of('DICOMDIR')).toEqual(['media-directory']);
  // The first record's offset leads into nowhere.
  const at = directory.indexOf(Buffer.from([0x04, 0x00, 0x00, 0x12]));
  directory.writeUInt32LE(0x7fffffff, at + 8);
  fs.writeFileSync(path.join(folder, 'DICOMDIR'), directory);
  const damaged = await imported(folder);
  expect(damaged.of('DICOMDIR')).toEqual(['damaged']);
  expect(damaged.result).toMatchObject({ imported: 1, refused: 0, directories: 1, missing: 1 });
});

it('opens a ZIP and a ZIP in it, whatever they are called, and nothing below that', async () => {
  const folder = temporaryFolder();
  const third = await zipOf({ 'too-deep': part10(sample('1.2.3.9')) });
  const inner = await zipOf({ 'two.dcm': part10(sample('1.2.3.2')), 'third.zip': third }, false);
  const outer = await zipOf({ 'a/one.dcm': part10(sample('1.2.3.1')), 'inner.zip': inner, 'notes.txt': Buffer.from('no image at all') });
  fs.writeFileSync(path.join(folder, 'download.bin'), outer);
  const { archive, result, of } = await imported(folder);
  expect(result).toMatchObject({ imported: 2, refused: 2, reasons: { 'not-dicom': 1, unsupported: 1 } });
  expect([of('one.dcm'), of('two.dcm'), of('third.zip'), of('notes.txt')]).toEqual([
    ['imported'],
    ['imported'],
    ['unsupported'],
    ['not-dicom'],
  ]);
  await archive.settled();
  expect(namesIn(archive.location, 'incoming')).toEqual([]);
});

it('takes long files out of a ZIP by way of a temp file that is gone afterwards', async () => {
  const folder = temporaryFolder();
  fs.writeFileSync(path.join(folder, 'x.zip'), await zipOf({ long: part10(sample('1.2.3.1', {}, { rows: 1600 })) }, false));
  const { archive, result } = await imported(folder);
  expect(result).toMatchObject({ imported: 1, refused: 0 });
  await archive.settled();
  expect(namesIn(archive.location, 'incoming')).toEqual([]);
});

it('refuses an encrypted file in a ZIP, and one that unpacks to a thousand times its length', async () => {
  const folder = temporaryFolder();
  const secret = await zipOf({ 'secret.dcm': part10(sample('1.2.3.1')) });
  // General purpose bit 0, in the local header and in the directory.
  secret.writeUInt16LE(secret.readUInt16LE(6) | 1, 6);
  const directory = secret.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]));
  secret.writeUInt16LE(secret.readUInt16LE(directory + 8) | 1, directory + 8);
  fs.writeFileSync(path.join(folder, 'secret.zip'), secret);
  fs.writeFileSync(
    path.join(folder, 'bomb.zip'),
    await zipOf({ zeros: Buffer.alloc(40 * 1024 * 1024), 'good.dcm': part10(sample('1.2.3.2')) }),
  );
  fs.writeFileSync(path.join(folder, 'cut.zip'), (await zipOf({ 'cut.dcm': part10(sample('1.2.3.3')) })).subarray(0, -30));
  const { result, of } = await imported(folder);
  expect([of('secret.dcm'), of('zeros'), of('good.dcm'), of('cut.zip')]).toEqual([
    ['unsupported'],
    ['limit-exceeded'],
    ['imported'],
    ['damaged'],
  ]);
  expect(result).toMatchObject({ imported: 1, refused: 3 });
});

it('makes no path of what a ZIP calls its files', async () => {
  const folder = temporaryFolder();
  const evil = await zipOf({ 'xx/xx/xx/evil.dcm': part10(sample('1.2.3.1')) });
  const renamed = Buffer.from(evil.toString('latin1').replaceAll('xx/xx/xx/evil', '../../../evil'), 'latin1');
  fs.writeFileSync(path.join(folder, 'evil.zip'), renamed);
  const { archive, items, result } = await imported(folder);
  expect(result).toMatchObject({ imported: 1 });
  expect(items[0]?.path).toBe(`${path.join(folder, 'evil.zip')} › ../../../evil.dcm`);
  expect(fs.readdirSync(path.dirname(folder)).includes('evil.dcm')).toBe(false);
  await archive.settled();
  expect(namesIn(archive.location, 'files')).toHaveLength(1);
});

it('follows a link that is named, and names one that leads out of the folder', async () => {
  const [folder, elsewhere] = [temporaryFolder(), temporaryFolder()];
  fs.writeFileSync(path.join(elsewhere, 'one'), part10(sample('1.2.3.1')));
  fs.symlinkSync(elsewhere, path.join(folder, 'out'));
  const below = await imported(folder);
  expect([below.result.imported, below.of('out')]).toEqual([0, ['unsupported']]);
  expect((await imported(path.join(folder, 'out'))).result).toMatchObject({ imported: 1 });
});

it('takes in an image whose pixels end too early, and says so in the item and in the index', async () => {
  const folder = temporaryFolder();
  fs.writeFileSync(path.join(folder, 'cut'), part10(sample('1.2.3.1', {}, { rows: 64 })).subarray(0, -3000));
  fs.writeFileSync(
    path.join(folder, 'trailing'),
    Buffer.concat([part10(sample('1.2.3.2', {}, { rows: 64 })), Buffer.from('some bytes more')]),
  );
  const { archive, result, items } = await imported(folder);
  expect(result).toMatchObject({ imported: 2, truncated: 1 });
  expect(items.filter((item) => item.truncated === true).map((item) => path.basename(item.path))).toEqual(['cut']);
  await archive.settled();
  const [study] = (await archive.search(everything)).studies;
  const marked = async () =>
    (await archive.instances({ studyInstanceUID: study?.studyInstanceUID ?? '' })).filter((one) => one.truncated === true);
  expect((await marked()).map((one) => one.sopInstanceUID)).toEqual(['1.2.3.1']);
  await finished(archive.rebuild());
  expect((await marked()).map((one) => one.sopInstanceUID)).toEqual(['1.2.3.1']);
});

it('says so when an import brings a known study under another patient', async () => {
  const folder = temporaryFolder();
  fs.writeFileSync(path.join(folder, '1'), part10(sample('1.2.3.1', { PatientID: 'P1' })));
  fs.writeFileSync(path.join(folder, '2'), part10(sample('1.2.3.2', { PatientID: 'P2' })));
  const archive = await opened();
  const said = new Promise<string>((resolve) => archive.onNotice(({ sentence }) => resolve(sentence)));
  await finished(archive.import([path.join(folder, '1')]));
  await finished(archive.import([path.join(folder, '2')]));
  expect(await said).toContain('under another patient');
});
