import { createServer, type Server, type Socket } from 'node:net';
import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import {
  type Association,
  type AssociationRequest,
  acceptAssociation,
  type ServiceProvider,
  type Transport,
} from '../dicom/network/index.ts';
import { IdentityCheck, negotiationAnswer } from '../dicom/services/index.ts';
import { type Admission, admit, identityRejection, KnownAddresses, LOCAL_LIMIT, plainAddress, type Rejection } from './access.ts';
import { logAssociation } from './association-log.ts';
import type { Expectations } from './expectations.ts';
import { listenError } from './socket-errors.ts';
import { acceptedSocket, resumedSocket } from './socket-transport.ts';
import type { StorageWatch } from './store-scp.ts';
import { createTLSPort } from './tls-port.ts';
import type { AccessRules, ListenerOptions } from './types.ts';
import { WAITING_PLACES, WaitingRoom } from './waiting-room.ts';

/** Open associations at once, unless the rules say otherwise; half of them from one address. */
const MAX_ASSOCIATIONS = 64;
/** C-STOREs in flight may end within this when the listener closes. */
const DRAIN_MS = 2_000;
/** A peer that was sent A-ABORT hangs up within this, or is hung up on. */
const ABORT_MS = 100;

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly access: AccessRules;
  readonly clocks: ListenerOptions['clocks'];
  readonly tls?: ListenerOptions['tls'];
  readonly expectations: Expectations;
  /** What a caller is offered once it was admitted. */
  readonly services: (request: AssociationRequest, admitted: Admitted) => readonly ServiceProvider[];
  /** SOP classes in which a caller may take the SCP role (C-GET). Absent: none. */
  readonly subOperations?: (abstractSyntax: string) => boolean;
  readonly onOpen: (open: number) => void;
  readonly onRefused: (refused: { callingAETitle: string; address: string; error: PhosphorErrorData }) => void;
}

/** How a caller was admitted. */
export interface Admitted {
  readonly provisional: boolean;
  readonly watch: StorageWatch;
  readonly rules: AccessRules;
}

/** One caller from its first byte on. */
interface Connection {
  readonly socket: Socket;
  /** Absent until the TLS handshake is done. */
  transport: Transport | undefined;
  readonly address: string;
  admitted: boolean;
  association: Association | undefined;
  stores: number;
}

