import { randomUUID } from 'node:crypto';
import {
  type ActionComplete,
  type ActionRequest,
  type ActionUpdate,
  type PacsNode,
  PhosphorError,
  type Tag,
  toErrorData,
  uid,
} from '../../shared/contract/index.ts';
import { ActionRun, type StopReason } from './action-run.ts';
import { runImport, runMaintenance } from './archive-jobs.ts';
import { runCare } from './care.ts';
import { runCompose } from './compose.ts';
import { clearDrop, clearOldDrops } from './drops.ts';
import { runEdit } from './edits.ts';
import { runExport } from './export.ts';
import { mainThreadTasks } from './main-thread-tasks.ts';
import { plainOutcome } from './outcome.ts';
import { MOST_STARTS, resumes } from './resuming.ts';
import { runRetrieve } from './retrieve.ts';
import { diagnoseRun } from './run-diagnosis.ts';
import { runEcho, runFind } from './simple-operations.ts';
import { FINISHED_SHOWN, type LoadedActions } from './store-protocol.ts';
import { REFUSALS } from './texts.ts';
import { TurnQueue } from './turn-queue.ts';
import type { ActionRecord, CompleteDraft, EngineParts, RunResult } from './types.ts';
import { within } from './waiting.ts';

/** Actions that may be under way at once, waiting ones included. */
const MAX_RUNNING = 1000;
/** Moves that may run at once from one node. */
const MOVES_PER_NODE = 2;
/** Instances named per finished action in a snapshot; the event itself names up to 10,000. */
const NAMED_IN_SNAPSHOT = 500;
/** A completion that cannot be written is tried again so often (ms between) before it is delivered all the same. */
const RECORD_AGAIN_MS = [50, 200, 1000] as const;
/** Longer than any clock that runs while an association is being ended. */
const CLOSE_LIMIT_MS = 20_000;

/**
 * What people asked for: answers a request at once with its ID, runs it in the background, and ends every one with exactly one
 * ActionComplete, which is on disk before anybody sees it (docs/architecture.md "Actions").
 */
