import fs from 'node:fs';
import type { CleanedItem, CleaningSettings } from '../../shared/contract/index.ts';
import { deleteInstances } from './delete-instances.ts';
import { openReadOnly } from './index-reader.ts';
import type { JobContext } from './job-table.ts';
import type { JobReporter } from './jobs.ts';
import { number, text } from './rows.ts';
import { readStudyUse } from './study-use.ts';
import { TouchedStudies } from './touched-studies.ts';
import { purgeTrash } from './trash-upkeep.ts';
import type { ArchiveLocation, CleanSummary } from './types.ts';

export interface CleanArgs {
  readonly rules: CleaningSettings;
  readonly dryRun: boolean;
  /** Study Instance UIDs that are open in a window. */
  readonly open: readonly string[];
}

const DAY_MS = 24 * 3_600_000;
const GIGABYTE = 1_000_000_000;

/**
 * Takes out of the archive what the rules say, or only names it. Never a study that is pinned or open; one without a known other copy only
 * where the rules allow it. What is too old goes to the trash; what must go for want of room is removed for good, since the trash frees none.
 */
export async function cleanArchive(
  context: JobContext,
  { rules, dryRun, open }: CleanArgs,
  job: JobReporter<CleanedItem>,
): Promise<CleanSummary> {
  const summary = { studies: 0, instances: 0, bytes: 0, kept: 0 };
  const touched = new TouchedStudies();
  const { taken, kept } = chooseStudies(context.location, rules, new Set(open));
  summary.kept = kept;
  for (const item of taken) {
    job.check();
    if (!dryRun) {
      const { studyInstanceUID } = item;
      if (!isStillUnused(context.location, rules, item)) {
        summary.kept += 1;
        continue;
      }
      const deleted = await deleteInstances(context, { targets: [{ studyInstanceUID }], reason: 'cleaned' }, job);
      for (const study of deleted.touched) touched.add(study);
      if (item.because !== 'age') await purgeTrash(context, { selection: [{ batch: deleted.batch }] }, job);
    }
    summary.studies += 1;
    summary.instances += item.instances;
    summary.bytes += item.bytes;
    await job.item(item);
    job.progress({ done: summary.studies, total: taken.length, bytes: summary.bytes });
  }
  return { ...summary, touched: touched.list };
}

/** Cleaning takes its time: what was pinned, opened or came since it was chosen stays. */
function isStillUnused(location: ArchiveLocation, rules: CleaningSettings, { studyInstanceUID, usedAt }: CleanedItem): boolean {
  const { studies, isProtected } = readStudies(location, rules, new Set(), studyInstanceUID);
  return studies.some((study) => study.usedAt <= usedAt && !isProtected(study));
}

interface Study {
  readonly studyInstanceUID: string;
  readonly instances: number;
  readonly bytes: number;
  readonly arrivedAt: number;
  readonly usedAt: number;
}

/** What would go, in the order in which it would; `kept`: studies that a rule meant and that something protects. */
function chooseStudies(
  location: ArchiveLocation,
  rules: CleaningSettings,
  open: ReadonlySet<string>,
): { taken: CleanedItem[]; kept: number } {
  const { studies, isProtected, total } = readStudies(location, rules, open);
  const { olderThanDays, notOpenedForDays, maxGigabytes, minFreeGigabytes } = rules;
  const now = Date.now();
  const isOld = ({ arrivedAt, usedAt }: Study): boolean =>
    olderThanDays + notOpenedForDays > 0 && arrivedAt <= now - olderThanDays * DAY_MS && usedAt <= now - notOpenedForDays * DAY_MS;
  const { bavail, bsize } = fs.statfsSync(location.directory);
  let tooMuch = maxGigabytes > 0 ? total - maxGigabytes * GIGABYTE : 0;
  let tooLittle = minFreeGigabytes > 0 ? minFreeGigabytes * GIGABYTE - bavail * bsize : 0;
  const taken: CleanedItem[] = [];
  let kept = 0;
  const take = (study: Study, because: CleanedItem['because']): void => {
    const { studyInstanceUID, instances, bytes, usedAt } = study;
    taken.push({ kind: 'cleaned', studyInstanceUID, instances, bytes, usedAt, because });
    tooMuch -= bytes;
    if (because !== 'age') tooLittle -= bytes;
  };
  const rest: Study[] = [];
  for (const study of studies) {
    if (!isOld(study)) rest.push(study);
    else if (isProtected(study)) kept += 1;
    else take(study, 'age');
  }
  for (const study of rest) {
    if (tooMuch <= 0 && tooLittle <= 0) break;
    if (isProtected(study)) kept += 1;
    else take(study, tooLittle > 0 ? 'free' : 'size');
  }
  return { taken, kept };
}

/** All studies, or one, what was used longest ago first. */
function readStudies(
  location: ArchiveLocation,
  rules: CleaningSettings,
  open: ReadonlySet<string>,
  only?: string,
): { studies: Study[]; isProtected: (study: Study) => boolean; total: number } {
  const { pinned, openedAt } = readStudyUse(location);
  const unique = new Set<string>();
  const database = openReadOnly(location);
  try {
    const rows = database.prepare(
      `SELECT study_uid, instance_count, bytes, arrived_at,
         (SELECT count(*) FROM instances i JOIN series se USING (series_id) WHERE se.study_id = st.study_id AND i.origin = 'retrieve') AS copies
       FROM studies st ${only === undefined ? '' : 'WHERE study_uid = ?'}`,
    );
    const studies: Study[] = [];
    let total = 0;
    for (const row of rows.iterate(...(only === undefined ? [] : [only]))) {
      const studyInstanceUID = text(row.study_uid);
      const instances = number(row.instance_count);
      const arrivedAt = number(row.arrived_at);
      const usedAt = Math.max(arrivedAt, openedAt.get(studyInstanceUID) ?? 0);
      // What a PACS gave us it holds itself; of what was sent or imported nobody knows whether the sender kept it.
      if (number(row.copies) < instances) unique.add(studyInstanceUID);
      total += number(row.bytes);
      studies.push({ studyInstanceUID, instances, bytes: number(row.bytes), arrivedAt, usedAt });
    }
    studies.sort((a, b) => a.usedAt - b.usedAt);
    const isProtected = ({ studyInstanceUID: uid }: Study): boolean =>
      pinned.has(uid) || open.has(uid) || (!rules.evenOnlyCopies && unique.has(uid));
    return { studies, isProtected, total };
  } finally {
    database.close();
  }
}
