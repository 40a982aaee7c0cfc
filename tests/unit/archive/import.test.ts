import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeDataset, encodeFileMeta } from '../../../electron/dicom/dataset/index.ts';
import { importedItem } from '../../../shared/contract/index.ts';
import { EXPLICIT, everything, finished, IMPLICIT, namesIn, opened, part10, sample, storedBytes, temporaryFolder } from './fixtures.ts';

/** A folder as people have them: images deep down, junk beside them, a link that leads back up. */
function folderWithJunk(): string {
  const folder = temporaryFolder();
  const deep = path.join(folder, 'a', 'b', 'c');
  fs.mkdirSync(deep, { recursive: true });
  fs.writeFileSync(path.join(deep, 'one.dcm'), part10(sample('1.2.3.1')));
  fs.writeFileSync(path.join(deep, 'no-extension'), part10(sample('1.2.3.2')));
  fs.writeFileSync(path.join(deep, 'again.txt'), part10(sample('1.2.3.1')));
  fs.writeFileSync(path.join(deep, 'bare.img'), sample('1.2.3.3', {}, { transferSyntaxUID: IMPLICIT }).bytes);
  fs.writeFileSync(path.join(folder, 'other-content.dcm'), part10(sample('1.2.3.2', { PatientSex: 'O' })));
  fs.writeFileSync(path.join(folder, 'truncated.dcm'), part10(sample('1.2.3.5', {}, { rows: 64 })).subarray(0, -3000));
  fs.writeFileSync(path.join(folder, 'cut-in-header.dcm'), part10(sample('1.2.3.6')).subarray(0, 500));
  fs.writeFileSync(path.join(folder, 'readme.txt'), 'Not an image at all, only a few words of text.\n'.repeat(10));
  fs.writeFileSync(path.join(folder, 'empty'), '');
  const directory = { ...sample('1.2.9'), sopClassUID: '1.2.840.10008.1.3.10' };
  fs.writeFileSync(path.join(folder, 'DICOMDIR'), Buffer.concat([encodeFileMeta(directory), directory.bytes]));
  fs.symlinkSync(folder, path.join(deep, 'up'));
  fs.symlinkSync(path.join(folder, 'nowhere'), path.join(folder, 'broken-link'));
  return folder;
}

describe('importing a folder', () => {
  it('takes in every image once and gives each other file its reason', async () => {
    const archive = await opened();
    const { result, items } = await finished(archive.import([folderWithJunk(), '/nonexistent/folder']));
    for (const item of items) importedItem.parse(item);
    const of = (name: string): unknown[] =>
      items.filter((item) => path.basename(item.path) === name).map((item) => item.error?.kind ?? item.result);
    expect(of('bare.img')).toEqual(['imported']);
    expect(of('truncated.dcm')).toEqual(['imported']);
    expect([...of('one.dcm'), ...of('again.txt')].sort()).toEqual(['imported', 'known']);
    expect(
      items
        .filter((item) => item.sopInstanceUID === '1.2.3.2')
        .map((item) => item.result)
        .sort(),
    ).toEqual(['conflict', 'imported']);
    expect([of('readme.txt'), of('empty'), of('DICOMDIR')]).toEqual([['not-dicom'], ['not-dicom'], ['damaged']]);
    expect([of('cut-in-header.dcm'), of('broken-link'), of('folder')]).toEqual([['damaged'], ['not-found'], ['not-found']]);
    expect(result).toMatchObject({ imported: 4, known: 1, conflict: 1, refused: 5, directories: 1 });
    await archive.settled();
    expect((await archive.search(everything)).studies).toMatchObject([{ numberOfInstances: 4 }]);
    expect(namesIn(archive.location, 'incoming')).toEqual([]);
  });

  it('stores a file without preamble under its guessed transfer syntax, byte for byte', async () => {
    const archive = await opened();
    const folder = temporaryFolder();
    const bare = sample('1.2.3.3', {}, { transferSyntaxUID: IMPLICIT });
    fs.writeFileSync(path.join(folder, 'bare'), bare.bytes);
    await finished(archive.import([path.join(folder, 'bare')]));
    expect(storedBytes(archive.location, '1.2.3.3').equals(bare.bytes)).toBe(true);
    expect(decodeDataset(storedBytes(archive.location, '1.2.3.3'), IMPLICIT).string(0x00100020)).toBe('P1');
  });

  it('waits for credit instead of flooding a slow window', async () => {
    const archive = await opened();
    const folder = temporaryFolder();
    for (let i = 0; i < 1_400; i += 1) fs.writeFileSync(path.join(folder, `${i}.txt`), 'no image');
    const job = archive.import([folder]);
    let batches = 0;
    const stopped = new Promise<void>((resolve) => {
      job.onItems(() => {
        batches += 1;
        if (batches === 16) resolve();
      });
    });
    await stopped;
    const first = await Promise.race([job.done.then(() => 'done'), archive.stats().then(() => 'still waiting')]);
    expect([first, batches]).toEqual(['still waiting', 16]);
    job.onItems(() => job.acknowledge(1));
    job.acknowledge(16);
    expect(await job.done).toMatchObject({ refused: 1_400 });
  });

  it('can be cancelled: what was taken in stays, nothing is half', async () => {
    const archive = await opened();
    const folder = temporaryFolder();
    for (let i = 0; i < 500; i += 1) fs.writeFileSync(path.join(folder, `${i}`), part10(sample(`1.2.3.${i}`)));
    const job = archive.import([folder]);
    job.onItems(() => job.cancel());
    await expect(job.done).rejects.toMatchObject({ kind: 'cancelled' });
    await archive.settled();
    const { instances } = await archive.stats();
    expect(instances).toBeLessThan(500);
    expect(namesIn(archive.location, 'incoming')).toEqual([]);
    expect(namesIn(archive.location, 'files')).toHaveLength(instances);
  });
});

describe.runIf(process.env.DICOM_TEST_DATA !== undefined)('the collection of real files', () => {
  it('is taken in or refused with a typed reason, file by file; what is stored verifies', async () => {
    const archive = await opened();
    const root = process.env.DICOM_TEST_DATA ?? '';
    const rows = fs.readFileSync(path.join(root, 'MANIFEST.tsv'), 'utf8').trim().split('\n').slice(1);
    const paths = rows.map((row) => path.join(root, row.split('\t')[0] ?? ''));
    const { result, items } = await finished(archive.import(paths));
    expect(items.map((item) => item.path).sort()).toEqual(paths.sort());
    expect(result.imported + result.known + result.conflict + result.refused + result.directories).toBe(paths.length);
    const kinds = new Set(items.filter((item) => item.result === 'refused').map((item) => item.error?.kind));
    expect(
      [...kinds].filter((kind) => kind !== 'not-dicom' && kind !== 'damaged' && kind !== 'unsupported' && kind !== 'limit-exceeded'),
    ).toEqual([]);
    await archive.settled();
    expect((await finished(archive.verify())).result).toMatchObject({ checked: result.imported, problems: 0 });
  }, 120_000);
});

it('an import of an explicit file keeps its bytes', async () => {
  const archive = await opened();
  const folder = temporaryFolder();
  const one = sample('1.2.3.4', {}, { transferSyntaxUID: EXPLICIT, rows: 300 });
  fs.writeFileSync(path.join(folder, 'x'), part10(one));
  await finished(archive.import([folder]));
  expect(storedBytes(archive.location, '1.2.3.4').equals(one.bytes)).toBe(true);
});
