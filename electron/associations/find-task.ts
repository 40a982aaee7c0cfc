import type { MatchRow } from '../../shared/contract/index.ts';
import type { Association } from '../dicom/network/index.ts';
import { find, findContexts, MODELS } from '../dicom/services/index.ts';
import { CreditedBatches } from './credited-batches.ts';
import type { Task, TaskResults } from './pool-protocol.ts';
import { finalResponse, flagsOf, type OperationKind, type TaskControl, type TaskReport } from './task-control.ts';

/** C-FIND. */
export const findOperation: OperationKind<'find'> = {
  contexts: ({ query, informationModel }) => findContexts(query.level, informationModel),
  extendedNegotiation: flagsOf,
  run: runFind,
};

async function runFind(
  association: Association,
  task: Task & { kind: 'find' },
  control: TaskControl,
  report: TaskReport,
): Promise<TaskResults['find']> {
  const batches = new CreditedBatches<MatchRow>((rows) => report.matches(rows));
  control.onAcknowledge = () => batches.acknowledge();
  const operation = find(association, {
    query: task.query,
    ...(task.informationModel === undefined ? {} : { sopClassUID: MODELS[task.informationModel].find }),
    onMatch: (row) => (control.cancelled ? undefined : batches.add(row)),
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
