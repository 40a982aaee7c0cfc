import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { Transport } from '../dicom/network/index.ts';
import { securedSocket } from './socket-transport.ts';
import { tlsError } from './tls-errors.ts';
import { type ListenerTLS, profileOptions, usable } from './tls-profile.ts';

export interface TLSPortOptions {
  readonly tls: ListenerTLS;
  /** The clock `tls-handshake`, seconds. */
  readonly handshakeSeconds: number;
  /**
   * Called with each connection as it is accepted, before a byte was read. `secured` is the same connection once the handshake is done; it rejects
   * with PhosphorError (`tls`, `timed-out`), and the connection is closed then.
   */
  readonly onConnection: (socket: Socket, secured: Promise<Transport>) => void;
}

interface Handshake {
  readonly resolve: (transport: Transport) => void;
  readonly reject: (error: PhosphorError) => void;
}

/**
 * The acceptor of PS3.15 B.12: a server that is to be listened with, whose connections become transports when their handshake is done. Handshakes run side
 * by side in OpenSSL's own state machine; one that stalls holds nothing but its connection, until its clock runs out.
 *
 * @throws PhosphorError `tls` when certificate, key or trust anchors cannot be used
 */
export function createTLSPort({ tls, handshakeSeconds, onConnection }: TLSPortOptions): Server {
  const handshakes = new Map<string, Handshake>();
  // Closed before their handshake was done. Node reports each of them once, in this order, when the address is no longer known.
  const gone: Handshake[] = [];
  const server = usable(() =>
    createServer({
      ...profileOptions(tls),
      noDelay: true,
      handshakeTimeout: handshakeSeconds * 1000,
      requestCert: tls.clientCertificates !== 'none',
      // A certificate that is shown is always checked, see below; OpenSSL itself tells callers that one is missing.
      rejectUnauthorized: tls.clientCertificates === 'required',
    }),
  );
  const settle = (socket: Socket): Handshake | undefined => {
    if (socket.remotePort === undefined) return gone.shift();
    const key = endpointOf(socket);
    const handshake = handshakes.get(key);
    handshakes.delete(key);
    return handshake;
  };
  server.on('connection', (socket) => {
    const { promise, resolve, reject } = Promise.withResolvers<Transport>();
    const key = endpointOf(socket);
    const handshake: Handshake = { resolve, reject };
    handshakes.set(key, handshake);
    socket.once('close', () => {
      if (handshakes.get(key) !== handshake) return;
      handshakes.delete(key);
      gone.push(handshake);
    });
    promise.catch(() => {});
    onConnection(socket, promise);
  });
  server.on('secureConnection', (socket) => {
    const handshake = settle(socket);
    const refusal = tls.clientCertificates === 'requested' ? refusalOf(socket) : undefined;
    if (refusal === undefined) handshake?.resolve(securedSocket(socket));
    else {
      handshake?.reject(refusal);
      socket.destroy();
    }
  });
  server.on('tlsClientError', (thrown, socket) => {
    settle(socket)?.reject(handshakeError(thrown, socket));
    socket.destroy();
  });
  return server;
}

/** A caller need not show a certificate; one that shows a wrong one is turned away. */
function refusalOf(socket: TLSSocket): PhosphorError | undefined {
  const shown = socket.getPeerX509Certificate() !== undefined;
  return shown && !socket.authorized ? tlsError({ code: reasonOf(socket) }) : undefined;
}

function handshakeError(thrown: Error, socket: TLSSocket): PhosphorError {
  if ('code' in thrown && thrown.code === 'ERR_TLS_HANDSHAKE_TIMEOUT') {
    return new PhosphorError('timed-out', 'the TLS handshake did not end in time', { clock: 'tls-handshake' });
  }
  const reason = reasonOf(socket);
  return tlsError(reason === undefined ? thrown : { code: reason });
}

/** Why a certificate was not accepted. Node's type says Error, what it sets is OpenSSL's code. */
function reasonOf(socket: TLSSocket): string | undefined {
  const reason: unknown = socket.authorizationError;
  return typeof reason === 'string' && reason !== '' ? reason : undefined;
}

/** Names a connection to our port while it stands. */
function endpointOf(socket: Socket): string {
  return `${socket.remoteAddress}|${socket.remotePort}`;
}
