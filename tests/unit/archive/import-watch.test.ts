import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { type Archive, openArchive } from '../../../electron/archive/index.ts';
import { finished, opened, part10, sample, temporaryFolder, temporaryLocation, zipOf } from './fixtures.ts';

const look = async (archive: Archive, folder: string, move = false) => (await finished(archive.job('watch', { folder, move }))).result;

it('takes a file of the watched folder when it has stopped growing, and once', async () => {
  const folder = temporaryFolder();
  const location = temporaryLocation();
  const whole = part10(sample('1.2.3.1', {}, { rows: 64 }));
  const file = path.join(folder, 'one');
  fs.writeFileSync(file, whole.subarray(0, 4000));
  {
    const archive = await openArchive(location);
    expect(await look(archive, folder)).toMatchObject({ imported: 0, waiting: 1 });
    fs.writeFileSync(file, whole);
    expect(await look(archive, folder)).toMatchObject({ imported: 0, waiting: 1 });
    expect(await look(archive, folder)).toMatchObject({ imported: 1, truncated: 0, waiting: 0 });
    expect(await look(archive, folder)).toMatchObject({ imported: 0, known: 0, waiting: 0 });
    await archive.close();
  }
  const again = await opened(location);
  await look(again, folder);
  expect(await look(again, folder)).toMatchObject({ imported: 0, known: 0, waiting: 0 });
  expect(fs.existsSync(file)).toBe(true);
});

it('moves what was taken in to a folder of its own, over nothing, and leaves what was not', async () => {
  const folder = temporaryFolder();
  fs.mkdirSync(path.join(folder, 'done', 'in'), { recursive: true });
  fs.mkdirSync(path.join(folder, 'in'));
  fs.writeFileSync(path.join(folder, 'done', 'in', 'one.dcm'), 'an earlier one');
  fs.writeFileSync(path.join(folder, 'in', 'one.dcm'), part10(sample('1.2.3.1')));
  fs.writeFileSync(path.join(folder, 'notes.txt'), 'no image');
  const archive = await opened();
  await look(archive, folder, true);
  expect(await look(archive, folder, true)).toMatchObject({ imported: 1, refused: 1 });
  expect(fs.readdirSync(path.join(folder, 'done', 'in')).sort()).toEqual(['one (2).dcm', 'one.dcm']);
  expect([fs.readdirSync(path.join(folder, 'in')), fs.existsSync(path.join(folder, 'notes.txt'))]).toEqual([[], true]);
  expect(await look(archive, folder, true)).toMatchObject({ imported: 0, refused: 0 });
});

it('moves a ZIP of which something was refused where that is seen, with a report', async () => {
  const folder = temporaryFolder();
  const zip = path.join(folder, 'both.zip');
  const cut = part10(sample('1.2.3.2')).subarray(0, 400);
  fs.writeFileSync(zip, await zipOf({ 'good.dcm': part10(sample('1.2.3.1')), 'cut.dcm': cut, 'read me.txt': Buffer.from('no image') }));
  fs.writeFileSync(
    path.join(folder, 'good.zip'),
    await zipOf({ 'good.dcm': part10(sample('1.2.3.3')), 'read me.txt': Buffer.from('no image') }),
  );
  const archive = await opened();
  await look(archive, folder, true);
  expect(await look(archive, folder, true)).toMatchObject({ imported: 2, inPart: 1 });
  expect(fs.readdirSync(path.join(folder, 'done'))).toEqual(['good.zip']);
  expect(fs.readdirSync(path.join(folder, 'refused')).sort()).toEqual(['both.zip', 'both.zip.txt']);
  const report = fs.readFileSync(path.join(folder, 'refused', 'both.zip.txt'), 'utf8');
  expect([report.includes('cut.dcm: '), report.includes('good.dcm'), report.includes('read me')]).toEqual([true, false, false]);
  expect(await look(archive, folder, true)).toMatchObject({ imported: 0, known: 0, refused: 0, waiting: 0 });
});

it('says so when the watched folder is not there', async () => {
  const archive = await opened();
  await expect(look(archive, '/nonexistent/folder')).rejects.toMatchObject({ kind: 'not-found' });
});
