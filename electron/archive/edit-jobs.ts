import type { ComposedItem, DeIdentifiedItem, ImportedItem, InstanceFailedItem } from '../../shared/contract/index.ts';
import type { ComposeArgs, ComposeSummary } from './compose.ts';
import type { CorrectArgs, CorrectSummary, UndoCorrectionArgs } from './correct-study.ts';
import type { DeIdentifyArgs, DeIdentifySummary } from './de-identify-study.ts';
import type { JobContext } from './job-table.ts';
import type { JobReporter } from './jobs.ts';
import type { WrapArgs, WrapSummary } from './wrap.ts';

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

/** What each needs is loaded when it is first done. */
export const EDIT_JOBS: { readonly [Kind in keyof EditJobs]: Work<Kind> } = {
  deidentify: async (...given) => (await import('./de-identify-study.ts')).deIdentifyStudy(...given),
  correct: async (...given) => (await import('./correct-study.ts')).correctStudy(...given),
  undoCorrection: async (...given) => (await import('./correct-study.ts')).undoCorrection(...given),
  compose: async (...given) => (await import('./compose.ts')).composeInstance(...given),
  wrap: async (...given) => (await import('./wrap.ts')).wrapFiles(...given),
};
