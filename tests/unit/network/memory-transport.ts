import type { Transport, TransportHandler } from '../../../electron/dicom/network/index.ts';

export interface MemoryTransportOptions {
  /** Bytes per delivered chunk; 0 = as written. */
  readonly chunk?: number;
  /** Bytes under way above which `write` says no. */
  readonly highWater?: number;
}

/** One end of a connection inside this process. Delivery is asynchronous, in order, and stops while the other end pauses. */
export class MemoryTransport implements Transport {
  readonly remoteAddress = '127.0.0.1:104';
  readonly localAddress = '127.0.0.1:105';
  /** All bytes that this end sent. */
  sent: Uint8Array[] = [];
  /** Number of `write` calls. */
  writes = 0;
  maxBuffered = 0;
  peer: MemoryTransport | undefined;
  readonly #options: MemoryTransportOptions;
  #handler: TransportHandler | undefined;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #paused = false;
  #needsDrain = false;
  #scheduled = false;
  #ended = false;
  #closed = false;
  /** While set, nothing that this end wrote arrives: a peer that has stopped reading, or a cable that was pulled. */
  stuck = false;

  constructor(options: MemoryTransportOptions = {}) {
    this.#options = options;
  }

  get bufferedBytes(): number {
    return this.#queued;
  }

  get closed(): boolean {
    return this.#closed;
  }

  start(handler: TransportHandler): void {
    this.#handler = handler;
    this.peer?.schedule();
  }

  write(chunks: readonly Uint8Array[]): boolean {
    this.writes += 1;
    if (this.#ended || this.#closed) return true;
    for (const chunk of chunks) {
      const copy = new Uint8Array(chunk);
      this.sent.push(copy);
      this.#queue.push(copy);
      this.#queued += copy.length;
    }
    this.maxBuffered = Math.max(this.maxBuffered, this.#queued);
    this.schedule();
    if (this.#queued <= (this.#options.highWater ?? 65_536)) return true;
    this.#needsDrain = true;
    return false;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.peer?.schedule();
  }

  end(): void {
    this.#ended = true;
    this.schedule();
  }

  destroy(): void {
    this.close();
    this.peer?.close(new Error('reset'));
  }

  /** The connection breaks, as with a reset. */
  break(): void {
    const error = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    this.close(error);
    this.peer?.close(error);
  }

  get started(): boolean {
    return this.#handler !== undefined;
  }

  private close(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    queueMicrotask(() => this.#handler?.onClose(error));
  }

  private schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const { peer } = this;
    if (peer === undefined || this.stuck) return;
    while (!this.#closed && !peer.#closed && !peer.#paused && peer.#handler) {
      const [first] = this.#queue;
      if (first === undefined) break;
      const size = this.#options.chunk || first.length;
      const part = first.subarray(0, size);
      if (part.length < first.length) this.#queue[0] = first.subarray(size);
      else this.#queue.shift();
      this.#queued -= part.length;
      // The receiver's buffer may be reused by a real transport as soon as it says so.
      const chunk = new Uint8Array(part);
      if (peer.#handler.onData(chunk)) chunk.fill(0xee);
    }
    if (this.#queued > 0) return;
    if (this.#needsDrain) {
      this.#needsDrain = false;
      this.#handler?.onDrain();
    }
    if (this.#ended && !peer.#closed && peer.#handler) {
      peer.close();
      this.close();
    }
  }
}

export function memoryTransportPair(options: MemoryTransportOptions = {}): [MemoryTransport, MemoryTransport] {
  const first = new MemoryTransport(options);
  const second = new MemoryTransport(options);
  first.peer = second;
  second.peer = first;
  return [first, second];
}
