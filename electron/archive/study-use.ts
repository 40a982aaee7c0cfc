import type { ArchiveLocation } from './types.ts';

/** What people made of studies, as far as cleaning must know it. */
export interface StudyUse {
  /** Study Instance UIDs that must not go. */
  readonly pinned: ReadonlySet<string>;
  /** When a study was last opened, in milliseconds since the epoch. */
  readonly openedAt: ReadonlyMap<string, number>;
}

export function readStudyUse(_location: ArchiveLocation): StudyUse {
  return { pinned: new Set(), openedAt: new Map() };
}
