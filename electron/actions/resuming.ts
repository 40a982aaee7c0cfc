import type { ActionRequest } from '../../shared/contract/index.ts';

/** An action that ended the workstation so often is not begun again. */
export const MOST_STARTS = 5;

/**
 * Whether an action that was cut off goes on at the next start. What has been done already is found done: an import knows the instance, an export the
 * file. A deletion is finished by the archive itself (delete-instances.ts); begun anew it would also take what came since.
 */
export function resumes(action: ActionRequest): boolean {
  switch (action.command) {
    case 'import':
    case 'verify':
    case 'rebuild':
    case 'compact':
    case 'purge':
      return true;
    case 'export':
      // Its password was held in memory only.
      return action.passwordId === undefined;
    default:
      return false;
  }
}
