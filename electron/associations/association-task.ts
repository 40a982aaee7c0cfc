import type { MatchRow, Settings } from '../../shared/contract/index.ts';
import { ITEM_CREDITS } from '../../shared/contract/limits.ts';
import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import { type Association, type ProposedContext, requestAssociation, type ServiceProvider } from '../dicom/network/index.ts';
import {
  echo,
  find,
  findContexts,
  get,
  getContexts,
  MODELS,
  type MoveOutcome,
  move,
  moveContexts,
  queryRetrieveNegotiation,
  type ServiceOperation,
  verificationContexts,
} from '../dicom/services/index.ts';
import { Batcher, Throttle } from './batcher.ts';
import { GetReception } from './get-reception.ts';
import type { AnyResult, Task, TaskResults } from './pool-protocol.ts';
import { connectSocket } from './socket-transport.ts';
import { StallClock } from './stall-clock.ts';
import { runStore } from './store-task.ts';
import type { RefusedInstance, SentInstance, StoredInstance, SubOperations } from './types.ts';

/** How the thread tells the main thread about an operation. */
export interface TaskReport {
  matches(rows: MatchRow[]): void;
  pending(counts: SubOperations): void;
  stored(instances: StoredInstance[]): void;
  refused(instances: RefusedInstance[]): void;
  sent(instances: SentInstance[]): void;
}

export interface RunningTask {
  /** The one final result. Never rejects. */
  readonly result: Promise<AnyResult>;
  /** The association is gone, released or aborted. Never rejects. */
  readonly closed: Promise<void>;
  /** C-CANCEL and its grace, or the end of connecting. */
  cancel(): void;
  acknowledge(): void;
  progress(): void;
  /** A-ABORT at once. */
  abort(): void;
}

/** Pending responses of a C-MOVE go to the main thread at most ten times a second. */
const PENDING_INTERVAL_MS = 100;

/** Opens an association, does the one operation on it, answers, and releases it afterwards. */
export function runTask(task: Task, report: TaskReport): RunningTask {
  if (task.kind === 'store') return runStore(task, report);
  const control = new TaskControl();
  const closed = Promise.withResolvers<void>();
  const reception = task.kind === 'get' ? receptionOf(task, control, report) : undefined;
  const result = associate(task, control.signal, reception ? [reception.service] : [])
    .then((association) => {
      control.association = association;
      void association.closed.then(() => closed.resolve());
      return operate(association, task, control, report).then(
        (outcome) => {
          // The answer does not wait for the release, whose own clock closes the connection in any case.
          association.release().catch(() => {});
          return outcome;
        },
        (thrown) => {
          association.abort();
          throw thrown;
        },
      );
    })
    .catch((thrown): AnyResult => {
      if (!control.association) closed.resolve();
      return { ok: false, error: toErrorData(thrown) };
    })
    .then(async (outcome) => {
      await reception?.settle();
      return outcome;
    });
  return {
    result,
    closed: reception ? Promise.all([closed.promise, result]).then(() => reception.close()) : closed.promise,
    cancel: () => control.cancel(),
    acknowledge: () => control.onAcknowledge?.(),
    progress: () => control.onProgress?.(),
    abort: () => control.abort(),
  };
}

/** What may be done to a task while it runs; its operation hooks in when it starts. */
class TaskControl {
  readonly #connecting = new AbortController();
  association: Association | undefined;
  onCancel: (() => void) | undefined;
  onAcknowledge: (() => void) | undefined;
  onProgress: (() => void) | undefined;
  cancelled = false;

  get signal(): AbortSignal {
    return this.#connecting.signal;
  }

  cancel(): void {
    if (this.cancelled) return;
    this.cancelled = true;
    this.#connecting.abort(new PhosphorError('cancelled', 'cancelled before the association stood'));
    this.onCancel?.();
  }

  abort(): void {
    this.#connecting.abort(new PhosphorError('interrupted', 'the workstation is closing'));
    this.association?.abort(new PhosphorError('interrupted', 'the workstation is closing'));
  }
}

/** Operations of one request on one association. */
type SingleTask = Exclude<Task, { kind: 'store' }>;

const CONTEXTS: { readonly [Kind in SingleTask['kind']]: (task: SingleTask & { kind: Kind }) => ProposedContext[] } = {
  echo: () => verificationContexts(),
  find: ({ query, informationModel }) => findContexts(query.level, informationModel),
  move: ({ informationModel }) => moveContexts(informationModel),
  get: ({ storageSOPClassUIDs, informationModel = 'study-root' }) =>
    getContexts({ sopClassUID: MODELS[informationModel].get, ...(storageSOPClassUIDs === undefined ? {} : { storageSOPClassUIDs }) }),
};

