import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { Dataset, encodeDataset } from '../dataset/index.ts';
import {
  type Association,
  CommandField,
  type DataSetSource,
  type InboundRequest,
  type ServiceProvider,
  Status,
  statusOf,
} from '../network/index.ts';
import { failureResponse } from './final-status.ts';
import { withIdentifier } from './find-provider.ts';
import { sendPlan } from './send-plan.ts';
import { SOPClass } from './sop-classes.ts';
import { store } from './store.ts';
import { IDENTIFIER_SYNTAXES } from './transfer-syntaxes.ts';
import type { MoveInstance, MoveProviderOptions, QueryRequest } from './types.ts';

/** C-MOVE as SCP (PS3.4 C.4.2.3): C-STORE sub-operations one after the other, on as many associations to the destination as they need. */
export function moveProvider(options: MoveProviderOptions): ServiceProvider {
  return {
    commandField: CommandField.cMoveRQ,
    abstractSyntaxes: options.sopClassUIDs ?? [SOPClass.StudyRootMove, SOPClass.PatientRootMove],
    transferSyntaxes: IDENTIFIER_SYNTAXES,
    handle: (request) => withIdentifier(request, (query) => new Retrieve(options, request, query).run()),
  };
}

/** A UI value's length has 16 bits in explicit VR: so many UIDs of 64 characters fit a Failed SOP Instance UID List. */
const MAX_FAILED_LIST = 1000;

/** How the instances of a C-MOVE or C-GET get to where they are wanted. */
interface RetrieveOptions extends Pick<MoveProviderOptions, 'instances' | 'connect' | 'pendingInterval'> {
  /** C-GET: the sub-operations share the association of their request, and name no originator (PS3.7 §9.1.1.1). */
  readonly sameAssociation?: boolean;
}

/** The sub-operations of one C-MOVE or C-GET, one after the other, with pending responses between them (PS3.4 C.4.2.3, C.4.3.3). */
export class Retrieve {
  readonly #options: RetrieveOptions;
  readonly #request: InboundRequest;
  readonly #query: QueryRequest;
  readonly #failed: string[] = [];
  #remaining = 0;
  #completed = 0;
  #warning = 0;
  #lastPending = Number.NEGATIVE_INFINITY;
  /** What the first failure was, for the final response. */
  #reason: string | undefined;

  constructor(options: RetrieveOptions, request: InboundRequest, query: QueryRequest) {
    this.#options = options;
    this.#request = request;
    this.#query = query;
  }

