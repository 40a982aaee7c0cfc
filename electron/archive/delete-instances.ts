import fs from 'node:fs';
import path from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { DeleteTarget } from '../../shared/contract/index.ts';
import { USABLE_UID } from '../../shared/contract/limits.ts';
import { systemCode } from '../../shared/contract/phosphor-error.ts';
import { parseIncomingName } from './incoming-name.ts';
import { openReadOnly } from './index-reader.ts';
import type { JobContext } from './job-table.ts';
import type { JobReporter } from './jobs.ts';
import { conflictFile, fileOfHash, folderOf, hashOfUID, syncFolder } from './layout.ts';
import { number, text } from './rows.ts';
import { mayWrite } from './shared-guard.ts';
import { TouchedStudies } from './touched-studies.ts';
import { type Batch, batchesOf, newBatch, placeIn, REQUEST, readMarker, studyFolderName, tidyBatch, writeMarker } from './trash-folder.ts';
import type { ArchiveLocation, DeleteSummary } from './types.ts';

const PAGE = 250;
const ROUNDS = 20;

/** What a batch's request.json holds. */
interface Request {
  readonly targets: readonly DeleteTarget[];
  /** Instances that arrived later (milliseconds since the epoch) are others than those that were to go. */
  readonly before: number;
}

/**
 * Moves studies, series or instances to the trash as one batch. What is to go is on disk before the first file moves, and a file's row leaves
 * the index after the file has moved: whatever ends the program in between, the next start finishes it. Once begun it is not cancelled, so
 * that nothing is left half.
 */
export async function deleteInstances(
  context: JobContext,
  { targets, reason = 'deleted' }: { readonly targets: readonly DeleteTarget[]; readonly reason?: 'deleted' | 'cleaned' },
  job: Pick<JobReporter<never>, 'check' | 'progress'>,
): Promise<DeleteSummary> {
  job.check();
  await context.index().call('settle', {});
  const batch = newBatch(context.location, reason);
  const request: Request = { targets, before: Math.max(batch.batch, newestOf(context.location, targets)) };
  writeMarker(batch, REQUEST, request);
  return carryOut(context, batch, request, job);
}

/** When the newest of what is to go arrived: files may bear the time of another clock, which is ahead of ours. */
function newestOf(location: ArchiveLocation, targets: readonly DeleteTarget[]): number {
  const database = openReadOnly(location);
  try {
    const newest = (target: DeleteTarget) =>
      number(rowsOf(database, target, 'max(i.arrived_at) AS newest', Number.MAX_SAFE_INTEGER).get()?.newest);
    return Math.max(0, ...targets.map(newest));
  } finally {
    database.close();
  }
}

/** Finishes the deletions that the end of the program interrupted. */
export async function finishDeletes(context: JobContext, job: Pick<JobReporter<never>, 'progress'>): Promise<DeleteSummary> {
  let instances = 0;
  let bytes = 0;
  const touched = new TouchedStudies();
  for (const batch of batchesOf(context.location)) {
    const request = requestOf(readMarker(batch, REQUEST));
    if (request === undefined) continue;
    const done = await carryOut(context, batch, request, job);
    instances += done.instances;
    bytes += done.bytes;
    for (const study of done.touched) touched.add(study);
  }
  return { instances, bytes, batch: 0, touched: touched.list };
}

async function carryOut(
  context: JobContext,
  batch: Batch,
  { targets, before }: Request,
  job: Pick<JobReporter<never>, 'progress'>,
): Promise<DeleteSummary> {
  const { location } = context;
  const database = openReadOnly(location);
  let instances = 0;
  let bytes = 0;
  const touched = new TouchedStudies();
  try {
    const total = targets.reduce((sum, target) => sum + number(rowsOf(database, target, 'count(*) AS n', before).get()?.n), 0);
    for (const target of targets) {
      let after = 0;
      for (let round = 0; round < ROUNDS; ) {
        const columns = 'i.instance_id, i.sop_uid, st.study_uid, st.patient_id, i.file_bytes';
        const rows = rowsOf(database, target, columns, before, after)
          .all()
          .map((row) => ({
            id: number(row.instance_id),
            uid: text(row.sop_uid),
            study: text(row.study_uid),
            patientID: text(row.patient_id),
            bytes: number(row.file_bytes),
          }));
        if (rows.length === 0) {
          if (after === 0) break;
          // Once more from the start: those whose arrival was not over yet.
          after = 0;
          round += 1;
          await context.index().call('settle', {});
          continue;
        }
        after = rows.at(-1)?.id ?? after;
        const moved = movePage(location, batch, rows);
        for (const conflict of moveConflicts(location, batch, moved, database)) await context.index().call('forgetConflict', conflict);
        await context.index().call('forget', { sopInstanceUIDs: moved.map(({ uid }) => uid) });
        for (const { study, patientID } of moved) touched.add({ studyInstanceUID: study, patientID });
        instances += moved.length;
        bytes += moved.reduce((sum, row) => sum + row.bytes, 0);
        job.progress({ done: instances, total, bytes });
      }
    }
  } finally {
    database.close();
  }
  fs.rmSync(path.join(batch.folder, REQUEST), { force: true });
  tidyBatch(batch);
  return { instances, bytes, batch: batch.batch, touched: touched.list };
}

