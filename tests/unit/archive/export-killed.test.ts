import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { memorySource, readPart10 } from '../../../electron/dicom/dataset/index.ts';
import { locate, opened, sample, store, temporaryFolder, writerOf } from './export-fixtures.ts';

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
