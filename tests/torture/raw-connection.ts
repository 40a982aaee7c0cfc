import { connect, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';

/** PDU types by name, as outcomes are called. */
const NAMES: Readonly<Record<number, string>> = {
  1: 'A-ASSOCIATE-RQ',
  2: 'A-ASSOCIATE-AC',
  3: 'A-ASSOCIATE-RJ',
  4: 'P-DATA-TF',
  5: 'A-RELEASE-RQ',
  6: 'A-RELEASE-RP',
  7: 'A-ABORT',
};

/** A connection that sends whatever it is told and counts the PDUs that come back, without understanding them. */
export class RawConnection {
  readonly socket: Socket;
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
  /** The peer has sent its FIN, or the connection is gone. */
  readonly finished: Promise<void>;
  received = 0;
  lastType = 0;
  /** Result, source and reason of a rejection, or source and reason of an abort. */
  reason: readonly number[] = [];
  isClosed = false;
  isFinished = false;
  readonly #carrier: Socket;
  #pending: Buffer = Buffer.alloc(0);
  #skip = 0;
  #wake: (() => void) | undefined;

  /** @param carrier the TCP connection below */
  constructor(socket: Socket, carrier = socket) {
    this.socket = socket;
    this.#carrier = carrier;
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.closed = new Promise((resolve) =>
      socket.once('close', () => {
        this.isClosed = true;
        this.isFinished = true;
        this.#wake?.();
        resolve();
      }),
    );
    const ended = new Promise<void>((resolve) =>
      socket.once('end', () => {
        this.isFinished = true;
        this.#wake?.();
        resolve();
      }),
    );
    this.finished = Promise.race([ended, this.closed]);
  }

  /** @param from our address: the listener counts callers by theirs */
  static open(port: number, from = '127.0.0.2'): Promise<RawConnection> {
    return RawConnection.#reached(connect({ host: '127.0.0.1', port, localAddress: from, allowHalfOpen: true }), 'connect');
  }

  /** By TLS, whoever answers. */
  static openSecurely(port: number, from = '127.0.0.2'): Promise<RawConnection> {
    const carrier = connect({ host: '127.0.0.1', port, localAddress: from });
    return RawConnection.#reached(connectSecurely({ socket: carrier, rejectUnauthorized: false }), 'secureConnect', carrier);
  }

  static #reached(socket: Socket, event: 'connect' | 'secureConnect', carrier = socket): Promise<RawConnection> {
    const connection = new RawConnection(socket, carrier);
    return new Promise((resolve) => {
      socket.once(event, () => resolve(connection));
      socket.once('close', () => resolve(connection));
    });
  }

  get lastName(): string {
    return NAMES[this.lastType] ?? 'nothing';
  }

  write(bytes: Uint8Array): void {
    if (!this.isClosed && this.socket.writable) this.socket.write(bytes);
  }

  /** RST: nothing that is on its way arrives. */
  reset(): void {
    this.#carrier.resetAndDestroy();
  }

  /** True as soon as so many PDUs have come in all; false when the connection ends first or the time is over. */
  async has(count: number, milliseconds: number): Promise<boolean> {
    if (this.received >= count) return true;
    if (this.isFinished) return false;
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<'over'>((resolve) => {
      timer = setTimeout(() => resolve('over'), milliseconds);
    });
    try {
      while (this.received < count && !this.isFinished) {
        const woken = new Promise<'woken'>((resolve) => {
          this.#wake = () => resolve('woken');
        });
        if ((await Promise.race([woken, over])) === 'over') break;
      }
    } finally {
      clearTimeout(timer);
      this.#wake = undefined;
    }
    return this.received >= count;
  }

  #take(chunk: Buffer): void {
    let rest = chunk;
    if (this.#skip > 0) {
      const passed = Math.min(this.#skip, rest.length);
      this.#skip -= passed;
      rest = rest.subarray(passed);
    }
    if (this.#pending.length > 0) rest = Buffer.concat([this.#pending, rest]);
    this.#pending = Buffer.alloc(0);
    while (rest.length >= 6) {
      const type = rest.readUInt8(0);
      const length = rest.readUInt32BE(2);
      if ((type === 3 || type === 7) && rest.length < 10) break;
      if (type === 3) this.reason = [rest.readUInt8(7), rest.readUInt8(8), rest.readUInt8(9)];
      if (type === 7) this.reason = [rest.readUInt8(8), rest.readUInt8(9)];
      this.received += 1;
      this.lastType = type;
      this.#skip = Math.max(0, 6 + length - rest.length);
      rest = rest.subarray(Math.min(rest.length, 6 + length));
    }
    if (rest.length > 0) this.#pending = Buffer.from(rest);
    this.#wake?.();
  }
}
