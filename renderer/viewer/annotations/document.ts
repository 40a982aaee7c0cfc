import { z } from 'zod';
import { type Annotation, keptMark, readMark } from '../../../shared/marks/index.ts';

/** More entries than a document can hold within its length. */
const MAX_ENTRIES = 20_000;
/** What was deleted is remembered for so many marks, so that another window does not bring it back. */
const MAX_REMOVED = 1_000;

const at = z.number().int().nonnegative();

const removedAnnotation = z.object({ id: z.string().min(1).max(64), at });
const documentSchema = z.object({
  version: z.number().int(),
  annotations: z.array(z.unknown()).max(MAX_ENTRIES),
  removed: z.array(z.unknown()).max(MAX_ENTRIES).default([]),
});

/** The marks of a study as they are kept: when each was changed or deleted (ms since the epoch), and what this version does not understand, as it was. */
export interface Kept {
  readonly marks: ReadonlyMap<string, { readonly annotation: Annotation; readonly at: number }>;
  readonly removed: ReadonlyMap<string, number>;
  readonly foreign: readonly unknown[];
}

export const NOTHING_KEPT: Kept = { marks: new Map(), removed: new Map(), foreign: [] };

/** Undefined where the text is no document of marks at all: it must not be written over. */
export function parseKept(text: string | null, studyInstanceUID: string): Kept | undefined {
  if (text === null) return NOTHING_KEPT;
  const document = documentSchema.safeParse(parseJSON(text));
  if (!document.success) return undefined;
  const marks = new Map<string, { annotation: Annotation; at: number }>();
  const foreign: unknown[] = [];
  for (const entry of document.data.annotations) {
    const read = readMark(entry, studyInstanceUID);
    if (read === undefined) foreign.push(entry);
    else marks.set(read.annotation.id, read);
  }
  const removed = document.data.removed.flatMap((entry) => {
    const read = removedAnnotation.safeParse(entry);
    return read.success ? [[read.data.id, read.data.at] as const] : [];
  });
  return { marks, removed: new Map(removed), foreign };
}

/** null where there is nothing to keep. */
export function serialiseKept({ marks, removed, foreign }: Kept): string | null {
  if (marks.size === 0 && removed.size === 0 && foreign.length === 0) return null;
  const newest = [...removed].sort(([, a], [, b]) => b - a).slice(0, MAX_REMOVED);
  return JSON.stringify({
    version: 1,
    annotations: [...[...marks.values()].map(({ annotation, at: changedAt }) => keptMark(annotation, changedAt)), ...foreign],
    removed: newest.map(([id, removedAt]) => ({ id, at: removedAt })),
  });
}

/** Of each mark the newest state, deleted being one. */
export function mergeKept(ours: Kept, theirs: Kept): Kept {
  const marks = new Map(ours.marks);
  const removed = new Map(ours.removed);
  for (const [id, removedAt] of theirs.removed) removed.set(id, Math.max(removedAt, removed.get(id) ?? 0));
  for (const [id, mark] of theirs.marks) {
    const own = marks.get(id);
    if (own === undefined || mark.at > own.at) marks.set(id, mark);
  }
  for (const [id, { at: changedAt }] of [...marks]) {
    const removedAt = removed.get(id);
    if (removedAt === undefined) continue;
    if (removedAt >= changedAt) marks.delete(id);
    else removed.delete(id);
  }
  return { marks, removed, foreign: theirs.foreign };
}

function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
