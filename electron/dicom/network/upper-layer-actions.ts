import { PhosphorError, systemCode } from '../../../shared/contract/phosphor-error.ts';
import type { UpperLayerDriver } from './actions.ts';
import type { Ticker } from './clock.ts';
import { AbortReason, AbortSource, abortedByPeer, pduError, rejected } from './errors.ts';
import { APPLICATION_CONTEXT, type AssociateAC, type AssociateRQ } from './pdu.ts';
import { encodeAbort, encodeAssociateAC, encodeAssociateRJ, encodeAssociateRQ, encodeReleaseRP, encodeReleaseRQ } from './pdu-encode.ts';
import type { Transport } from './transport.ts';
import type { AssociationClocks, Rejection } from './types.ts';

/** The service user of PS3.8 §7: who gets the indications and confirmations. */
export interface UpperLayerUser {
  onAssociateIndication?(rq: AssociateRQ): void;
  onAssociateConfirm?(ac: AssociateAC): void;
  onFragment(contextId: number, control: number, bytes: Uint8Array, ends: boolean): Promise<void> | undefined;
  /** Of the message under way more is due: the PDU receive clock runs on. */
  insideMessage(): boolean;
  /** Any PDU, or a part of one, came in. */
  onReceived(): void;
  onReleaseIndication(): void;
  onReleaseConfirm(): void;
  onDrain(): void;
  /** The association is over or did not come about, whoever ended it: exactly once, unless released in good order. */
  onFailure(error: PhosphorError): void;
  /** The transport is closed: last, exactly once. */
  onClosed(): void;
  onTick(now: number): void;
}

export interface UpperLayerOptions {
  readonly role: 'requestor' | 'acceptor';
  readonly clocks: AssociationClocks;
  readonly maxPDULength: number;
  readonly ticker: Ticker;
}

const OFF = Number.POSITIVE_INFINITY;

/** What the state machine's actions do: PDUs to the transport, indications to the user, and the clocks that wait for the transport. */
export class UpperLayerActions implements UpperLayerDriver {
  readonly role: 'requestor' | 'acceptor';
  user: UpperLayerUser;

  // What the next PDU of each kind says; each is sent or received once in an association's life, but P-DATA.
  associateRQ: AssociateRQ | undefined;
  associateAC: AssociateAC | undefined;
  rejection: Rejection = { result: 1, source: 1, reason: 1 };
  receivedAbort = { source: 0, reason: 0 };
  /** Why the association ends, once that is known. */
  failure: PhosphorError | undefined;

  readonly #transport: Transport;
  readonly #ticker: Ticker;
  readonly #clocks: AssociationClocks;
  readonly #dropInput: () => void;
  #pData: readonly Uint8Array[] = [];
  #pDataAccepted = true;
  #failed = false;
  #closed = false;
  #transportError: Error | undefined;

  // Moments of the ticker at which a clock runs out.
  #artim = OFF;
  #artimState: 2 | 13 = 2;
  #closing = OFF;
  #written = 0;
  #flushed = 0;
  #flushedAt: number;

  /** @param dropInput what still comes in is not read any more */
  constructor(transport: Transport, user: UpperLayerUser, options: UpperLayerOptions, dropInput: () => void) {
    this.role = options.role;
    this.user = user;
    this.#transport = transport;
    this.#ticker = options.ticker;
    this.#clocks = options.clocks;
    this.#dropInput = dropInput;
    this.#flushedAt = options.ticker.now;
  }

  // ---- PDUs

  sendAssociateRQ(): void {
    if (this.associateRQ) this.#write([encodeAssociateRQ(this.associateRQ)]);
  }

  sendAssociateAC(): void {
    if (this.associateAC) this.#write([encodeAssociateAC(this.associateAC)]);
  }

  sendAssociateRJ(): void {
    this.#write([encodeAssociateRJ(this.rejection)]);
    this.fail(rejected('us', this.rejection));
  }

  /** Runs `request` (P-DATA request) with these PDUs. False: the transport wants us to wait for `onDrain`. */
  withPData(pdus: readonly Uint8Array[], request: () => void): boolean {
    this.#pData = pdus;
    this.#pDataAccepted = true;
    request();
    this.#pData = [];
    return this.#pDataAccepted;
  }

  sendPData(): void {
    this.#pDataAccepted = this.#write(this.#pData);
  }

  sendReleaseRQ(): void {
    this.#write([encodeReleaseRQ()]);
  }

  sendReleaseRP(): void {
    this.#write([encodeReleaseRP()]);
  }

