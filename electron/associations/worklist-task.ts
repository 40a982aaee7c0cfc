import { isDeepStrictEqual } from 'node:util';
import { findWorklist, type WorklistEntry, worklistContexts } from '../dicom/services/index.ts';
import { search } from './search.ts';
import type { OperationKind } from './task-control.ts';

/** Modality Worklist C-FIND. */
export const worklistOperation: OperationKind<'worklist'> = {
  contexts: () => worklistContexts(),
  run: (association, { clocks, query }, control, report) =>
    search<WorklistEntry>({
      clocks,
      control,
      deliver: (entries) => report.entries(entries),
      start: (onEntry) => findWorklist(association, { query, onEntry }),
      isSame: isDeepStrictEqual,
    }),
};