interface Row {
  readonly uid: string;
  readonly study: string;
  readonly bytes: number;
}

/** Moves the files of some rows; answers those that have left files/. Instances whose arrival is under way are left for later. */
function movePage<R extends Row>(location: ArchiveLocation, batch: Batch, rows: readonly R[]): R[] {
  mayWrite(location);
  const arriving = arrivingIn(location);
  const folders = new Set<string>();
  const moved = new Map<string, R>();
  for (const row of rows) {
    const hash = hashOfUID(row.uid);
    if (arriving.has(hash.toString('base64url'))) continue;
    const folder = placeIn(batch, row.study);
    folders.add(folder);
    try {
      fs.renameSync(fileOfHash(location, hash), path.join(folder, `${hash.toString('hex')}.dcm`));
    } catch (thrown) {
      if (systemCode(thrown) !== 'ENOENT') throw thrown;
    }
    moved.set(hash.toString('base64url'), row);
  }
  // A newer version that took the place at this moment would have been moved in the older one's stead: it goes back.
  for (const hash of arrivingIn(location)) {
    const row = moved.get(hash);
    if (row === undefined) continue;
    moved.delete(hash);
    const final = fileOfHash(location, Buffer.from(hash, 'base64url'));
    const own = path.join(placeIn(batch, row.study), path.basename(final));
    if (!fs.existsSync(final) && fs.existsSync(own)) fs.renameSync(own, final);
  }
  if (location.durable) for (const folder of folders) syncFolder(folder);
  return [...moved.values()];
}

/**
 * The other versions of what goes, kept in conflicts/, go along: they would be versions of nothing, and stay when the rest is purged. Moved
 * while the rows still say of what they are, so that a deletion that is taken up again finds them. Answers what the index is to forget.
 */
function moveConflicts(
  location: ArchiveLocation,
  batch: Batch,
  rows: readonly Row[],
  database: DatabaseSync,
): { sopInstanceUID: string; sha256: string }[] {
  const find = database.prepare('SELECT sha256 FROM conflicts WHERE sop_uid = ?');
  return rows.flatMap(({ uid, study }) =>
    find.all(uid).map(({ sha256 }) => {
      const hash = Buffer.from(sha256 instanceof Uint8Array ? sha256 : []);
      const file = conflictFile(location, hashOfUID(uid), hash);
      try {
        fs.renameSync(file, path.join(placeIn(batch, study), path.basename(file)));
      } catch (thrown) {
        if (systemCode(thrown) !== 'ENOENT') throw thrown;
      }
      return { sopInstanceUID: uid, sha256: hash.toString('hex') };
    }),
  );
}

function arrivingIn(location: ArchiveLocation): Set<string> {
  const names = fs.readdirSync(folderOf.incoming(location)).map((name) => parseIncomingName(name)?.uidHash.toString('base64url'));
  return new Set(names.filter((name) => name !== undefined));
}

function rowsOf(database: DatabaseSync, target: DeleteTarget, columns: string, before: number, after = 0) {
  const { studyInstanceUID, seriesInstanceUID, sopInstanceUID } = target;
  const keys: [string, string | undefined][] = [
    ['st.study_uid', studyInstanceUID],
    ['se.series_uid', seriesInstanceUID],
    ['i.sop_uid', sopInstanceUID],
  ];
  const given = keys.filter((key): key is [string, string] => key[1] !== undefined);
  const statement = database.prepare(
    `SELECT ${columns} FROM instances i JOIN series se USING (series_id) JOIN studies st USING (study_id)
     WHERE ${given.map(([column]) => `${column} = ?`).join(' AND ')} AND i.arrived_at <= ? AND i.instance_id > ?
     ORDER BY i.instance_id LIMIT ${PAGE}`,
  );
  const values = [...given.map(([, value]) => value), before, after];
  return { get: () => statement.get(...values), all: () => statement.all(...values) };
}

/** Of studies (names of their folders) that come back: a deletion that failed half way would take them away again at the next start. */
export function giveUpDeletion(batch: Batch, studies: readonly string[]): void {
  const request = requestOf(readMarker(batch, REQUEST));
  if (request === undefined) return;
  const targets = request.targets.filter(({ studyInstanceUID }) => !studies.includes(studyFolderName(studyInstanceUID)));
  if (targets.length > 0) writeMarker(batch, REQUEST, { ...request, targets });
  else fs.rmSync(path.join(batch.folder, REQUEST), { force: true });
}

function requestOf(value: unknown): Request | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { targets, before } = value as Partial<Record<keyof Request, unknown>>;
  return Array.isArray(targets) && targets.every(isTarget) && typeof before === 'number' ? { targets, before } : undefined;
}

function isTarget(value: unknown): value is DeleteTarget {
  if (typeof value !== 'object' || value === null) return false;
  const { studyInstanceUID, seriesInstanceUID, sopInstanceUID } = value as Partial<Record<keyof DeleteTarget, unknown>>;
  const isUID = (uid: unknown): boolean => typeof uid === 'string' && USABLE_UID.test(uid);
  return isUID(studyInstanceUID) && [seriesInstanceUID, sopInstanceUID].every((uid) => uid === undefined || isUID(uid));
}
