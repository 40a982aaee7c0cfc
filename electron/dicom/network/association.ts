import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { CommandField, RESPONSE } from './command-set.ts';
import { dimseError, endInWords, timedOut } from './errors.ts';
import { InboundOperation } from './inbound.ts';
import { MessageReader } from './message-reader.ts';
import { MessageWriter } from './message-writer.ts';
import { OutboundQueue } from './outbound.ts';
import type {
  AcceptedContext,
  Association,
  AssociationClocks,
  CommandSet,
  DataSetSink,
  ExtendedNegotiation,
  OutboundOperation,
  OutboundRequest,
  PeerInformation,
  Roles,
  ServiceProvider,
} from './types.ts';
import type { UpperLayer } from './upper-layer.ts';
import type { UpperLayerUser } from './upper-layer-actions.ts';

const OFF = Number.POSITIVE_INFINITY;

/** What was negotiated, see `requestAssociation` and `acceptAssociation`. */
export interface Negotiated {
  readonly callingAETitle: string;
  readonly calledAETitle: string;
  readonly contexts: readonly AcceptedContext[];
  readonly peer: PeerInformation;
  readonly extendedNegotiation: readonly ExtendedNegotiation[];
  readonly services: readonly ServiceProvider[];
  readonly clocks: AssociationClocks;
  readonly name: string;
  readonly log: (line: string) => void;
  /** Milliseconds, for latencies. */
  readonly now: () => number;
}

/** The association on top of its upper layer: messages in and out, the clocks of operations, and how it ends. */
export class EstablishedAssociation implements Association {
  readonly name: string;
  readonly role: 'requestor' | 'acceptor';
  readonly callingAETitle: string;
  readonly calledAETitle: string;
  readonly remoteAddress: string;
  readonly contexts: readonly AcceptedContext[];
  readonly peer: PeerInformation;
  readonly extendedNegotiation: readonly ExtendedNegotiation[];
  readonly closed: Promise<PhosphorError | undefined>;
  readonly now: () => number;

  readonly #layer: UpperLayer;
  readonly #clocks: AssociationClocks;
  readonly #services: readonly ServiceProvider[];
  readonly #log: (line: string) => void;
  readonly #byId: ReadonlyMap<number, AcceptedContext>;
  readonly #reader: MessageReader;
  readonly #writer: MessageWriter;
  readonly #outbound: OutboundQueue;
  #inbound: InboundOperation | undefined;
  #ended: PhosphorError | undefined;
  #release: { readonly done: Promise<void>; readonly resolve: () => void; readonly reject: (error: PhosphorError) => void } | undefined;
  #releaseSent = false;
  #released = false;
  #closeReason: PhosphorError | undefined;
  #resolveClosed: (error: PhosphorError | undefined) => void = () => {};

  #idleDeadline: number;
  #releaseDeadline = OFF;

