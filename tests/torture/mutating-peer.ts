import { createServer, type Socket } from 'node:net';
import { RawConnection } from './raw-connection.ts';

/** A peer of the pool: one connection at a time, answered as the case wants. */
export class MutatingPeer {
  readonly port: number;
  answer: (connection: RawConnection) => Promise<void> = async () => undefined;
  readonly #sockets = new Set<Socket>();
  readonly #close: () => void;

  static async listen(): Promise<MutatingPeer> {
    const holder: { peer?: MutatingPeer } = {};
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      const { peer } = holder;
      if (peer === undefined) return;
      peer.#sockets.add(socket);
      socket.once('close', () => peer.#sockets.delete(socket));
      peer.answer(new RawConnection(socket)).catch(() => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    holder.peer = new MutatingPeer(address.port, () => server.close());
    return holder.peer;
  }

  private constructor(port: number, close: () => void) {
    this.port = port;
    this.#close = close;
  }

  /** What is still open is reset: thousands of cases must not use up the ports. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  close(): void {
    this.hangUp();
    this.#close();
  }
}
