import { connect, type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { Transport, TransportHandler } from '../dicom/network/index.ts';
import { socketError } from './socket-errors.ts';
import { StayAwake } from './stay-awake.ts';
import { tlsError } from './tls-errors.ts';

/** One read of the operating system on a connection that carries data; the buffer is used again for the next. */
const READ_BYTES = 131_072;
/** Until a read has filled it a connection has this much: negotiation, verification and idling need no more. */
const FIRST_READ_BYTES = 4096;

/**
 * One burst of bytes is worked on for this long, then timers and messages get their turn: libuv itself goes on reading while a fast peer
 * keeps the socket full, and a C-FIND of 10,000 matches would hold the thread for its whole answer.
 */
const TURN_MS = 8;

/**
 * Opens a connection under the connect clock.
 *
 * @param seconds the connect clock
 * @throws PhosphorError `unreachable` with the system's code, `timed-out` (`connect`), or the signal's reason
 */
export async function connectSocket(host: string, port: number, seconds: number, signal?: AbortSignal): Promise<Transport> {
  signal?.throwIfAborted();
  const reader = new ReadBuffer();
  const socket = connect({ host, port, noDelay: true, keepAlive: true, onread: reader.onread });
  await reached(socket, 'connect', { clock: 'connect', seconds, signal });
  return new SocketTransport(socket, reader);
}

/**
 * Opens a connection under the connect clock and secures it under that of the TLS handshake (PS3.15 B.12).
 *
 * @param make starts the connection, see `startTLS`
 * @throws PhosphorError as `connectSocket`, and `tls` with Node's or OpenSSL's code, `timed-out` (`tls-handshake`)
 */
export async function secureSocket(
  make: () => TLSSocket,
  clocks: { readonly connect: number; readonly tlsHandshake: number },
  signal?: AbortSignal,
): Promise<SecuredTransport> {
  signal?.throwIfAborted();
  const socket = make();
  await reached(socket, 'connect', { clock: 'connect', seconds: clocks.connect, signal });
  await reached(socket, 'secureConnect', { clock: 'tls-handshake', seconds: clocks.tlsHandshake, signal });
  return securedSocket(socket);
}

export interface SecuredTransport extends Transport {
  /** Why the connection broke; undefined while it stands, and where it ended in an orderly way. */
  readonly failure: PhosphorError | undefined;
}

/**
 * Wraps a connection whose handshake is done. It reads in the ordinary way: OpenSSL goes on delivering what it has decrypted after a pause, so that a
 * buffer of our own could be written over while it is held; the stream's own queue takes those few records instead.
 */
export function securedSocket(socket: TLSSocket): SecuredTransport {
  socket.disableRenegotiation();
  return new SocketTransport(socket);
}

interface Bound {
  readonly clock: 'connect' | 'tls-handshake';
  readonly seconds: number;
  readonly signal: AbortSignal | undefined;
}

/** Resolves when the socket has come so far. Otherwise it is destroyed. */
function reached(socket: Socket, event: 'connect' | 'secureConnect', { clock, seconds, signal }: Bound): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const settle = () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    socket.off(event, onReached);
    socket.off('error', onError);
    socket.on('error', () => {});
  };
  const fail = (error: unknown) => {
    settle();
    socket.destroy();
    reject(error);
  };
  const onAbort = () => fail(signal?.reason);
  const onError = (thrown: Error) => fail(clock === 'connect' ? socketError(thrown, false) : tlsError(thrown));
  const onReached = () => {
    settle();
    resolve();
  };
  const timer = setTimeout(() => fail(new PhosphorError('timed-out', EXPIRED[clock], { clock })), seconds * 1000);
  signal?.addEventListener('abort', onAbort);
  socket.once(event, onReached);
  socket.once('error', onError);
  return promise;
}

const EXPIRED = {
  connect: 'no connection within the connect clock',
  'tls-handshake': 'the TLS handshake did not end in time',
} as const;

/** Wraps a connection that a peer opened (`pauseOnConnect`). */
export function acceptedSocket(socket: Socket): Transport {
  socket.setNoDelay(true);
  socket.setKeepAlive(true);
  return withOwnBuffer(socket) ?? new SocketTransport(socket);
}

/** Wraps a connection that a peer opened and from which something has been read, and put back (`unshift`). */
export function resumedSocket(socket: Socket): Transport {
  socket.setKeepAlive(true);
  return new SocketTransport(socket);
}

/**
 * Node reads accepted connections into a new buffer each time, which costs a quarter of the CPU time of a full-speed receive. A buffer of our
 * own can be had where Node makes sockets out of handles, as it does itself; elsewhere the ordinary way is taken.
 */
