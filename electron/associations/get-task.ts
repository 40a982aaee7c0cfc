import { type Association, statusOf } from '../dicom/network/index.ts';
import { furtherGetContexts, get, getContexts, MODELS } from '../dicom/services/index.ts';
import { GetReception } from './get-reception.ts';
import { openAssociation } from './open-association.ts';
import type { Task, TaskResults } from './pool-protocol.ts';
import { uniqueKeys, watched } from './retrieve-tasks.ts';
import { type Attendance, flagsOf, type OperationKind, type TaskControl, type TaskReport } from './task-control.ts';

type GetTask = Task & { kind: 'get' };
type GetResult = TaskResults['get'];

/**
 * C-GET. There are more storage classes than one association has presentation contexts, so the rarest are not offered at first: where instances fail,
 * the same is asked for once more on further associations that offer the rest, and nothing else. What came before is of other classes and does not come again.
 */
export const getOperation: OperationKind<'get'> = {
  contexts: ({ storageSOPClassUIDs, informationModel = 'study-root' }) =>
    getContexts({ sopClassUID: MODELS[informationModel].get, ...(storageSOPClassUIDs === undefined ? {} : { storageSOPClassUIDs }) }),
  extendedNegotiation: flagsOf,
  attend: receptionOf,
  run: async (association, task, control, report, attendance) => {
    const first = await runGet(association, task, control, report);
    return await withRarerClasses(first, task, control, report, attendance);
  },
};

function receptionOf(task: GetTask, control: TaskControl, report: TaskReport): Attendance {
  const { actionId, studyInstanceUID, seriesInstanceUID, storage, peer } = task;
  const reception = new GetReception({
    actionId,
    studyInstanceUID,
    ...(seriesInstanceUID === undefined ? {} : { seriesInstanceUID }),
    calledAETitle: peer.calledAETitle,
    storage,
    onStored: (instances) => report.stored(instances),
    onRefused: (instances) => report.refused(instances),
    onProgress: () => control.onProgress?.(),
  });
  return {
    services: [reception.service],
    holds: (uid) => reception.holds(uid),
    settle: () => reception.settle(),
    close: () => reception.close(),
  };
}

async function runGet(association: Association, task: GetTask, control: TaskControl, report: TaskReport): Promise<GetResult> {
  const { clocks, sopInstanceUIDs, informationModel = 'study-root' } = task;
  const sopClassUID = MODELS[informationModel].get;
  const images = sopInstanceUIDs === undefined ? {} : { sopInstanceUIDs };
  return await watched(clocks, clocks.retrieveStall, control, report, (onPending) =>
    get(association, { ...uniqueKeys(task), ...images, sopClassUID, onPending }),
  );
}

async function withRarerClasses(
  first: GetResult,
  task: GetTask,
  control: TaskControl,
  report: TaskReport,
  attendance: Attendance | undefined,
): Promise<GetResult> {
  let result = first;
  if (task.storageSOPClassUIDs !== undefined) return result;
  for (const contexts of furtherGetContexts(MODELS[task.informationModel ?? 'study-root'].get)) {
    if (control.cancelled || !hasFailures(result)) return result;
    const before = result;
    const quiet: TaskReport = { ...report, pending: (counts) => report.pending(sumOf(before, counts)) };
    const association = await further(task, contexts, control, attendance);
    if (association === undefined) return result;
    try {
      result = joined(before, await runGet(association, task, control, quiet), attendance);
    } catch (thrown) {
      association.abort();
      throw thrown;
    }
    association.release().catch(() => {});
  }
  return result;
}

/** A peer that does not take one more association leaves the result as it is: what failed stays named. */
async function further(
  task: GetTask,
  contexts: ReturnType<typeof getContexts>,
  control: TaskControl,
  attendance: Attendance | undefined,
): Promise<Association | undefined> {
  const { peer, clocks } = task;
  try {
    const association = await openAssociation({
      peer,
      clocks,
      contexts,
      services: attendance?.services ?? [],
      extendedNegotiation: flagsOf(task, contexts),
      signal: control.signal,
    });
    control.association = association;
    return association;
  } catch {
    return undefined;
  }
}

function hasFailures({ status, subOperations }: GetResult): boolean {
  const { category } = statusOf('get', status);
  return (subOperations.failed ?? 0) > 0 && (category === 'warning' || category === 'failure');
}

function sumOf({ subOperations: before }: GetResult, counts: GetResult['subOperations']): GetResult['subOperations'] {
  const completed = (before.completed ?? 0) + (counts.completed ?? 0);
  return { ...counts, completed, warning: (before.warning ?? 0) + (counts.warning ?? 0) };
}

/**
 * Failed is what was named at any time and has not come. A peer that names nothing is taken at its counts, one that stops at the first failure
 * (Orthanc) at its word that there is one.
 */
function joined(before: GetResult, after: GetResult, attendance: Attendance | undefined): GetResult {
  const named = new Set([...before.failedSOPInstanceUIDs, ...after.failedSOPInstanceUIDs]);
  const failedSOPInstanceUIDs = [...named].filter((uid) => attendance?.holds?.(uid) !== true);
  const came = (after.subOperations.completed ?? 0) + (after.subOperations.warning ?? 0);
  const uncounted = Math.max(0, (before.subOperations.failed ?? 0) - came);
  const failed = named.size > 0 ? failedSOPInstanceUIDs.length : uncounted;
  const rest = failed === 0 && hasFailures(after) ? { status: 0 } : {};
  return { ...after, ...rest, failedSOPInstanceUIDs, subOperations: { ...sumOf(before, after.subOperations), failed } };
}
