import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CommandArgs, ManifestInstance, SeriesManifest } from '../../shared/contract/index.ts';
import { systemCode } from '../../shared/contract/phosphor-error.ts';
import { readingOrder } from '../../shared/contract/reading-order.ts';
import { DESCRIPTION_VERSION, describeImage, type ImageDescription } from './image-description.ts';
import type { ImageDescriptionEntry } from './index-store.ts';
import { locateInstance } from './layout.ts';
import { localSeries, localStudy, number, type Row, SERIES_COLUMNS, STUDY_COLUMNS, text } from './rows.ts';
import type { ArchiveLocation } from './types.ts';

const MAX_INSTANCES = 100_000;
/** Files read before other work of the thread gets its turn. */
const TURN = 32;

/** Where descriptions that had to be read go, so that they are read once. */
export type KeepImages = (images: ImageDescriptionEntry[]) => void;

/** A series as the viewer wants it, or null when it is unknown or still has as many instances as the caller knows. */
export async function manifestOf(
  location: ArchiveLocation,
  database: DatabaseSync,
  args: CommandArgs<'archive.manifest'>,
  keep: KeepImages,
): Promise<SeriesManifest | null> {
  const [found] = database
    .prepare(
      `SELECT ${STUDY_COLUMNS}, ${SERIES_COLUMNS} FROM studies st JOIN series se USING (study_id) WHERE st.study_uid = ?1 AND (?2 IS NULL OR se.series_uid = ?2)`,
    )
    .all(args.studyInstanceUID, args.seriesInstanceUID ?? null)
    .sort((a, b) => readingOrder(localSeries(a), localSeries(b)));
  if (found === undefined || number(found.series_instances) === args.known) return null;
  const rows = database
    .prepare(`SELECT ${INSTANCE_COLUMNS} FROM instances i WHERE i.series_id = ? LIMIT ?`)
    .all(number(found.series_id), MAX_INSTANCES);
  const wanted = (args.first === undefined ? undefined : beginningOf(rows, args.first)) ?? stackOrder(rows);
  const instances = await describeRows(location, withJson(database, wanted), keep);
  return { study: localStudy(found), series: localSeries(found), instances };
}

const INSTANCE_COLUMNS = `i.instance_id, i.sop_uid, i.sop_class, i.transfer_syntax, i.instance_number, i.acquisition_number, i.number_of_frames,
  i.position, i.sha256, i.file_bytes`;

/** Each with its description as it was kept. */
function withJson(database: DatabaseSync, rows: readonly Row[]): Row[] {
  const statement = database.prepare('SELECT json FROM image_descriptions WHERE instance_id = ?');
  return rows.map((row) => ({ ...row, json: statement.get(number(row.instance_id))?.json ?? null }));
}

/** Describes instances that nobody has asked for yet, a page of them after `after`. Returns the last one looked at, or undefined at the end. */
export async function describeAhead(
  location: ArchiveLocation,
  database: DatabaseSync,
  after: number,
  keep: KeepImages,
): Promise<number | undefined> {
  const rows = database
    .prepare(
      `SELECT ${INSTANCE_COLUMNS}, d.json FROM instances i LEFT JOIN image_descriptions d USING (instance_id) WHERE i.instance_id > ? ORDER BY i.instance_id LIMIT 128`,
    )
    .all(after);
  await describeRows(location, rows, keep);
  return rows.length === 0 ? undefined : number(rows.at(-1)?.instance_id);
}

/** Where describing ahead goes on after a start. */
export function lastDescribed(database: DatabaseSync): number {
  return number(database.prepare('SELECT max(instance_id) AS last FROM image_descriptions').get()?.last);
}

async function describeRows(location: ArchiveLocation, rows: readonly Row[], keep: KeepImages): Promise<ManifestInstance[]> {
  const instances: ManifestInstance[] = [];
  let fresh: ImageDescriptionEntry[] = [];
  for (const row of rows) {
    let description = kept(text(row.json));
    if (description === undefined) {
      description = describeStored(locateInstance(location, text(row.sop_uid)));
      const sha256 = Buffer.from(row.sha256 as Uint8Array).toString('hex');
      fresh.push({ instanceId: number(row.instance_id), sha256, json: JSON.stringify({ version: DESCRIPTION_VERSION, ...description }) });
      if (fresh.length % TURN === 0) await nextTurn();
    }
    instances.push(instanceOf(row, description));
  }
  while (fresh.length > 0) {
    keep(fresh.slice(0, 256));
    fresh = fresh.slice(256);
  }
  return instances;
}

