import type { ExportRequest } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { ExportSummary } from '../archive/types.ts';
import type { ActionRun } from './action-run.ts';
import { follow } from './archive-jobs.ts';
import { audited } from './audited.ts';
import { localVerdict } from './outcome.ts';
import { diagnoseRun } from './run-diagnosis.ts';
import type { TextKey } from './texts.ts';
import type { TurnQueue } from './turn-queue.ts';
import type { EngineParts, RunResult } from './types.ts';

/** Studies, series or instances to a folder or a ZIP file. What could not be exported is named in the items; without any of it the outcome is `failed`. */
export async function runExport(run: ActionRun, parts: EngineParts, request: ExportRequest, turns: TurnQueue): Promise<RunResult> {
  const { command: _, label: __, passwordId, deidentify, ...args } = request;
  const password = passwordId === undefined ? undefined : parts.takePassword(passwordId);
  if (passwordId !== undefined && password === undefined) return await failed(run, parts, 'exportPassword');
  await parts.archive.settled();
  const { allowLossyConversion } = parts.settings();
  const project = deidentify === undefined ? undefined : { ...deidentify, secret: await parts.projects.secret(deidentify.project) };
  let summary: ExportSummary;
  let refusal: TextKey | undefined;
  try {
    const job = () =>
      parts.archive.job('export', {
        ...args,
        exportId: run.actionId,
        isResumed: (run.record.resumed ?? 0) > 0,
        allowLossyConversion,
        ...(password === undefined ? {} : { password }),
        ...(project === undefined ? {} : { deidentify: project }),
      });
    summary = await audited(
      run,
      parts,
      {
        action: 'R',
        what: 'export',
        asked: args.selection.studyInstanceUIDs ?? [],
        media: { role: 'destination', names: [args.to] },
        details: project === undefined ? [] : [{ type: 'DeidentificationProject', value: project.project }],
      },
      () =>
        follow(run, turns, 'export', job).catch((thrown: unknown) => {
          refusal = textOf(thrown);
          throw thrown;
        }),
      (done) => ({ instances: done.exported, success: done.failed === 0 }),
    );
  } catch (thrown) {
    // What the audit trail refuses is about another place.
    if (refusal === undefined) throw thrown;
    return await failed(run, parts, refusal);
  }
  if (project !== undefined) for (const mapping of summary.mappings) await parts.projects.record(project.project, mapping);
  const { exported, failed: notExported, converted, lackingText, bytes, failedSOPInstanceUIDs } = summary;
  run.update({ bytes });
  return {
    ...localVerdict(exported, notExported),
    details: { exported, converted, failed: notExported, ...(lackingText === 0 ? {} : { lackingText }) },
    failedSOPInstanceUIDs: [...failedSOPInstanceUIDs],
    ...(notExported === 0
      ? {}
      : { diagnosis: await diagnoseRun(run, parts, { text: 'exportFailed' }, { received: exported + notExported, failed: notExported }) }),
  };
}

async function failed(run: ActionRun, parts: EngineParts, text: TextKey): Promise<RunResult> {
  return { outcome: 'failed', verifiedBy: 'none', diagnosis: await diagnoseRun(run, parts, { text }) };
}

/** What the place that is exported to refuses, said in its own words. */
function textOf(thrown: unknown): TextKey | undefined {
  if (!(thrown instanceof PhosphorError)) return undefined;
  switch (thrown.kind) {
    case 'storage-full':
      return 'exportFull';
    case 'storage':
      return 'exportTarget';
    case 'invalid-arguments':
      return 'exportTaken';
    case 'not-found':
      return 'exportNothing';
    case 'limit-exceeded':
      return 'exportTooMany';
    default:
      return undefined;
  }
}
