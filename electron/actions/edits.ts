import { type ActionRequest, PhosphorError } from '../../shared/contract/index.ts';
import type { CorrectSummary } from '../archive/types.ts';
import type { ActionRun } from './action-run.ts';
import { follow } from './archive-jobs.ts';
import { localVerdict } from './outcome.ts';
import { diagnoseRun } from './run-diagnosis.ts';
import type { TextKey } from './texts.ts';
import type { TurnQueue } from './turn-queue.ts';
import type { AuditEvent, EngineParts, RunResult } from './types.ts';

type Edit = Extract<ActionRequest, { command: 'deidentify' | 'correct' | 'undo-correction' | 'wrap' }>;

/** What makes new instances out of others. Each is in the audit trail before its completion is delivered; one that cannot be written there has failed. */
export async function runEdit(run: ActionRun, parts: EngineParts, action: Edit, turns: TurnQueue): Promise<RunResult> {
  await parts.archive.settled();
  let result: Performed;
  try {
    result = await perform(run, parts, action, turns);
  } catch (thrown) {
    const text = textOf(thrown, action);
    if (text === undefined) throw thrown;
    return { outcome: 'failed', verifiedBy: 'none', diagnosis: await diagnoseRun(run, parts, { text }) };
  }
  if (result.audit !== undefined) await parts.audit.record({ ...result.audit, actionId: run.actionId });
  await parts.archive.settled();
  return result.run;
}

/** What the archive refuses, said in the words of what was asked for. */
function textOf(thrown: unknown, { command }: Edit): TextKey | undefined {
  if (!(thrown instanceof PhosphorError)) return undefined;
  if (thrown.kind === 'not-found') return command === 'undo-correction' ? 'correctionGone' : 'studyGone';
  if (thrown.kind !== 'unsupported') return undefined;
  return thrown.data.code === 'SECRET_SEALED' ? 'projectSealed' : 'copyWithUIDs';
}

interface Performed {
  readonly run: RunResult;
  /** Undefined where nothing was touched. */
  readonly audit: Omit<AuditEvent, 'actionId'> | undefined;
}

async function perform(run: ActionRun, parts: EngineParts, action: Edit, turns: TurnQueue): Promise<Performed> {
  switch (action.command) {
    case 'deidentify':
      return await deIdentify(run, parts, action, turns);
    case 'correct': {
      const { studyInstanceUID, changes } = action;
      const modifyingSystem = parts.receiver.address().aeTitle;
      const job = () => parts.archive.job('correct', { correctionId: run.actionId, studyInstanceUID, changes, modifyingSystem });
      const details = Object.keys(changes).map((value) => ({ type: 'Corrected', value }));
      return await corrected(run, parts, await follow(run, turns, 'import', job), { what: 'correct', details });
    }
    case 'undo-correction': {
      const { correctionId } = action;
      const summary = await follow(run, turns, 'import', () => parts.archive.job('undoCorrection', { correctionId }));
      const details = [{ type: 'UndoneActionID', value: correctionId }];
      return await corrected(run, parts, summary, { what: 'undo-correction', details });
    }
    case 'wrap': {
      const { studyInstanceUID, paths, endoscopic = false } = action;
      const { wrapped, refused, bytes, patientID } = await follow(run, turns, 'import', () =>
        parts.archive.job('wrap', { studyInstanceUID, paths, endoscopic }),
      );
      run.update({ bytes });
      return {
        run: await finished(run, parts, { completed: wrapped, failed: refused, text: 'wrapRefused', details: { wrapped, refused } }),
        audit: {
          action: 'C',
          success: refused === 0,
          what: 'wrap',
          studies: [{ studyInstanceUID, patientID }],
          instances: wrapped,
          details: [],
        },
      };
    }
  }
}

async function deIdentify(
  run: ActionRun,
  parts: EngineParts,
  action: Extract<Edit, { command: 'deidentify' }>,
  turns: TurnQueue,
): Promise<Performed> {
  const { studyInstanceUID, project, options, preview = false } = action;
  const secret = await parts.projects.secret(project);
  const summary = await follow(run, turns, 'import', () =>
    parts.archive.job('deidentify', { studyInstanceUID, project, secret, options, preview }),
  );
  const { instances, failed, warnings, bytes, counts, failedSOPInstanceUIDs, mapping } = summary;
  run.update({ bytes });
  if (mapping !== undefined) await parts.projects.record(project, mapping);
  const result = await finished(run, parts, {
    completed: instances,
    failed,
    text: 'editFailed',
    details: { instances, failed, warnings, ...counts },
    failedSOPInstanceUIDs,
  });
  const warned =
    failed === 0 && warnings > 0 ? { diagnosis: await diagnoseRun(run, parts, { text: 'pixelWarnings' }, { failed: warnings }) } : {};
  return {
    run: { ...result, ...warned },
    audit:
      mapping === undefined
        ? undefined
        : {
            action: 'R',
            success: failed === 0,
            what: 'deidentify',
            studies: [{ studyInstanceUID, patientID: mapping.patientID }],
            instances,
            details: [{ type: 'Pseudonym', value: mapping.pseudonym }],
          },
  };
}

async function corrected(
  run: ActionRun,
  parts: EngineParts,
  { corrected: done, unchanged, failed, bytes, failedSOPInstanceUIDs, studyInstanceUID, patientID }: CorrectSummary,
  { what, details }: Pick<AuditEvent, 'what' | 'details'>,
): Promise<Performed> {
  run.update({ bytes });
  const numbers = { corrected: done, unchanged, failed };
  return {
    run: await finished(run, parts, { completed: done + unchanged, failed, text: 'editFailed', details: numbers, failedSOPInstanceUIDs }),
    audit: { action: 'U', success: failed === 0, what, studies: [{ studyInstanceUID, patientID }], instances: done, details },
  };
}

interface Numbers {
  readonly completed: number;
  readonly failed: number;
  /** Said where something failed. */
  readonly text: TextKey;
  readonly details: Record<string, number>;
  readonly failedSOPInstanceUIDs?: readonly string[];
}

async function finished(
  run: ActionRun,
  parts: EngineParts,
  { completed, failed, text, details, failedSOPInstanceUIDs = [] }: Numbers,
): Promise<RunResult> {
  return {
    ...localVerdict(completed, failed),
    details,
    failedSOPInstanceUIDs: [...failedSOPInstanceUIDs],
    ...(failed === 0 ? {} : { diagnosis: await diagnoseRun(run, parts, { text }, { received: completed + failed, failed }) }),
  };
}
