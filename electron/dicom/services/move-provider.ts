import { Dataset, encodeDataset } from '../dataset/index.ts';
import { type Association, CommandField, type InboundRequest, type ServiceProvider, Status, statusOf } from '../network/index.ts';
import { failureResponse } from './final-status.ts';
import { withIdentifier } from './find-provider.ts';
import { SOPClass } from './sop-classes.ts';
import { store } from './store.ts';
import { IDENTIFIER_SYNTAXES } from './transfer-syntaxes.ts';
import type { MoveInstance, MoveProviderOptions, QueryRequest } from './types.ts';

/** C-MOVE as SCP (PS3.4 C.4.2.3): C-STORE sub-operations one after the other on one association to the destination, a pending response after each. */
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
interface RetrieveOptions extends Pick<MoveProviderOptions, 'instances' | 'connect'> {
  /** C-GET: the sub-operations share the association of their request, and name no originator (PS3.7 §9.1.1.1). */
  readonly sameAssociation?: boolean;
}

/** The sub-operations of one C-MOVE or C-GET, one after the other, a pending response after each (PS3.4 C.4.2.3, C.4.3.3). */
export class Retrieve {
  readonly #options: RetrieveOptions;
  readonly #request: InboundRequest;
  readonly #query: QueryRequest;
  readonly #failed: string[] = [];
  #remaining = 0;
  #completed = 0;
  #warning = 0;

  constructor(options: RetrieveOptions, request: InboundRequest, query: QueryRequest) {
    this.#options = options;
    this.#request = request;
    this.#query = query;
  }

  async run(): Promise<void> {
    const destinationAETitle = this.#request.command.moveDestination ?? '';
    const instances = await this.#options.instances({ ...this.#query, destinationAETitle });
    if (instances.length === 0) return this.#finish(Status.success);
    this.#remaining = instances.length;
    let destination: Association;
    try {
      destination = await this.#options.connect(destinationAETitle, instances, this.#query);
    } catch (thrown) {
      this.#failAll(instances);
      return this.#unreachable(thrown);
    }
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
          this.#failAll(instances.slice(index));
          break;
        }
        await this.#sendOne(destination, instance);
        await this.#pending();
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      if (destination.established && !this.#options.sameAssociation) destination.release().catch(() => {});
    }
    this.#finish(this.#finalStatus());
  }

  async #sendOne(destination: Association, instance: MoveInstance): Promise<void> {
    const { sopClassUID, sopInstanceUID, transferSyntaxUID } = instance;
    const { priority } = this.#request.command;
    try {
      const operation = store(destination, {
        sopClassUID,
        sopInstanceUID,
        transferSyntaxUID,
        dataSet: await instance.open(),
        ...(priority === undefined ? {} : { priority }),
        ...(this.#options.sameAssociation ? {} : this.#originator()),
      });
      const { status } = await operation.done;
      const { category } = statusOf('storage', status);
      if (category === 'success') this.#completed += 1;
      else if (category === 'warning') this.#warning += 1;
      else this.#failed.push(sopInstanceUID);
    } catch {
      this.#failed.push(sopInstanceUID);
    }
    this.#remaining -= 1;
  }

  #originator() {
    return { moveOriginatorAETitle: this.#request.association.callingAETitle, moveOriginatorMessageID: this.#request.messageID };
  }

  #failAll(instances: readonly MoveInstance[]): void {
    for (const { sopInstanceUID } of instances) this.#failed.push(sopInstanceUID);
    this.#remaining = 0;
  }

  async #pending(): Promise<void> {
    if (this.#request.signal.aborted) return;
    await this.#request.respond({ status: Status.pending, ...this.#counts(true) });
  }

  /** PS3.4 table C.4-2. */
  #finalStatus(): number {
    if (this.#request.signal.aborted) return Status.cancel;
    if (this.#failed.length > 0 && this.#completed + this.#warning === 0) return Status.outOfResourcesSubOperations;
    return this.#failed.length > 0 || this.#warning > 0 ? Status.subOperationsWithFailures : Status.success;
  }

  /** No association to the destination: every sub-operation failed, unless the destination itself is unknown. */
  #unreachable(thrown: unknown): void {
    const { errorComment, error } = failureResponse(thrown);
    const cancelled = this.#request.signal.aborted;
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

/** The counts are 16-bit (PS3.7 annex E). */
function bounded(count: number): number {
  return Math.min(count, 0xffff);
}
