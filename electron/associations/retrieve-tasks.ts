import type { Settings } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { Association } from '../dicom/network/index.ts';
import { MODELS, type MoveOutcome, move, moveContexts, type ServiceOperation } from '../dicom/services/index.ts';
import { Throttle } from './batcher.ts';
import type { Task, TaskResults } from './pool-protocol.ts';
import { StallClock } from './stall-clock.ts';
import { finalResponse, flagsOf, type OperationKind, type TaskControl, type TaskReport } from './task-control.ts';
import type { SubOperations } from './types.ts';

/** Pending responses go to the main thread at most ten times a second. */
const PENDING_INTERVAL_MS = 100;

/** C-MOVE. */
export const moveOperation: OperationKind<'move'> = {
  contexts: ({ informationModel }) => moveContexts(informationModel),
  extendedNegotiation: flagsOf,
  run: runMove,
};

async function runMove(
  association: Association,
  task: Task & { kind: 'move' },
  control: TaskControl,
  report: TaskReport,
): Promise<TaskResults['move']> {
  const { clocks, thirdParty, destinationAETitle, messageId, informationModel = 'study-root' } = task;
  const sopClassUID = MODELS[informationModel].move;
  return await watched(clocks, stallSeconds(clocks, thirdParty), control, report, (onPending) =>
    move(association, { ...uniqueKeys(task), sopClassUID, destinationAETitle, messageID: messageId, onPending }),
  );
}

/** The unique keys of what is asked for (PS3.4 C.4.2.1.4.1). */
export function uniqueKeys({ patientID, studyInstanceUID, seriesInstanceUID }: Task & { kind: 'move' | 'get' }) {
  return {
    studyInstanceUID,
    ...(patientID === undefined ? {} : { patientID }),
    ...(seriesInstanceUID === undefined ? {} : { seriesInstanceUID }),
  };
}

/** A C-MOVE or C-GET under its clocks: progress re-arms the first, nothing the second. */
export async function watched(
  clocks: Settings['clocks'],
  firstStall: number,
  control: TaskControl,
  report: TaskReport,
  start: (onPending: (counts: SubOperations) => void) => ServiceOperation<MoveOutcome>,
): Promise<TaskResults['move']> {
  let operation: ServiceOperation<MoveOutcome> | undefined;
  const pending = new Throttle<SubOperations>((counts) => report.pending(counts), PENDING_INTERVAL_MS);
  const stall = new StallClock(firstStall, () =>
    operation?.cancel(new PhosphorError('timed-out', 'the retrieve made no progress', { clock: 'retrieve-stall' })),
  );
  const total = new StallClock(clocks.retrieveTotal, () =>
    operation?.cancel(new PhosphorError('timed-out', 'the retrieve took too long in all', { clock: 'retrieve-total' })),
  );
  let most = -1;
  let least = Number.POSITIVE_INFINITY;
  const onPending = (next: SubOperations) => {
    const { remaining = least } = next;
    const done = doneOf(next);
    // Repeating the same counts for ever is no progress, nor is going to and fro.
    if (most < 0) stall.use(clocks.retrieveStall);
    else if (done > most || remaining < least) stall.rearm();
    most = Math.max(most, done);
    least = Math.min(least, remaining);
    pending.set(next);
  };
  try {
    operation = start(onPending);
    control.onCancel = () => operation?.cancel();
    control.onProgress = () => stall.rearm();
    const { subOperations, failedSOPInstanceUIDs, sawPending, status, errorComment, offendingElements } = await operation.done;
    return { ok: true, ...finalResponse({ status, errorComment, offendingElements }), subOperations, failedSOPInstanceUIDs, sawPending };
  } finally {
    stall.stop();
    total.stop();
    pending.flush();
  }
}

/** A third-party move shows nothing of itself until its first pending response, so it is given longer until then. */
function stallSeconds(clocks: Settings['clocks'], thirdParty: boolean): number {
  return thirdParty ? clocks.retrieveStallThirdParty : clocks.retrieveStall;
}

function doneOf({ completed = 0, failed = 0, warning = 0 }: SubOperations): number {
  return completed + failed + warning;
}
