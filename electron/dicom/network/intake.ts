import type { Ticker } from './clock.ts';
import { PduReader, type PduReaderHandler } from './pdu-reader.ts';
import type { Transport } from './transport.ts';

export interface IntakeOptions {
  readonly transport: Transport;
  readonly ticker: Ticker;
  readonly handler: PduReaderHandler;
  /** Longest P-DATA-TF variable field that we announced; 0 = no limit. */
  readonly maxPDULength: number;
  /** The PDU receive clock, in seconds. */
  readonly pduReceive: number;
  /** A message has begun and more of its PDUs are due. */
  readonly insideMessage: () => boolean;
  /** Bytes came in. */
  readonly onReceived: () => void;
  /** What the reader or a sink threw. */
  readonly onBroken: (thrown: unknown) => void;
}

const OFF = Number.POSITIVE_INFINITY;

/**
 * The receiving half of a transport: chunks go to the PDU reader; where a sink asks for time, the transport pauses; the PDU receive clock runs from a PDU's
 * first byte to its last, and anew between the PDUs of one message, save while we ourselves hold the reading up.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #reader: PduReader;
  #deadline = OFF;
  /** The clock runs for a PDU that has not begun. */
  #awaitsPdu = false;
  #pausedAt: number | undefined;
  #backlog: Uint8Array[] = [];
  #closed = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#reader = new PduReader(options.handler, options.maxPDULength);
  }

  /** See TransportHandler.onData. */
  take(chunk: Uint8Array): boolean {
    if (this.#pausedAt !== undefined) {
      // A transport that still had a chunk on its way when it was paused.
      this.#backlog.push(chunk);
      return false;
    }
    return this.#read(chunk);
  }

  /** The PDU receive clock ran out. */
  expired(now: number): boolean {
    return this.#pausedAt === undefined && now >= this.#deadline;
  }

  /** What still comes is dropped unread, so that the peer's close is seen behind it. */
  drop(): void {
    this.#reader.stop();
    this.#deadline = OFF;
    this.#resume();
  }

  /** The transport is gone. */
  close(): void {
    this.#closed = true;
    this.drop();
  }

  /** Runs the reader, without a chunk on what is left of the last one. Returns whether the chunk is free again. */
  #read(chunk?: Uint8Array): boolean {
    const { ticker, transport, pduReceive, insideMessage, onReceived, onBroken } = this.#options;
    const before = this.#reader.complete;
    let wait: Promise<void> | undefined;
    try {
      wait = chunk === undefined ? this.#reader.proceed() : this.#reader.push(chunk);
      onReceived();
    } catch (thrown) {
      onBroken(thrown);
    }
    if (!this.#reader.insidePdu) {
      this.#awaitsPdu = insideMessage();
      this.#deadline = this.#awaitsPdu ? ticker.in(pduReceive) : OFF;
    } else if (this.#awaitsPdu || this.#reader.complete !== before || this.#deadline === OFF) {
      this.#awaitsPdu = false;
      this.#deadline = ticker.in(pduReceive);
    }
    if (wait === undefined) return true;
    this.#pausedAt ??= ticker.now;
    transport.pause();
    wait.then(
      () => this.#proceed(),
      (thrown: unknown) => {
        onBroken(thrown);
        this.#resume();
      },
    );
    return false;
  }

  #proceed(): void {
    if (this.#closed) return;
    // What we took for ourselves is not the peer's delay.
    if (this.#pausedAt !== undefined) this.#deadline += this.#options.ticker.now - this.#pausedAt;
    this.#pausedAt = undefined;
    if (!this.#read()) return;
    for (let next = this.#backlog.shift(); next !== undefined; next = this.#backlog.shift()) {
      if (!this.#read(next)) return;
    }
    this.#options.transport.resume();
  }

  #resume(): void {
    this.#pausedAt = undefined;
    this.#backlog = [];
    if (!this.#closed) this.#options.transport.resume();
  }
}
