import type { MatchRow } from '../../shared/contract/index.ts';
import { ITEM_CREDITS } from '../../shared/contract/limits.ts';
import type { Association } from '../dicom/network/index.ts';
import { find, findContexts, MODELS } from '../dicom/services/index.ts';
import { Batcher } from './batcher.ts';
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
  let open = 0;
  let gate: PromiseWithResolvers<void> | undefined;
  const hasCredit = () => open < ITEM_CREDITS;
  const batches = new Batcher<MatchRow>((rows) => {
    open += 1;
    report.matches(rows);
  }, hasCredit);
  control.onAcknowledge = () => {
    open -= 1;
    if (!gate || !hasCredit()) return;
    batches.flush();
    gate.resolve();
    gate = undefined;
  };
  const operation = find(association, {
    query: task.query,
    ...(task.informationModel === undefined ? {} : { sopClassUID: MODELS[task.informationModel].find }),
    onMatch: (row) => {
      if (control.cancelled) return undefined;
      batches.add(row);
      if (hasCredit()) return undefined;
      // Whoever reads the matches is slow: the peer waits, on the window of its own socket.
      gate ??= Promise.withResolvers<void>();
      return gate.promise;
    },
  });
  control.onCancel = () => {
    batches.discard();
    gate?.resolve();
    operation.cancel();
  };
  try {
    const { matches, status, errorComment, offendingElements } = await operation.done;
    return { ok: true, ...finalResponse({ status, errorComment, offendingElements }), matches };
  } finally {
    batches.flush();
  }
}
