import { type ActionRequest, PhosphorError } from '../../shared/contract/index.ts';
import type { ActionRun } from './action-run.ts';
import { follow } from './archive-jobs.ts';
import { localVerdict } from './outcome.ts';
import { diagnoseRun } from './run-diagnosis.ts';
import type { TextKey } from './texts.ts';
import type { TurnQueue } from './turn-queue.ts';
import type { EngineParts, RunResult } from './types.ts';

/** The reader's marks or picture as a new instance; in the audit trail before its completion is delivered. */
export async function runCompose(
  run: ActionRun,
  parts: EngineParts,
  { studyInstanceUID, contentId, kind }: Extract<ActionRequest, { command: 'compose' }>,
  turns: TurnQueue,
): Promise<RunResult> {
  const refused = async (text: TextKey): Promise<RunResult> => ({
    outcome: 'failed',
    verifiedBy: 'none',
    diagnosis: await diagnoseRun(run, parts, { text }),
  });
  const held = parts.takeContent(contentId);
  if (held?.content.kind !== kind) return await refused('contentGone');
  await parts.archive.settled();
  try {
    const { bytes, patientID } = await follow(run, turns, 'import', () => parts.archive.job('compose', { studyInstanceUID, ...held }));
    run.update({ bytes });
    await parts.audit.record({
      action: 'C',
      success: true,
      what: 'compose',
      actionId: run.actionId,
      studies: [{ studyInstanceUID, patientID }],
      instances: 1,
      details: [{ type: 'Kind', value: kind }],
    });
  } catch (thrown) {
    if (thrown instanceof PhosphorError && thrown.kind === 'not-found') return await refused('composeImageGone');
    throw thrown;
  }
  await parts.archive.settled();
  return { ...localVerdict(1, 0), details: { composed: 1 } };
}
