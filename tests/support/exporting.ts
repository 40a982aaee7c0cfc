import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExportArgs, ExportSummary } from '../../electron/archive/export.ts';
import { type Archive, openArchive } from '../../electron/archive/index.ts';
import type { ExportItem } from '../../shared/contract/index.ts';

export const run = promisify(execFile);

/** Debian's Python, which has pydicom. */
export const PYTHON = '/usr/bin/python3';

/** An archive below `folder` with everything of `paths` in it. */
export async function archiveWith(folder: string, paths: readonly string[]): Promise<Archive> {
  const archive = await openArchive({ directory: join(folder, 'archive'), databases: join(folder, 'profile'), durable: false });
  const job = archive.import(paths);
  job.onItems(() => job.acknowledge(1));
  await job.done;
  await archive.settled();
  return archive;
}

/** Every study of an archive. */
export async function studiesOf(archive: Archive): Promise<string[]> {
  const { studies } = await archive.search({ query: {}, sort: { by: 'studyDate', descending: true }, offset: 0, limit: 1000 });
  return studies.map(({ studyInstanceUID }) => studyInstanceUID);
}

export async function exportAll(
  archive: Archive,
  args: Omit<ExportArgs, 'selection' | 'allowLossyConversion'>,
): Promise<{ result: ExportSummary; items: ExportItem[] }> {
  const studyInstanceUIDs = await studiesOf(archive);
  const job = archive.job('export', { selection: { studyInstanceUIDs }, allowLossyConversion: false, ...args });
  const items: ExportItem[] = [];
  job.onItems((batch) => {
    items.push(...batch);
    job.acknowledge(1);
  });
  return { result: await job.done, items };
}
