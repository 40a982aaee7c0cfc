import fs from 'node:fs';
import path from 'node:path';
import type { CommandArgs, Conflict } from '../../shared/contract/index.ts';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';
import { openReadOnly } from './index-reader.ts';
import type { JobContext } from './job-table.ts';
import { conflictFile, hashOfUID } from './layout.ts';
import { Putter } from './restore-instances.ts';
import { number, type Row as SQLRow, text } from './rows.ts';
import { TouchedStudies, type TouchedStudy } from './touched-studies.ts';
import { headerOf, newBatch, placeIn } from './trash-folder.ts';
import type { ArchiveLocation } from './types.ts';

const SELECT = `SELECT c.conflict_id, c.sop_uid, c.study_uid, c.sha256, c.origin, c.source_ae, c.arrived_at, st.name_alphabetic, st.patient_id
  FROM conflicts c LEFT JOIN instances i ON i.sop_uid = c.sop_uid LEFT JOIN series se USING (series_id) LEFT JOIN studies st USING (study_id)`;

type Row = Omit<Conflict, 'other'> & { readonly sha256: Buffer };

/** Second versions that are kept beside the first, newest first; what the second says of the patient is read from its file. */
export async function listConflicts(
  location: ArchiveLocation,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<{ total: number; conflicts: Conflict[] }> {
  const database = openReadOnly(location);
  try {
    const total = number(database.prepare('SELECT count(*) AS n FROM conflicts').get()?.n);
    const rows = database.prepare(`${SELECT} ORDER BY c.conflict_id DESC LIMIT ? OFFSET ?`).all(limit, offset).map(rowOf);
    const conflicts: Conflict[] = [];
    for (const { sha256, ...row } of rows) {
      try {
        const { patientName, patientID } = await headerOf(location, conflictFile(location, hashOfUID(row.sopInstanceUID), sha256));
        const other = { patientName: { alphabetic: patientName.alphabetic.slice(0, 1024) }, patientID: patientID.slice(0, 1024) };
        conflicts.push({ ...row, other });
      } catch (thrown) {
        if (!(thrown instanceof PhosphorError) && systemCode(thrown) === undefined) throw thrown;
        conflicts.push(row);
      }
    }
    return { total, conflicts };
  } finally {
    database.close();
  }
}

/** `first`: the second version goes to the trash. `other`: it takes the place of the first, which goes to the trash. */
export async function resolveConflict(
  context: JobContext,
  { conflictId, keep }: CommandArgs<'archive.conflicts.resolve'>,
): Promise<{ touched: TouchedStudy[] }> {
  const { location } = context;
  const { sopInstanceUID, studyInstanceUID, sha256, first } = findConflict(location, conflictId);
  const file = conflictFile(location, hashOfUID(sopInstanceUID), sha256);
  const touched = new TouchedStudies();
  touched.add({ studyInstanceUID, patientID: first?.patientID ?? '' });
  if (keep === 'first') moveAway(location, file, studyInstanceUID);
  else touched.add(await putInPlace(context, file));
  await context.index().call('forgetConflict', { sopInstanceUID, sha256: sha256.toString('hex') });
  return { touched: touched.list };
}

function moveAway(location: ArchiveLocation, file: string, studyInstanceUID: string): void {
  if (!fs.existsSync(file)) return;
  const folder = placeIn(newBatch(location, 'discarded'), studyInstanceUID);
  fs.renameSync(file, path.join(folder, path.basename(file)));
}

async function putInPlace(context: JobContext, file: string): Promise<TouchedStudy> {
  const putter = new Putter(context.location);
  try {
    const put = await putter.put(file, true);
    if (put === undefined) throw new PhosphorError('damaged', 'the other version cannot be read any more');
    if (put.entry !== undefined) await context.index().call('adopt', { entries: [put.entry] });
    await context.index().call('settle', {});
    return put;
  } finally {
    await putter.close();
  }
}

function findConflict(location: ArchiveLocation, conflictId: number): Row {
  const database = openReadOnly(location);
  try {
    const row = database.prepare(`${SELECT} WHERE c.conflict_id = ?`).get(conflictId);
    if (row === undefined) throw new PhosphorError('not-found', 'there is no such conflict any more');
    return rowOf(row);
  } finally {
    database.close();
  }
}

const ORIGINS: ReadonlySet<string> = new Set<Conflict['origin']>(['retrieve', 'store', 'import']);
const isOrigin = (value: string): value is Conflict['origin'] => ORIGINS.has(value);

function rowOf(row: SQLRow): Row {
  const origin = text(row.origin);
  return {
    conflictId: number(row.conflict_id),
    sopInstanceUID: text(row.sop_uid),
    studyInstanceUID: text(row.study_uid),
    sha256: Buffer.from(row.sha256 instanceof Uint8Array ? row.sha256 : []),
    origin: isOrigin(origin) ? origin : 'store',
    sourceAETitle: text(row.source_ae),
    arrivedAt: number(row.arrived_at),
    ...(typeof row.patient_id === 'string'
      ? { first: { patientName: { alphabetic: text(row.name_alphabetic) }, patientID: row.patient_id } }
      : {}),
  };
}
