import type { MatchRow } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { Association, ExtendedNegotiation, ProposedContext, ServiceProvider } from '../dicom/network/index.ts';
import { MODELS, queryRetrieveNegotiation, type WorklistEntry } from '../dicom/services/index.ts';
import type { CommitmentPart } from './commitment-relay.ts';
import type { Task, TaskResults } from './pool-protocol.ts';
import type { FinalResponse, ModelOptions, RefusedInstance, SentInstance, StoredInstance, SubOperations } from './types.ts';

/** How the thread tells the main thread about an operation. */
export interface TaskReport {
  matches(rows: MatchRow[]): void;
  entries(entries: WorklistEntry[]): void;
  pending(counts: SubOperations): void;
  stored(instances: StoredInstance[]): void;
  refused(instances: RefusedInstance[]): void;
  sent(instances: SentInstance[]): void;
  commitment(part: CommitmentPart): void;
  commitmentAccepted(): void;
}

/** Operations of one request on one association. */
export type SingleTask = Exclude<Task, { kind: 'store' }>;

/** What serves the peer while the operation runs. */
export interface Attendance {
  readonly services: readonly ServiceProvider[];
  /** True for an instance that came. */
  holds?(sopInstanceUID: string): boolean;
  /** What came has been told; nothing is told any more. */
  settle(): Promise<void>;
  /** After the association is gone. */
  close(): Promise<void>;
}

/** How one kind of operation is done: a new kind is an entry in the table of association-task.ts. */
export interface OperationKind<Kind extends SingleTask['kind']> {
  contexts(task: SingleTask & { kind: Kind }): ProposedContext[];
  extendedNegotiation?(task: SingleTask & { kind: Kind }, contexts: readonly ProposedContext[]): ExtendedNegotiation[];
  attend?(task: SingleTask & { kind: Kind }, control: TaskControl, report: TaskReport): Attendance;
  run(
    association: Association,
    task: SingleTask & { kind: Kind },
    control: TaskControl,
    report: TaskReport,
    attendance: Attendance | undefined,
  ): Promise<TaskResults[Kind]>;
}

/** What may be done to a task while it runs; its operation hooks in when it starts. */
export class TaskControl {
  readonly #connecting = new AbortController();
  association: Association | undefined;
  onCancel: (() => void) | undefined;
  onAcknowledge: (() => void) | undefined;
  onProgress: (() => void) | undefined;
  /** Storage commitment: the report that this task waits for was taken. */
  readonly reported = Promise.withResolvers<void>();
  onCommitmentTaken: ((ticket: number | undefined, status: number) => void) | undefined;
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

/** For query and retrieve: what is proposed of the flags of PS3.4 C.5 for each information model among the contexts. */
export function flagsOf({ negotiate }: ModelOptions, contexts: readonly ProposedContext[]): ExtendedNegotiation[] {
  if (!negotiate) return [];
  const known = Object.values(MODELS).flatMap((model) => Object.values(model));
  return queryRetrieveNegotiation(
    contexts.map(({ abstractSyntax }) => abstractSyntax).filter((uid) => known.includes(uid)),
    negotiate,
  );
}

export function finalResponse(response: {
  status: number;
  errorComment: string | undefined;
  offendingElements: readonly string[];
}): Omit<FinalResponse, 'ok'> {
  const { status, errorComment, offendingElements } = response;
  return { status, offendingElements, ...(errorComment === undefined ? {} : { errorComment }) };
}
