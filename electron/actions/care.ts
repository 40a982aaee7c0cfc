import type { ActionRequest, CleaningSettings } from '../../shared/contract/index.ts';
import type { ActionRun } from './action-run.ts';
import { follow } from './archive-jobs.ts';
import { audited } from './audited.ts';
import { localVerdict } from './outcome.ts';
import { diagnoseRun } from './run-diagnosis.ts';
import type { TurnQueue } from './turn-queue.ts';
import type { EngineParts, RunResult } from './types.ts';

type Care = Extract<ActionRequest, { command: 'delete' | 'restore' | 'purge' | 'clean' | 'compact' }>;

/** What keeps the archive in order. One at a time, beside imports and verifies. */
export async function runCare(run: ActionRun, parts: EngineParts, action: Care, turns: TurnQueue): Promise<RunResult> {
  switch (action.command) {
    case 'delete': {
      const { targets } = action;
      const done = await audited(
        run,
        parts,
        { action: 'D', what: 'delete', asked: [...new Set(targets.map(({ studyInstanceUID }) => studyInstanceUID))] },
        () => follow(run, turns, 'trash', () => parts.archive.job('delete', { targets })),
        whole,
      );
      return finished(run, done.instances, 0, done.bytes, { deleted: done.instances, batch: done.batch });
    }
    case 'restore': {
      const job = () => parts.archive.job('restore', { selection: action.selection });
      const asked = action.selection.flatMap(({ studyInstanceUID: uid }) => (uid === undefined ? [] : [uid]));
      const { restored, known, conflict, unreadable, bytes } = await audited(
        run,
        parts,
        { action: 'C', what: 'restore', asked },
        () => follow(run, turns, 'trash', job),
        (done) => ({ instances: done.restored, success: done.conflict + done.unreadable === 0 }),
      );
      const failed = conflict + unreadable;
      const result = finished(run, restored + known, failed, bytes, { restored, known, conflict, unreadable });
      if (failed === 0) return result;
      return {
        ...result,
        diagnosis: await diagnoseRun(run, parts, { text: 'restoreProblems' }, { failed, received: restored + known + failed }),
      };
    }
    case 'purge': {
      const { selection, olderThanDays } = action;
      const { purged, bytes } = await audited(
        run,
        parts,
        { action: 'D', what: 'purge', asked: selection?.flatMap(({ studyInstanceUID: uid }) => (uid === undefined ? [] : [uid])) ?? [] },
        () => follow(run, turns, 'trash', () => parts.archive.job('purge', { selection, olderThanDays })),
        (done) => ({ instances: done.purged, success: true }),
      );
      return finished(run, purged, 0, bytes, { purged });
    }
    case 'clean': {
      const rules: CleaningSettings = parts.settings().cleaning;
      const { dryRun } = action;
      const job = () => parts.archive.job('clean', { rules, dryRun, open: parts.archive.openStudies() });
      const work = () => follow(run, turns, 'trash', job);
      const { studies, instances, kept, bytes } = dryRun
        ? await work()
        : await audited(run, parts, { action: 'D', what: 'clean' }, work, whole);
      return finished(run, instances, 0, bytes, dryRun ? { wouldGo: studies, instances, kept } : { cleaned: studies, instances, kept });
    }
    case 'compact': {
      const { bytes, removed, indexed } = await follow(run, turns, 'maintenance', () => parts.archive.job('compact', {}));
      return finished(run, indexed, 0, bytes, { bytes, removed, indexed });
    }
  }
}

const whole = ({ instances }: { readonly instances: number }) => ({ instances, success: true });

function finished(run: ActionRun, completed: number, failed: number, bytes: number, details: Record<string, number>): RunResult {
  run.update({ bytes });
  return { ...localVerdict(completed, failed), details };
}
