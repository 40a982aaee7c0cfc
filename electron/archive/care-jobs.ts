import type { CleanedItem, CommandArgs, CommandResult, DeleteTarget, TrashSelection } from '../../shared/contract/index.ts';
import { type CleanArgs, cleanArchive } from './clean.ts';
import { compactArchive } from './compact.ts';
import { listConflicts, resolveConflict } from './conflicts.ts';
import { deleteInstances, finishDeletes } from './delete-instances.ts';
import type { JobContext } from './job-table.ts';
import type { JobReporter } from './jobs.ts';
import { finishRestores, restoreInstances } from './restore-instances.ts';
import type { TouchedStudy } from './touched-studies.ts';
import { listTrash, purgeTrash } from './trash-upkeep.ts';
import type { CleanSummary, CompactSummary, DeleteSummary, PurgeSummary, RestoreSummary } from './types.ts';

/** Jobs that keep the archive in order. */
export interface CareJobs {
  delete: { args: { readonly targets: readonly DeleteTarget[] }; item: never; result: DeleteSummary };
  restore: { args: { readonly selection: readonly TrashSelection[] }; item: never; result: RestoreSummary };
  purge: {
    args: { readonly selection?: readonly TrashSelection[] | undefined; readonly olderThanDays?: number | undefined };
    item: never;
    result: PurgeSummary;
  };
  /** What the end of the program interrupted. */
  finishTrash: { args: Record<string, never>; item: never; result: { readonly deleted: number; readonly restored: number } };
  trash: { args: CommandArgs<'archive.trash.list'>; item: never; result: CommandResult<'archive.trash.list'> };
  conflicts: { args: CommandArgs<'archive.conflicts.list'>; item: never; result: CommandResult<'archive.conflicts.list'> };
  resolveConflict: { args: CommandArgs<'archive.conflicts.resolve'>; item: never; result: { readonly touched: readonly TouchedStudy[] } };
  clean: { args: CleanArgs; item: CleanedItem; result: CleanSummary };
  compact: { args: Record<string, never>; item: never; result: CompactSummary };
}

type Work<Kind extends keyof CareJobs> = (
  context: JobContext,
  args: CareJobs[Kind]['args'],
  job: JobReporter<CareJobs[Kind]['item']>,
) => Promise<CareJobs[Kind]['result']>;

export const CARE_JOBS: { readonly [Kind in keyof CareJobs]: Work<Kind> } = {
  delete: deleteInstances,
  restore: restoreInstances,
  purge: purgeTrash,
  finishTrash: async (context, _args, job) => {
    const { instances } = await finishDeletes(context, job);
    const { restored } = await finishRestores(context, job);
    return { deleted: instances, restored };
  },
  trash: ({ location }, args) => listTrash(location, args),
  conflicts: ({ location }, args) => listConflicts(location, args),
  resolveConflict,
  clean: cleanArchive,
  compact: (context, _args, job) => compactArchive(context, job),
};
