import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import type { State, UpperLayerDriver } from './actions.ts';
import type { Ticker } from './clock.ts';
import { AbortReason, AbortSource, abortedByPeer, pduError, rejected, timedOut } from './errors.ts';
import { Intake } from './intake.ts';
import { APPLICATION_CONTEXT, type AssociateAC, type AssociateRQ, PduType } from './pdu.ts';
import { decodePdu } from './pdu-decode.ts';
import { encodeAbort, encodeAssociateAC, encodeAssociateRJ, encodeAssociateRQ, encodeReleaseRP, encodeReleaseRQ } from './pdu-encode.ts';
import type { PduReaderHandler } from './pdu-reader.ts';
import { Event, StateMachine } from './state-machine.ts';
import type { Transport, TransportHandler } from './transport.ts';
import type { AssociationClocks, Rejection } from './types.ts';

/** The service user of PS3.8 §7: who gets the indications and confirmations. */
export interface UpperLayerUser {
  onAssociateIndication?(rq: AssociateRQ): void;
  onAssociateConfirm?(ac: AssociateAC): void;
  onFragment(contextId: number, control: number, bytes: Uint8Array, ends: boolean): Promise<void> | undefined;
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

/** PDU type → event (PS3.8 §9.2.3). */
const RECEIVED = {
  [PduType.associateRQ]: Event.associateRQReceived,
  [PduType.associateAC]: Event.associateACReceived,
  [PduType.associateRJ]: Event.associateRJReceived,
  [PduType.releaseRQ]: Event.releaseRQReceived,
  [PduType.releaseRP]: Event.releaseRPReceived,
  [PduType.abort]: Event.abortReceived,
} as const;

/** PS3.8's upper layer over one transport: PDUs, state machine, ARTIM, and the clocks of bytes (PDU receive, write progress). */
export class UpperLayer implements UpperLayerDriver, TransportHandler, PduReaderHandler {
  readonly role: 'requestor' | 'acceptor';
  readonly transport: Transport;
  readonly ticker: Ticker;
  user: UpperLayerUser;

  readonly #clocks: AssociationClocks;
  readonly #machine: StateMachine;
  readonly #intake: Intake;

  // What the next PDU of each kind says; each is sent once in an association's life, but P-DATA.
  #associateRQ: AssociateRQ | undefined;
  #associateAC: AssociateAC | undefined;
  #rejection: Rejection = { result: 1, source: 1, reason: 1 };
  #receivedAbort = { source: 0, reason: 0 };
  #pData: readonly Uint8Array[] = [];
  #pDataAccepted = true;
  #failure: PhosphorError | undefined;
  #failed = false;
  #transportError: Error | undefined;

  // Moments of the ticker at which a clock runs out.
  #artim = OFF;
  #artimState: 2 | 13 = 2;
  #closing = OFF;
  #written = 0;
  #flushed = 0;
  #flushedAt = 0;
  #closed = false;

