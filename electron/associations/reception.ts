import type { Socket } from 'node:net';
import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import {
  type Association,
  type AssociationRequest,
  acceptAssociation,
  type ServiceProvider,
  type Transport,
} from '../dicom/network/index.ts';
import { IdentityCheck, negotiationAnswer } from '../dicom/services/index.ts';
import { admit, identityRejection, KnownAddresses, type Rejection } from './access.ts';
import { logAssociation } from './association-log.ts';
import type { Expectations } from './expectations.ts';
import type { StorageWatch } from './store-scp.ts';
import type { AccessRules, ListenerOptions } from './types.ts';

/** C-STOREs in flight may end within this when the listener closes. */
const DRAIN_MS = 2_000;
/** A peer that was sent A-ABORT hangs up within this, or is hung up on. */
const ABORT_MS = 100;

export interface ReceptionOptions {
  readonly access: AccessRules;
  readonly clocks: ListenerOptions['clocks'];
  readonly expectations: Expectations;
  /** What a caller is offered once it was admitted. */
  readonly services: (request: AssociationRequest, admitted: Admitted) => readonly ServiceProvider[];
  /** SOP classes in which a caller may take the SCP role (C-GET). Absent: none. */
  readonly subOperations?: (abstractSyntax: string) => boolean;
  readonly onRefused: (refused: { callingAETitle: string; address: string; error: PhosphorErrorData }) => void;
}

/** The places for associations, of which all receiving threads together have so many. */
export interface Places {
  /** Keeps a place for the association of this connection until it closes; false where all are taken. At once where the places are counted here. */
  take(connection: Connection): boolean | Promise<boolean>;
  /** It was refused for another reason. */
  leave(connection: Connection): void;
  onAdmitted(connection: Connection): void;
  onClosed(connection: Connection): void;
}

/** How a caller was admitted. */
export interface Admitted {
  readonly provisional: boolean;
  readonly watch: StorageWatch;
  readonly rules: AccessRules;
}

/** One caller from its first byte on. */
export interface Connection {
  readonly socket: Socket;
  /** Absent until the TLS handshake is done. */
  transport: Transport | undefined;
  readonly address: string;
  association: Association | undefined;
  stores: number;
}

/** The callers that one thread attends to: decides who may associate, and as what. */
export class Reception {
  readonly connections = new Set<Connection>();
  readonly #options: ReceptionOptions;
  readonly #places: Places;
  readonly #known = new KnownAddresses();
  #access: AccessRules;
  #identities = new IdentityCheck(undefined);
  #closing = false;
  #empty: (() => void) | undefined;

  constructor(options: ReceptionOptions, places: Places) {
    this.#options = options;
    this.#places = places;
    this.#access = options.access;
    this.setAccess(options.access);
  }

  setAccess(access: AccessRules): void {
    this.#access = access;
    this.#known.set(access.knownHosts);
    this.#identities = new IdentityCheck(access.userIdentity);
  }

  take(socket: Socket, address: string): Connection {
    const connection: Connection = { socket, transport: undefined, address, association: undefined, stores: 0 };
    this.connections.add(connection);
    socket.once('close', () => {
      this.connections.delete(connection);
      this.#places.onClosed(connection);
      if (this.connections.size === 0) this.#empty?.();
    });
    return connection;
  }

  attend(connection: Connection, transport: Transport): void {
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

  /** Associations end after the C-STORE they are at. Resolves when the last connection is gone. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const connection of this.connections) this.#endIfIdle(connection);
    if (this.connections.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#empty = resolve;
    const timer = setTimeout(() => {
      for (const { socket } of this.connections) socket.destroy();
    }, DRAIN_MS);
    await promise;
    clearTimeout(timer);
  }

  async #authorize(connection: Connection, request: AssociationRequest) {
    await this.#known.pending();
    const { callingAETitle, calledAETitle } = request;
    const { address } = connection;
    const taken = this.#places.take(connection);
    // Places that are counted here are taken and left in one turn, so that nobody is refused for one who is refused himself.
    const hasPlace = typeof taken === 'boolean' ? taken : await taken;
    const occupancy = {
      total: hasPlace ? 0 : 1,
      maxTotal: 1,
      fromAddress: 0,
      maxPerAddress: 1,
      expectations: this.#options.expectations.size,
    };
    const admission = admit({ callingAETitle, calledAETitle, address }, this.#access, this.#known.current(), occupancy);
    const refuse = ({ error, ...reject }: Rejection) => {
      if (hasPlace) this.#places.leave(connection);
      this.#options.onRefused({ callingAETitle, address, error });
      return { reject };
    };
    if (!admission.accept) return refuse(admission.rejection);
    // Not before: checking a signature is work that strangers could ask for without end.
    const verdict = this.#identities.judge(request.userIdentity);
    if (!verdict.ok) return refuse(identityRejection(verdict.reason));
    this.#places.onAdmitted(connection);
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
