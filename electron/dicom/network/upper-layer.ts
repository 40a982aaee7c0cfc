import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import type { State } from './actions.ts';
import type { Ticker } from './clock.ts';
import { AbortSource, timedOut } from './errors.ts';
import { Intake } from './intake.ts';
import { type AssociateAC, type AssociateRQ, PduType } from './pdu.ts';
import { decodePdu } from './pdu-decode.ts';
import type { PduReaderHandler } from './pdu-reader.ts';
import { Event, StateMachine } from './state-machine.ts';
import type { Transport, TransportHandler } from './transport.ts';
import type { Rejection } from './types.ts';
import { UpperLayerActions, type UpperLayerOptions, type UpperLayerUser } from './upper-layer-actions.ts';

/** PDU type → event (PS3.8 §9.2.3). */
const RECEIVED = {
  [PduType.associateRQ]: Event.associateRQReceived,
  [PduType.associateAC]: Event.associateACReceived,
  [PduType.associateRJ]: Event.associateRJReceived,
  [PduType.releaseRQ]: Event.releaseRQReceived,
  [PduType.releaseRP]: Event.releaseRPReceived,
  [PduType.abort]: Event.abortReceived,
} as const;

/**
 * PS3.8's upper layer over one transport: what its user asks for, what the transport brings and what the clocks say become events of the state
 * machine; what follows from them is done by `UpperLayerActions`.
 */
export class UpperLayer implements TransportHandler, PduReaderHandler {
  readonly role: 'requestor' | 'acceptor';
  readonly transport: Transport;
  readonly ticker: Ticker;
  readonly #actions: UpperLayerActions;
  readonly #machine: StateMachine;
  readonly #intake: Intake;
  #closed = false;

  constructor(transport: Transport, user: UpperLayerUser, options: UpperLayerOptions) {
    this.transport = transport;
    this.role = options.role;
    this.ticker = options.ticker;
    this.#actions = new UpperLayerActions(transport, user, options, () => this.#intake.drop());
    this.#machine = new StateMachine(this.#actions);
    this.#intake = new Intake({
      transport,
      ticker: options.ticker,
      handler: this,
      maxPDULength: options.maxPDULength,
      pduReceive: options.clocks.pduReceive,
      insideMessage: () => this.#actions.user.insideMessage(),
      onReceived: () => this.#actions.user.onReceived(),
      onBroken: (thrown) => this.#broken(thrown),
    });
    this.ticker.add(this);
  }

  get state(): State {
    return this.#machine.state;
  }

  /** Who is told from now on. */
  set user(user: UpperLayerUser) {
    this.#actions.user = user;
  }

  // ---- primitives of the service user

  /** A-ASSOCIATE request, over a transport that is connected. */
  requestAssociation(rq: AssociateRQ): void {
    this.#actions.associateRQ = rq;
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
    this.#actions.associateAC = ac;
    this.#machine.tryHandle(Event.associateAccept);
  }

  reject(rejection: Rejection): void {
    this.#actions.rejection = rejection;
    this.#machine.tryHandle(Event.associateReject);
  }

  /** Sends complete P-DATA-TF PDUs; nothing where the association has just been aborted, of which the user hears in a moment. False: wait for `onDrain`. */
  send(pdus: readonly Uint8Array[]): boolean {
    return this.#actions.withPData(pdus, () => this.#machine.tryHandle(Event.pDataRequest));
  }

  requestRelease(): void {
    this.#machine.tryHandle(Event.releaseRequest);
  }

  respondRelease(): void {
    this.#machine.tryHandle(Event.releaseResponse);
  }

  /** A-ABORT with `because` as the reason for our own books; nothing where there is no association any more. */
  abort(because: PhosphorError): void {
    this.#actions.failure ??= because;
    const { upperLayer } = because.data;
    if (because.kind === 'protocol' && upperLayer?.source === AbortSource.serviceProvider && this.#machine.allows(Event.invalidPDU)) {
      this.#machine.handle(Event.invalidPDU);
    } else if (this.#machine.allows(Event.abortRequest)) {
      this.#machine.handle(Event.abortRequest);
    } else if (this.state === 2) {
      this.#actions.destroy();
    }
    this.#actions.fail(this.#actions.failure ?? because);
  }

  // ---- transport

  onData(chunk: Uint8Array): boolean {
    return this.#intake.take(chunk);
  }

  onDrain(): void {
    this.#actions.user.onDrain();
  }

  onClose(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#actions.transportClosed(error);
    this.ticker.remove(this);
    this.#intake.close();
    if (this.#machine.allows(Event.transportClosed)) this.#machine.handle(Event.transportClosed);
    this.#actions.user.onClosed();
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
    return this.state === 6 || this.state === 7 ? this.#actions.user.onFragment(contextId, control, bytes, ends) : undefined;
  }

  onPdu(type: number, body: Uint8Array): void {
    const pdu = decodePdu(type, body);
    switch (pdu.type) {
      case PduType.associateRQ:
        if (this.state === 2) this.#actions.associateRQ = pdu.associateRQ;
        break;
      case PduType.associateAC:
        if (this.state === 5) this.#actions.associateAC = pdu.associateAC;
        break;
      case PduType.associateRJ:
        if (this.state === 5) this.#actions.rejection = pdu.rejection;
        break;
      case PduType.abort:
        this.#actions.receivedAbort = { source: pdu.source, reason: pdu.reason };
        break;
    }
    this.#machine.handle(RECEIVED[pdu.type]);
  }

  // ---- clocks

  tick(now: number): void {
    const actions = this.#actions;
    const expired = actions.expired(now);
    if (expired === 'artim-2' || expired === 'artim-13') {
      if (expired === 'artim-2') actions.failure ??= timedOut('association');
      this.#machine.handle(Event.artimExpired);
      actions.destroy();
    } else if (expired === 'closing') {
      actions.destroy();
    } else if (this.#intake.expired(now)) {
      // In state 2 ARTIM is the narrower name of the same delay.
      this.abort(timedOut(this.state === 2 ? 'association' : 'pdu-receive'));
    } else if (expired === 'write-progress') {
      this.abort(timedOut('write-progress'));
      actions.destroy();
    }
    if (!this.#closed) actions.user.onTick(now);
  }
}