  constructor(transport: Transport, user: UpperLayerUser, options: UpperLayerOptions) {
    this.transport = transport;
    this.user = user;
    this.role = options.role;
    this.ticker = options.ticker;
    this.#clocks = options.clocks;
    this.#machine = new StateMachine(this);
    this.#intake = new Intake({
      transport,
      ticker: options.ticker,
      handler: this,
      maxPDULength: options.maxPDULength,
      pduReceive: options.clocks.pduReceive,
      onReceived: () => this.user.onReceived(),
      onBroken: (thrown) => this.#broken(thrown),
    });
    this.#flushedAt = this.ticker.now;
    this.ticker.add(this);
  }

  get state(): State {
    return this.#machine.state;
  }

  // ---- primitives of the service user

  /** A-ASSOCIATE request, over a transport that is connected. */
  requestAssociation(rq: AssociateRQ): void {
    this.#associateRQ = rq;
    this.#machine.handle(Event.associateRequest);
    this.transport.start(this);
    this.#machine.handle(Event.transportConnected);
  }

  /** Waits for the peer's A-ASSOCIATE-RQ. */
  awaitAssociation(): void {
    this.#machine.handle(Event.transportIndication);
    this.transport.start(this);
  }

  accept(ac: AssociateAC): void {
    this.#associateAC = ac;
    this.#machine.tryHandle(Event.associateAccept);
  }

  reject(rejection: Rejection): void {
    this.#rejection = rejection;
    this.#machine.tryHandle(Event.associateReject);
  }

  /** Sends complete P-DATA-TF PDUs. False: wait for `onDrain`. */
  send(pdus: readonly Uint8Array[]): boolean {
    this.#pData = pdus;
    this.#pDataAccepted = true;
    this.#machine.handle(Event.pDataRequest);
    this.#pData = [];
    return this.#pDataAccepted;
  }

  requestRelease(): void {
    this.#machine.tryHandle(Event.releaseRequest);
  }

  respondRelease(): void {
    this.#machine.tryHandle(Event.releaseResponse);
  }

  /** A-ABORT with `because` as the reason for our own books; nothing where there is no association any more. */
  abort(because: PhosphorError): void {
    this.#failure ??= because;
    const { upperLayer } = because.data;
    if (because.kind === 'protocol' && upperLayer?.source === AbortSource.serviceProvider && this.#machine.allows(Event.invalidPDU)) {
      this.#machine.handle(Event.invalidPDU);
    } else if (this.#machine.allows(Event.abortRequest)) {
      this.#machine.handle(Event.abortRequest);
    } else if (this.state === 2) {
      this.#destroy();
    }
    this.#fail(because);
  }

  // ---- transport

  onData(chunk: Uint8Array): boolean {
    return this.#intake.take(chunk);
  }

  onDrain(): void {
    this.user.onDrain();
  }

  onClose(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#transportError = error;
    this.ticker.remove(this);
    this.#intake.close();
    if (this.#machine.allows(Event.transportClosed)) this.#machine.handle(Event.transportClosed);
    this.user.onClosed();
  }

  /** An error of the peer's becomes the A-ABORT that it names. */
  #broken(thrown: unknown): void {
    const error =
      thrown instanceof PhosphorError
        ? thrown
        : new PhosphorError('internal', 'an unexpected error ended the association', {}, { cause: thrown });
    this.abort(error);
  }

  // ---- PDUs

  onPData(): void {
    this.#machine.handle(Event.pDataReceived);
  }

  onFragment(contextId: number, control: number, bytes: Uint8Array, ends: boolean): Promise<void> | undefined {
    // In state 13 the machine ignores PDUs (AA-6), and so do we their contents.
    return this.state === 6 || this.state === 7 ? this.user.onFragment(contextId, control, bytes, ends) : undefined;
  }

  onPdu(type: number, body: Uint8Array): void {
    const pdu = decodePdu(type, body);
    switch (pdu.type) {
      case PduType.associateRQ:
        if (this.state === 2) this.#associateRQ = pdu.associateRQ;
        break;
      case PduType.associateAC:
        if (this.state === 5) this.#associateAC = pdu.associateAC;
        break;
      case PduType.associateRJ:
        if (this.state === 5) this.#rejection = pdu.rejection;
        break;
      case PduType.abort:
        this.#receivedAbort = { source: pdu.source, reason: pdu.reason };
        break;
    }
    this.#machine.handle(RECEIVED[pdu.type]);
  }

  // ---- what the actions drive

  sendAssociateRQ(): void {
    if (this.#associateRQ) this.#write([encodeAssociateRQ(this.#associateRQ)]);
  }

  sendAssociateAC(): void {
    if (this.#associateAC) this.#write([encodeAssociateAC(this.#associateAC)]);
  }

  sendAssociateRJ(): void {
    this.#write([encodeAssociateRJ(this.#rejection)]);
    this.#fail(rejected('us', this.#rejection));
    this.#intake.drop();
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
    if (source === 'serviceUser') {
      // AA-1 answers an unexpected PDU in state 2 as well: nobody has been told yet.
      this.#failure ??= unexpectedPDU();
      this.#write([encodeAbort(AbortSource.serviceUser, 0)]);
    } else {
      this.#failure ??= unexpectedPDU();
      const told = this.#failure.data.upperLayer;
      const reason =
        this.#failure.kind === 'protocol' && told?.source === AbortSource.serviceProvider ? told.reason : AbortReason.notSpecified;
      this.#write([encodeAbort(AbortSource.serviceProvider, reason)]);
    }
    this.#intake.drop();
    const error = this.#failure;
    // The user hears of it when the machine has reached its next state.
    queueMicrotask(() => this.#fail(error));
  }

  startARTIM(state: 2 | 13): void {
    this.#artimState = state;
    this.#artim = this.ticker.in(state === 2 ? this.#clocks.association : this.#clocks.release);
  }

  stopARTIM(): void {
    this.#artim = OFF;
  }

  closeTransport(): void {
    this.#intake.drop();
    this.transport.end();
    this.#closing = this.ticker.in(this.#clocks.release);
  }

  acceptableToProvider(): boolean {
    const rq = this.#associateRQ;
    // Bit 0 of the protocol version is version 1 (PS3.8 table 9-11).
    if (rq && (rq.protocolVersion & 1) === 0) this.#rejection = { result: 1, source: 2, reason: 2 };
    else if (rq && rq.applicationContext !== APPLICATION_CONTEXT) this.#rejection = { result: 1, source: 1, reason: 2 };
    else return true;
    return false;
  }

  indicateAssociate(): void {
    if (this.#associateRQ) this.user.onAssociateIndication?.(this.#associateRQ);
  }

  confirmAssociateAccept(): void {
    if (this.#associateAC) this.user.onAssociateConfirm?.(this.#associateAC);
  }

  confirmAssociateReject(): void {
    this.#fail(rejected('peer', this.#rejection));
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
    this.#fail(abortedByPeer(this.#receivedAbort.source, this.#receivedAbort.reason));
  }

  indicateProviderAbort(): void {
    if (!this.#closed) return;
    const code = this.#transportError && 'code' in this.#transportError ? String(this.#transportError.code).slice(0, 64) : undefined;
    const error = new PhosphorError(
      'connection-lost',
      'the connection was closed in the middle of an association',
      code === undefined ? {} : { code },
    );
    this.#fail(this.#failure ?? error);
  }

  // ---- clocks

  tick(now: number): void {
    if (now >= this.#artim) {
      this.#artim = OFF;
      if (this.#artimState === 2) this.#failure ??= timedOut('association');
      this.#machine.handle(Event.artimExpired);
      this.#destroy();
    } else if (now >= this.#closing) {
      this.#destroy();
    } else if (this.#intake.expired(now)) {
      // In state 2 ARTIM is the narrower name of the same delay.
      this.abort(timedOut(this.state === 2 ? 'association' : 'pdu-receive'));
    } else if (this.#stalledWriting(now)) {
      this.abort(timedOut('write-progress'));
      this.#destroy();
    }
    if (!this.#closed) this.user.onTick(now);
  }

  /** Looked at on ticks only: bytes that leave the transport's buffer are progress. */
  #stalledWriting(now: number): boolean {
    const buffered = this.transport.bufferedBytes;
    const flushed = this.#written - buffered;
    if (buffered === 0 || flushed !== this.#flushed) {
      this.#flushed = flushed;
      this.#flushedAt = now;
      return false;
    }
    return now - this.#flushedAt >= this.#clocks.writeProgress * 1000;
  }

  // ---- ends

  #write(chunks: readonly Uint8Array[]): boolean {
    for (const chunk of chunks) this.#written += chunk.length;
    return this.transport.write(chunks);
  }

  #destroy(): void {
    this.#artim = OFF;
    this.#closing = OFF;
    if (this.#failure) this.#fail(this.#failure);
    this.transport.destroy();
  }

  #fail(error: PhosphorError): void {
    if (this.#failed) return;
    this.#failed = true;
    this.user.onFailure(error);
  }
}

function unexpectedPDU(): PhosphorError {
  return pduError('the peer sent a PDU that is not allowed now', AbortReason.unexpectedPDU);
}
