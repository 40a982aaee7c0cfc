import type { CleanedItem, CommandArgs, CommandResult, DeleteTarget, TrashSelection } from '../../shared/contract/index.ts';
import type { CleanArgs } from './clean.ts';
import type { JobContext } from './job-table.ts';
import type { JobReporter } from './jobs.ts';
import type { TouchedStudy } from './touched-studies.ts';
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

/** What each needs is loaded when it is first done. */
export const CARE_JOBS: { readonly [Kind in keyof CareJobs]: Work<Kind> } = {
  delete: async (...given) => (await import('./delete-instances.ts')).deleteInstances(...given),
  restore: async (...given) => (await import('./restore-instances.ts')).restoreInstances(...given),
  purge: async (...given) => (await import('./trash-upkeep.ts')).purgeTrash(...given),
  finishTrash: async (context, _args, job) => {
    const { finishDeletes } = await import('./delete-instances.ts');
    const { finishRestores } = await import('./restore-instances.ts');
    const { instances } = await finishDeletes(context, job);
    const { restored } = await finishRestores(context, job);
    return { deleted: instances, restored };
  },
  trash: async ({ location }, args) => (await import('./trash-upkeep.ts')).listTrash(location, args),
  conflicts: async ({ location }, args) => (await import('./conflicts.ts')).listConflicts(location, args),
  resolveConflict: async (context, args) => (await import('./conflicts.ts')).resolveConflict(context, args),
  clean: async (...given) => (await import('./clean.ts')).cleanArchive(...given),
  compact: async (context, _args, job) => (await import('./compact.ts')).compactArchive(context, job),
};
