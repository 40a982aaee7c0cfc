import { createServer, type Server, type Socket } from 'node:net';
import { type MessagePort, threadId } from 'node:worker_threads';
import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import type { Transport } from '../dicom/network/index.ts';
import { LOCAL_LIMIT, plainAddress } from './access.ts';
import { Handover } from './handover.ts';
import { type Connection, type Places, Reception, type ReceptionOptions } from './reception.ts';
import { listenError } from './socket-errors.ts';
import { acceptedSocket, resumedSocket } from './socket-transport.ts';
import { createTLSPort } from './tls-port.ts';
import type { AccessRules, ListenerOptions } from './types.ts';
import { WAITING_PLACES, WaitingRoom } from './waiting-room.ts';

/** Open associations at once, unless the rules say otherwise; half of them from one address. */
const MAX_ASSOCIATIONS = 64;

export interface ServerOptions extends ReceptionOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: ListenerOptions['tls'];
  /** So many threads there may be beside this one to give connections to. */
  readonly threadsBeside: number;
  readonly askForThread: () => void;
  readonly onOpen: (open: number) => void;
}

/** The port: takes connections in, shares them out among the receiving threads, counts what is open in all of them. */
export class ListenerServer implements Places {
  readonly #options: ServerOptions;
  readonly #server: Server;
  #secureServer: Server | undefined;
  readonly #reception: Reception;
  /** Those of this thread that have a place for an association; also one that hung up while its caller was looked up. */
  readonly #placed = new WeakSet<Connection>();
  readonly #handover: Handover;
  readonly #waitingRoom: WaitingRoom;
  #maxTotal = MAX_ASSOCIATIONS;
  #closing = false;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#reception = new Reception(options, this);
    this.#server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => this.#connect(socket));
    this.#handover = new Handover({
      threads: options.threadsBeside,
      name: String(threadId),
      askForThread: options.askForThread,
      hasRoom: (address) => this.#hasRoom(address),
      onPlaces: () => this.#options.onOpen(this.#open()),
      onKept: (socket, address) => this.#attend(socket, address),
    });
    this.#waitingRoom = new WaitingRoom({
      seconds: options.clocks.association,
      hasRoom: (address) => this.#hasRoom(address),
      onRoom: (socket, address) => this.#reception.attend(this.#reception.take(socket, address), resumedSocket(socket)),
      onRefused: (caller) => this.#options.onRefused({ ...caller, error: LOCAL_LIMIT.error }),
    });
    this.#setLimits(options.access);
  }

  /** Resolves with the port. Rejects with PhosphorError `port-in-use`, `unreachable`, or `tls` when our certificate cannot be used. */
  async listen(): Promise<number> {
    const { host, port, tls, clocks } = this.#options;
    await opened(this.#server, host, port);
    if (tls) {
      const onConnection = (socket: Socket, secured: Promise<Transport>) => this.#connect(socket, secured);
      this.#secureServer = createTLSPort({ tls, handshakeSeconds: clocks.tlsHandshake, onConnection });
      this.#secureServer.maxConnections = this.#places;
      await opened(this.#secureServer, host, tls.port);
    }
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new PhosphorError('unreachable', 'the listening socket has no address');
    return address.port;
  }

  setAccess(access: AccessRules): void {
    this.#reception.setAccess(access);
    this.#setLimits(access);
  }

  /** A thread beside this one can be reached by this line. */
  connect(port: MessagePort): void {
    this.#handover.add(port);
  }

  noMoreThreads(): void {
    this.#handover.noMore();
  }

  /** No new connections; associations of this thread end after the C-STORE they are at. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#waitingRoom.close();
    this.#handover.close();
    const closed = Promise.all([ended(this.#server), this.#secureServer && ended(this.#secureServer)]);
    await this.#reception.close();
    await closed;
  }

  take(connection: Connection): boolean {
    const hasRoom = this.#hasRoom(connection.address);
    if (hasRoom) this.#placed.add(connection);
    return hasRoom;
  }

  leave(connection: Connection): void {
    this.#placed.delete(connection);
  }

  onAdmitted(): void {
    this.#options.onOpen(this.#open());
  }

  onClosed(connection: Connection): void {
    if (this.#placed.delete(connection)) this.#options.onOpen(this.#open());
  }

  #setLimits(access: AccessRules): void {
    this.#maxTotal = access.maxAssociations ?? MAX_ASSOCIATIONS;
    this.#server.maxConnections = this.#places + WAITING_PLACES;
    if (this.#secureServer) this.#secureServer.maxConnections = this.#places;
  }

  /** @param secured the same connection once its TLS handshake is done */
  #connect(socket: Socket, secured?: Promise<Transport>): void {
    const address = plainAddress(socket.remoteAddress ?? '');
    let connections = 0;
    let fromAddress = 0;
    for (const other of this.#everywhere()) {
      connections += 1;
      if (other.address === address) fromAddress += 1;
    }
    const crowded = connections >= this.#places || fromAddress >= 2 * this.#maxPerAddress;
    // A handshake costs more than a refusal is worth.
    if (this.#closing || (crowded && secured !== undefined)) {
      socket.destroy();
      return;
    }
    if (crowded) {
      this.#waitingRoom.enter(socket, address);
      return;
    }
    if (secured === undefined) {
      if (!this.#handover.give(socket, address, this.#reception.connections.size)) this.#attend(socket, address);
      return;
    }
    const connection = this.#reception.take(socket, address);
    secured.then(
      (transport) => this.#reception.attend(connection, transport),
      (thrown) => {
        if (!this.#closing) this.#options.onRefused({ callingAETitle: '', address, error: toErrorData(thrown) });
      },
    );
  }

  #attend(socket: Socket, address: string): void {
    this.#reception.attend(this.#reception.take(socket, address), acceptedSocket(socket));
  }

  /** Connections that are attended to. Callers that connect and say nothing wait for ARTIM; they must not take the places of those who speak. */
  get #places(): number {
    return 2 * this.#maxTotal + 16;
  }

  get #maxPerAddress(): number {
    return Math.max(1, Math.ceil(this.#maxTotal / 2));
  }

  #hasRoom(address: string): boolean {
    let total = 0;
    let fromAddress = 0;
    for (const other of this.#everywhere()) {
      if (!other.hasPlace) continue;
      total += 1;
      if (other.address === address) fromAddress += 1;
    }
    return total < this.#maxTotal && fromAddress < this.#maxPerAddress;
  }

  #open(): number {
    let open = 0;
    for (const { hasPlace } of this.#everywhere()) if (hasPlace) open += 1;
    return open;
  }

  /** The connections of all receiving threads. */
  *#everywhere(): Generator<{ readonly address: string; readonly hasPlace: boolean }> {
    for (const connection of this.#reception.connections) yield { address: connection.address, hasPlace: this.#placed.has(connection) };
    yield* this.#handover.connections();
  }
}

/** Resolves when the server listens. Rejects with PhosphorError `port-in-use` or `unreachable`. */
async function opened(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onError = (thrown: Error) => reject(listenError(thrown));
  server.once('error', onError);
  server.listen({ host, port, backlog: 1024 }, resolve);
  await promise;
  server.off('error', onError);
}

/** Resolves when the server takes no more connections and those that it had are gone. */
function ended(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
