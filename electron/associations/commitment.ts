import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import { checkCommitmentRequest } from '../dicom/services/index.ts';
import { CommitmentInbox, type CommitmentPart } from './commitment-relay.ts';
import type { CommitRequest, CommitResult, CommittedInstance, ReceivedCommitment, TakeCommitment } from './commitment-types.ts';
import type { Failure, Task, TaskResults } from './pool-protocol.ts';
import type { FinalResponse, Operation } from './types.ts';

/** A report that comes by our listener is usually there within seconds; until then the association is worth keeping. */
const DEFAULT_HOLD_SECONDS = 10;
/** The idle clock stands back while the association is held. */
const IDLE_MARGIN_SECONDS = 5;

/** What the pool does for a commitment. */
export interface CommitmentHooks {
  start(
    task: Task & { kind: 'commit' },
    listeners: { onCommitment: (part: CommitmentPart) => void; onCommitmentAccepted: () => void },
  ): Operation<TaskResults['commit']>;
  /** An operation that ends before it begins. */
  refuse(error: PhosphorErrorData): Operation<never>;
  /** Without a ticket: the report came another way, the association need not be kept. */
  taken(operationId: number, ticket: number | undefined, status: number): void;
}

/** The storage commitments that somebody waits for: by transaction, whichever way the report comes. */
export class Commitments {
  readonly #hooks: CommitmentHooks;
  readonly #waiting = new Map<string, Commitment>();

  constructor(hooks: CommitmentHooks) {
    this.#hooks = hooks;
  }

