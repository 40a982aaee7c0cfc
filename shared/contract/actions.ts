import { z } from 'zod';
import { careActions, cleanedItem } from './care.ts';
import { composeAction, composedItem } from './compose.ts';
import { changeItem, editActions, instanceFailedItem, pixelWarningItem } from './edits.ts';
import { phosphorError } from './errors.ts';
import { exportItem, exportRequest } from './export.ts';
import { importRequest } from './import-request.ts';
import { ITEM_BATCH } from './limits.ts';
import { matchRow, query, retrieveMethod } from './model.ts';
import { actionId, aeTitle, count, nodeId, tag, text, timestamp, uid } from './primitives.ts';

/** What a person can ask for in the background, with its arguments. */
export const actionRequest = z.discriminatedUnion('command', [
  z.strictObject({ command: z.literal('echo'), nodeId }),
  z.strictObject({ command: z.literal('find'), nodeId, query }),
  z.strictObject({
    command: z.literal('retrieve'),
    nodeId,
    studyInstanceUID: uid,
    seriesInstanceUID: uid.optional(),
    method: retrieveMethod.optional(),
    /** AE title of the move destination; absent = ourselves. */
    destination: aeTitle.optional(),
    /** What people call the study, for the drawer only. */
    label: z.string().max(256).optional(),
  }),
  importRequest,
  exportRequest,
  /** Both go on where one was interrupted, unless `restart`. */
  z.strictObject({ command: z.literal('verify'), restart: z.boolean().optional() }),
  z.strictObject({ command: z.literal('rebuild'), restart: z.boolean().optional() }),
  ...careActions,
  ...editActions,
  composeAction,
]);
export type ActionRequest = z.infer<typeof actionRequest>;
export type ActionCommand = ActionRequest['command'];

export const actionState = z.enum(['waiting', 'running', 'retrying', 'cancelling', 'reconciling', 'done']);
export type ActionState = z.infer<typeof actionState>;

export const outcome = z.enum(['success', 'partial', 'failed', 'rejected', 'aborted', 'timed-out', 'cancelled', 'unconfirmed']);
export type Outcome = z.infer<typeof outcome>;

/** Sub-operation counts. `expected` and `remaining` are absent while nobody knows. `received` is what we hold, `completed` what the peer reports. */
export const actionCounts = z.strictObject({
  expected: count.optional(),
  received: count,
  completed: count,
  failed: count,
  warning: count,
  remaining: count.optional(),
});
export type ActionCounts = z.infer<typeof actionCounts>;

export const progressSource = z.enum(['pending-response', 'store-scp', 'store-response', 'local']);

/** What went wrong and what a person can do: made in one place on the main side, in plain sentences. */
export const diagnosis = z.strictObject({
  sentence: text,
  nextStep: text.optional(),
  /** Something to hand to the PACS administrator, ready to copy. */
  copyable: text.optional(),
  error: phosphorError.optional(),
});
export type Diagnosis = z.infer<typeof diagnosis>;

export const importedItem = z.strictObject({
  kind: z.literal('file'),
  path: text,
  /** `missing`: the DICOMDIR of a medium names it, and it is not there. `media-directory`: the DICOMDIR itself, with `error` where it is damaged. */
  result: z.enum(['imported', 'known', 'conflict', 'refused', 'missing', 'media-directory']),
  sopInstanceUID: uid.optional(),
  /** Taken in, though its pixels end too early. */
  truncated: z.literal(true).optional(),
  /** Typed reason of a refusal or conflict; what is wrong with a DICOMDIR. */
  error: phosphorError.optional(),
});
export type ImportedItem = z.infer<typeof importedItem>;

export const verifiedItem = z.strictObject({
  kind: z.literal('problem'),
  sopInstanceUID: uid.optional(),
  problem: z.enum(['missing-file', 'altered', 'not-indexed', 'unreadable']),
  file: text,
});
export type VerifiedItem = z.infer<typeof verifiedItem>;

export const matchItem = z.strictObject({ kind: z.literal('match'), row: matchRow });

export const actionItem = z.discriminatedUnion('kind', [
  matchItem,
  importedItem,
  exportItem,
  verifiedItem,
  cleanedItem,
  changeItem,
  pixelWarningItem,
  instanceFailedItem,
  composedItem,
]);
export type ActionItem = z.infer<typeof actionItem>;

const base = { actionId, tag, seq: count };

export const actionItems = z.strictObject({ type: z.literal('ActionItems'), ...base, items: z.array(actionItem).max(ITEM_BATCH.items) });
export type ActionItems = z.infer<typeof actionItems>;

export const actionUpdate = z.strictObject({
  type: z.literal('ActionUpdate'),
  ...base,
  action: actionRequest,
  state: actionState,
  attempt: count,
  counts: actionCounts,
  bytes: count,
  source: progressSource.optional(),
  startedAt: timestamp,
  /** Set while `retrying`: why, and when the next attempt starts. */
  retry: z.strictObject({ diagnosis, at: timestamp }).optional(),
});
export type ActionUpdate = z.infer<typeof actionUpdate>;

export const actionComplete = z.strictObject({
  type: z.literal('ActionComplete'),
  ...base,
  action: actionRequest,
  outcome,
  /** DIMSE status of the peer's last final response, where there was one. */
  status: count.max(0xffff).optional(),
  counts: actionCounts,
  bytes: count,
  failedSOPInstanceUIDs: z.array(uid).max(100_000),
  errorComment: text.optional(),
  offendingElements: z.array(z.string().max(9)).max(1024),
  verifiedBy: z.enum(['listing', 'counts', 'destination', 'peer-only', 'local', 'none']),
  diagnosis: diagnosis.optional(),
  attempts: count,
  startedAt: timestamp,
  finishedAt: timestamp,
  /** Latency of an echo; files per result of an import; problems of a verify. */
  details: z.record(z.string().max(64), z.number()).optional(),
  /** Of an import, the first files that were not taken in, or in part: each with its reason. `details` counts them all. */
  files: z.array(importedItem).max(1000).optional(),
});
export type ActionComplete = z.infer<typeof actionComplete>;
