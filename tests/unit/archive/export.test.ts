import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ExportArgs, ExportSummary } from '../../../electron/archive/export.ts';
import type { Archive } from '../../../electron/archive/index.ts';
import { type ExportItem, exportItem } from '../../../shared/contract/index.ts';
import { finished, locate, opened, part10, sample, store, temporaryFolder, writerOf } from './export-fixtures.ts';

const STUDY = '1.2.3';

function everythingTo(to: string, more: Partial<ExportArgs> = {}): ExportArgs {
  return { selection: { studyInstanceUIDs: [STUDY] }, to, form: 'files', container: 'folder', allowLossyConversion: false, ...more };
}

async function exported(archive: Archive, args: ExportArgs): Promise<{ result: ExportSummary; items: ExportItem[] }> {
  const done = await finished(archive.job('export', args));
  for (const item of done.items) exportItem.parse(item);
  return done;
}

async function archiveOf(...samples: Parameters<typeof store>[1][]): Promise<Archive> {
  const archive = await opened();
  const writer = writerOf(archive);
  for (const one of samples) await store(writer, one);
  await archive.settled();
  return archive;
}

const below = (folder: string): string[] =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();

describe('exporting files', () => {
  it('puts each instance, byte for byte as stored, where the template says', async () => {
    const archive = await archiveOf(
      sample('1.2.3.1', { SeriesDescription: 'Lung/soft: "a"', InstanceNumber: 1 }),
      sample('1.2.3.2', { SeriesDescription: 'Lung/soft: "a"', InstanceNumber: 2 }),
    );
    const to = path.join(temporaryFolder(), 'new', 'folder');
    const { result, items } = await exported(archive, everythingTo(to));
    expect(result).toMatchObject({ exported: 2, failed: 0, converted: 0 });
    expect(items).toEqual([]);
    const folder = 'Doe Jane/20260102 Thorax/001 Lung_soft_ _a_';
    expect(below(to)).toEqual([`${folder}/00001.dcm`, `${folder}/00002.dcm`]);
    expect(fs.readFileSync(path.join(to, folder, '00002.dcm')).equals(fs.readFileSync(locate(archive, '1.2.3.2')))).toBe(true);
  });

  it('keeps two patients of one name apart and numbers what would be the same', async () => {
    const archive = await archiveOf(
      sample('1.2.3.1'),
      sample('1.2.3.2'),
      sample('1.2.4.1', { StudyInstanceUID: '1.2.4', SeriesInstanceUID: '1.2.4.1', PatientID: 'P2' }),
    );
    const to = temporaryFolder();
    const args = everythingTo(to, { selection: { patientIDs: ['P1', 'P2'] }, template: '{PatientName}/{InstanceNumber}' });
    await exported(archive, args);
    expect(below(to)).toEqual(['Doe Jane (2)/1.dcm', 'Doe Jane/1 (2).dcm', 'Doe Jane/1.dcm']);
  });

  it('touches nothing that exists, unless it is asked to replace it', async () => {
    const archive = await archiveOf(sample('1.2.3.1'));
    const to = temporaryFolder();
    fs.writeFileSync(path.join(to, '1.dcm'), 'mine');
    await exported(archive, everythingTo(to, { template: '{InstanceNumber}' }));
    expect(fs.readFileSync(path.join(to, '1.dcm'), 'utf8')).toBe('mine');
    expect(below(to)).toEqual(['1 (2).dcm', '1.dcm']);
    await exported(archive, everythingTo(to, { template: '{InstanceNumber}', replace: true }));
    expect(fs.readFileSync(path.join(to, '1.dcm')).equals(part10(sample('1.2.3.1')))).toBe(false);
    expect(fs.readFileSync(path.join(to, '1.dcm')).subarray(128, 132).toString()).toBe('DICM');
  });

  it('names what is gone, altered or unknown, and exports the rest', async () => {
    const archive = await archiveOf(sample('1.2.3.1'), sample('1.2.3.2'), sample('1.2.3.3'));
    fs.unlinkSync(locate(archive, '1.2.3.1'));
    const altered = locate(archive, '1.2.3.2');
    const bytes = fs.readFileSync(altered);
    bytes[bytes.length - 1] = 99;
    fs.writeFileSync(altered, bytes);
    const to = temporaryFolder();
    const selection = { studyInstanceUIDs: [STUDY, '9.9.9'] };
    const { result, items } = await exported(archive, everythingTo(to, { selection, template: '{SOPInstanceUID}' }));
    expect(result).toMatchObject({ exported: 1, failed: 3, failedSOPInstanceUIDs: ['1.2.3.1', '1.2.3.2'] });
    expect(items.map(({ level, name, error }) => [level, name, error.kind]).sort()).toEqual([
      ['image', '1.2.3.1', 'not-found'],
      ['image', '1.2.3.2', 'damaged'],
      ['study', '9.9.9', 'not-found'],
    ]);
    expect(below(to)).toEqual(['1.2.3.3.dcm']);
  });

  it('leaves nothing but whole files when it is cancelled', async () => {
    const archive = await archiveOf(
      ...Array.from({ length: 60 }, (_, i) => sample(`1.2.3.${i + 1}`, { InstanceNumber: i + 1 }, { rows: 256 })),
    );
    const to = temporaryFolder();
    const job = archive.job('export', everythingTo(to, { template: '{InstanceNumber}' }));
    job.onProgress(() => job.cancel());
    await expect(job.done).rejects.toMatchObject({ data: { kind: 'cancelled' } });
    const whole = fs.statSync(locate(archive, '1.2.3.1')).size;
    for (const file of below(to)) expect([file, fs.statSync(path.join(to, file)).size]).toEqual([file, whole]);
    expect(fs.readdirSync(to).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('says that nothing of it is here, and that the place cannot be written', async () => {
    const archive = await archiveOf(sample('1.2.3.1'));
    const nothing = archive.job('export', everythingTo(temporaryFolder(), { selection: { seriesInstanceUIDs: ['7.7'] } }));
    await expect(nothing.done).rejects.toMatchObject({ data: { kind: 'not-found' } });
    const file = path.join(temporaryFolder(), 'file');
    fs.writeFileSync(file, '');
    const blocked = archive.job('export', everythingTo(path.join(file, 'below')));
    await expect(blocked.done).rejects.toMatchObject({ data: { kind: 'storage' } });
  });

  it('gives the same names however long each file takes', async () => {
    const samples = Array.from({ length: 24 }, (_, i) =>
      sample(`1.2.3.${i + 1}`, { InstanceNumber: i + 1 }, { rows: i % 4 === 0 ? 500 : 8 }),
    );
    const archive = await archiveOf(...samples);
    const to = temporaryFolder();
    await exported(archive, everythingTo(to, { template: '{PatientName}' }));
    for (let i = 1; i <= 24; i += 1) {
      const file = path.join(to, i === 1 ? 'Doe Jane.dcm' : `Doe Jane (${i}).dcm`);
      expect([file, fs.statSync(file).size]).toEqual([file, fs.statSync(locate(archive, `1.2.3.${i}`)).size]);
    }
  });

  it('removes what a killed export left a day ago, and nothing younger', async () => {
    const archive = await archiveOf(sample('1.2.3.1'));
    const to = temporaryFolder();
    const [old, young] = [path.join(to, '.phosphor-export-old'), path.join(to, '.phosphor-export-young')];
    for (const folder of [old, young]) fs.mkdirSync(folder);
    fs.writeFileSync(path.join(old, 'half'), '');
    fs.utimesSync(old, 1, 1);
    await exported(archive, everythingTo(to));
    expect([fs.existsSync(old), fs.existsSync(young)]).toEqual([false, true]);
  });

  it('does not follow a link out of the folder', async () => {
    const archive = await archiveOf(sample('1.2.3.1'));
    const [to, elsewhere] = [temporaryFolder(), temporaryFolder()];
    fs.symlinkSync(elsewhere, path.join(to, 'Doe Jane'));
    const { result } = await exported(archive, everythingTo(to, { template: '{PatientName}/{InstanceNumber}' }));
    expect(below(elsewhere)).toEqual([]);
    expect(result).toMatchObject({ exported: 0, failed: 1 });
  });
});
