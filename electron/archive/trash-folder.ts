import fs from 'node:fs';
import path from 'node:path';
import type { TrashReason } from '../../shared/contract/index.ts';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';
import { readPart10Meta, StreamingHeader, Tag } from '../dicom/dataset/index.ts';
import type { InstanceHeader } from '../dicom/dataset/types.ts';
import { fallbackFor } from './fallback-character-sets.ts';
import { folderOf, hashOfUID, replaceFile, syncFolder, timeInName } from './layout.ts';
import { mayWrite } from './shared-guard.ts';
import { dataSetOf, openStored } from './stored-file.ts';
import type { ArchiveLocation } from './types.ts';

/**
 * The trash is what stands in trash/, and nothing else is known of it, so that a lost index loses nothing that could be undone:
 *
 * `trash/<batch>-<reason>/<hash of the Study Instance UID>/<hash of the SOP Instance UID>….dcm`
 *
 * A batch is what went together, named by the millisecond it went in (13 digits, whatever the clock says). `request.json` in it: not all of it has gone yet; `restore.json`: it is
 * on its way back. Versions that a newer one replaced are put loose into trash/ by the arrival and sorted into a batch of their day here.
 */
export interface Batch {
  readonly batch: number;
  readonly reason: TrashReason;
  readonly folder: string;
}

const BATCH = /^(\d{13})-(deleted|replaced|discarded|cleaned)$/;
const LOOSE = /^[0-9a-f]{64}-(\d{13})-[\w-]{1,64}\.dcm$/;
/** No batch is older than the program. */
const MADE = Date.UTC(2024, 0, 1);
const STUDY = /^[0-9a-f]{32}$/;
const INSTANCE = /^[0-9a-f]{64}[\w-]{0,100}\.dcm$/;
const DAY_MS = 24 * 3_600_000;
/** Loose files that are sorted in one go. */
const SORTED_AT_ONCE = 10_000;

export const REQUEST = 'request.json';
export const RESTORE = 'restore.json';

/** All batches, newest first. */
export function batchesOf(location: ArchiveLocation): Batch[] {
  return fs
    .readdirSync(folderOf.trash(location))
    .flatMap((name): Batch[] => {
      const [, batch, reason] = BATCH.exec(name) ?? [];
      if (batch === undefined) return [];
      return [{ batch: Number(batch), reason: reason as TrashReason, folder: path.join(folderOf.trash(location), name) }];
    })
    .sort((a, b) => b.batch - a.batch);
}

/** Makes the folder of a new batch; its number is the time in milliseconds, or the next one that is free. */
export function newBatch(location: ArchiveLocation, reason: TrashReason): Batch {
  mayWrite(location);
  for (let batch = Number(timeInName(Date.now())); ; batch += 1) {
    const folder = path.join(folderOf.trash(location), `${timeInName(batch)}-${reason}`);
    try {
      fs.mkdirSync(folder, { mode: 0o700 });
      return { batch, reason, folder };
    } catch (thrown) {
      if (systemCode(thrown) !== 'EEXIST') throw thrown;
    }
  }
}

/**
 * The name of a batch of which the clock was wrong becomes one of now: it would be purged at once, or never. A clock was wrong that was before
 * this program was made, or is ahead of the clock of now, or before the arrival of what went (files bear the time of their arrival).
 */
export function correctedBatch(location: ArchiveLocation, batch: Batch, now: number): Batch {
  if (batch.batch >= MADE && batch.batch <= now + DAY_MS && !holdsLater(batch, now)) return batch;
  for (let time = now; ; time += 1) {
    const folder = path.join(folderOf.trash(location), `${timeInName(time)}-${batch.reason}`);
    if (fs.existsSync(folder)) continue;
    fs.renameSync(batch.folder, folder);
    return { ...batch, batch: time, folder };
  }
}

/** When the last of it went into the trash: replaced versions are gathered for a day. */
export function lastOf({ batch, reason }: Batch): number {
  return reason === 'replaced' ? batch + DAY_MS : batch;
}