function withOwnBuffer(accepted: Socket): Transport | undefined {
  const handle: unknown = Reflect.get(accepted, '_handle');
  if (typeof handle !== 'object' || handle === null || !('readStart' in handle)) return undefined;
  const reader = new ReadBuffer();
  const options: SocketConstructorOpts = { readable: true, writable: true, onread: reader.onread };
  Reflect.set(accepted, '_handle', null);
  const socket = new Socket(Object.assign(options, { handle, pauseOnCreate: true }));
  // The server counts by the socket that it made; whoever ends that one ends the connection.
  socket.once('close', () => accepted.destroy());
  accepted.once('close', () => socket.destroy());
  return new SocketTransport(socket, reader);
}

/** A connection's own buffer for what comes in, which Node fills again and again. */
class ReadBuffer {
  onRead = (_bytes: Uint8Array): boolean => true;
  #buffer = Buffer.allocUnsafeSlow(FIRST_READ_BYTES);

  readonly onread: OnReadOpts = {
    // Asked after each read. What is still in use of a smaller buffer stays with its views.
    buffer: () => this.#buffer,
    callback: (bytes, filled) => {
      if (bytes === filled.length && bytes < READ_BYTES) this.#buffer = Buffer.allocUnsafeSlow(READ_BYTES);
      return this.onRead(filled.subarray(0, bytes));
    },
  };
}

class SocketTransport implements Transport {
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** Stands for the connection where others remember it: it does not keep its buffers. */
  readonly #source = {};
  readonly #socket: Socket;
  readonly #reader: ReadBuffer | undefined;
  #handler: TransportHandler | undefined;
  #error: Error | undefined;
  #paused = false;
  #yielding = false;
  #ended = false;

  /** @param reader where the socket was opened with a buffer of its own (`onread`), else it emits `data` */
  constructor(socket: Socket, reader?: ReadBuffer) {
    this.#socket = socket;
    this.#reader = reader;
    this.remoteAddress = endpoint(socket.remoteAddress, socket.remotePort);
    this.localAddress = endpoint(socket.localAddress, socket.localPort);
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    socket.pause();
  }

  get failure(): PhosphorError | undefined {
    return this.#error && socketError(this.#error, true);
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  start(handler: TransportHandler): void {
    this.#handler = handler;
    if (this.#socket.closed) {
      queueMicrotask(() => this.#close());
      return;
    }
    this.#socket.on('drain', () => handler.onDrain());
    this.#socket.once('close', () => this.#close());
    if (this.#reader) {
      // With a buffer of our own nothing reads on before this returns, so bytes that are held need no copy: the association has paused.
      this.#reader.onRead = (bytes) => this.#read(bytes);
    } else this.#socket.on('data', (bytes) => void this.#read(bytes));
    this.#socket.resume();
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const socket = this.#socket;
    if (this.#ended || socket.destroyed) return true;
    const [first] = chunks;
    if (chunks.length === 1 && first) return socket.write(first);
    let more = true;
    socket.cork();
    for (const chunk of chunks) more = socket.write(chunk);
    socket.uncork();
    return more;
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    if (!this.#yielding) this.#socket.resume();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#socket.end();
    // A paused socket would never see the peer's FIN.
    this.#paused = false;
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(bytes: Uint8Array): boolean {
    turnGoesOn(this.#source);
    this.#handler?.onData(bytes);
    if (turnIsOver() && !this.#paused) {
      this.#yielding = true;
      this.#socket.pause();
      setImmediate(() => {
        this.#yielding = false;
        if (!this.#paused) this.#socket.resume();
      });
    }
    return !this.#paused && !this.#yielding;
  }

  #close(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.onClose(this.failure);
  }
}

/** Nothing was read for so long: the thread has looked for other work meanwhile. */
const PAUSE_MS = 0.25;

// Of all connections of this thread: when its present burst of bytes began, when the last of them had been worked on, and whether it had its time.
let burstBeganAt = 0;
let workedUntil = 0;
let hadItsTime = false;
const stayAwake = new StayAwake();

/** Bytes came in. */
function turnGoesOn(source: object): void {
  const now = performance.now();
  stayAwake.came(source, now);
  if (now - workedUntil > PAUSE_MS) burstBeganAt = now;
}

/** True when this turn of the event loop has worked on bytes for too long, whichever connections they came from. */
function turnIsOver(): boolean {
  workedUntil = performance.now();
  stayAwake.worked(workedUntil);
  if (hadItsTime) return true;
  if (workedUntil - burstBeganAt <= TURN_MS) return false;
  hadItsTime = true;
  setImmediate(() => {
    hadItsTime = false;
    burstBeganAt = performance.now();
  });
  return true;
}

function endpoint(address: string | undefined, port: number | undefined): string {
  const host = address ?? '?';
  return `${host.includes(':') ? `[${host}]` : host}:${port ?? 0}`;
}
