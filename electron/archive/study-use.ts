import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { isDamage } from './index-database.ts';
import { archiveIdIn } from './layout.ts';
import { number, text } from './rows.ts';
import type { ArchiveLocation } from './types.ts';
import { userDataFile } from './user-database.ts';

/** What people made of studies, as far as cleaning must know it. */
export interface StudyUse {
  /** Study Instance UIDs that are pinned. */
  readonly pinned: ReadonlySet<string>;
  /** When a study was last opened, in milliseconds since the epoch. */
  readonly openedAt: ReadonlyMap<string, number>;
}

/** Throws PhosphorError `damaged` when it cannot be read: then nobody knows what is pinned, and nothing may be cleaned. */
export function readStudyUse(location: ArchiveLocation): StudyUse {
  const pinned = new Set<string>();
  const openedAt = new Map<string, number>();
  const file = userDataFile(location);
  if (!fs.existsSync(file)) return { pinned, openedAt };
  const archiveId = archiveIdIn(fs.readFileSync(path.join(location.directory, 'archive.json'), 'utf8')) ?? '';
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    database.exec('PRAGMA busy_timeout = 5000');
    for (const row of database.prepare('SELECT study_uid, pinned, opened_at FROM study_marks WHERE archive_id = ?').iterate(archiveId)) {
      if (row.pinned === 1) pinned.add(text(row.study_uid));
      if (row.opened_at !== null) openedAt.set(text(row.study_uid), number(row.opened_at));
    }
    return { pinned, openedAt };
  } catch (cause) {
    if (!isDamage(cause)) throw cause;
    throw new PhosphorError('damaged', 'what is pinned cannot be read, so nothing is cleaned', {}, { cause });
  } finally {
    database.close();
  }
}
