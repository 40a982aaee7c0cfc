import {
  type Association,
  type ExtendedNegotiation,
  type ProposedContext,
  requestAssociation,
  type ServiceProvider,
} from '../dicom/network/index.ts';
import { userIdentity } from '../dicom/services/index.ts';
import { connectSocket } from './socket-transport.ts';
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

/** Connects to a peer and negotiates. Rejects with PhosphorError, see `connectSocket` and `requestAssociation`. */
export async function openAssociation(options: OpenOptions): Promise<Association> {
  const { peer, clocks, contexts, services = [], extendedNegotiation = [], signal } = options;
  const transport = await connectSocket(peer.host, peer.port, clocks.connect, signal);
  return await requestAssociation(transport, {
    callingAETitle: peer.callingAETitle,
    calledAETitle: peer.calledAETitle,
    contexts,
    services,
    extendedNegotiation,
    clocks,
    signal,
    ...(peer.maxPDULength === undefined ? {} : { maxPDULength: peer.maxPDULength }),
    ...(peer.userIdentity === undefined ? {} : { userIdentity: userIdentity(peer.userIdentity) }),
  });
}
