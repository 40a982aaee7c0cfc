import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Command, encodeCommand, ScriptedConnection } from '../support/scripted-peer.ts';
import { withLength } from './mutations.ts';

const PDV = 100_000;

/** A caller that stores whatever bytes it is given as data sets, one after the other on one association. */
export class StoringCaller {
  readonly #connection: ScriptedConnection;
  readonly #sopClassUID: string;
  /** The association stands. */
  open = true;

  static async open(port: number, from: string, sopClassUID: string, transferSyntax: string): Promise<StoringCaller> {
    const socket = connect({ host: '127.0.0.1', port, localAddress: from });
    await once(socket, 'connect');
    const connection = new ScriptedConnection(socket);
    const { type } = await connection.associate({
      calledAETitle: 'PHOSPHOR',
      callingAETitle: 'TORTURE',
      abstractSyntaxes: [sopClassUID],
      transferSyntax,
    });
    if (type !== 2) throw new Error(`no association: PDU ${type}`);
    return new StoringCaller(connection, sopClassUID);
  }

  private constructor(connection: ScriptedConnection, sopClassUID: string) {
    this.#connection = connection;
    this.#sopClassUID = sopClassUID;
  }

  /** `stored`, the status that was answered, or `association ended`. */
  async store(sopInstanceUID: string, pieces: readonly Uint8Array[]): Promise<string> {
    const command = {
      commandField: Command.storeRQ,
      affectedSOPClassUID: this.#sopClassUID,
      messageID: 1,
      priority: 0,
      dataSetType: 1,
      affectedSOPInstanceUID: sopInstanceUID,
    };
    const { socket } = this.#connection;
    socket.write(dataPdu(0x03, encodeCommand(command)));
    const all = pieces.flatMap((piece) =>
      Array.from({ length: Math.ceil(piece.length / PDV) }, (_, i) => piece.subarray(i * PDV, (i + 1) * PDV)),
    );
    for (const [index, bytes] of all.entries()) {
      if (socket.destroyed) break;
      if (!socket.write(dataPdu(index === all.length - 1 ? 0x02 : 0x00, bytes))) {
        await room(socket);
      }
    }
    try {
      const { status } = (await this.#connection.readMessage()).command;
      return status === 0 ? 'stored' : `status ${status?.toString(16)}`;
    } catch {
      this.open = false;
      return 'association ended';
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.socket.resetAndDestroy();
  }
}

/** Resolves when more may be written, or nothing any more. */
function room(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (socket.closed) resolve();
  socket.on('drain', resolve).on('close', resolve);
  return promise.finally(() => socket.off('drain', resolve).off('close', resolve));
}

/** One P-DATA-TF with one fragment, in the only context that there is. */
function dataPdu(control: number, bytes: Uint8Array): Buffer {
  const head = Buffer.from([4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, control]);
  head.writeUInt32BE(bytes.length + 2, 6);
  return withLength(Buffer.concat([head, bytes]));
}
