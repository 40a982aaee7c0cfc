import { createHash, type Hash } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** One C-STORE as it went over the wire: the data set's bytes are the PDVs' bytes, in order, nothing else. */
export interface RecordedStore {
  readonly sopInstanceUID: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly at: number;
}

/**
 * Stands between a PACS and our receiver, forwards every byte and keeps what the P-DATA-TF PDUs from the PACS carried. It shares no code
 * with the product: a mistake there cannot hide here.
 */
export interface RecordingProxy {
  readonly port: number;
  readonly stores: readonly RecordedStore[];
  /** Bytes per second towards our receiver from now on; 0 = unpaced. */
  setPace(bytesPerSecond: number): void;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startRecordingProxy(target: { port: number }, options: { record?: boolean } = {}): Promise<RecordingProxy> {
  const stores: RecordedStore[] = [];
  const sockets = new Set<Socket>();
  const pace = { bytesPerSecond: 0 };
  const server = createServer((incoming) => {
    const outgoing = connect({ host: '127.0.0.1', port: target.port, noDelay: true });
    incoming.setNoDelay(true);
    for (const socket of [incoming, outgoing]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => undefined);
    }
    incoming.on('close', () => outgoing.end());
    outgoing.on('close', () => incoming.destroy());
    outgoing.pipe(incoming);
    const recorder = options.record === false ? undefined : new StoreRecorder(stores);
    void forward(incoming, outgoing, pace, recorder);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    port: address.port,
    stores,
    setPace: (bytesPerSecond) => {
      pace.bytesPerSecond = bytesPerSecond;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function forward(
  incoming: Socket,
  outgoing: Socket,
  pace: { bytesPerSecond: number },
  recorder: StoreRecorder | undefined,
): Promise<void> {
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      recorder?.push(chunk);
      if (!outgoing.write(chunk)) await new Promise<void>((resolve) => outgoing.once('drain', resolve).once('close', resolve));
      if (pace.bytesPerSecond > 0) await delay((chunk.length / pace.bytesPerSecond) * 1000);
    }
    outgoing.end();
  } catch {
    outgoing.destroy();
  }
}

const P_DATA_TF = 0x04;
const AFFECTED_SOP_INSTANCE_UID = 0x00001000;

/** Follows one direction of one association: PDU headers, PDVs, and which data set belongs to which command. */
class StoreRecorder {
  readonly #stores: RecordedStore[];
  #pending: Buffer = Buffer.alloc(0);
  #command: Buffer[] = [];
  #sopInstanceUID: string | undefined;
  #hash: Hash | undefined;
  #bytes = 0;

  constructor(stores: RecordedStore[]) {
    this.#stores = stores;
  }

  push(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length >= 6) {
      const end = 6 + this.#pending.readUInt32BE(2);
      if (this.#pending.length < end) return;
      if (this.#pending[0] === P_DATA_TF) this.#pdvs(this.#pending.subarray(6, end));
      this.#pending = this.#pending.subarray(end);
    }
  }

  #pdvs(body: Buffer): void {
    let at = 0;
    while (at + 6 <= body.length) {
      const length = body.readUInt32BE(at);
      const control = body.readUInt8(at + 5);
      const value = body.subarray(at + 6, at + 4 + length);
      at += 4 + length;
      if ((control & 1) === 1) this.#commandFragment(value, (control & 2) === 2);
      else this.#dataFragment(value, (control & 2) === 2);
    }
  }

  #commandFragment(value: Buffer, last: boolean): void {
    this.#command.push(Buffer.from(value));
    if (!last) return;
    this.#sopInstanceUID = elementText(Buffer.concat(this.#command), AFFECTED_SOP_INSTANCE_UID);
    this.#command = [];
    this.#hash = createHash('sha256');
    this.#bytes = 0;
  }

  #dataFragment(value: Buffer, last: boolean): void {
    this.#hash?.update(value);
    this.#bytes += value.length;
    if (!last || this.#hash === undefined || this.#sopInstanceUID === undefined) return;
    this.#stores.push({
      sopInstanceUID: this.#sopInstanceUID,
      sha256: this.#hash.digest('hex'),
      bytes: this.#bytes,
      at: performance.now(),
    });
    this.#hash = undefined;
  }
}

/** Text of one element of a command set (implicit VR little endian, PS3.7 §6.3.1). */
function elementText(command: Buffer, wanted: number): string | undefined {
  let at = 0;
  while (at + 8 <= command.length) {
    const tag = command.readUInt16LE(at) * 0x10000 + command.readUInt16LE(at + 2);
    const length = command.readUInt32LE(at + 4);
    if (tag === wanted) return command.toString('latin1', at + 8, at + 8 + length).replace(/[\0 ]+$/, '');
    at += 8 + length;
  }
  return undefined;
}