export class ActionEngine {
  readonly #parts: EngineParts;
  readonly #runs = new Map<string, { readonly run: ActionRun; readonly ended: Promise<void> }>();
  readonly #moves = new TurnQueue(MOVES_PER_NODE);
  readonly #jobs = new TurnQueue(1);
  #finished: ActionComplete[] = [];
  #closing = false;
  /** What is cut off by the end of the program goes on at its next start. */
  #goesOn = false;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /**
   * Takes over what actions.db holds. What was unfinished goes on (resuming.ts), or ends as `aborted`: the workstation was closed or killed while it ran. With
   * `standing` false, for a command that ends in a moment, what goes on is left to a start that lasts.
   */
  async recover({ unfinished, finished }: LoadedActions, standing: boolean): Promise<void> {
    this.#goesOn = standing;
    this.#finished = finished.map((complete) => ({ ...complete, seq: 0 }));
    if (standing) clearOldDrops(unfinished, this.#parts);
    for (const record of unfinished) {
      const { resumed = 0 } = record;
      if (resumes(record.action) && resumed < MOST_STARTS) {
        if (standing) await this.#resume({ ...record, resumed: resumed + 1 });
        continue;
      }
      const run = this.#run(record);
      run.end();
      await this.#complete(
        run,
        { outcome: 'aborted', verifiedBy: 'none', diagnosis: await diagnoseRun(run, this.#parts, { text: 'closed' }) },
        record.requestedAt,
      );
    }
  }

  /**
   * Starts an action. `tag` is taken as it is now; what the caller does with it later does not matter.
   * @throws PhosphorError `not-found`, `unsupported`, `limit-exceeded`, `interrupted`
   */
  async request(action: ActionRequest, tag: Tag): Promise<string> {
    if (this.#closing) throw new PhosphorError('interrupted', 'the workstation is closing');
    this.#check(action);
    const record = structuredClone({ actionId: randomUUID(), action, tag, requestedAt: Date.now() });
    const run = this.#run(record);
    const start = Promise.withResolvers<void>();
    // Listed from now on: an action that is being written to disk is already under way for close() and for a snapshot.
    this.#runs.set(record.actionId, { run, ended: start.promise.then(() => this.#live(run)) });
    try {
      await this.#parts.store.insert(record);
    } catch (thrown) {
      this.#parts.log.error({ actionId: record.actionId, error: toErrorData(thrown).kind }, 'an action could not be recorded');
      this.#parts.notRecorded();
    }
    run.update({});
    this.#parts.log.info(
      { actionId: record.actionId, command: action.command, ...('nodeId' in action ? { nodeId: action.nodeId } : {}) },
      'action requested',
    );
    // The answer leaves first, so that no client hears of an action that it does not know yet.
    setImmediate(start.resolve);
    return record.actionId;
  }

  /** Idempotent; a finished action stays as it is. @throws PhosphorError `not-found` */
  cancel(actionId: string): void {
    const entry = this.#runs.get(actionId);
    if (entry !== undefined) entry.run.stop('cancelled');
    else this.#finishedAction(actionId);
  }

  /** Takes a finished action off the list. @throws PhosphorError `not-found`, `busy` while it runs */
  async dismiss(actionId: string): Promise<void> {
    if (this.#runs.has(actionId)) throw new PhosphorError('busy', 'the action is still running');
    this.#finishedAction(actionId);
    this.#finished = this.#finished.filter((it) => it.actionId !== actionId);
    await this.#parts.store.dismiss(actionId);
  }

  /** The same once more, with the same tag, as a new action. @throws PhosphorError like request */
  retry(actionId: string): Promise<string> {
    const { action, tag } = this.#runs.get(actionId)?.run.record ?? this.#finishedAction(actionId);
    return this.request(action, tag);
  }

  /** A client has taken in so many batches of items. Unknown actions are ignored: the last credits come after the completion. */
  credit(actionId: string, batches: number): void {
    this.#runs.get(actionId)?.run.credit(batches);
  }

  running(): ActionUpdate[] {
    return [...this.#runs.values()].map(({ run }) => run.snapshot());
  }

  /** Newest first, at most FINISHED_SHOWN. */
  finished(): ActionComplete[] {
    return this.#finished.map((it) =>
      it.failedSOPInstanceUIDs.length <= NAMED_IN_SNAPSHOT
        ? it
        : { ...it, failedSOPInstanceUIDs: it.failedSOPInstanceUIDs.slice(0, NAMED_IN_SNAPSHOT) },
    );
  }

  /** Takes no new actions and ends those that run, each with its completion, or for the next start to go on with. Bounded. */
  async close(): Promise<void> {
    this.#closing = true;
    const ended = [...this.#runs.values()].map((entry) => {
      entry.run.stop('closing');
      return entry.ended;
    });
    await within(Promise.allSettled(ended), CLOSE_LIMIT_MS);
  }

  #check(action: ActionRequest): void {
    if (this.#runs.size >= MAX_RUNNING) throw new PhosphorError('limit-exceeded', 'too many actions at once');
    if (!('nodeId' in action)) return;
    const node = this.#parts.node(action.nodeId);
    if (node === undefined) throw new PhosphorError('not-found', 'nodeId: no such node');
    if (action.command !== 'retrieve') return;
    if ((action.method ?? node.method) !== 'move') throw new PhosphorError('unsupported', REFUSALS.method);
    const { aeTitle } = this.#parts.receiver.address();
    if (action.destination !== undefined && action.destination !== aeTitle) throw new PhosphorError('unsupported', REFUSALS.destination);
  }

  #run(record: ActionRecord): ActionRun {
    const { action } = record;
    return new ActionRun({
      record,
      node: 'nodeId' in action ? this.#parts.node(action.nodeId) : undefined,
      publish: (draft) => this.#parts.publish(draft),
      hasAudience: () => this.#parts.hasAudience(),
    });
  }

  async #resume(record: ActionRecord): Promise<void> {
    const { actionId, action, resumed = 1 } = record;
    try {
      await this.#parts.store.resume(actionId, resumed);
    } catch (thrown) {
      this.#parts.log.error({ actionId, error: toErrorData(thrown).kind }, 'an action could not be recorded');
      this.#parts.notRecorded();
    }
    const run = this.#run(record);
    const start = Promise.withResolvers<void>();
    this.#runs.set(actionId, { run, ended: start.promise.then(() => this.#live(run)) });
    run.update({});
    this.#parts.log.info({ actionId, command: action.command, resumed }, 'action resumed');
    setImmediate(start.resolve);
  }

