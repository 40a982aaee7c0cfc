import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { Chosen } from './export-selection.ts';
import { openReadOnly } from './index-reader.ts';
import type { ArchiveLocation } from './types.ts';

/** SOP Instance UIDs of a study, by series and instance number. Throws PhosphorError `not-found`. */
export function instancesOfStudy(location: ArchiveLocation, studyInstanceUID: string): string[] {
  const database = openReadOnly(location);
  try {
    const uids = [...new Chosen(database, { studyInstanceUIDs: [studyInstanceUID] })].map(({ instance }) => instance.sopInstanceUID);
    if (uids.length === 0) throw new PhosphorError('not-found', 'the study is not in the archive');
    return uids;
  } finally {
    database.close();
  }
}
