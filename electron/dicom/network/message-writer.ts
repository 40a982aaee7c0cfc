import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { encodeCommandSet } from './command-set.ts';
import { SEND } from './limits.ts';
import { PduType } from './pdu.ts';
import { PDATA_HEADER, PdvControl, writePDataHeader } from './pdu-encode.ts';
import type { CommandSet, DataSetSource } from './types.ts';

export interface MessageWriterOutput {
  /** Sends whole PDUs; false = over the transport's own mark. */
  send(pdus: readonly Uint8Array[]): boolean;
  readonly bufferedBytes: number;
}

interface Job {
  readonly run: () => Promise<void> | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Cuts DIMSE messages into P-DATA-TF PDUs of the peer's length (PS3.8 annex E), one message after the other. A small message leaves in one write,
 * command and data set together; a long one in bursts, with at most about 1 MiB waiting in the transport. The data of a long message is
 * never copied.
 */
export class MessageWriter {
  readonly #output: MessageWriterOutput;
  /** Bytes of message in one fragment, even. */
  readonly #fragment: number;
  readonly #jobs: Job[] = [];
  #busy = false;
  #failed: PhosphorError | undefined;
  #drained: (() => void) | undefined;

  #pdus: Uint8Array[] = [];
  /** The first byte of the next PDU has been sent. */
  #led = false;

  /** `peerMaxPDULength` 0 = no limit. */
  constructor(output: MessageWriterOutput, peerMaxPDULength: number) {
    this.#output = output;
    const length = peerMaxPDULength === 0 ? SEND.pduLength : Math.min(peerMaxPDULength, SEND.pduLength);
    this.#fragment = Math.max((length - 6) & ~1, 2);
  }

  /**
   * Sends a message. `undefined`: it went to the transport, which takes more. A promise resolves when it went there and the transport's buffer allows
   * more; it rejects when the source fails or the association ends.
   */
  send(contextId: number, command: CommandSet, dataSet?: DataSetSource): Promise<void> | undefined {
    const encoded = encodeCommandSet(command, PDATA_HEADER);
    if (this.#failed) return Promise.reject(this.#failed);
    if (!this.#busy) return this.#start(this.#message(contextId, encoded, dataSet));
    return new Promise((resolve, reject) => {
      this.#jobs.push({ run: () => this.#message(contextId, encoded, dataSet), resolve, reject });
    });
  }

  /**
   * Sends the first byte of the next P-DATA-TF PDU ahead of the rest: a segment of ours carries the acknowledgement that a peer's transport waits for
   * before it sends the rest of its own PDU (Nagle's algorithm against our delayed acknowledgement, some 45 ms). Nothing where a message is on its way.
   */
  lead(): void {
    if (this.#busy || this.#led || this.#failed) return;
    this.#led = true;
    this.#output.send([PDATA_FIRST_BYTE]);
  }

  /** No message follows the byte that was sent ahead: its PDU ends without a PDV. */
  abandonLead(): void {
    if (!this.#led || this.#failed) return;
    this.#led = false;
    this.#output.send([new Uint8Array(5)]);
  }

  get led(): boolean {
    return this.#led;
  }

  /** The transport's buffer is empty. */
  drain(): void {
    const resume = this.#drained;
    this.#drained = undefined;
    resume?.();
  }

  /** The association is over: what waits is rejected. */
  close(error: PhosphorError): void {
    this.#failed ??= error;
    this.drain();
    for (const job of this.#jobs.splice(0)) job.reject(error);
  }

  /** @param encoded the command set behind the room for a PDU's header */
  #message(contextId: number, encoded: Uint8Array, dataSet: DataSetSource | undefined): Promise<void> | undefined {
    this.#command(contextId, encoded);
    if (dataSet === undefined) return this.#flush();
    if (!(dataSet instanceof Uint8Array)) return this.#stream(contextId, dataSet);
    return dataSet.length <= SEND.burst ? this.#small(contextId, dataSet) : this.#large(contextId, dataSet);
  }

  /** @param wait what a message that was begun waits for */
  #start(wait: Promise<void> | undefined): Promise<void> | undefined {
    if (wait === undefined) return undefined;
    this.#busy = true;
    return wait.finally(() => {
      this.#pdus = [];
      this.#next();
    });
  }

  #next(): void {
    this.#busy = false;
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      const { run, resolve, reject } = job;
      if (this.#failed) {
        reject(this.#failed);
        continue;
      }
      const wait = this.#start(run());
      if (wait === undefined) {
        resolve();
        continue;
      }
      wait.then(resolve, reject);
      return;
    }
  }

  #small(contextId: number, dataSet: Uint8Array): Promise<void> | undefined {
    this.#frame(contextId, 0, dataSet, true);
    return this.#flush();
  }

  async #large(contextId: number, dataSet: Uint8Array): Promise<void> {
    for (let at = 0; at < dataSet.length; at += SEND.burst) {
      const end = Math.min(at + SEND.burst, dataSet.length);
      this.#frame(contextId, 0, dataSet.subarray(at, end), end === dataSet.length);
      await this.#flush();
    }
  }

