import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { CommandField, RESPONSE } from './command-set.ts';
import type { MessageWriter } from './message-writer.ts';
import { isPending, Status } from './status.ts';
import type { AcceptedContext, Association, CommandSet, DataSetSink, InboundRequest, ServiceProvider } from './types.ts';

/** One request of the peer's, from its command set to its final response. */
export class InboundOperation implements InboundRequest {
  readonly association: Association;
  readonly context: AcceptedContext;
  readonly command: Readonly<CommandSet>;
  readonly messageID: number;
  readonly #writer: MessageWriter;
  readonly #onEnd: () => void;
  #over = false;
  // Made when somebody asks: most requests are stores, which nobody cancels.
  #controller: AbortController | undefined;
  #aborted: PhosphorError | undefined;
  #ended: PromiseWithResolvers<void> | undefined;

  constructor(
    association: Association,
    context: AcceptedContext,
    command: CommandSet,
    messageID: number,
    writer: MessageWriter,
    onEnd: () => void,
  ) {
    this.association = association;
    this.context = context;
    this.command = command;
    this.messageID = messageID;
    this.#writer = writer;
    this.#onEnd = onEnd;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  /** Resolves after the final response, or when the association is over. */
  get ended(): Promise<void> {
    this.#ended ??= Promise.withResolvers<void>();
    if (this.#over) this.#ended.resolve();
    return this.#ended.promise;
  }

  /** Hands the request to its provider. */
  begin(services: readonly ServiceProvider[]): DataSetSink | undefined {
    const provider = services.find(
      (service) => service.commandField === this.command.commandField && service.abstractSyntaxes.includes(this.context.abstractSyntax),
    );
    if (provider === undefined || !this.#allowed()) return this.#refuse(Status.unrecognizedOperation);
    return provider.handle(this);
  }

  /**
   * We serve in the contexts in which the peer may be SCU. An event report is what an SCP sends; many send it on an association of their own without
   * having proposed that role (PS3.7 D.3.3.4), and where somebody listens for events they are heard.
   */
  #allowed(): boolean {
    if (this.command.commandField === CommandField.nEventReportRQ) return true;
    const roles = this.context.requestorRoles;
    return this.association.role === 'acceptor' ? roles.scu : roles.scp;
  }

  respond(response: Partial<CommandSet> & { status: number }, dataSet?: Uint8Array): Promise<void> | undefined {
    if (this.#over) return undefined;
    const { command: request, context } = this;
    // Responses name as affected what the requests of PS3.7 §10.3 name as requested.
    const affectedSOPClassUID = request.affectedSOPClassUID ?? request.requestedSOPClassUID ?? context.abstractSyntax;
    const affectedSOPInstanceUID = response.affectedSOPInstanceUID ?? request.affectedSOPInstanceUID ?? request.requestedSOPInstanceUID;
    const command: CommandSet = {
      affectedSOPClassUID,
      ...response,
      commandField: request.commandField | RESPONSE,
      messageIDBeingRespondedTo: this.messageID,
      hasDataSet: dataSet !== undefined,
    };
    if (affectedSOPInstanceUID !== undefined) command.affectedSOPInstanceUID = affectedSOPInstanceUID;
    const wait = this.#writer.send(context.id, command, dataSet)?.catch(() => {});
    if (!isPending(response.status)) this.#end();
    return wait;
  }

  /** C-CANCEL-RQ, if it means this operation. */
  cancel(messageID: number | undefined): void {
    if (messageID === this.messageID) this.#signal(new PhosphorError('cancelled', 'the peer cancelled the operation'));
  }

  /** The association is over. */
  abort(error: PhosphorError): void {
    this.#signal(error);
    this.#end();
  }

  #signal(reason: PhosphorError): void {
    if (this.#aborted) return;
    this.#aborted = reason;
    this.#controller?.abort(reason);
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#ended?.resolve();
    this.#onEnd();
  }

  /** Reads and drops what follows, then says no. */
  #refuse(status: number): DataSetSink | undefined {
    if (!this.command.hasDataSet) {
      void this.respond({ status });
      return undefined;
    }
    return { write: () => undefined, end: () => this.respond({ status }), abort: () => {} };
  }
}