  /** From start to delivered completion; none where the next start goes on with it. Never rejects. */
  async #live(run: ActionRun): Promise<void> {
    let result: RunResult;
    try {
      result = run.signal.aborted ? { outcome: 'cancelled', verifiedBy: 'none' } : await this.#perform(run);
    } catch (thrown) {
      const error = toErrorData(thrown);
      if (error.kind === 'internal')
        this.#parts.log.error({ actionId: run.actionId, command: run.record.action.command, error }, 'an action failed unexpectedly');
      result = { outcome: plainOutcome({ error }), verifiedBy: 'none', diagnosis: await diagnoseRun(run, this.#parts, { error }) };
    }
    run.end();
    if (this.#goesOn && run.stopReason === 'closing' && result.outcome === 'cancelled' && resumes(run.record.action)) {
      this.#runs.delete(run.actionId);
      return;
    }
    await this.#complete(run, await this.#explainStop(run, result));
  }

  #perform(run: ActionRun): Promise<RunResult> {
    const { action } = run.record;
    if (action.command === 'echo' || action.command === 'find') run.update({ state: 'running', attempt: 1 });
    switch (action.command) {
      case 'echo':
        return runEcho(run, this.#parts, nodeOf(run));
      case 'find':
        return runFind(run, this.#parts, action, nodeOf(run));
      case 'retrieve':
        return runRetrieve(run, this.#parts, action, nodeOf(run), this.#moves);
      case 'import':
        return runImport(run, this.#parts, action, this.#jobs);
      case 'export':
        return runExport(run, this.#parts, action, this.#jobs);
      case 'verify':
      case 'rebuild':
        return runMaintenance(run, this.#parts, action, this.#jobs);
      case 'delete':
      case 'restore':
      case 'purge':
      case 'clean':
      case 'compact':
        return runCare(run, this.#parts, action, this.#jobs);
      case 'deidentify':
      case 'correct':
      case 'undo-correction':
      case 'wrap':
        return runEdit(run, this.#parts, action, this.#jobs);
      case 'compose':
        return runCompose(run, this.#parts, action, this.#jobs);
    }
  }

  /** `cancelled` is what a person did; what stopped an action for another reason is named. */
  async #explainStop(run: ActionRun, result: RunResult): Promise<RunResult> {
    if (run.stopReason === undefined || result.outcome !== 'cancelled') return result;
    const { outcome, text } = STOPPED[run.stopReason];
    return { ...result, outcome, diagnosis: await diagnoseRun(run, this.#parts, { text }) };
  }

  async #complete(run: ActionRun, result: RunResult, startedAt = run.startedAt): Promise<void> {
    const { record, progress } = run;
    const draft: CompleteDraft = {
      type: 'ActionComplete',
      actionId: record.actionId,
      action: record.action,
      tag: record.tag,
      outcome: result.outcome,
      counts: result.counts ?? progress.counts,
      bytes: progress.bytes,
      // From the peer, so bounded and checked here: a completion must never fail to be delivered.
      failedSOPInstanceUIDs: (result.failedSOPInstanceUIDs ?? []).filter((it) => uid.safeParse(it).success).slice(0, 10_000),
      offendingElements: (result.offendingElements ?? []).map((it) => it.slice(0, 9)).slice(0, 1024),
      verifiedBy: result.verifiedBy,
      attempts: progress.attempt,
      startedAt,
      finishedAt: Date.now(),
      ...(result.status === undefined ? {} : { status: result.status }),
      ...(result.errorComment === undefined ? {} : { errorComment: result.errorComment.slice(0, 1024) }),
      ...(result.diagnosis === undefined ? {} : { diagnosis: result.diagnosis }),
      ...(result.details === undefined ? {} : { details: result.details }),
      ...(result.files === undefined ? {} : { files: result.files }),
    };
    await this.#record(draft);
    clearDrop(record.action, this.#parts);
    this.#runs.delete(record.actionId);
    mainThreadTasks.run('action complete', () => this.#deliver(draft));
    const { outcome, counts, attempts } = draft;
    this.#parts.log.info(
      {
        actionId: record.actionId,
        command: record.action.command,
        outcome,
        status: draft.status,
        counts,
        attempts,
        error: draft.diagnosis?.error?.kind,
      },
      'action complete',
    );
  }

  #deliver(draft: CompleteDraft): void {
    let delivered = draft;
    let seq = this.#parts.publish(draft);
    if (seq === undefined) {
      // Something in it breaks the contract (and was logged). Whoever waits must hear of the end all the same.
      const { diagnosis: _, errorComment: __, details: ___, status: ____, files: _____, ...plain } = draft;
      delivered = {
        ...plain,
        counts: { received: 0, completed: 0, failed: 0, warning: 0 },
        failedSOPInstanceUIDs: [],
        offendingElements: [],
      };
      seq = this.#parts.publish(delivered) ?? 0;
    }
    this.#finished = [{ ...delivered, seq }, ...this.#finished].slice(0, FINISHED_SHOWN);
  }

  async #record(draft: CompleteDraft): Promise<void> {
    for (const wait of [...RECORD_AGAIN_MS, undefined]) {
      try {
        return await this.#parts.store.complete(draft);
      } catch (thrown) {
        this.#parts.log.error({ actionId: draft.actionId, error: toErrorData(thrown) }, 'a completion could not be recorded');
        if (wait === undefined) break;
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
    this.#parts.notRecorded();
  }

  #finishedAction(actionId: string): ActionComplete {
    const found = this.#finished.find((it) => it.actionId === actionId);
    if (found === undefined) throw new PhosphorError('not-found', 'actionId: no such action');
    return found;
  }
}

const STOPPED: Readonly<Record<StopReason, { outcome: ActionComplete['outcome']; text: 'cancelled' | 'closed' | 'rowsNotTaken' }>> = {
  cancelled: { outcome: 'cancelled', text: 'cancelled' },
  closing: { outcome: 'aborted', text: 'closed' },
  'rows-not-taken': { outcome: 'aborted', text: 'rowsNotTaken' },
};

/** @throws PhosphorError `not-found`: an action of an earlier run whose node was removed since. */
function nodeOf({ node }: ActionRun): PacsNode {
  if (node === undefined) throw new PhosphorError('not-found', 'the node is gone');
  return node;
}
