import type { ActionItem, ActionRequest } from '../../shared/contract/index.ts';
import type { ArchiveJob, ImportSummary, VerifySummary } from '../archive/types.ts';
import type { ActionRun } from './action-run.ts';
import { mainThreadTasks } from './main-thread-tasks.ts';
import { diagnoseRun } from './run-diagnosis.ts';
import type { TurnQueue } from './turn-queue.ts';
import type { EngineParts, RunResult } from './types.ts';
import { onAbort, unlessAborted } from './waiting.ts';

/** Import of files and folders. Known instances count as done; refused ones and conflicts are named in the items. */
export async function runImport(
  run: ActionRun,
  parts: EngineParts,
  { paths }: Extract<ActionRequest, { command: 'import' }>,
  turns: TurnQueue,
): Promise<RunResult> {
  const { imported, known, conflict, refused, bytes } = await follow<ImportSummary>(run, turns, 'import', () =>
    parts.archive.import(paths),
  );
  await parts.archive.settled();
  const failed = refused + conflict;
  const received = imported + known + failed;
  run.update({ bytes });
  return {
    outcome: failed === 0 ? 'success' : imported + known > 0 ? 'partial' : 'failed',
    verifiedBy: 'local',
    counts: { expected: received, received, completed: imported + known, failed, warning: 0, remaining: 0 },
    details: { imported, known, conflict, refused },
    ...(failed === 0 ? {} : { diagnosis: await diagnoseRun(run, parts, { text: 'importRefused' }, { received, failed }) }),
  };
}

/** `verify` compares index and files; `rebuild` makes the index anew. Problems found make the outcome `partial`. */
export async function runMaintenance(
  run: ActionRun,
  parts: EngineParts,
  { command, restart = false }: Extract<ActionRequest, { command: 'verify' | 'rebuild' }>,
  turns: TurnQueue,
): Promise<RunResult> {
  // While an index that was lost is still being read from the files, everything would seem to be missing from it.
  await unlessAborted(
    parts.archive.settled().catch(() => undefined),
    run.signal,
  );
  const { checked, problems, bytes, resumedAt } = await follow<VerifySummary>(run, turns, 'maintenance', () =>
    parts.archive[command]({ restart }),
  );
  run.update({ bytes });
  return {
    outcome: problems === 0 ? 'success' : 'partial',
    verifiedBy: 'local',
    counts: {
      expected: checked,
      received: checked,
      completed: Math.max(0, checked - problems),
      failed: problems,
      warning: 0,
      remaining: 0,
    },
    details: { checked, problems, ...(resumedAt === undefined ? {} : { resumedAt }) },
    ...(problems === 0 ? {} : { diagnosis: await diagnoseRun(run, parts, { text: 'verifyProblems' }, { failed: problems }) }),
  };
}

/**
 * For every job of the archive: waits for its turn (one import, one verify or rebuild at a time), then passes items, credits, progress and cancel between the job of the
 * archive and its action. Rejects as the job does.
 */
export async function follow<Result>(
  run: ActionRun,
  turns: TurnQueue,
  kind: 'import' | 'export' | 'maintenance' | 'trash',
  start: () => ArchiveJob<ActionItem, Result>,
): Promise<Result> {
  const leave = await turns.acquire(kind, kind, run.signal);
  run.update({ state: 'running', attempt: 1 });
  let unwatch = () => {};
  try {
    const job = start();
    unwatch = onAbort(run.signal, () => job.cancel());
    job.onItems(mainThreadTasks.wrap('job items', (items) => run.push(items, () => job.acknowledge(1))));
    job.onProgress(
      mainThreadTasks.wrap('job progress', ({ done, total, bytes }) =>
        run.update({
          bytes,
          source: 'local',
          counts: {
            received: done,
            completed: done,
            failed: 0,
            warning: 0,
            ...(total === undefined ? {} : { expected: total, remaining: Math.max(0, total - done) }),
          },
        }),
      ),
    );
    return await job.done;
  } finally {
    unwatch();
    leave();
  }
}