/** A description as it was written; one of another version, or that cannot be read, is made anew. */
function kept(json: string): ImageDescription | undefined {
  if (json === '') return undefined;
  try {
    const { version, ...description } = JSON.parse(json) as ImageDescription & { version?: number };
    return version === DESCRIPTION_VERSION ? description : undefined;
  } catch {
    return undefined;
  }
}

function describeStored(file: string): ImageDescription {
  try {
    return describeImage(file);
  } catch (thrown) {
    return { reason: systemCode(thrown) === 'ENOENT' ? 'The file is missing from the archive.' : 'The file cannot be read.' };
  }
}

function instanceOf(row: Row, description: ImageDescription): ManifestInstance {
  return {
    sopInstanceUID: text(row.sop_uid),
    sopClassUID: text(row.sop_class),
    transferSyntaxUID: text(row.transfer_syntax),
    ...(typeof row.instance_number === 'number' ? { instanceNumber: row.instance_number } : {}),
    ...(typeof row.acquisition_number === 'number' ? { acquisitionNumber: row.acquisition_number } : {}),
    numberOfFrames: number(row.number_of_frames),
    fileBytes: number(row.file_bytes),
    ...description,
  };
}

/**
 * Order of a stack: along the normal of the planes where all are parallel (PS3.3 C.7.6.2.1.1), ties and everything else by Instance Number,
 * then by arrival.
 */
function stackOrder(rows: readonly Row[]): Row[] {
  const distances = distancesOf(rows);
  const key = (row: Row | undefined): number => (typeof row?.instance_number === 'number' ? row.instance_number : Number.MAX_SAFE_INTEGER);
  return rows
    .map((_, i) => i)
    .sort(
      (a, b) =>
        (distances === undefined ? 0 : (distances[a] ?? 0) - (distances[b] ?? 0)) ||
        key(rows[a]) - key(rows[b]) ||
        number(rows[a]?.instance_id) - number(rows[b]?.instance_id),
    )
    .map((i) => rows[i])
    .filter((row) => row !== undefined);
}

/** Planes that are nearer to each other (mm) may be volumes at the same places. */
const APART = 0.05;

/**
 * The first `most` instances of a stack that positions alone put in order: parallel planes, one at each place; at the end that was numbered first.
 * Undefined where more has to be known of all, or where these few would say otherwise which end that is.
 */
function beginningOf(rows: readonly Row[], most: number): Row[] | undefined {
  const distances = distancesOf(rows);
  if (distances === undefined || rows.length <= most) return undefined;
  const order = rows.map((row, i) => ({ row, distance: distances[i] ?? 0 })).sort((a, b) => a.distance - b.distance);
  if (order.some(({ distance }, i) => i > 0 && distance - (order[i - 1]?.distance ?? 0) < APART)) return undefined;
  const along = order.map(({ row }) => row);
  const down = runsDown(along);
  const first = down ? along.slice(-most) : along.slice(0, most);
  return runsDown(first) === down ? (down ? first.reverse() : first) : undefined;
}

/** Numbered against the direction in which they are given, most of the way. */
function runsDown(rows: readonly Row[]): boolean {
  let up = 0;
  let down = 0;
  for (let i = 1; i < rows.length; i++) {
    const step = numbered(rows[i]) - numbered(rows[i - 1]);
    if (step > 0) up += 1;
    else if (step < 0) down += 1;
  }
  return down > 3 * up;
}

function numbered(row: Row | undefined): number {
  return typeof row?.instance_number === 'number' ? row.instance_number : 0;
}

const PARALLEL = 1e-3;
/** Positions that differ by less than this (mm) are the same plane. */
const SAME_PLANE = 1e-3;

function distancesOf(rows: readonly Row[]): number[] | undefined {
  let normal: readonly [number, number, number] | undefined;
  const distances: number[] = [];
  for (const row of rows) {
    const geometry = row.position === null ? undefined : (JSON.parse(text(row.position)) as number[]);
    if (geometry?.length !== 9 || number(row.number_of_frames) > 1) return undefined;
    const own = normalOf(geometry);
    normal ??= own;
    if (normal.some((component, i) => Math.abs(component - (own[i] ?? 0)) > PARALLEL)) return undefined;
    const distance = normal.reduce((sum, component, i) => sum + component * (geometry[i] ?? 0), 0);
    distances.push(Math.round(distance / SAME_PLANE) * SAME_PLANE);
  }
  return distances;
}

function normalOf([, , , rx = 0, ry = 0, rz = 0, cx = 0, cy = 0, cz = 0]: readonly number[]): readonly [number, number, number] {
  return [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx];
}
