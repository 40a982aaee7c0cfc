import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import type { Ticker } from './clock.ts';
import { CommandField, RESPONSE } from './command-set.ts';
import { dimseError, timedOut } from './errors.ts';
import { CollectingSink } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';
import { isPending } from './status.ts';
import type { AssociationClocks, CommandSet, DataSetSink, FinalMessage, OutboundOperation, OutboundRequest } from './types.ts';

const OFF = Number.POSITIVE_INFINITY;

/** Services with pending responses and a C-CANCEL (PS3.7 §9.3.2.3, §9.3.3.3, §9.3.4.3). */
const CANCELLABLE: ReadonlySet<number> = new Set([CommandField.cFindRQ, CommandField.cGetRQ, CommandField.cMoveRQ]);

/** A response whose rest comes so much later than its beginning was held back by the peer's transport; ms. */
const STALL_MS = 20;
/** So many of them, then the peer is known for it. */
const STALLS = 2;

interface Entry {
  readonly request: OutboundRequest;
  readonly messageID: number;
  readonly resolve: (message: FinalMessage) => void;
  readonly reject: (error: PhosphorError) => void;
  sent: boolean;
  cancelled: boolean;
  because: PhosphorError | undefined;
  final: FinalMessage | undefined;
}

export interface OutboundQueueOptions {
  readonly writer: MessageWriter;
  readonly clocks: Pick<AssociationClocks, 'dimseResponse' | 'cancelGrace'>;
  readonly ticker: Ticker;
  /** Milliseconds. */
  readonly now: () => number;
  readonly abort: (error: PhosphorError) => void;
  readonly onIdle: () => void;
}

/** Our requests: one is outstanding at a time (no asynchronous operations window is negotiated, PS3.7 D.3.3.3), the others wait in order. */
export class OutboundQueue {
  readonly #options: OutboundQueueOptions;
  readonly #waiting: Entry[] = [];
  #current: Entry | undefined;
  #ended: PhosphorError | undefined;
  #lastMessageID = 0;
  #responseDeadline = OFF;
  #graceDeadline = OFF;
  /** When the first bytes of the response came; undefined while there are none. */
  #begunAt: number | undefined;
  #justFinished = false;
  #stalls = 0;

  constructor(options: OutboundQueueOptions) {
    this.#options = options;
  }

  get empty(): boolean {
    return this.#current === undefined && this.#waiting.length === 0;
  }

