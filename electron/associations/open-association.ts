import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import {
  type Association,
  type ExtendedNegotiation,
  type ProposedContext,
  requestAssociation,
  type ServiceProvider,
} from '../dicom/network/index.ts';
import { userIdentity } from '../dicom/services/index.ts';
import { logAssociation } from './association-log.ts';
import { connectSocket, secureSocket } from './socket-transport.ts';
import { CLOSED_AFTER_HANDSHAKE } from './tls-errors.ts';
import { startTLS } from './tls-requestor.ts';
import type { Clocks, Peer } from './types.ts';

export interface OpenOptions {
  readonly peer: Peer;
  readonly clocks: Clocks;
  /** At most 128. */
  readonly contexts: readonly ProposedContext[];
  /** What we do for the peer meanwhile: sub-operations of a C-GET, event reports. */
  readonly services?: readonly ServiceProvider[];
  readonly extendedNegotiation?: readonly ExtendedNegotiation[];
  /** Gives up connecting and negotiating. */
  readonly signal: AbortSignal;
}

/**
 * Connects to a peer, by TLS where it is called so, and negotiates. Rejects with PhosphorError: `invalid-arguments` for a user identity that cannot be sent,
 * before anybody is called; else see `connectSocket`, `secureSocket` and `requestAssociation`.
 */
export async function openAssociation(options: OpenOptions): Promise<Association> {
  const { peer, clocks, contexts, services = [], extendedNegotiation = [], signal } = options;
  const { host, port, tls } = peer;
  const identity = peer.userIdentity && userIdentity(peer.userIdentity);
  const secured = tls && (await secureSocket(() => startTLS(host, port, tls), clocks, signal));
  const transport = secured ?? (await connectSocket(host, port, clocks.connect, signal));
  const association = requestAssociation(transport, {
    callingAETitle: peer.callingAETitle,
    calledAETitle: peer.calledAETitle,
    contexts,
    services,
    extendedNegotiation,
    clocks,
    signal,
    log: logAssociation,
    ...(peer.maxPDULength === undefined ? {} : { maxPDULength: peer.maxPDULength }),
    ...(identity === undefined ? {} : { userIdentity: identity }),
  });
  return await (secured ? association.catch((thrown: unknown) => judged(thrown, secured.failure)) : association);
}

/** In TLS 1.3 a peer judges our certificate when the handshake is over for us (RFC 8446 §2). Some send an alert then, many hang up without a word. */
function judged(thrown: unknown, failure: PhosphorError | undefined): never {
  if (!(thrown instanceof PhosphorError) || thrown.kind !== 'connection-lost') throw thrown;
  if (failure?.kind === 'tls') throw failure;
  const said = 'the peer hung up as soon as encryption was agreed upon';
  throw new PhosphorError('tls', said, { code: CLOSED_AFTER_HANDSHAKE, retryable: true }, { cause: thrown });
}
