/**
 * What an association needs of a TCP or TLS connection, and all that it may use. `net.Socket` fits with a few lines around it (setNoDelay, no
 * time-outs of its own); tests use `memoryTransportPair`.
 */
export interface Transport {
  /** `host:port` of both ends, for logs and access rules. */
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** Bytes that `write` took and that have not been handed to the operating system yet (`socket.writableLength`). */
  readonly bufferedBytes: number;
  /** Called once, before anything else. Nothing is delivered before. */
  start(handler: TransportHandler): void;
  /**
   * Sends the chunks in order, as one write where the transport can (cork/writev). The buffers must not be changed until they are flushed: the
   * association never reuses them. Returns false when the transport wants the caller to wait for `onDrain`.
   */
  write(chunks: readonly Uint8Array[]): boolean;
  /** No `onData` until `resume`. Idempotent. */
  pause(): void;
  resume(): void;
  /** Flushes what was written, then closes our direction (FIN). Later writes are ignored. */
  end(): void;
  /** Closes at once. `onClose` follows. Idempotent. */
  destroy(): void;
}

export interface TransportHandler {
  /**
   * Takes bytes in. True: nothing of the chunk is held any more, its buffer may be reused. False: views of it are still in use (a slow sink); the
   * association has called `pause` and will call `resume` when the buffer is free again.
   */
  onData(chunk: Uint8Array): boolean;
  /** Everything written was flushed. */
  onDrain(): void;
  /** The connection is gone in both directions: exactly once, last. `error` where it did not end in an orderly way. */
  onClose(error?: Error): void;
}
