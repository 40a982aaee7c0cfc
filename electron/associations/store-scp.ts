import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import type { Arrival, ArrivalOrigin, ArrivalReceipt, ArrivalWriter } from '../archive/types.ts';
import type { ServiceProvider } from '../dicom/network/index.ts';
import { type StoreRequest, type StoreSink, storageProvider } from '../dicom/services/index.ts';
import type { Expectations } from './expectations.ts';
import type { Expectation, RefusedInstance, StoredInstance } from './types.ts';
import { type SniffedUIDs, UIDSniffer } from './uid-sniffer.ts';

/** "Refused: not authorized" (PS3.7 annex C): the instance answers to nothing that we asked for. */
export const STATUS_NOT_AUTHORIZED = 0x0124;
/** So many instances that we did not ask for, then the caller is shown the door. */
const STRIKES = 3;

/** What the C-STOREs of all associations share. */
export interface StorageContext {
  readonly arrivals: ArrivalWriter;
  readonly expectations: Expectations;
  readonly onStored: (instance: StoredInstance) => void;
  readonly onRefused: (instance: RefusedInstance) => void;
}

/** What the listener watches of one association, so that it can be ended between two instances. */
export interface StorageWatch {
  onBegin(): void;
  onAnswered(): void;
}

/**
 * C-STORE as SCP for one association (PS3.4 B.2.3): each instance is credited to the retrieve it belongs to and streamed into the archive.
 *
 * @param provisional the caller is unknown and may only answer a retrieve that is running
 * @param privateClasses SOP classes that are taken beside those of the standard
 */
export function storeService(
  context: StorageContext,
  callingAETitle: string,
  provisional: boolean,
  watch: StorageWatch,
  privateClasses: readonly string[] = [],
): ServiceProvider {
  let strikes = 0;
  // One is under way at a time.
  let last: IncomingInstance | undefined;
  return storageProvider({
    privateSOPClassUIDs: privateClasses,
    begin: (request) => {
      watch.onBegin();
      last = undefined;
      last = new IncomingInstance(context, request, callingAETitle, provisional);
      return last;
    },
    onAnswered: (request, status, error) => {
      watch.onAnswered();
      if (!error) return;
      const actionId = last?.answers(request) ? last.actionId : undefined;
      context.onRefused({
        ...(actionId === undefined ? {} : { actionId }),
        callingAETitle,
        sopInstanceUID: request.sopInstanceUID,
        status,
        error: toErrorData(error),
      });
      if (status !== STATUS_NOT_AUTHORIZED) return;
      strikes += 1;
      if (strikes >= STRIKES) request.association.abort(new PhosphorError('rejected', 'the caller stores what nobody asked for'));
    },
  });
}

/**
 * One instance on its way in. Which retrieve it belongs to is known from its Move Originator at once, else from its UIDs, and until then
 * nothing is written. Where no retrieve runs there is nothing to find out.
 */
class IncomingInstance implements StoreSink {
  readonly #context: StorageContext;
  readonly #request: StoreRequest;
  readonly #callingAETitle: string;
  readonly #provisional: boolean;
  #sniffer: UIDSniffer | undefined;
  #arrival: Arrival | undefined;
  #expectation: Expectation | undefined;
  #settled: (() => void) | undefined;

  constructor(context: StorageContext, request: StoreRequest, callingAETitle: string, provisional: boolean) {
    this.#context = context;
    this.#request = request;
    this.#callingAETitle = callingAETitle;
    this.#provisional = provisional;
    const { expectations } = context;
    const expectation = expectations.byOriginator(claimOf(request));
    if (expectation) this.#begin(expectation);
    else if (expectations.size > 0) this.#sniffer = new UIDSniffer(request.transferSyntaxUID);
    else this.#begin(undefined);
  }

  answers(request: StoreRequest): boolean {
    return this.#request === request;
  }

  /** The retrieve that it is credited to, as far as that is known. */
  get actionId(): string | undefined {
    return this.#expectation?.actionId;
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#arrival) return this.#arrival.write(chunk);
    const uids = this.#sniffer?.take(chunk);
    return uids ? this.#decide(uids) : undefined;
  }

  /** The receipt at once where the archive has it at once: the peer waits for the response. */
  finish(): ArrivalReceipt | Promise<ArrivalReceipt> {
    if (this.#sniffer) return this.#decide(this.#sniffer.end()).then(() => this.#finish());
    return this.#finish();
  }

  #finish(): ArrivalReceipt | Promise<ArrivalReceipt> {
    const receipt = this.#arrival?.finish();
    if (receipt === undefined) throw new PhosphorError('internal', 'an instance was finished before it began');
    if (!(receipt instanceof Promise)) return this.#finished(receipt);
    return receipt.then(
      (late) => this.#finished(late),
      (thrown: unknown) => {
        this.#settle();
        throw thrown;
      },
    );
  }

  #finished(receipt: ArrivalReceipt): ArrivalReceipt {
    this.#report(receipt);
    this.#settle();
    return receipt;
  }

  #settle(): void {
    this.#settled?.();
    this.#settled = undefined;
  }

  async abort(): Promise<void> {
    this.#sniffer = undefined;
    await this.#arrival?.abort();
    this.#settle();
  }

  /** The UIDs are known (or will never be): begins, and hands on what was held back. */
  async #decide(uids: SniffedUIDs): Promise<void> {
    const held = this.#sniffer?.held ?? [];
    this.#sniffer = undefined;
    const arrival = this.#begin(this.#context.expectations.byUID(uids));
    for (const chunk of held) await arrival.write(chunk);
  }

  #begin(expectation: Expectation | undefined): Arrival {
    if (!expectation && this.#provisional) {
      throw new PhosphorError('rejected', 'the instance belongs to no retrieve', { status: STATUS_NOT_AUTHORIZED });
    }
    const sourceAETitle = this.#callingAETitle;
    const origin: ArrivalOrigin = expectation
      ? { kind: 'retrieve', actionId: expectation.actionId, sourceAETitle }
      : { kind: 'store', sourceAETitle };
    const { sopClassUID, sopInstanceUID, transferSyntaxUID } = this.#request;
    this.#arrival = this.#context.arrivals.begin({ sopClassUID, sopInstanceUID, transferSyntaxUID }, origin);
    this.#expectation = expectation;
    if (expectation) this.#settled = this.#context.expectations.begin(expectation.actionId);
    return this.#arrival;
  }

  #report({ header, dataSetBytes, result }: ArrivalReceipt): void {
    const { moveOriginatorAETitle, moveOriginatorMessageID } = this.#request;
    this.#context.onStored({
      ...(this.#expectation ? { actionId: this.#expectation.actionId } : {}),
      callingAETitle: this.#callingAETitle,
      ...(moveOriginatorAETitle === undefined ? {} : { moveOriginatorAETitle }),
      ...(moveOriginatorMessageID === undefined ? {} : { moveMessageId: moveOriginatorMessageID }),
      studyInstanceUID: header.studyInstanceUID,
      seriesInstanceUID: header.seriesInstanceUID,
      sopInstanceUID: header.sopInstanceUID,
      dataSetBytes,
      result,
    });
  }
}

function claimOf({ moveOriginatorAETitle, moveOriginatorMessageID }: StoreRequest) {
  return { moveOriginatorAETitle, moveMessageId: moveOriginatorMessageID };
}