  async run(): Promise<void> {
    const destinationAETitle = this.#request.command.moveDestination ?? '';
    const instances = await this.#options.instances({ ...this.#query, destinationAETitle });
    this.#remaining = instances.length;
    const parts = this.#options.sameAssociation ? [{ contexts: [], items: instances }] : sendPlan(instances);
    for (const [index, { contexts, items }] of parts.entries()) {
      if (this.#request.signal.aborted) break;
      let destination: Association;
      try {
        destination = await this.#options.connect(destinationAETitle, contexts, this.#query);
      } catch (thrown) {
        // Nothing was sent: that is the answer to the whole. Later, what was sent counts.
        if (index === 0) return this.#unreachable(instances, thrown);
        this.#failAll(items, thrown);
        continue;
      }
      await this.#sendAll(destination, items);
    }
    this.#finish(this.#finalStatus(), this.#reason);
  }

  async #sendAll(destination: Association, instances: readonly MoveInstance[]): Promise<void> {
    const { signal } = this.#request;
    const onAbort = () => {
      // A cancelled retrieve lets the instance that is under way arrive; one whose own association is gone has nobody left to report to.
      if (!this.#request.association.established) destination.abort();
    };
    signal.addEventListener('abort', onAbort);
    try {
      await this.#pending();
      for (const [index, instance] of instances.entries()) {
        if (signal.aborted) break;
        if (!destination.established) {
          this.#failAll(instances.slice(index), new PhosphorError('connection-lost', 'the destination ended the association'));
          break;
        }
        await this.#sendOne(destination, instance);
        await this.#pending();
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      if (destination.established && !this.#options.sameAssociation) destination.release().catch(() => {});
    }
  }

  async #sendOne(destination: Association, instance: MoveInstance): Promise<void> {
    const { sopClassUID, sopInstanceUID } = instance;
    const { priority } = this.#request.command;
    try {
      const operation = store(destination, {
        sopClassUID,
        sopInstanceUID,
        ...(await encoded(destination, instance, this.#request.signal)),
        ...(priority === undefined ? {} : { priority }),
        ...(this.#options.sameAssociation ? {} : this.#originator()),
      });
      const { status } = await operation.done;
      const { category } = statusOf('storage', status);
      if (category === 'success') this.#completed += 1;
      else if (category === 'warning') this.#warning += 1;
      else this.#fail(instance, `the destination answered ${status.toString(16).padStart(4, '0').toUpperCase()}`);
    } catch (thrown) {
      this.#fail(instance, failureResponse(thrown).errorComment);
    }
    this.#remaining -= 1;
  }

  #originator() {
    return { moveOriginatorAETitle: this.#request.association.callingAETitle, moveOriginatorMessageID: this.#request.messageID };
  }

  #fail({ sopInstanceUID }: MoveInstance, reason: string): void {
    this.#reason ??= reason;
    this.#failed.push(sopInstanceUID);
  }

  #failAll(instances: readonly MoveInstance[], thrown: unknown): void {
    const { errorComment } = failureResponse(thrown);
    for (const instance of instances) this.#fail(instance, errorComment);
    this.#remaining -= instances.length;
  }

  async #pending(): Promise<void> {
    const { signal, association } = this.#request;
    const now = association.now();
    if (signal.aborted || now - this.#lastPending < (this.#options.pendingInterval ?? 0) * 1000) return;
    this.#lastPending = now;
    await this.#request.respond({ status: Status.pending, ...this.#counts(true) });
  }

  /** PS3.4 table C.4-2. */
  #finalStatus(): number {
    if (this.#request.signal.aborted) return Status.cancel;
    if (this.#failed.length > 0 && this.#completed + this.#warning === 0) return Status.outOfResourcesSubOperations;
    return this.#failed.length > 0 || this.#warning > 0 ? Status.subOperationsWithFailures : Status.success;
  }

  /** No association to the destination: every sub-operation failed, unless the destination itself is unknown. */
  #unreachable(instances: readonly MoveInstance[], thrown: unknown): void {
    const { errorComment, error } = failureResponse(thrown);
    const cancelled = this.#request.signal.aborted;
    if (!cancelled) this.#failAll(instances, thrown);
    this.#finish(cancelled ? Status.cancel : (error.data.status ?? Status.outOfResourcesSubOperations), errorComment);
  }

  #finish(status: number, errorComment?: string): void {
    const list = this.#failed.slice(0, MAX_FAILED_LIST);
    const identifier =
      list.length > 0 ? encodeDataset(Dataset.of({ FailedSOPInstanceUIDList: list }), this.#request.context.transferSyntax) : undefined;
    const counts = this.#counts(status === Status.cancel);
    void this.#request.respond({ status, ...counts, ...(errorComment === undefined ? {} : { errorComment }) }, identifier);
  }

  /** Remaining is given with pending and cancel only (PS3.4 C.4.2.1.6). */
  #counts(withRemaining: boolean) {
    return {
      ...(withRemaining ? { numberOfRemainingSuboperations: bounded(this.#remaining) } : {}),
      numberOfCompletedSuboperations: bounded(this.#completed),
      numberOfFailedSuboperations: bounded(this.#failed.length),
      numberOfWarningSuboperations: bounded(this.#warning),
    };
  }
}

/** As it is stored where the other side takes that, else converted. */
async function encoded(
  destination: Association,
  instance: MoveInstance,
  signal: AbortSignal,
): Promise<{ transferSyntaxUID: string; dataSet: DataSetSource }> {
  const { sopClassUID, transferSyntaxUID, convert } = instance;
  if (destination.contextFor(sopClassUID, transferSyntaxUID)) return { transferSyntaxUID, dataSet: await instance.open() };
  if (convert && destination.contextFor(sopClassUID)) return await convert(destination, signal);
  // `store` says why before any byte is sent; the file need not be opened for that.
  return { transferSyntaxUID, dataSet: new Uint8Array(0) };
}

/** The counts are 16-bit (PS3.7 annex E). */
function bounded(count: number): number {
  return Math.min(count, 0xffff);
}
