import type { Association } from '../dicom/network/index.ts';
import { findWorklist, type WorklistEntry, worklistContexts } from '../dicom/services/index.ts';
import { CreditedBatches } from './credited-batches.ts';
import type { Task, TaskResults } from './pool-protocol.ts';
import { finalResponse, type OperationKind, type TaskControl, type TaskReport } from './task-control.ts';

/** Modality Worklist C-FIND. */
export const worklistOperation: OperationKind<'worklist'> = {
  contexts: () => worklistContexts(),
  run: runWorklist,
};

async function runWorklist(
  association: Association,
  task: Task & { kind: 'worklist' },
  control: TaskControl,
  report: TaskReport,
): Promise<TaskResults['worklist']> {
  const batches = new CreditedBatches<WorklistEntry>((entries) => report.entries(entries));
  control.onAcknowledge = () => batches.acknowledge();
  const operation = findWorklist(association, {
    query: task.query,
    onEntry: (entry) => (control.cancelled ? undefined : batches.add(entry)),
  });
  control.onCancel = () => {
    batches.discard();
    operation.cancel();
  };
  try {
    const { matches, status, errorComment, offendingElements } = await operation.done;
    return { ok: true, ...finalResponse({ status, errorComment, offendingElements }), matches };
  } finally {
    batches.flush();
  }
}