/** The port: takes connections in, decides who may associate, counts what is open. */
export class ListenerServer {
  readonly #options: ServerOptions;
  readonly #server: Server;
  #secureServer: Server | undefined;
  readonly #known = new KnownAddresses();
  readonly #connections = new Set<Connection>();
  readonly #waitingRoom: WaitingRoom;
  #maxTotal = MAX_ASSOCIATIONS;
  #access: AccessRules;
  #identities = new IdentityCheck(undefined);
  #closing = false;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#access = options.access;
    this.#server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => this.#connect(socket));
    this.#waitingRoom = new WaitingRoom({
      seconds: options.clocks.association,
      hasRoom: (address) => {
        const { total, maxTotal, fromAddress, maxPerAddress } = this.#occupancy(address);
        return total < maxTotal && fromAddress < maxPerAddress;
      },
      onRoom: (socket, address) => this.#attend(this.#take(socket, address), resumedSocket(socket)),
      onRefused: (caller) => this.#options.onRefused({ ...caller, error: LOCAL_LIMIT.error }),
    });
  }

  /** Resolves with the port. Rejects with PhosphorError `port-in-use`, `unreachable`, or `tls` when our certificate cannot be used. */
  async listen(): Promise<number> {
    const { host, port, access, tls, clocks } = this.#options;
    this.setAccess(access);
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
    this.#access = access;
    this.#known.set(access.knownHosts);
    this.#identities = new IdentityCheck(access.userIdentity);
    this.#maxTotal = access.maxAssociations ?? MAX_ASSOCIATIONS;
    this.#server.maxConnections = this.#places + WAITING_PLACES;
    if (this.#secureServer) this.#secureServer.maxConnections = this.#places;
  }

  /** No new connections; associations end after the C-STORE they are at. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#waitingRoom.close();
    const closed = Promise.all([ended(this.#server), this.#secureServer && ended(this.#secureServer)]);
    for (const connection of this.#connections) this.#endIfIdle(connection);
    const timer = setTimeout(() => {
      for (const { socket } of this.#connections) socket.destroy();
    }, DRAIN_MS);
    await closed;
    clearTimeout(timer);
  }

  /** @param secured the same connection once its TLS handshake is done */
  #connect(socket: Socket, secured?: Promise<Transport>): void {
    const address = plainAddress(socket.remoteAddress ?? '');
    const fromAddress = this.#count((connection) => connection.address === address);
    const crowded = this.#connections.size >= this.#places || fromAddress >= 2 * this.#maxPerAddress;
    // A handshake costs more than a refusal is worth.
    if (this.#closing || (crowded && secured !== undefined)) {
      socket.destroy();
      return;
    }
    if (crowded) {
      this.#waitingRoom.enter(socket, address);
      return;
    }
    const connection = this.#take(socket, address);
    if (secured === undefined) this.#attend(connection, acceptedSocket(socket));
    else {
      secured.then(
        (transport) => this.#attend(connection, transport),
        (thrown) => {
          if (!this.#closing) this.#options.onRefused({ callingAETitle: '', address, error: toErrorData(thrown) });
        },
      );
    }
  }

  #take(socket: Socket, address: string): Connection {
    const connection: Connection = { socket, transport: undefined, address, admitted: false, association: undefined, stores: 0 };
    this.#connections.add(connection);
    socket.once('close', () => this.#disconnect(connection));
    return connection;
  }

  #attend(connection: Connection, transport: Transport): void {
    connection.transport = transport;
    const { clocks, subOperations } = this.#options;
    const { maxPDULength } = this.#access;
    acceptAssociation(transport, {
      clocks,
      ...(maxPDULength === undefined ? {} : { maxPDULength }),
      ...(subOperations === undefined ? {} : { subOperations }),
      services: [],
      log: logAssociation,
      authorize: (request) => this.#authorize(connection, request),
    }).then(
      (association) => {
        connection.association = association;
        if (this.#closing) this.#endIfIdle(connection);
      },
      // It has been answered and closes by its own clock; who was refused has been reported by then.
      () => {},
    );
  }

  async #authorize(connection: Connection, request: AssociationRequest) {
    await this.#known.pending();
    const { callingAETitle, calledAETitle } = request;
    const { address } = connection;
    const admission: Admission = admit(
      { callingAETitle, calledAETitle, address },
      this.#access,
      this.#known.current(),
      this.#occupancy(address),
    );
    const refuse = ({ error, ...reject }: Rejection) => {
      this.#options.onRefused({ callingAETitle, address, error });
      return { reject };
    };
    if (!admission.accept) return refuse(admission.rejection);
    // Not before: checking a signature is work that strangers could ask for without end.
    const verdict = this.#identities.judge(request.userIdentity);
    if (!verdict.ok) return refuse(identityRejection(verdict.reason));
    connection.admitted = true;
    this.#options.onOpen(this.#open());
    const watch: StorageWatch = {
      onBegin: () => {
        connection.stores += 1;
      },
      onAnswered: () => {
        connection.stores -= 1;
        if (this.#closing) this.#endIfIdle(connection);
      },
    };
    const services = this.#options.services(request, { provisional: admission.provisional, watch, rules: this.#access });
    return {
      services,
      extendedNegotiation: negotiationAnswer(request.extendedNegotiation.filter(({ sopClassUID }) => isOffered(services, sopClassUID))),
      ...(verdict.response === undefined ? {} : { userIdentityResponse: verdict.response }),
    };
  }

  /** Connections that are attended to. Callers that connect and say nothing wait for ARTIM; they must not take the places of those who speak. */
  get #places(): number {
    return 2 * this.#maxTotal + 16;
  }

  get #maxPerAddress(): number {
    return Math.max(1, Math.ceil(this.#maxTotal / 2));
  }

  #occupancy(address: string) {
    return {
      total: this.#open(),
      fromAddress: this.#count((connection) => connection.admitted && connection.address === address),
      maxTotal: this.#maxTotal,
      maxPerAddress: this.#maxPerAddress,
      expectations: this.#options.expectations.size,
    };
  }

  #open(): number {
    return this.#count((connection) => connection.admitted);
  }

  #count(holds: (connection: Connection) => boolean): number {
    let count = 0;
    for (const connection of this.#connections) if (holds(connection)) count += 1;
    return count;
  }

  #disconnect(connection: Connection): void {
    this.#connections.delete(connection);
    if (connection.admitted) this.#options.onOpen(this.#open());
  }

  #endIfIdle(connection: Connection): void {
    if (connection.stores > 0) return;
    connection.association?.abort(new PhosphorError('interrupted', 'the workstation is closing'));
    // Not waiting for the peer to hang up, only for A-ABORT to be on its way.
    connection.transport?.end();
    setTimeout(() => connection.socket.destroy(), ABORT_MS);
  }
}

const isOffered = (services: readonly ServiceProvider[], sopClassUID: string) =>
  services.some(({ abstractSyntaxes }) => abstractSyntaxes.includes(sopClassUID));

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