  /** For `requestAssociation` and `acceptAssociation`. */
  constructor(layer: UpperLayer, negotiated: Negotiated) {
    this.name = negotiated.name;
    this.role = layer.role;
    this.callingAETitle = negotiated.callingAETitle;
    this.calledAETitle = negotiated.calledAETitle;
    this.remoteAddress = layer.transport.remoteAddress;
    this.contexts = negotiated.contexts;
    this.peer = negotiated.peer;
    this.extendedNegotiation = negotiated.extendedNegotiation;
    this.now = negotiated.now;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#layer = layer;
    this.#clocks = negotiated.clocks;
    this.#services = negotiated.services;
    this.#log = negotiated.log;
    this.#byId = new Map(negotiated.contexts.map((context) => [context.id, context]));
    this.#reader = new MessageReader({
      hasContext: (id) => this.#byId.has(id),
      onCommand: (id, command) => this.#onCommand(id, command),
    });
    const output = {
      send: (pdus: readonly Uint8Array[]) => layer.send(pdus),
      get bufferedBytes() {
        return layer.transport.bufferedBytes;
      },
    };
    this.#writer = new MessageWriter(output, negotiated.peer.maxPDULength);
    this.#outbound = new OutboundQueue({
      writer: this.#writer,
      clocks: negotiated.clocks,
      ticker: layer.ticker,
      now: negotiated.now,
      abort: (error) => this.abort(error),
      onIdle: () => this.#onIdle(),
    });
    this.#idleDeadline = layer.ticker.in(negotiated.clocks.idle);
    layer.user = this.#asUser();
  }

  get established(): boolean {
    return this.#ended === undefined && this.#release === undefined && !this.#released;
  }

  contextFor(abstractSyntax: string, transferSyntax?: string, role: keyof Roles = 'scu'): AcceptedContext | undefined {
    const peerRole = role === 'scu' ? 'scp' : 'scu';
    const ofRequestor = this.role === 'requestor' ? role : peerRole;
    return this.contexts.find(
      (context) =>
        context.abstractSyntax === abstractSyntax &&
        (transferSyntax === undefined || context.transferSyntax === transferSyntax) &&
        context.requestorRoles[ofRequestor],
    );
  }

  send(request: OutboundRequest): OutboundOperation {
    if (this.#ended) throw this.#ended;
    if (!this.established) throw new PhosphorError('connection-lost', 'the association was released');
    this.#idleDeadline = OFF;
    return this.#outbound.send(request);
  }

  release(): Promise<void> {
    if (this.#released) return Promise.resolve();
    if (this.#ended) return Promise.reject(this.#ended);
    if (this.#release) return this.#release.done;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => {});
    this.#release = { done: promise, resolve, reject };
    this.#onIdle();
    return promise;
  }

  abort(because: PhosphorError = new PhosphorError('cancelled', 'the association was aborted')): void {
    if (this.#ended || this.#released) return;
    this.#layer.abort(because);
  }

  #asUser(): UpperLayerUser {
    return {
      onFragment: (contextId, control, bytes, ends) => this.#reader.fragment(contextId, control, bytes, ends),
      insideMessage: () => this.#reader.insideMessage && !this.#ended,
      onReceived: () => {
        if (this.#idleDeadline !== OFF) this.#idleDeadline = this.#layer.ticker.in(this.#clocks.idle);
        this.#outbound.onReceived();
      },
      onReleaseIndication: () => this.#onReleaseIndication(),
      onReleaseConfirm: () => this.#onReleaseConfirm(),
      onDrain: () => this.#writer.drain(),
      onFailure: (error) => this.#fail(error),
      onClosed: () => this.#onClosed(),
      onTick: (now) => this.#onTick(now),
    };
  }

  // ---- what comes in

  #onCommand(contextId: number, command: CommandSet): DataSetSink | undefined | Promise<DataSetSink | undefined> {
    const context = this.#byId.get(contextId);
    if (context === undefined) return undefined;
    if ((command.commandField & RESPONSE) !== 0) return this.#outbound.onResponse(contextId, command);
    if (command.commandField === CommandField.cCancelRQ) {
      this.#inbound?.cancel(command.messageIDBeingRespondedTo);
      return undefined;
    }
    // Without an asynchronous operations window a peer has one request outstanding. One that sends more is made to wait.
    if (this.#inbound) return this.#inbound.ended.then(() => this.#onRequest(context, command));
    return this.#onRequest(context, command);
  }

  #onRequest(context: AcceptedContext, command: CommandSet): DataSetSink | undefined {
    const { messageID } = command;
    if (messageID === undefined) throw dimseError('a request without a message ID');
    // After our A-RELEASE-RQ requests may still come in (PS3.8 §9.2, state 7), but nothing can be answered any more.
    if (this.#ended || this.#releaseSent) return undefined;
    const operation = new InboundOperation(this, context, command, messageID, this.#writer, () => {
      this.#inbound = undefined;
      this.#onIdle();
    });
    this.#inbound = operation;
    this.#idleDeadline = OFF;
    return operation.begin(this.#services);
  }

  #onIdle(): void {
    if (this.#ended || this.#inbound || !this.#outbound.empty) return;
    if (this.#release === undefined) {
      this.#idleDeadline = this.#layer.ticker.in(this.#clocks.idle);
    } else if (!this.#releaseSent) {
      this.#releaseSent = true;
      this.#releaseDeadline = this.#layer.ticker.in(this.#clocks.release);
      this.#layer.requestRelease();
    }
  }

  // ---- ends

  #onReleaseIndication(): void {
    if (!this.#releaseSent) {
      const interrupted = this.#inbound !== undefined || !this.#outbound.empty;
      this.#released = true;
      this.#end(new PhosphorError('connection-lost', 'the peer released the association while an operation was outstanding'));
      this.#release?.resolve();
      this.#log(`${this.name} released by the peer${interrupted ? ' in the middle of an operation' : ''}`);
    }
    // In a collision the acceptor of the association answers only after the requestor's A-RELEASE-RP (AR-10).
    this.#layer.respondRelease();
  }

  #onReleaseConfirm(): void {
    this.#released = true;
    this.#releaseDeadline = OFF;
    this.#end(new PhosphorError('connection-lost', 'the association was released'));
    this.#layer.respondRelease();
    this.#log(`${this.name} released`);
    this.#release?.resolve();
  }

  #fail(error: PhosphorError): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#end(error);
    this.#release?.reject(error);
    this.#log(`${this.name} ${endInWords(error)}`);
  }

  #end(error: PhosphorError): void {
    this.#idleDeadline = OFF;
    this.#reader.openSink?.abort(error);
    this.#writer.close(error);
    this.#outbound.fail(error);
    this.#inbound?.abort(error);
  }

  #onClosed(): void {
    if (!this.#released && !this.#ended) this.#fail(new PhosphorError('connection-lost', 'the connection was closed'));
    this.#resolveClosed(this.#ended ?? this.#closeReason);
  }

  #onTick(now: number): void {
    this.#outbound.onTick(now);
    if (now >= this.#releaseDeadline) {
      this.#releaseDeadline = OFF;
      this.abort(timedOut('release'));
    } else if (now >= this.#idleDeadline) {
      this.#idleDeadline = OFF;
      this.#endIdle(timedOut('idle'));
    }
  }

  /** A requestor leaves in good order; an acceptor, whom most peers do not expect to release, aborts. */
  #endIdle(reason: PhosphorError): void {
    if (this.role === 'acceptor') {
      this.abort(reason);
    } else {
      this.#closeReason = reason;
      void this.release();
    }
  }
}
