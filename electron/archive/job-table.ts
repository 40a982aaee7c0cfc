import type { MessagePort } from 'node:worker_threads';
import type { ExportItem, ImportedItem, VerifiedItem } from '../../shared/contract/index.ts';
import { CARE_JOBS, type CareJobs } from './care-jobs.ts';
import type { ClearDrops } from './drop-folder.ts';
import { EDIT_JOBS, type EditJobs } from './edit-jobs.ts';
import type { ExportArgs, ExportSummary } from './export.ts';
import type { IndexWriterMethods } from './index-writer-messages.ts';
import type { JobReporter } from './jobs.ts';
import type { RpcClient } from './rpc.ts';
import type { ArchiveLocation, ArrivalWriter, ImportArgs, ImportSummary, VerifySummary, WatchSummary } from './types.ts';

/** What the archive worker does in the background: of each kind its arguments, the items it names one by one, and what it ends with. */
export interface ArchiveJobs extends CareJobs, EditJobs {
  import: { args: ImportArgs; item: ImportedItem; result: ImportSummary };
  clearDrops: { args: ClearDrops; item: never; result: { readonly removed: number } };
  watch: { args: { readonly folder: string; readonly move: boolean }; item: ImportedItem; result: WatchSummary };
  export: { args: ExportArgs; item: ExportItem; result: ExportSummary };
  verify: { args: { readonly restart?: boolean }; item: VerifiedItem; result: VerifySummary };
  rebuild: { args: { readonly restart?: boolean }; item: VerifiedItem; result: VerifySummary };
}
export type JobKind = keyof ArchiveJobs;

/** What the thread gives each job to work with. */
export interface JobContext {
  readonly location: ArchiveLocation;
  /** Throw PhosphorError `internal` before the thread has its lines. */
  index(): RpcClient<IndexWriterMethods>;
  arrivals(): ArrivalWriter;
  /** A line for arrivals of a further thread. */
  arrivalLine(): MessagePort;
}

type Work<Kind extends JobKind> = (
  context: JobContext,
  args: ArchiveJobs[Kind]['args'],
  job: JobReporter<ArchiveJobs[Kind]['item']>,
) => Promise<ArchiveJobs[Kind]['result']>;

/** The work of each kind of job, on the archive worker's thread. What it needs is loaded when it is first done: a start waits for none of it. */
export const JOBS: { readonly [Kind in JobKind]: Work<Kind> } = {
  ...CARE_JOBS,
  ...EDIT_JOBS,
  import: async (context, { paths, dropId }, job) => {
    const { importDrop, importPaths } = await import('./import.ts');
    return dropId === undefined ? importPaths(paths, context, job) : importDrop(dropId, context, job);
  },
  clearDrops: async ({ location }, args) => (await import('./drop-folder.ts')).clearDrops(location, args),
  watch: async (context, args, job) => (await import('./import-watch.ts')).watchFolder(args, context, job),
  export: async ({ location }, args, job) => (await import('./export.ts')).exportInstances(location, args, job),
  verify: async ({ location }, args, job) => (await import('./check-files.ts')).verifyFiles(location, args, job),
  rebuild: async (context, args, job) => {
    const { rebuildIndex } = await import('./rebuild-index.ts');
    return await rebuildIndex(
      context.location,
      args,
      {
        begin: (restart) => context.index().call('beginRebuild', { restart }),
        add: (entries, forget = []) => context.index().call('addToRebuild', { entries, forget }),
        reached: (cursor) => context.index().call('reachedInRebuild', { cursor }),
        end: (keepIt) => context.index().call('endRebuild', { keep: keepIt }),
      },
      job,
    );
  },
};