  send(request: OutboundRequest): OutboundOperation {
    const { promise, resolve, reject } = Promise.withResolvers<FinalMessage>();
    // Whoever is not interested in the end need not handle it.
    promise.catch(() => {});
    const messageID = request.messageID ?? this.#nextMessageID();
    const entry: Entry = { request, messageID, resolve, reject, sent: false, cancelled: false, because: undefined, final: undefined };
    this.#waiting.push(entry);
    this.#lead();
    this.#pump();
    return { messageID, done: promise, cancel: (because) => this.#cancel(entry, because) };
  }

  /** A response came. Throws PhosphorError `protocol` for one that nobody asked for. */
  onResponse(contextId: number, command: CommandSet): DataSetSink | undefined | Promise<undefined> {
    const entry = this.#current;
    if (
      entry === undefined ||
      command.messageIDBeingRespondedTo !== entry.messageID ||
      command.commandField !== (entry.request.command.commandField | RESPONSE) ||
      contextId !== entry.request.context.id
    ) {
      throw dimseError('a response that answers no outstanding request');
    }
    if (command.status === undefined) throw dimseError('a response without a status');
    // It would arm the clock of responses anew for ever.
    if (isPending(command.status) && !CANCELLABLE.has(entry.request.command.commandField)) {
      throw dimseError('a pending response to a request that has a final one only');
    }
    if (command.hasDataSet) return new CollectingSink((identifier) => this.#take(entry, command, identifier));
    return this.#take(entry, command, undefined)?.then(() => undefined);
  }

  /**
   * Bytes came in, after what they complete was handled. A peer that writes a response in two pieces with Nagle's algorithm on (DCMTK's tools and Orthanc as they
   * come) sends the second when the first is acknowledged, which our system delays by 40 ms because we usually answer. Once that was seen, the first byte of
   * the request that is queued goes out at once and takes the acknowledgement along; the request itself waits for the response as ever.
   */
  onReceived(): void {
    const entry = this.#current;
    const begins = !this.#justFinished && entry?.sent === true && !CANCELLABLE.has(entry.request.command.commandField);
    this.#justFinished = false;
    if (!begins || entry.final !== undefined) return;
    this.#begunAt ??= this.#options.now();
    this.#lead();
  }

  #lead(): void {
    if (this.#begunAt !== undefined && this.#stalls >= STALLS && this.#waiting.length > 0) this.#options.writer.lead();
  }

  onTick(now: number): void {
    if (now >= this.#graceDeadline) {
      this.#graceDeadline = OFF;
      this.#options.abort(this.#current?.because ?? timedOut('cancel-grace'));
    } else if (now >= this.#responseDeadline) {
      this.#responseDeadline = OFF;
      this.#options.abort(timedOut('dimse-response'));
    }
  }

  /** The association is over. */
  fail(error: PhosphorError): void {
    this.#ended ??= error;
    const entries = this.#current === undefined ? this.#waiting.splice(0) : [this.#current, ...this.#waiting.splice(0)];
    this.#current = undefined;
    this.#clocksOff();
    for (const entry of entries) entry.reject(entry.because ?? error);
  }

  #pump(): void {
    if (this.#current !== undefined || this.#ended !== undefined) return;
    const entry = this.#waiting.shift();
    if (entry === undefined) {
      if (this.#options.writer.led) this.#endLed();
      else this.#options.onIdle();
      return;
    }
    this.#current = entry;
    const { request, messageID } = entry;
    const command: CommandSet = { ...request.command, messageID, hasDataSet: request.dataSet !== undefined };
    let wait: Promise<void> | undefined;
    try {
      wait = this.#options.writer.send(request.context.id, command, request.dataSet);
    } catch (thrown) {
      this.#current = undefined;
      entry.reject(
        thrown instanceof PhosphorError ? thrown : new PhosphorError('internal', 'a request could not be encoded', {}, { cause: thrown }),
      );
      this.#pump();
      return;
    }
    if (wait === undefined) this.#sent(entry);
    else
      wait.then(
        () => this.#sent(entry),
        (thrown: unknown) => this.#sourceFailed(entry, thrown),
      );
  }

  #sent(entry: Entry): void {
    if (this.#current !== entry) return;
    entry.sent = true;
    entry.request.onSent?.();
    if (entry.final) this.#finish(entry, entry.final);
    else this.#armResponse(entry);
  }

  /** Half a message is with the peer: only an abort gets the association out of that. */
  #sourceFailed(entry: Entry, thrown: unknown): void {
    if (this.#current !== entry) return;
    const error =
      thrown instanceof PhosphorError
        ? thrown
        : new PhosphorError('unreadable', 'a data set could not be read while it was being sent', {}, { cause: thrown });
    this.#options.abort(error);
  }

  #take(entry: Entry, command: CommandSet, identifier: Uint8Array | undefined): Promise<void> | undefined {
    if (this.#current !== entry) return undefined;
    if (!isPending(command.status ?? 0)) {
      entry.final = { command, identifier };
      // A peer may refuse before it has everything; the message is sent to its end all the same.
      if (entry.sent) this.#finish(entry, entry.final);
      return undefined;
    }
    // Our own slowness does not count against the peer.
    this.#responseDeadline = OFF;
    const wait = entry.request.onPending?.(command, identifier);
    if (wait === undefined) {
      this.#armResponse(entry);
      return undefined;
    }
    return wait.then(() => this.#armResponse(entry));
  }

  /** The request whose first byte went ahead was cancelled: what has been begun can only be ended by an abort. */
  #endLed(): void {
    this.#options.writer.abandonLead();
    this.#options.abort(new PhosphorError('cancelled', 'cancelled between two requests'));
  }

  #finish(entry: Entry, final: FinalMessage): void {
    this.#current = undefined;
    this.#justFinished = true;
    if (this.#begunAt !== undefined && this.#options.now() - this.#begunAt >= STALL_MS) this.#stalls += 1;
    this.#begunAt = undefined;
    this.#clocksOff();
    if (entry.because) entry.reject(entry.because);
    else entry.resolve(final);
    this.#pump();
  }

  #cancel(entry: Entry, because?: PhosphorError): void {
    if (entry.cancelled) return;
    const place = this.#waiting.indexOf(entry);
    if (place >= 0) {
      this.#waiting.splice(place, 1);
      entry.cancelled = true;
      entry.reject(because ?? new PhosphorError('cancelled', 'cancelled before it was sent'));
      return;
    }
    if (this.#current !== entry) return;
    entry.cancelled = true;
    entry.because = because;
    const { request, messageID } = entry;
    if (CANCELLABLE.has(request.command.commandField)) {
      const cancel: CommandSet = { commandField: CommandField.cCancelRQ, messageIDBeingRespondedTo: messageID, hasDataSet: false };
      this.#options.writer.send(request.context.id, cancel)?.catch(() => {});
    }
    this.#responseDeadline = OFF;
    this.#graceDeadline = this.#options.ticker.in(this.#options.clocks.cancelGrace);
  }

  #armResponse(entry: Entry): void {
    if (this.#current !== entry || entry.cancelled || entry.request.responseClock === false || !entry.sent) return;
    this.#responseDeadline = this.#options.ticker.in(this.#options.clocks.dimseResponse);
  }

  #clocksOff(): void {
    this.#responseDeadline = OFF;
    this.#graceDeadline = OFF;
  }

  #nextMessageID(): number {
    const live = (id: number) => this.#current?.messageID === id || this.#waiting.some((entry) => entry.messageID === id);
    do this.#lastMessageID = (this.#lastMessageID % 0xffff) + 1;
    while (live(this.#lastMessageID));
    return this.#lastMessageID;
  }
}
