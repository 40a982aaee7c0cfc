import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { memorySource, readPart10 } from '../../../electron/dicom/dataset/index.ts';
import { locate, opened, sample, store, temporaryFolder, writerOf } from './export-fixtures.ts';

it.each(['files', 'media', 'zip'] as const)(
  'an export (%s) that was done when the program was killed, before it could say so, is done again and no failure',
  async (kind) => {
    const archive = await opened();
    const writer = writerOf(archive);
    for (let i = 1; i <= 3; i += 1) await store(writer, sample(`1.2.3.${i}`, { InstanceNumber: i }));
    await archive.settled();
    const folder = temporaryFolder();
    const form = kind === 'media' ? ('media' as const) : ('files' as const);
    const container = kind === 'zip' ? ('zip' as const) : ('folder' as const);
    const to = kind === 'zip' ? path.join(folder, 'out.zip') : path.join(folder, 'out');
    const args = { selection: { studyInstanceUIDs: ['1.2.3'] }, to, form, container, allowLossyConversion: false };
    const names = () => fs.readdirSync(folder, { recursive: true }).map(String).sort();
    expect(await archive.job('export', { ...args, exportId: 'first' }).done).toMatchObject({ exported: 3, failed: 0 });
    const before = names();
    expect(await archive.job('export', { ...args, exportId: 'first', isResumed: true }).done).toMatchObject({ exported: 3, failed: 0 });
    expect(names()).toEqual(before);
    if (kind === 'files') return;
    const other = archive.job('export', { ...args, exportId: 'other', isResumed: true }).done;
    await expect(other).rejects.toMatchObject({ kind: 'invalid-arguments' });
  },
);

it.each(['files', 'media', 'zip'] as const)(
  'an archive whose threads die in the middle of an export (%s) leaves whole files only under their names',
  async (kind) => {
    const archive = await opened();
    const writer = writerOf(archive);
    for (let i = 1; i <= 60; i += 1) await store(writer, sample(`1.2.3.${i}`, { InstanceNumber: i }, { rows: 400 }));
    await archive.settled();
    const whole = fs.statSync(locate(archive, '1.2.3.1')).size;
    const to = kind === 'zip' ? path.join(temporaryFolder(), 'out.zip') : temporaryFolder();
    const job = archive.job('export', {
      selection: { studyInstanceUIDs: ['1.2.3'] },
      to,
      form: kind === 'media' ? 'media' : 'files',
      container: kind === 'zip' ? 'zip' : 'folder',
      allowLossyConversion: false,
    });
    const killed = new Promise<void>((resolve) => job.onProgress(() => void archive.killThreads().then(resolve)));
    await expect(job.done).rejects.toMatchObject({ data: { kind: 'worker-died' } });
    await killed;
    if (kind === 'zip') {
      expect(fs.existsSync(to)).toBe(false);
      return;
    }
    const names = fs
      .readdirSync(to, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('.phosphor-export-'));
    const images = names.filter(({ name }) => name !== 'README.TXT');
    expect(names.map(({ name }) => name)).not.toContain('DICOMDIR');
    expect(images.length).toBeLessThan(60);
    for (const { parentPath, name } of images) {
      const bytes = fs.readFileSync(path.join(parentPath, name));
      expect([bytes.length, readPart10(memorySource(bytes)).truncated]).toEqual([whole, false]);
    }
  },
);
