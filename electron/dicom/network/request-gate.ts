import { AbortReason, AbortSource } from './errors.ts';
import { LIMITS } from './limits.ts';
import { PduType } from './pdu.ts';
import { decodeAETitle } from './pdu-decode.ts';
import { encodeAbort } from './pdu-encode.ts';

/** A request that is longer is told apart, not kept: 128 presentation contexts with a dozen transfer syntaxes each fit in. */
const LONGEST_KEPT = 32 << 10;
const FIRST_BUFFER = 1024;
const HEADER = 6;
/** PDU header, protocol version, reserved, called AE title; then the calling one (PS3.8 §9.3.2). */
const CALLING_AT = 26;
const CALLING_END = 42;

/**
 * An A-ASSOCIATE-RQ on its way in, of which nothing is understood but where it ends and who asks: what a caller is listened to with while there is no place
 * for it. No upper layer, no clock.
 */
export class RequestGate {
  #buffer: Uint8Array = new Uint8Array(0);
  #received = 0;

  /** `garbage`: whatever comes is no association request; answer `garbageAnswer`. */
  take(chunk: Uint8Array): 'more' | 'complete' | 'garbage' {
    this.#keep(chunk);
    if (this.#received === 0) return 'more';
    const view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset);
    if (view.getUint8(0) !== PduType.associateRQ) return 'garbage';
    if (this.#received < HEADER) return 'more';
    const length = view.getUint32(2);
    if (length > LIMITS.pdu || length < CALLING_END - HEADER) return 'garbage';
    return this.#received < HEADER + length ? 'more' : 'complete';
  }

  /** Everything that came, as it came; undefined where it was too long to be kept. */
  get bytes(): Uint8Array | undefined {
    return this.#received > LONGEST_KEPT ? undefined : this.#buffer.subarray(0, this.#received);
  }

  /** Of a complete request. */
  get callingAETitle(): string {
    return decodeAETitle(String.fromCharCode(...this.#buffer.subarray(CALLING_AT, CALLING_END))).trim();
  }

  #keep(chunk: Uint8Array): void {
    const at = this.#received;
    this.#received += chunk.length;
    if (at >= LONGEST_KEPT) return;
    const needed = Math.min(this.#received, LONGEST_KEPT);
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(LONGEST_KEPT, Math.max(needed, 2 * this.#buffer.length, FIRST_BUFFER)));
      grown.set(this.#buffer.subarray(0, at));
      this.#buffer = grown;
    }
    this.#buffer.set(chunk.subarray(0, needed - at), at);
  }
}

/** A-ABORT for what is no association request: as service user (PS3.8 table 9-9, AA-1). */
export function garbageAnswer(): Uint8Array {
  return encodeAbort(AbortSource.serviceUser, AbortReason.notSpecified);
}
