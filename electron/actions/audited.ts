import type { TouchedStudy } from '../archive/touched-studies.ts';
import type { ActionRun } from './action-run.ts';
import type { AuditEvent, EngineParts } from './types.ts';

/** What the audit trail is told besides what came of it. `asked`: the studies that were named, for work that does not live to say which it touched. */
export interface Audited extends Pick<AuditEvent, 'action' | 'what' | 'media'> {
  readonly asked?: readonly string[];
  readonly details?: AuditEvent['details'];
}

const MOST_MEDIA = 100;

/**
 * Does `work`, and has it in the audit trail before anybody hears of its end: what was done, or what it was about where it ended early. What never
 * came to its turn is not told. Rejects as `work` does, or when the audit trail does not take it.
 */
export async function audited<Summary extends { readonly touched: readonly TouchedStudy[] }>(
  run: ActionRun,
  parts: Pick<EngineParts, 'audit'>,
  { asked = [], details = [], media, ...event }: Audited,
  work: () => Promise<Summary>,
  cameTo: (summary: Summary) => { readonly instances: number; readonly success: boolean },
): Promise<Summary> {
  const { actionId } = run;
  const common = {
    ...event,
    actionId,
    details,
    ...(media === undefined ? {} : { media: { ...media, names: media.names.slice(0, MOST_MEDIA) } }),
  };
  let summary: Summary;
  try {
    summary = await work();
  } catch (thrown) {
    const { attempt, counts } = run.progress;
    const studies = asked.map((studyInstanceUID) => ({ studyInstanceUID, patientID: '' }));
    if (attempt > 0) await parts.audit.record({ ...common, studies, instances: counts.completed, success: false });
    throw thrown;
  }
  await parts.audit.record({ ...common, studies: summary.touched, ...cameTo(summary) });
  return summary;
}
