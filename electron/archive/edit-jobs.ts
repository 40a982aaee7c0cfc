import type { ComposedItem, DeIdentifiedItem, ImportedItem, InstanceFailedItem } from '../../shared/contract/index.ts';
import { type ComposeArgs, type ComposeSummary, composeInstance } from './compose.ts';
import { type CorrectArgs, type CorrectSummary, correctStudy, type UndoCorrectionArgs, undoCorrection } from './correct-study.ts';
import { type DeIdentifyArgs, type DeIdentifySummary, deIdentifyStudy } from './de-identify-study.ts';
import type { JobContext } from './job-table.ts';
import type { JobReporter } from './jobs.ts';
import { type WrapArgs, type WrapSummary, wrapFiles } from './wrap.ts';

/** Jobs that make new instances out of stored or foreign ones. */
export interface EditJobs {
  deidentify: { args: DeIdentifyArgs; item: DeIdentifiedItem; result: DeIdentifySummary };
  correct: { args: CorrectArgs; item: InstanceFailedItem; result: CorrectSummary };
  undoCorrection: { args: UndoCorrectionArgs; item: InstanceFailedItem; result: CorrectSummary };
  compose: { args: ComposeArgs; item: ComposedItem; result: ComposeSummary };
  wrap: { args: WrapArgs; item: ImportedItem; result: WrapSummary };
}

type Work<Kind extends keyof EditJobs> = (
  context: JobContext,
  args: EditJobs[Kind]['args'],
  job: JobReporter<EditJobs[Kind]['item']>,
) => Promise<EditJobs[Kind]['result']>;

export const EDIT_JOBS: { readonly [Kind in keyof EditJobs]: Work<Kind> } = {
  deidentify: deIdentifyStudy,
  correct: correctStudy,
  undoCorrection,
  compose: composeInstance,
  wrap: wrapFiles,
};