  sendAbort(source: 'serviceUser' | 'serviceProvider'): void {
    const failure = this.failure ?? pduError('the peer sent a PDU that is not allowed now', AbortReason.unexpectedPDU);
    const told = failure.kind === 'protocol' ? failure.data.upperLayer : undefined;
    const sent =
      source === 'serviceUser'
        ? { source: AbortSource.serviceUser, reason: 0 }
        : {
            source: AbortSource.serviceProvider,
            reason: told?.source === AbortSource.serviceProvider ? told.reason : AbortReason.notSpecified,
          };
    this.#write([encodeAbort(sent.source, sent.reason)]);
    this.#dropInput();
    // In state 2 a broken rule is answered as service user (AA-1): what we tell of the A-ABORT is what was sent.
    const error = told === undefined ? failure : new PhosphorError(failure.kind, failure.message, { ...failure.data, upperLayer: sent });
    this.failure = error;
    // The user hears of it when the machine has reached its next state.
    queueMicrotask(() => this.fail(error));
  }

  // ---- transport and ARTIM

  startARTIM(state: 2 | 13): void {
    this.#artimState = state;
    this.#artim = this.#ticker.in(state === 2 ? this.#clocks.association : this.#clocks.release);
  }

  stopARTIM(): void {
    this.#artim = OFF;
  }

  closeTransport(): void {
    this.#dropInput();
    this.#transport.end();
    this.#closing = this.#ticker.in(this.#clocks.release);
  }

  /** The transport is gone. */
  transportClosed(error: Error | undefined): void {
    this.#closed = true;
    this.#transportError = error;
  }

  /** Closes without waiting for the peer. */
  destroy(): void {
    this.#artim = OFF;
    this.#closing = OFF;
    if (this.failure) this.fail(this.failure);
    this.#transport.destroy();
  }

  /** The clock that has run out: ARTIM by the state it was started for, the peer's close, write progress. */
  expired(now: number): 'artim-2' | 'artim-13' | 'closing' | 'write-progress' | undefined {
    if (now >= this.#artim) {
      this.#artim = OFF;
      return this.#artimState === 2 ? 'artim-2' : 'artim-13';
    }
    if (now >= this.#closing) return 'closing';
    return this.#stalledWriting(now) ? 'write-progress' : undefined;
  }

  /** Looked at on ticks only: bytes that leave the transport's buffer are progress. */
  #stalledWriting(now: number): boolean {
    const buffered = this.#transport.bufferedBytes;
    const flushed = this.#written - buffered;
    if (buffered === 0 || flushed !== this.#flushed) {
      this.#flushed = flushed;
      this.#flushedAt = now;
      return false;
    }
    return now - this.#flushedAt >= this.#clocks.writeProgress * 1000;
  }

  #write(chunks: readonly Uint8Array[]): boolean {
    for (const chunk of chunks) this.#written += chunk.length;
    return this.#transport.write(chunks);
  }

  // ---- indications and confirmations

  acceptableToProvider(): boolean {
    const rq = this.associateRQ;
    // Bit 0 of the protocol version is version 1 (PS3.8 table 9-11).
    if (rq && (rq.protocolVersion & 1) === 0) this.rejection = { result: 1, source: 2, reason: 2 };
    else if (rq && rq.applicationContext !== APPLICATION_CONTEXT) this.rejection = { result: 1, source: 1, reason: 2 };
    // At least one presentation context belongs to a request (PS3.8 table 9-11); no reason is defined for its lack.
    else if (rq && rq.contexts.length === 0) this.rejection = { result: 1, source: 2, reason: 1 };
    else return true;
    return false;
  }

  indicateAssociate(): void {
    if (this.associateRQ) this.user.onAssociateIndication?.(this.associateRQ);
  }

  confirmAssociateAccept(): void {
    if (this.associateAC) this.user.onAssociateConfirm?.(this.associateAC);
  }

  confirmAssociateReject(): void {
    this.fail(rejected('peer', this.rejection));
  }

  indicatePData(): void {
    // Its fragments follow one by one.
  }

  indicateRelease(): void {
    this.user.onReleaseIndication();
  }

  confirmRelease(): void {
    this.user.onReleaseConfirm();
  }

  indicateAbort(): void {
    this.fail(abortedByPeer(this.receivedAbort.source, this.receivedAbort.reason));
  }

  indicateProviderAbort(): void {
    if (!this.#closed) return;
    const code = codeOf(this.#transportError);
    const error = new PhosphorError(
      'connection-lost',
      'the connection was closed in the middle of an association',
      code === undefined ? {} : { code },
    );
    this.fail(this.failure ?? error);
  }

  /** Tells the user once that the association is over. */
  fail(error: PhosphorError): void {
    if (this.#failed) return;
    this.#failed = true;
    this.user.onFailure(error);
  }
}

/** A transport tells why it broke as the system does, or as a typed error of ours. */
function codeOf(error: Error | undefined): string | undefined {
  return error instanceof PhosphorError ? error.data.code : systemCode(error);
}
