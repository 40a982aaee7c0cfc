import type { Socket } from 'node:net';
import { encodeAssociateRJ, garbageAnswer, RequestGate } from '../dicom/network/index.ts';
import { type Caller, LOCAL_LIMIT } from './access.ts';

/** So many wait at once, or have been answered and not hung up yet; for one more, the one that came first has to go. */
export const WAITING_PLACES = 2048;
/** Nobody is waited for as long as where there is room. */
const WAIT_SECONDS = 5;
/** Who has been answered hangs up within this, or is hung up on. */
const GOODBYE_MS = 1000;

export interface WaitingRoomOptions {
  /** The association clock (ARTIM), in seconds. */
  readonly seconds: number;
  readonly places?: number;
  /** Whether one more association from this address would be accepted now. */
  readonly hasRoom: (address: string) => boolean;
  /** There is room: the socket is paused and will deliver the request once more. */
  readonly onRoom: (socket: Socket, address: string) => void;
  readonly onRefused: (caller: Pick<Caller, 'callingAETitle' | 'address'>) => void;
}

/**
 * Where callers wait that are more than the port has places for. It costs a few kilobytes each and listens for an A-ASSOCIATE-RQ only: who asks comes in
 * if there is room by then, and is told "local limit exceeded" (PS3.8 §9.3.4: 2/3/2) if not; who says nothing goes, at the latest when others need its place.
 */
export class WaitingRoom {
  readonly #options: WaitingRoomOptions;
  readonly #places: number;
  readonly #sockets = new Set<Socket>();

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
    this.#places = options.places ?? WAITING_PLACES;
  }

  /** Takes a connection in from which nothing has been read. */
  enter(socket: Socket, address: string): void {
    if (this.#sockets.size >= this.#places) {
      const [first] = this.#sockets;
      first?.destroy();
      if (first) this.#sockets.delete(first);
    }
    this.#sockets.add(socket);
    const gate = new RequestGate();
    const timer = setTimeout(() => socket.destroy(), Math.min(this.#options.seconds, WAIT_SECONDS) * 1000);
    const leave = () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
    };
    const onData = (chunk: Buffer) => {
      const state = gate.take(chunk);
      if (state === 'more') return;
      socket.off('data', onData);
      const { bytes } = gate;
      if (state === 'complete' && bytes !== undefined && this.#options.hasRoom(address)) {
        leave();
        socket.off('close', leave);
        socket.off('error', ignore);
        socket.pause();
        socket.unshift(bytes);
        this.#options.onRoom(socket, address);
        return;
      }
      if (state === 'complete') this.#options.onRefused({ callingAETitle: gate.callingAETitle, address });
      clearTimeout(timer);
      goodbye(socket, state === 'complete' ? encodeAssociateRJ(LOCAL_LIMIT) : garbageAnswer());
    };
    socket.once('close', leave);
    socket.on('error', ignore);
    socket.on('data', onData);
    socket.resume();
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }
}

/** Answers and reads on without looking, so that the answer is not lost to a reset. */
function goodbye(socket: Socket, answer: Uint8Array): void {
  socket.on('data', ignore);
  socket.end(answer);
  const timer = setTimeout(() => socket.destroy(), GOODBYE_MS);
  socket.once('close', () => clearTimeout(timer));
}

function ignore(): void {}
