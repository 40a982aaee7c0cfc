import { type ActionItem, type ActionRequest, type ImportedItem, PhosphorError } from '../../shared/contract/index.ts';
import { INDEX_DAMAGED } from '../archive/index-damaged.ts';
import type { ArchiveJob, ImportSummary, VerifySummary } from '../archive/types.ts';
import type { ActionRun } from './action-run.ts';
import { audited } from './audited.ts';
import { mainThreadTasks } from './main-thread-tasks.ts';
import { diagnoseRun } from './run-diagnosis.ts';
import type { TurnQueue } from './turn-queue.ts';
import type { EngineParts, RunResult } from './types.ts';
import { onAbort, unlessAborted } from './waiting.ts';

/** Of a completion: the rest stands in the items, and in a report. */
const NAMED = 500;

/**
 * Import of files and folders. Known instances count as done; refused and missing files and conflicts are named, each with its reason. That
 * a file is no DICOM file, or the directory of a medium, is told and no failure.
 */
export async function runImport(
  run: ActionRun,
  parts: EngineParts,
  { paths, dropId, label = '' }: Extract<ActionRequest, { command: 'import' }>,
  turns: TurnQueue,
): Promise<RunResult> {
  const files: ImportedItem[] = [];
  const seen = (items: readonly ImportedItem[]): void => {
    for (const item of items) if (isNamed(item) && files.length < NAMED) files.push(item);
  };
  const { imported, known, conflict, refused, missing, truncated, directories, reasons, bytes } = await audited(
    run,
    parts,
    { action: 'C', what: 'import', media: { role: 'source', names: dropId === undefined ? paths : [label] } },
    () => follow<ImportSummary, ImportedItem>(run, turns, 'import', () => parts.archive.import(paths, dropId), seen),
    (done) => ({ instances: done.imported, success: done.conflict + done.missing === 0 }),
  );
  await parts.archive.settled();
  const failed = refused - (reasons['not-dicom'] ?? 0) + conflict + missing;
  const received = imported + known + refused + conflict + directories;
  run.update({ bytes });
  return {
    outcome: failed === 0 ? 'success' : imported + known > 0 ? 'partial' : 'failed',
    verifiedBy: 'local',
    counts: { expected: received + missing, received, completed: imported + known, failed, warning: 0, remaining: 0 },
    details: {
      imported,
      known,
      conflict,
      refused,
      ...(missing === 0 ? {} : { missing }),
      ...(truncated === 0 ? {} : { truncated }),
      ...(directories === 0 ? {} : { DICOMDIR: directories }),
      ...Object.fromEntries(Object.entries(reasons).map(([reason, count]) => [`refused: ${reason}`, count])),
    },
    ...(files.length === 0 ? {} : { files }),
    ...(failed === 0 ? {} : { diagnosis: await diagnoseRun(run, parts, { text: 'importRefused' }, { received, failed }) }),
  };
}

function isNamed({ result, truncated }: ImportedItem): boolean {
  return truncated === true || (result !== 'imported' && result !== 'known');
}

/** `verify` compares index and files; `rebuild` makes the index anew. Problems found make the outcome `partial`. */
export async function runMaintenance(
  run: ActionRun,
  parts: EngineParts,
  { command, restart = false }: Extract<ActionRequest, { command: 'verify' | 'rebuild' }>,
  turns: TurnQueue,
): Promise<RunResult> {
  // While an index that was lost is still being read from the files, everything would seem to be missing from it.
  const settled = () =>
    unlessAborted(
      parts.archive.settled().catch(() => undefined),
      run.signal,
    );
  const once = () => follow<VerifySummary>(run, turns, 'maintenance', () => parts.archive[command]({ restart }));
  await settled();
  const { checked, problems, bytes, resumedAt } = await once().catch(async (thrown: unknown) => {
    if (!(thrown instanceof PhosphorError) || thrown.data.code !== INDEX_DAMAGED) throw thrown;
    // It found the index itself broken: a new one is being read from the files, and is checked when it is there.
    await settled();
    return once();
  });
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
export async function follow<Result, Item extends ActionItem = ActionItem>(
  run: ActionRun,
  turns: TurnQueue,
  kind: 'import' | 'export' | 'maintenance' | 'trash',
  start: () => ArchiveJob<Item, Result>,
  seen: (items: readonly Item[]) => void = () => undefined,
): Promise<Result> {
  const leave = await turns.acquire(kind, kind, run.signal);
  run.update({ state: 'running', attempt: (run.record.resumed ?? 0) + 1 });
  let unwatch = () => {};
  try {
    const job = start();
    unwatch = onAbort(run.signal, () => job.cancel());
    job.onItems(
      mainThreadTasks.wrap('job items', (items) => {
        seen(items);
        run.push(items, () => job.acknowledge(1));
      }),
    );
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
