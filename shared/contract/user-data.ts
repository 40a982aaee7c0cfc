import { z } from 'zod';
import { count, timestamp, uid } from './primitives.ts';

/** An album or label, as its user wrote it. Two that differ in case, accents or width only are one. */
export const label = z.string().trim().min(1).max(64);
export const readState = z.enum(['unread', 'in-progress', 'read']);
export type ReadState = z.infer<typeof readState>;

/** What a label or comment is on: a study, one of its series, or one instance. */
export const target = z.strictObject({
  studyInstanceUID: uid,
  seriesInstanceUID: uid.optional(),
  sopInstanceUID: uid.optional(),
});
export type Target = z.infer<typeof target>;

const commentText = z.string().trim().min(1).max(10_000);
const commentId = z.uuid();

export const comment = target.extend({ commentId, text: commentText, createdAt: timestamp, changedAt: timestamp });
export type Comment = z.infer<typeof comment>;

/** Characters of one study's annotations. */
export const MAX_ANNOTATIONS = 2_000_000;

const nothing = z.strictObject({});
const targets = z.array(target).min(1).max(1000);
const studies = z.array(uid).min(1).max(1000);

/** What people note on studies: kept apart from the index, under the archive's ID and the UIDs, and backed up. */
export const userCommands = {
  'user.labels.list': {
    args: nothing,
    result: z.strictObject({ labels: z.array(z.strictObject({ label, studies: count })).max(10_000) }),
  },
  'user.labels.change': {
    args: z.strictObject({ targets, add: z.array(label).max(16), remove: z.array(label).max(16) }),
    result: nothing,
  },
  /** Into one that exists: they become one. */
  'user.labels.rename': { args: z.strictObject({ label, to: label }), result: nothing },
  'user.labels.delete': { args: z.strictObject({ label }), result: nothing },
  'user.pins.set': { args: z.strictObject({ studyInstanceUIDs: studies, pinned: z.boolean() }), result: nothing },
  'user.read.set': { args: z.strictObject({ studyInstanceUIDs: studies, state: readState }), result: nothing },
  /** The study was opened now. */
  'user.opened': { args: z.strictObject({ studyInstanceUID: uid }), result: nothing },
  'user.comments.list': {
    args: z.strictObject({ studyInstanceUID: uid }),
    result: z.strictObject({ comments: z.array(comment).max(1000) }),
  },
  'user.comments.add': { args: target.extend({ text: commentText }), result: z.strictObject({ comment }) },
  'user.comments.edit': { args: z.strictObject({ commentId, text: commentText }), result: z.strictObject({ comment }) },
  'user.comments.remove': { args: z.strictObject({ commentId }), result: nothing },
  /** The viewer's annotations of a study: one JSON text, and the number of times it was stored (0 = never). */
  'user.annotations.get': {
    args: z.strictObject({ studyInstanceUID: uid }),
    result: z.strictObject({ document: z.string().max(MAX_ANNOTATIONS).nullable(), revision: count }),
  },
  /**
   * Stores them where nobody else did since `revision`; else nothing is stored and the present revision answered, to be read and merged.
   * null removes them.
   */
  'user.annotations.put': {
    args: z.strictObject({ studyInstanceUID: uid, document: z.string().max(MAX_ANNOTATIONS).nullable(), revision: count }),
    result: z.strictObject({ saved: z.boolean(), revision: count }),
  },
} as const;

export const userDataTopic = z.enum(['labels', 'pins', 'read', 'opened', 'comments', 'annotations']);
export type UserDataTopic = z.infer<typeof userDataTopic>;

/** Body of the event UserDataChanged. `everything`: too many to name, read anew. */
export const userDataChange = {
  topic: userDataTopic,
  studyInstanceUIDs: z.array(uid).max(1000),
  everything: z.boolean(),
} as const;
