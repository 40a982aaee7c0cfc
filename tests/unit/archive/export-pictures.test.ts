import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ExportArgs } from '../../../electron/archive/export.ts';
import type { Archive } from '../../../electron/archive/index.ts';
import type { PictureOptions } from '../../../shared/contract/index.ts';
import { finished, opened, sample, store, temporaryFolder, writerOf } from './export-fixtures.ts';

const STUDY = '1.2.3';
const MARK = { sopInstanceUID: '1.2.3.1', seriesInstanceUID: '1.2.3', frame: 0, at: 1 };
const DOCUMENT = JSON.stringify({
  version: 1,
  annotations: [
    {
      ...MARK,
      id: 'a',
      kind: 'length',
      points: [
        [4, 60],
        [60, 60],
      ],
      name: '',
    },
    { ...MARK, id: 'b', kind: 'text', points: [[30, 90]], name: 'Jane' },
    { ...MARK, id: 'c', kind: 'of a later version', points: 7 },
  ],
});

async function withMarks(): Promise<Archive> {
  const archive = await opened();
  await store(writerOf(archive), sample('1.2.3.1', { RescaleIntercept: -1024 }, { rows: 128 }));
  await archive.settled();
  await archive.user('user.annotations.put', { studyInstanceUID: STUDY, document: DOCUMENT, revision: 0 });
  return archive;
}

async function pictureOf(archive: Archive, pictures: Partial<PictureOptions>, more: Partial<ExportArgs> = {}): Promise<Buffer> {
  const to = temporaryFolder();
  const { result } = await finished(
    archive.job('export', {
      selection: { studyInstanceUIDs: [STUDY] },
      to,
      form: 'images',
      container: 'folder',
      template: '{InstanceNumber}',
      allowLossyConversion: false,
      pictures: { format: 'png', bits: 8, quality: 90, cornerText: false, ...pictures },
      ...more,
    }),
  );
  expect(result).toMatchObject({ exported: 1, failed: 0 });
  return fs.readFileSync(path.join(to, fs.readdirSync(to)[0] ?? ''));
}

const isColoured = (png: Buffer): boolean => png[25] === 2;

describe('pictures of marked images', () => {
  it('show the marks of the viewer where there is text, and as the reader says', async () => {
    const archive = await withMarks();
    const shown = await pictureOf(archive, { cornerText: true });
    expect(isColoured(shown)).toBe(true);
    expect(isColoured(await pictureOf(archive, {}))).toBe(false);
    expect(isColoured(await pictureOf(archive, { cornerText: true, marks: false }))).toBe(false);
    const alone = await pictureOf(archive, { marks: true });
    expect(isColoured(alone)).toBe(true);
    expect(alone.equals(shown)).toBe(false);
  });

  it('without identity show no words that a reader wrote', async () => {
    const archive = await withMarks();
    const deidentify = { project: 'TRIAL', secret: '00'.repeat(32), options: {} };
    const before = await pictureOf(archive, { marks: true }, { deidentify });
    expect(isColoured(before)).toBe(true);
    const other = DOCUMENT.replace('Jane', 'John Smith');
    await archive.user('user.annotations.put', { studyInstanceUID: STUDY, document: other, revision: 1 });
    expect((await pictureOf(archive, { marks: true }, { deidentify })).equals(before)).toBe(true);
    await archive.user('user.annotations.put', { studyInstanceUID: STUDY, document: DOCUMENT, revision: 2 });
    const named = await pictureOf(archive, { marks: true });
    await archive.user('user.annotations.put', { studyInstanceUID: STUDY, document: other, revision: 3 });
    expect((await pictureOf(archive, { marks: true })).equals(named)).toBe(false);
  });
});