  begin(request: CommitRequest): Operation<CommitResult> {
    const transactionUID = request.transactionUID ?? newTransactionUID();
    try {
      checkCommitmentRequest({ transactionUID, references: request.instances });
      if (this.#waiting.has(transactionUID)) throw new PhosphorError('invalid-arguments', 'the Transaction UID is in use');
    } catch (thrown) {
      return this.#hooks.refuse(toErrorData(thrown));
    }
    const commitment = new Commitment(request, transactionUID, {
      hooks: this.#hooks,
      takerOf: (uid) => {
        const waiting = this.#waiting.get(uid);
        return waiting ? (report) => waiting.take(report) : request.onUnmatchedCommitment;
      },
      onEnd: () => {
        if (this.#waiting.get(transactionUID) === commitment) this.#waiting.delete(transactionUID);
      },
    });
    // Before the N-ACTION goes out: a fast archive reports before it responds.
    this.#waiting.set(transactionUID, commitment);
    return commitment.start();
  }

  close(error: PhosphorErrorData): void {
    for (const commitment of [...this.#waiting.values()]) commitment.end(error);
  }
}

interface CommitmentSurroundings {
  readonly hooks: CommitmentHooks;
  readonly takerOf: (transactionUID: string) => TakeCommitment | undefined;
  readonly onEnd: () => void;
}

/** One transaction, from its request to its report. */
class Commitment {
  readonly #request: CommitRequest;
  readonly #transactionUID: string;
  readonly #surroundings: CommitmentSurroundings;
  readonly #done = Promise.withResolvers<CommitResult | Failure>();
  #operation: Operation<TaskResults['commit']> | undefined;
  #unexpect: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #report: ReceivedCommitment | undefined;
  #accepted = false;
  /** The association's part is over, the report is not there. */
  #answered: Partial<FinalResponse> | undefined;
  #over = false;

  constructor(request: CommitRequest, transactionUID: string, surroundings: CommitmentSurroundings) {
    this.#request = request;
    this.#transactionUID = transactionUID;
    this.#surroundings = surroundings;
  }

  start(): Operation<CommitResult> {
    const { peer, clocks, instances, waitSeconds, listener } = this.#request;
    const { hooks, takerOf } = this.#surroundings;
    const transactionUID = this.#transactionUID;
    this.#unexpect = listener?.expectCommitment(transactionUID, (report) => this.take(report));
    const holdSeconds = Math.min(this.#request.holdSeconds ?? (listener ? DEFAULT_HOLD_SECONDS : waitSeconds), waitSeconds);
    const idle = Math.max(clocks.idle, holdSeconds + IDLE_MARGIN_SECONDS);
    const inbox = new CommitmentInbox('association', takerOf, (ticket, status) => hooks.taken(operation.operationId, ticket, status));
    const operation = hooks.start(
      { kind: 'commit', peer, clocks: { ...clocks, idle }, transactionUID, references: instances, holdSeconds },
      { onCommitment: (part) => inbox.receive(part), onCommitmentAccepted: () => this.#onAccepted() },
    );
    this.#operation = operation;
    void operation.done.then((result) => this.#onAnswer(result));
    return { operationId: operation.operationId, done: this.#done.promise, cancel: () => this.#cancel() };
  }

  /** A second report of the same transaction changes nothing. */
  take(report: ReceivedCommitment): void {
    this.#report ??= report;
    const { operationId } = this.#operation ?? {};
    if (report.via === 'listener' && operationId !== undefined) this.#surroundings.hooks.taken(operationId, undefined, 0);
    if (this.#answered) this.#settle(this.#answered);
  }

  end(error: PhosphorErrorData): void {
    this.#finish({ ok: false, error });
  }

  #onAccepted(): void {
    this.#accepted = true;
    this.#timer = setTimeout(() => {
      this.end(new PhosphorError('timed-out', 'the archive did not report on the storage commitment in time').data);
      this.#operation?.cancel();
    }, this.#request.waitSeconds * 1000);
    this.#request.onAccepted?.(this.#transactionUID);
  }

  /** The association is over, or about to be. A report counts whatever became of it. */
  #onAnswer(result: TaskResults['commit'] | Failure): void {
    const response = result.ok ? result : undefined;
    const waiting = this.#accepted || response?.status === 0;
    if (!this.#report && waiting) {
      this.#answered = response ?? {};
      return;
    }
    if (!this.#report && !result.ok) this.end(result.error);
    else this.#settle(response ?? {});
  }

  #cancel(): void {
    this.#operation?.cancel();
    this.end(new PhosphorError('cancelled', 'the storage commitment was cancelled').data);
  }

  #settle(response: Partial<FinalResponse>): void {
    const { instances } = this.#request;
    const { ok: _, offendingElements = [], ...answer } = response;
    this.#finish({ ok: true, transactionUID: this.#transactionUID, ...answer, offendingElements, ...verdict(instances, this.#report) });
  }

  #finish(result: CommitResult | Failure): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#unexpect?.();
    this.#surroundings.onEnd();
    this.#done.resolve(result);
  }
}

/** Per instance what the report says. Where it contradicts itself the failure counts; another SOP class is another instance. */
function verdict(asked: CommitRequest['instances'], report: ReceivedCommitment | undefined) {
  const said = new Map<string, { sopClassUID: string; failureReason?: number; retrieveAETitle?: string; asked: boolean }>();
  for (const one of report?.committed ?? []) said.set(one.sopInstanceUID, { ...one, asked: false });
  for (const one of report?.failed ?? []) said.set(one.sopInstanceUID, { ...one, asked: false });
  const counts = { committed: 0, failed: 0, notMentioned: 0 };
  const instances = asked.map(({ sopClassUID, sopInstanceUID }): CommittedInstance => {
    const of = said.get(sopInstanceUID);
    if (of?.sopClassUID !== sopClassUID) {
      counts.notMentioned += 1;
      return { sopClassUID, sopInstanceUID, state: 'not-mentioned' };
    }
    of.asked = true;
    const { failureReason, retrieveAETitle = report?.retrieveAETitle } = of;
    if (failureReason !== undefined) {
      counts.failed += 1;
      return { sopClassUID, sopInstanceUID, state: 'failed', failureReason };
    }
    counts.committed += 1;
    return { sopClassUID, sopInstanceUID, state: 'committed', ...(retrieveAETitle === undefined ? {} : { retrieveAETitle }) };
  });
  let unasked = 0;
  for (const one of said.values()) if (!one.asked) unasked += 1;
  const { reportedBy, via } = report ?? {};
  return { ...counts, unasked, instances, ...(reportedBy === undefined || via === undefined ? {} : { report: { reportedBy, via } }) };
}

/** A UID under 2.25 (PS3.5 B.2), which nobody can guess: whoever knows it was asked. */
function newTransactionUID(): string {
  return `2.25.${BigInt(`0x${crypto.randomUUID().replaceAll('-', '')}`)}`;
}