async function associate(task: SingleTask, signal: AbortSignal, services: readonly ServiceProvider[]): Promise<Association> {
  const { peer, clocks, maxPDULength } = task;
  const transport = await connectSocket(peer.host, peer.port, clocks.connect, signal);
  // The table's function for a kind takes that kind's tasks.
  const contexts = (CONTEXTS[task.kind] as (task: SingleTask) => ProposedContext[])(task);
  return await requestAssociation(transport, {
    callingAETitle: peer.callingAETitle,
    calledAETitle: peer.calledAETitle,
    contexts,
    services,
    extendedNegotiation: 'negotiate' in task && task.negotiate ? queryRetrieveNegotiation(modelClasses(contexts), task.negotiate) : [],
    clocks,
    signal,
    ...(maxPDULength === undefined ? {} : { maxPDULength }),
  });
}

function modelClasses(contexts: readonly ProposedContext[]): string[] {
  const known = Object.values(MODELS).flatMap((model) => Object.values(model));
  return contexts.map(({ abstractSyntax }) => abstractSyntax).filter((uid) => known.includes(uid));
}

async function operate(association: Association, task: SingleTask, control: TaskControl, report: TaskReport): Promise<AnyResult> {
  if (control.cancelled) throw new PhosphorError('cancelled', 'cancelled before the request was sent');
  if (task.kind === 'echo') return runEcho(association, control);
  if (task.kind === 'find') return runFind(association, task, control, report);
  if (task.kind === 'get') return runGet(association, task, control, report);
  return runMove(association, task, control, report);
}

function receptionOf(task: Task & { kind: 'get' }, control: TaskControl, report: TaskReport): GetReception {
  const { actionId, studyInstanceUID, seriesInstanceUID, storage, peer } = task;
  return new GetReception({
    actionId,
    studyInstanceUID,
    ...(seriesInstanceUID === undefined ? {} : { seriesInstanceUID }),
    calledAETitle: peer.calledAETitle,
    storage,
    onStored: (instances) => report.stored(instances),
    onRefused: (instances) => report.refused(instances),
    onProgress: () => control.onProgress?.(),
  });
}

async function runEcho(association: Association, control: TaskControl): Promise<TaskResults['echo']> {
  const operation = echo(association);
  control.onCancel = () => operation.cancel();
  const { status, latencyMs } = await operation.done;
  return { ok: true, status, latencyMs };
}

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

async function runGet(
  association: Association,
  task: Task & { kind: 'get' },
  control: TaskControl,
  report: TaskReport,
): Promise<TaskResults['get']> {
  const { clocks, sopInstanceUIDs, informationModel = 'study-root' } = task;
  const sopClassUID = MODELS[informationModel].get;
  const images = sopInstanceUIDs === undefined ? {} : { sopInstanceUIDs };
  return await watched(clocks, clocks.retrieveStall, control, report, (onPending) =>
    get(association, { ...uniqueKeys(task), ...images, sopClassUID, onPending }),
  );
}

function uniqueKeys({ patientID, studyInstanceUID, seriesInstanceUID }: Task & { kind: 'move' | 'get' }) {
  return {
    studyInstanceUID,
    ...(patientID === undefined ? {} : { patientID }),
    ...(seriesInstanceUID === undefined ? {} : { seriesInstanceUID }),
  };
}

/** A C-MOVE or C-GET under its clocks: progress re-arms the first, nothing the second. */
async function watched(
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
  let counts: SubOperations | undefined;
  const onPending = (next: SubOperations) => {
    // Repeating the same counts for ever is no progress.
    if (counts === undefined) stall.use(clocks.retrieveStall);
    else if (!sameCounts(counts, next)) stall.rearm();
    counts = next;
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

function sameCounts(a: SubOperations, b: SubOperations): boolean {
  return a.remaining === b.remaining && a.completed === b.completed && a.failed === b.failed && a.warning === b.warning;
}

function finalResponse(response: { status: number; errorComment: string | undefined; offendingElements: readonly string[] }) {
  const { status, errorComment, offendingElements } = response;
  return { status, offendingElements, ...(errorComment === undefined ? {} : { errorComment }) };
}
