import type { PhosphorError } from '../../../shared/contract/index.ts';
import { CommandField, type DataSetSink, type InboundRequest, type ServiceProvider, Status } from '../network/index.ts';
import { failureResponse } from './final-status.ts';
import { STORAGE_SOP_CLASSES } from './storage-sop-classes.ts';
import type { StorageProviderOptions, StoreRequest, StoreSink } from './types.ts';

/** C-STORE as SCP (PS3.4 B.2.3): streams each data set into a sink, and answers when the sink has finished. */
export function storageProvider(options: StorageProviderOptions): ServiceProvider {
  const { sopClassUIDs = ALL, privateSOPClassUIDs = [] } = options;
  return {
    commandField: CommandField.cStoreRQ,
    // One list for all associations without private classes.
    abstractSyntaxes: privateSOPClassUIDs.length === 0 ? sopClassUIDs : [...sopClassUIDs, ...privateSOPClassUIDs],
    handle(request) {
      const { hasDataSet, affectedSOPInstanceUID } = request.command;
      if (hasDataSet && affectedSOPInstanceUID) return new Reception(options, request, affectedSOPInstanceUID);
      if (hasDataSet) return { write: () => undefined, end: () => request.respond({ status: Status.mistypedArgument }), abort: () => {} };
      void request.respond({ status: Status.unableToProcess, errorComment: 'C-STORE without a data set' });
      return undefined;
    },
  };
}

const ALL: readonly string[] = [...STORAGE_SOP_CLASSES.keys()];

/** One instance on its way in. Once something failed, the rest of the data set is read and dropped, then the failure is answered. */
class Reception implements DataSetSink {
  readonly #options: StorageProviderOptions;
  readonly #inbound: InboundRequest;
  readonly #request: StoreRequest;
  #sink: StoreSink | undefined;
  #failure: unknown;
  #failed = false;

  constructor(options: StorageProviderOptions, inbound: InboundRequest, sopInstanceUID: string) {
    this.#options = options;
    this.#inbound = inbound;
    const { moveOriginatorAETitle, moveOriginatorMessageID, affectedSOPClassUID } = inbound.command;
    this.#request = {
      association: inbound.association,
      sopClassUID: affectedSOPClassUID || inbound.context.abstractSyntax,
      sopInstanceUID,
      transferSyntaxUID: inbound.context.transferSyntax,
      messageID: inbound.messageID,
      ...(moveOriginatorAETitle === undefined ? {} : { moveOriginatorAETitle }),
      ...(moveOriginatorMessageID === undefined ? {} : { moveOriginatorMessageID }),
    };
    try {
      this.#sink = options.begin(this.#request);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#sink === undefined) return undefined;
    try {
      return this.#sink.write(chunk)?.catch((thrown: unknown) => this.#fail(thrown));
    } catch (thrown) {
      this.#fail(thrown);
      return undefined;
    }
  }

  /** Not waited for: the peer has nothing to send before our answer, and its end is seen meanwhile. */
  end(): undefined {
    if (this.#sink === undefined) {
      this.#answerFailure();
      return;
    }
    try {
      const finished = this.#sink.finish();
      if (finished instanceof Promise) {
        finished.then(
          () => this.#answer(Status.success),
          (thrown: unknown) => this.#finishFailed(thrown),
        );
        return;
      }
    } catch (thrown) {
      this.#finishFailed(thrown);
      return;
    }
    this.#answer(Status.success);
  }

  abort(): void {
    this.#drop();
  }

  #finishFailed(thrown: unknown): void {
    this.#sink = undefined;
    this.#failed = true;
    this.#failure = thrown;
    this.#answerFailure();
  }

  #fail(thrown: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#failure = thrown;
    this.#drop();
  }

  #drop(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    // What cannot be cleaned up now is cleaned up at the next start.
    void Promise.resolve(sink?.abort()).catch(() => {});
  }

  #answerFailure(): void {
    const { status, errorComment, error } = failureResponse(this.#failure);
    this.#answer(status, errorComment, error);
  }

  #answer(status: number, errorComment?: string, error?: PhosphorError): void {
    void this.#inbound.respond(errorComment === undefined ? { status } : { status, errorComment });
    this.#options.onAnswered?.(this.#request, status, error);
  }
}
