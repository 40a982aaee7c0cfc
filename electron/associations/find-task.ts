import type { MatchRow } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { Association } from '../dicom/network/index.ts';
import { find, findContexts, MODELS } from '../dicom/services/index.ts';
import { CreditedBatches } from './credited-batches.ts';
import type { Task, TaskResults } from './pool-protocol.ts';
import { StallClock } from './stall-clock.ts';
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
  const { dimseResponse, retrieveTotal } = task.clocks;
  let last: MatchRow | undefined;
  const onMatch = (row: MatchRow): Promise<void> | undefined => {
    if (control.cancelled) return undefined;
    // Repeating the same match for ever is no progress, though every response re-arms the clock of responses.
    if (last === undefined || !sameRow(last, row)) stall.rearm();
    last = row;
    const wait = batches.add(row);
    if (wait === undefined) return undefined;
    // Whoever reads the matches is slow: that is not held against the peer.
    stall.stop();
    return wait.then(() => {
      if (!over) stall.use(dimseResponse);
    });
  };
  let over = false;
  const operation = find(association, {
    query: task.query,
    ...(task.informationModel === undefined ? {} : { sopClassUID: MODELS[task.informationModel].find }),
    onMatch,
  });
  // After the request: one that cannot be sent throws, and no clock is left running.
  const stall = new StallClock(dimseResponse, () =>
    operation.cancel(new PhosphorError('timed-out', 'the peer says the same match again and again', { clock: 'dimse-response' })),
  );
  const total = new StallClock(retrieveTotal, () =>
    operation.cancel(new PhosphorError('timed-out', 'the search took too long in all', { clock: 'retrieve-total' })),
  );
  control.onCancel = () => {
    batches.discard();
    operation.cancel();
  };
  try {
    const { matches, status, errorComment, offendingElements } = await operation.done;
    return { ok: true, ...finalResponse({ status, errorComment, offendingElements }), matches };
  } finally {
    over = true;
    stall.stop();
    total.stop();
    batches.flush();
  }
}

/** By what names them at their level. */
function sameRow(a: MatchRow, b: MatchRow): boolean {
  if (a.level === 'study' && b.level === 'study') return a.studyInstanceUID === b.studyInstanceUID;
  if (a.level === 'series' && b.level === 'series') return a.seriesInstanceUID === b.seriesInstanceUID;
  if (a.level === 'image' && b.level === 'image') return a.sopInstanceUID === b.sopInstanceUID;
  if (a.level === 'patient' && b.level === 'patient') {
    return a.patientID === b.patientID && a.patientName.alphabetic === b.patientName.alphabetic;
  }
  return false;
}
