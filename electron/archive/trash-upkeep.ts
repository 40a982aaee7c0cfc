import fs from 'node:fs';
import path from 'node:path';
import type { TrashedStudy, TrashSelection } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { InstanceHeader } from '../dicom/dataset/types.ts';
import type { JobContext } from './job-table.ts';
import { inParallel, type JobReporter } from './jobs.ts';
import { folderOf } from './layout.ts';
import { mayWrite } from './shared-guard.ts';
import { TouchedStudies } from './touched-studies.ts';
import {
  type Batch,
  batchesOf,
  correctedBatch,
  headerOf,
  instancesIn,
  lastOf,
  REQUEST,
  RESTORE,
  sortLoose,
  studiesIn,
  studyFolderName,
  tidyBatch,
} from './trash-folder.ts';
import type { ArchiveLocation, PurgeSummary } from './types.ts';

const DAY_MS = 24 * 3_600_000;
const WIDTH = 4;
const LOOSE = /^[0-9a-f]{64}-(\d{13})-[\w-]{1,64}\.dcm$/;

/** What is in the trash, newest first: one row for each study of each batch. */
export async function listTrash(
  location: ArchiveLocation,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<{ total: number; studies: TrashedStudy[] }> {
  // What cannot be sorted, on a disk that cannot be written, is not listed.
  await sortLoose(location).catch(() => undefined);
  const rows = batchesOf(location).flatMap((batch) => studiesIn(batch).map((study) => ({ batch, study })));
  const studies: TrashedStudy[] = [];
  for (const { batch, study } of rows.slice(offset, offset + limit)) {
    const row = await describe(location, batch, study);
    if (row !== undefined) studies.push(row);
  }
  return { total: rows.length, studies };
}

async function describe(location: ArchiveLocation, batch: Batch, study: string): Promise<TrashedStudy | undefined> {
  const names = instancesIn(batch, study);
  let bytes = 0;
  for (const name of names) bytes += fs.statSync(path.join(batch.folder, study, name), { throwIfNoEntry: false })?.size ?? 0;
  const header = await headerOfAny(location, batch, study);
  if (header === undefined) return undefined;
  const { studyInstanceUID, patientName, patientID, studyDate, studyDescription } = header;
  return {
    batch: batch.batch,
    reason: batch.reason,
    studyInstanceUID,
    patientName: { alphabetic: patientName.alphabetic.slice(0, 1024) },
    patientID: patientID.slice(0, 1024),
    studyDate: studyDate.slice(0, 1024),
    studyDescription: studyDescription.slice(0, 1024),
    instances: names.length,
    bytes,
  };
}

/** Of any file of the study that can be read. */
async function headerOfAny(location: ArchiveLocation, batch: Batch, study: string): Promise<InstanceHeader | undefined> {
  for (const name of instancesIn(batch, study)) {
    try {
      return await headerOf(location, path.join(batch.folder, study, name));
    } catch {
      // Another file of the study may still say whose it is.
    }
  }
  return undefined;
}

async function touch(touched: TouchedStudies, location: ArchiveLocation, batch: Batch, study: string): Promise<void> {
  const header = await headerOfAny(location, batch, study);
  if (header !== undefined) touched.add(header);
}

/**
 * Removes for good: what is selected, or what has been in the trash for longer than so many days. A batch is renamed before its files go, so
 * that an interrupted purge shows nothing half; the next one finishes it.
 */
export async function purgeTrash(
  context: JobContext,
  { selection, olderThanDays }: { readonly selection?: readonly TrashSelection[] | undefined; readonly olderThanDays?: number | undefined },
  job: Pick<JobReporter<never>, 'check' | 'progress'>,
): Promise<PurgeSummary> {
  const { location } = context;
  mayWrite(location);
  await sortLoose(location);
  const trash = folderOf.trash(location);
  const touched = new TouchedStudies();
  const now = Date.now();
  const before = olderThanDays === undefined ? undefined : now - olderThanDays * DAY_MS;
  for (const found of batchesOf(location)) {
    let batch = found;
    // A deletion under way is not purged: its rows are still in the index. Nor is what is on its way back.
    if ([REQUEST, RESTORE].some((marker) => fs.existsSync(path.join(batch.folder, marker)))) continue;
    const selected = selection?.filter((one) => one.batch === found.batch) ?? [];
    if (selected.length === 0) batch = correctedBatch(location, found, now);
    const isWhole = selected.some(({ studyInstanceUID }) => studyInstanceUID === undefined);
    if (isWhole || (before !== undefined && lastOf(batch) < before)) {
      for (const study of studiesIn(batch)) await touch(touched, location, batch, study);
      fs.renameSync(batch.folder, `${batch.folder}.gone`);
    } else {
      for (const { studyInstanceUID } of selected) {
        if (studyInstanceUID === undefined) continue;
        const study = studyFolderName(studyInstanceUID);
        const own = path.join(batch.folder, study);
        await touch(touched, location, batch, study);
        if (fs.existsSync(own)) fs.renameSync(own, path.join(trash, `${path.basename(batch.folder)}-${study}.gone`));
      }
      tidyBatch(batch);
    }
  }
  const summary = { purged: 0, bytes: 0 };
  const gone = fs.readdirSync(trash).filter((name) => name.endsWith('.gone'));
  for (const name of gone) await removeFolder(path.join(trash, name), summary, job);
  for (const name of fs.readdirSync(trash)) {
    const [, at] = LOOSE.exec(name) ?? [];
    if (before !== undefined && at !== undefined && Number(at) < before) await removeFile(path.join(trash, name), summary);
  }
  if (gone.length > 0) await scrub(context);
  return { ...summary, touched: touched.list };
}

/** What the rows of deleted instances said is overwritten in the index too: in its text indexes and in its journal. */
async function scrub(context: JobContext): Promise<void> {
  try {
    await context.index().call('compact', { first: true });
  } catch (thrown) {
    // An index that is being rebuilt holds nothing of them.
    if (!(thrown instanceof PhosphorError)) throw thrown;
  }
}

async function removeFolder(
  folder: string,
  summary: { purged: number; bytes: number },
  job: Pick<JobReporter<never>, 'check' | 'progress'>,
) {
  const entries = fs.readdirSync(folder, { withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) await removeFolder(path.join(folder, entry.name), summary, job);
  await inParallel(
    entries.filter((entry) => !entry.isDirectory()),
    WIDTH,
    async ({ name }) => {
      job.check();
      await removeFile(path.join(folder, name), summary);
      job.progress({ done: summary.purged, bytes: summary.bytes });
    },
  );
  await fs.promises.rmdir(folder);
}

async function removeFile(file: string, summary: { purged: number; bytes: number }): Promise<void> {
  const { size } = await fs.promises.lstat(file);
  await fs.promises.unlink(file);
  if (!file.endsWith('.dcm')) return;
  summary.purged += 1;
  summary.bytes += size;
}