function holdsLater(batch: Batch, now: number): boolean {
  return studiesIn(batch).some((study) => {
    const [name] = instancesIn(batch, study);
    const at = name === undefined ? 0 : (fs.statSync(path.join(batch.folder, study, name), { throwIfNoEntry: false })?.mtimeMs ?? 0);
    return at > lastOf(batch) + 2 * DAY_MS && at <= now;
  });
}

/** Names of the study folders in a batch. */
export function studiesIn(batch: Batch): string[] {
  return namesIn(batch.folder).filter((name) => STUDY.test(name));
}

/** Names of the instances of a study in a batch; what stood in conflicts/ comes after what it was in conflict with. */
export function instancesIn(batch: Batch, study: string): string[] {
  return namesIn(path.join(batch.folder, study))
    .filter((name) => INSTANCE.test(name))
    .sort((a, b) => a.length - b.length);
}

export function studyFolderName(studyInstanceUID: string): string {
  return hashOfUID(studyInstanceUID).toString('hex').slice(0, 32);
}

/** Where an instance goes in a batch; the folder is made. */
export function placeIn(batch: Batch, studyInstanceUID: string): string {
  const folder = path.join(batch.folder, studyFolderName(studyInstanceUID));
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** As durable as its batch is: the batch's own name reaches the disk too. */
export function writeMarker(batch: Batch, name: typeof REQUEST | typeof RESTORE, content: unknown): void {
  replaceFile(path.join(batch.folder, name), JSON.stringify(content));
  syncFolder(path.dirname(batch.folder));
}

const MAX_MARKER = 4_000_000;

/** Undefined when there is none that can be understood. */
export function readMarker(batch: Batch, name: typeof REQUEST | typeof RESTORE): unknown {
  try {
    const file = path.join(batch.folder, name);
    if (fs.statSync(file).size > MAX_MARKER) return undefined;
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Removes what is empty: study folders, then the batch itself. */
export function tidyBatch(batch: Batch): void {
  for (const name of namesIn(batch.folder)) if (STUDY.test(name)) removeIfEmpty(path.join(batch.folder, name));
  removeIfEmpty(batch.folder);
}

/** Sorts replaced versions, which the arrival left loose in trash/, into one batch a day. */
export async function sortLoose(location: ArchiveLocation): Promise<void> {
  const trash = folderOf.trash(location);
  const loose = fs.readdirSync(trash).filter((name) => LOOSE.test(name));
  for (const name of loose.slice(0, SORTED_AT_ONCE)) {
    const file = path.join(trash, name);
    const day = Math.floor(Number(LOOSE.exec(name)?.[1]) / DAY_MS) * DAY_MS;
    const batch: Batch = { batch: day, reason: 'replaced', folder: path.join(trash, `${timeInName(day)}-replaced`) };
    try {
      const { studyInstanceUID } = await headerOf(location, file);
      fs.renameSync(file, path.join(placeIn(batch, studyInstanceUID), name));
    } catch (thrown) {
      // It cannot be read, or was taken away meanwhile: it stays where it is.
      if (!(thrown instanceof PhosphorError) && systemCode(thrown) !== 'ENOENT') throw thrown;
    }
  }
}

/** The header of a stored file, read no further than it goes. */
export async function headerOf(location: ArchiveLocation, file: string): Promise<InstanceHeader> {
  const stored = await openStored(file);
  try {
    const meta = new Uint8Array(stored.dataSetOffset);
    await stored.handle.read(meta, 0, meta.length, 0);
    const { transferSyntaxUID, metaElements } = readPart10Meta(meta);
    const header = new StreamingHeader(transferSyntaxUID);
    for await (const piece of dataSetOf(stored)) if (header.push(piece)) break;
    return header.finish(fallbackFor(location, metaElements.string(Tag.SourceApplicationEntityTitle)));
  } finally {
    await stored.handle.close();
  }
}

function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return [];
    throw thrown;
  }
}

function removeIfEmpty(folder: string): void {
  try {
    fs.rmdirSync(folder);
  } catch (thrown) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(systemCode(thrown) ?? '')) throw thrown;
  }
}
