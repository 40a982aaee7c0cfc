import type { ActionRequest } from '../../shared/contract/index.ts';
import type { ClearDrops } from '../archive/drop-folder.ts';
import type { ActionRecord, EngineParts } from './types.ts';

/** What a window handed over for an import is kept until the import's completion is on disk, so that one that was cut off can go on. */
export function clearDrop(action: ActionRequest, parts: Pick<EngineParts, 'archive'>): void {
  if (action.command === 'import' && action.dropId !== undefined) clear({ only: action.dropId }, parts);
}

/** At the start: drops whose window went away, and those of imports that ended. */
export function clearOldDrops(unfinished: readonly ActionRecord[], parts: Pick<EngineParts, 'archive'>): void {
  const keep = unfinished.flatMap(({ action }) => (action.command === 'import' && action.dropId !== undefined ? [action.dropId] : []));
  clear({ keep, before: Date.now() }, parts);
}

function clear(which: ClearDrops, { archive }: Pick<EngineParts, 'archive'>): void {
  try {
    // What stays is looked for again at the next start.
    archive.job('clearDrops', which).done.catch(() => undefined);
  } catch {
    // The archive's volume is away.
  }
}
