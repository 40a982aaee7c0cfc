import { AbortReason, pduError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { PduType } from './pdu.ts';

export interface PduReaderHandler {
  /** A P-DATA-TF PDU begins. */
  onPData(): void;
  /**
   * Bytes of one PDV, as a view of the received chunk. `control` is its message control header (PS3.8 annex E.2), `ends` says that these are the PDV's
   * last bytes. A promise stops the reading until it resolves.
   */
  onFragment(contextId: number, control: number, bytes: Uint8Array, ends: boolean): Promise<void> | undefined;
  /** Any other PDU, complete. `body` is its variable field, valid during the call. */
  onPdu(type: number, body: Uint8Array): void;
}

type Phase = 'header' | 'body' | 'pdv-header' | 'pdv-data';

/** PDV item length (4), presentation context ID (1), message control header (1). */
const PDV_HEADER = 6;
const PDU_HEADER = 6;
const FIRST_BODY_BUFFER = 4096;
const EMPTY = new Uint8Array(0);

/**
 * Cuts a byte stream into PDUs (PS3.8 §9.3.1). What P-DATA-TF carries is passed on as views of the chunks, never gathered; other PDUs are gathered
 * up to 1 MiB, in a buffer that grows with what arrived and not with what was announced. Throws PhosphorError `protocol` (see `pduError`).
 */
export class PduReader {
  readonly #handler: PduReaderHandler;
  /** Longest P-DATA-TF variable field we announced; 0 = no limit. */
  readonly #maxPDULength: number;
  #chunk: Uint8Array = EMPTY;
  #at = 0;
  #phase: Phase = 'header';
  #stopped = false;
  #complete = 0;

  /** A header that came in pieces. */
  readonly #partial = new Uint8Array(PDU_HEADER);
  #partialLength = 0;
  /** Where the header stands that was taken last: in the chunk, or in `#partial`. No view of it is made, there are four in a small message. */
  #header: Uint8Array = EMPTY;
  #headerAt = 0;

  #type = 0;
  #left = 0;
  #body: Uint8Array = EMPTY;
  #bodyLength = 0;

  #pdvLeft = 0;
  #contextId = 0;
  #control = 0;

  constructor(handler: PduReaderHandler, maxPDULength: number) {
    this.#handler = handler;
    this.#maxPDULength = maxPDULength;
  }

  /** PDUs that came in whole. */
  get complete(): number {
    return this.#complete;
  }

  /** Between the first and the last byte of a PDU. */
  get insidePdu(): boolean {
    return this.#phase !== 'header' || this.#partialLength > 0;
  }

  /** From here on bytes are dropped unread. */
  stop(): void {
    this.#stopped = true;
    this.#chunk = EMPTY;
    this.#at = 0;
    this.#body = EMPTY;
    this.#phase = 'header';
    this.#partialLength = 0;
  }

  /** Takes a chunk in. A promise: call `proceed` after it resolved, and push nothing before. */
  push(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#stopped) return undefined;
    this.#chunk = chunk;
    this.#at = 0;
    return this.proceed();
  }

  /** Goes on with the chunk where a promise stopped it. */
  proceed(): Promise<void> | undefined {
    while (this.#at < this.#chunk.length) {
      const wait = this.#step();
      if (wait !== undefined) return wait;
    }
    this.#chunk = EMPTY;
    this.#header = EMPTY;
    this.#at = 0;
    return undefined;
  }

  #step(): Promise<void> | undefined {
    switch (this.#phase) {
      case 'pdv-data':
        return this.#pdvData();
      case 'pdv-header':
        return this.#pdvHeader();
      case 'header':
        return this.#pduHeader();
      case 'body':
        return this.#gather();
    }
  }

  #pduHeader(): undefined {
    if (!this.#takeHeader(PDU_HEADER)) return;
    this.#type = byte(this.#header, this.#headerAt);
    const length = u32(this.#header, this.#headerAt + 2);
    this.#left = length;
    if (this.#type === PduType.pDataTF) {
      if (length < PDV_HEADER) throw pduError('a P-DATA-TF PDU without a presentation data value');
      if (this.#maxPDULength > 0 && length > this.#maxPDULength) throw pduError('a P-DATA-TF PDU is longer than announced');
      this.#phase = 'pdv-header';
      this.#handler.onPData();
      return;
    }
    if (this.#type < PduType.associateRQ || this.#type > PduType.abort) throw pduError('unrecognized PDU', AbortReason.unrecognizedPDU);
    const fixed = this.#type >= PduType.associateRJ;
    if (fixed ? length !== 4 : length > LIMITS.pdu) throw pduError('a PDU has an impossible length');
    this.#bodyLength = 0;
    this.#body = EMPTY;
    this.#phase = 'body';
    if (length === 0) this.#bodyComplete(EMPTY);
  }

  #gather(): undefined {
    const count = Math.min(this.#left - this.#bodyLength, this.#chunk.length - this.#at);
    const part = this.#chunk.subarray(this.#at, this.#at + count);
    this.#at += count;
    if (count === this.#left) {
      this.#bodyComplete(part);
      return;
    }
    const needed = this.#bodyLength + count;
    if (needed > this.#body.length) {
      const grown = new Uint8Array(Math.min(this.#left, Math.max(needed, 2 * this.#body.length, FIRST_BODY_BUFFER)));
      grown.set(this.#body.subarray(0, this.#bodyLength));
      this.#body = grown;
    }
    this.#body.set(part, this.#bodyLength);
    this.#bodyLength = needed;
    if (needed === this.#left) this.#bodyComplete(this.#body.subarray(0, needed));
  }

  #bodyComplete(body: Uint8Array): void {
    this.#phase = 'header';
    this.#body = EMPTY;
    this.#complete += 1;
    this.#handler.onPdu(this.#type, body);
  }

  #pdvHeader(): Promise<void> | undefined {
    if (this.#partialLength === 0 && this.#left < PDV_HEADER) throw pduError('a presentation data value is cut off by its PDU');
    if (!this.#takeHeader(PDV_HEADER)) return undefined;
    const length = u32(this.#header, this.#headerAt);
    if (length < 2 || length + 4 > this.#left) throw pduError('a presentation data value does not fit its PDU');
    this.#contextId = byte(this.#header, this.#headerAt + 4);
    this.#control = byte(this.#header, this.#headerAt + 5);
    this.#left -= PDV_HEADER;
    this.#pdvLeft = length - 2;
    this.#phase = 'pdv-data';
    // An empty fragment has no byte that would bring us there.
    return this.#pdvLeft === 0 ? this.#pdvData() : undefined;
  }

  #pdvData(): Promise<void> | undefined {
    const start = this.#at;
    const count = Math.min(this.#pdvLeft, this.#chunk.length - start);
    this.#at = start + count;
    this.#pdvLeft -= count;
    this.#left -= count;
    const ends = this.#pdvLeft === 0;
    if (ends) this.#phase = this.#left === 0 ? 'header' : 'pdv-header';
    if (this.#left === 0) this.#complete += 1;
    return this.#handler.onFragment(this.#contextId, this.#control, this.#chunk.subarray(start, start + count), ends);
  }

  /** Takes the next `count` bytes as the header; false while they have not all arrived. */
  #takeHeader(count: number): boolean {
    const available = this.#chunk.length - this.#at;
    if (this.#partialLength === 0 && available >= count) {
      this.#header = this.#chunk;
      this.#headerAt = this.#at;
      this.#at += count;
      return true;
    }
    const missing = Math.min(count - this.#partialLength, available);
    this.#partial.set(this.#chunk.subarray(this.#at, this.#at + missing), this.#partialLength);
    this.#at += missing;
    this.#partialLength += missing;
    if (this.#partialLength < count) return false;
    this.#partialLength = 0;
    this.#header = this.#partial;
    this.#headerAt = 0;
    return true;
  }
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

function u32(bytes: Uint8Array, at: number): number {
  return ((byte(bytes, at) << 24) | (byte(bytes, at + 1) << 16) | (byte(bytes, at + 2) << 8) | byte(bytes, at + 3)) >>> 0;
}
