import { z } from 'zod';
import { personName } from './model.ts';
import { count, timestamp, uid } from './primitives.ts';

// Contract of what keeps the archive in order: trash, second versions, cleaning.

/** A study, a series of it, or an instance of that. */
export const deleteTarget = z.strictObject({
  studyInstanceUID: uid,
  seriesInstanceUID: uid.optional(),
  sopInstanceUID: uid.optional(),
});
export type DeleteTarget = z.infer<typeof deleteTarget>;

/** Why something is in the trash: a person deleted it, a newer version took its place, a person did not want the second version, a rule. */
export const trashReason = z.enum(['deleted', 'replaced', 'discarded', 'cleaned']);
export type TrashReason = z.infer<typeof trashReason>;

/** What went into the trash together; or of that, one study. */
export const trashSelection = z.strictObject({ batch: count, studyInstanceUID: uid.optional() });
export type TrashSelection = z.infer<typeof trashSelection>;

const short = z.string().max(1024);

/** One study of what went into the trash together. `batch` is when it did, in milliseconds since the epoch. */
export const trashedStudy = z.strictObject({
  batch: count,
  reason: trashReason,
  studyInstanceUID: uid,
  patientName: personName,
  patientID: short,
  studyDate: short,
  studyDescription: short,
  instances: count,
  bytes: count,
});
export type TrashedStudy = z.infer<typeof trashedStudy>;

const whose = z.strictObject({ patientName: personName, patientID: short });

/** A second version of an instance, kept beside the first because nobody asked for it to take its place. */
export const conflict = z.strictObject({
  conflictId: count,
  sopInstanceUID: uid,
  studyInstanceUID: uid,
  origin: z.enum(['retrieve', 'store', 'import']),
  sourceAETitle: z.string().max(64),
  arrivedAt: timestamp,
  /** Whose the version in the archive is; absent when it has left the archive. */
  first: whose.optional(),
  /** Whose the second one is; absent when its file cannot be read. */
  other: whose.optional(),
});
export type Conflict = z.infer<typeof conflict>;

/** A study that a cleaning rule took, or would take. */
export const cleanedItem = z.strictObject({
  kind: z.literal('cleaned'),
  studyInstanceUID: uid,
  instances: count,
  bytes: count,
  /** When it was last opened, or else arrived. */
  usedAt: timestamp,
  because: z.enum(['age', 'size', 'free']),
});
export type CleanedItem = z.infer<typeof cleanedItem>;

export const careActions = [
  /** To the trash, as one batch. */
  z.strictObject({
    command: z.literal('delete'),
    targets: z.array(deleteTarget).min(1).max(10_000),
    label: z.string().max(256).optional(),
  }),
  z.strictObject({ command: z.literal('restore'), selection: z.array(trashSelection).min(1).max(10_000) }),
  /** For good: what is selected, or what has been in the trash for longer than so many days. */
  z.strictObject({
    command: z.literal('purge'),
    selection: z.array(trashSelection).min(1).max(10_000).optional(),
    olderThanDays: z.number().nonnegative().max(36_500).optional(),
  }),
  /** By the rules in the settings. A dry run changes nothing. */
  z.strictObject({ command: z.literal('clean'), dryRun: z.boolean() }),
  z.strictObject({ command: z.literal('compact') }),
] as const;

const page = z.strictObject({ offset: count, limit: count.max(200) });

export const careCommands = {
  /** Newest first. */
  'archive.trash.list': { args: page, result: z.strictObject({ total: count, studies: z.array(trashedStudy).max(200) }) },
  'archive.conflicts.list': { args: page, result: z.strictObject({ total: count, conflicts: z.array(conflict).max(200) }) },
  /** The version that is not kept goes to the trash. */
  'archive.conflicts.resolve': {
    args: z.strictObject({ conflictId: count, keep: z.enum(['first', 'other']) }),
    result: z.strictObject({}),
  },
} as const;