  async #stream(contextId: number, source: Exclude<DataSetSource, Uint8Array>): Promise<void> {
    let left = source.length;
    // The chunk that may turn out to be the last one; with a known length none is held back, save an odd byte (fragments are even, PS3.8 annex E).
    let held: Uint8Array | undefined;
    for await (const chunk of source.chunks) {
      if (this.#failed) throw this.#failed;
      if (chunk.length === 0) continue;
      if (held !== undefined) held = await this.#piece(contextId, held, chunk);
      if (left !== undefined) {
        left -= chunk.length;
        if (left < 0) throw new PhosphorError('damaged', 'a data set is longer than its announced length');
      }
      if (left !== undefined && left > 0 && chunk.length % 2 === 0 && held === undefined) await this.#bursts(contextId, chunk, false);
      else held = held === undefined ? chunk : joined(held, chunk);
    }
    if (left !== undefined && left > 0) throw new PhosphorError('damaged', 'a data set is shorter than its announced length');
    await this.#bursts(contextId, held ?? new Uint8Array(0), true);
  }

  /** Sends the even part of a held chunk, now that another one follows; gives back what is left of it. */
  async #piece(contextId: number, held: Uint8Array, next: Uint8Array): Promise<Uint8Array | undefined> {
    const even = held.length & ~1;
    if (even > 0) await this.#bursts(contextId, held.subarray(0, even), false);
    return even < held.length && next.length > 0 ? held.slice(even) : undefined;
  }

  async #bursts(contextId: number, bytes: Uint8Array, last: boolean): Promise<void> {
    let at = 0;
    do {
      const end = Math.min(at + SEND.burst, bytes.length);
      this.#frame(contextId, 0, bytes.subarray(at, end), last && end === bytes.length);
      const wait = this.#flush();
      if (wait !== undefined) await wait;
      at = end;
    } while (at < bytes.length);
  }

  /** Adds a command set, mostly one PDU as it is. */
  #command(contextId: number, encoded: Uint8Array): void {
    const length = encoded.length - PDATA_HEADER;
    if (length > this.#fragment) {
      this.#frame(contextId, PdvControl.command, encoded.subarray(PDATA_HEADER), true);
      return;
    }
    writePDataHeader(encoded, 0, contextId, PdvControl.command | PdvControl.last, length);
    this.#pdus.push(encoded);
  }

  /** Adds the fragments of `bytes`, each in a PDU of its own: a header and a view. */
  #frame(contextId: number, kind: number, bytes: Uint8Array, last: boolean): void {
    const count = Math.max(1, Math.ceil(bytes.length / this.#fragment));
    const headers = Buffer.allocUnsafe(PDATA_HEADER * count);
    for (let index = 0, at = 0; index < count; index++) {
      const end = Math.min(at + this.#fragment, bytes.length);
      const control = kind | (last && end === bytes.length ? PdvControl.last : 0);
      const header = index * PDATA_HEADER;
      writePDataHeader(headers, header, contextId, control, end - at);
      this.#pdus.push(headers.subarray(header, header + PDATA_HEADER));
      if (end > at) this.#pdus.push(bytes.subarray(at, end));
      at = end;
    }
  }

  /** A small message leaves as one buffer: copying it costs less than handing four to the operating system. */
  #gather(): readonly Uint8Array[] {
    if (this.#pdus.length === 1) return this.#pdus;
    let bytes = 0;
    for (const pdu of this.#pdus) bytes += pdu.length;
    return bytes <= SEND.gather ? [Buffer.concat(this.#pdus, bytes)] : this.#pdus;
  }

  #flush(): Promise<void> | undefined {
    const [first] = this.#pdus;
    if (this.#led && first !== undefined) {
      this.#led = false;
      this.#pdus[0] = first.subarray(1);
    }
    const pdus = this.#gather();
    this.#pdus = [];
    if (this.#failed) return Promise.reject(this.#failed);
    const free = this.#output.send(pdus);
    if (free || this.#output.bufferedBytes < SEND.highWater) return undefined;
    return new Promise<void>((resolve, reject) => {
      this.#drained = () => (this.#failed ? reject(this.#failed) : resolve());
    });
  }
}

const PDATA_FIRST_BYTE = Uint8Array.of(PduType.pDataTF);

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
