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

/** A connection that closed in its handshake is told of within this. */
const REASON_MS = 250;

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
  const handshakes = new Map<Socket, Handshake>();
  const server = usable(() =>
    createServer({
      ...profileOptions(tls),
      noDelay: true,
      keepAlive: true,
      handshakeTimeout: handshakeSeconds * 1000,
      requestCert: tls.clientCertificates !== 'none',
      // A certificate that is shown is always checked, see below; OpenSSL itself tells callers that one is missing.
      rejectUnauthorized: tls.clientCertificates === 'required',
    }),
  );
  const settle = (secure: TLSSocket): Handshake | undefined => {
    const socket = underlying(secure, [...handshakes.keys()]);
    const handshake = socket && handshakes.get(socket);
    if (socket) handshakes.delete(socket);
    return handshake;
  };
  server.on('connection', (socket) => {
    const { promise, resolve, reject } = Promise.withResolvers<Transport>();
    handshakes.set(socket, { resolve, reject });
    socket.once('close', () => {
      if (!handshakes.has(socket)) return;
      // Why is told by `tlsClientError`, before or after.
      setTimeout(() => {
        handshakes.delete(socket);
        reject(new PhosphorError('tls', 'the caller hung up during the TLS handshake', { code: 'ECONNRESET' }));
      }, REASON_MS);
    });
    promise.catch(() => {});
    onConnection(socket, promise);
  });
  server.on('secureConnection', (socket) => {
    const handshake = settle(socket);
    const refusal = tls.clientCertificates === 'requested' ? refusalOf(socket) : undefined;
    if (handshake && refusal === undefined) {
      handshake.resolve(securedSocket(socket));
      return;
    }
    if (refusal) handshake?.reject(refusal);
    socket.on('error', () => {});
    socket.destroy();
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

/** The connection that a TLS socket secures: Node keeps it, and its type does not say so; while the connection stands the address tells. */
function underlying(secure: TLSSocket, sockets: readonly Socket[]): Socket | undefined {
  const parent: unknown = Reflect.get(secure, '_parent');
  for (const socket of sockets) if (socket === parent) return socket;
  for (const socket of sockets) {
    if (secure.remotePort !== undefined && socket.remotePort === secure.remotePort && socket.remoteAddress === secure.remoteAddress)
      return socket;
  }
  return undefined;
}
