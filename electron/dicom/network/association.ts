import type { PhosphorError } from '../../../shared/contract/index.ts';
import type { Transport } from './transport.ts';
import type {
  AcceptedContext,
  AcceptorOptions,
  OutboundOperation,
  OutboundRequest,
  PeerInformation,
  RequestorOptions,
  Roles,
} from './types.ts';

/** One association over one transport connection (PS3.8 §7, §9): negotiated, named, watched over by its clocks. */
export declare class Association {
  /** `LOCAL->REMOTE(7)`. */
  readonly name: string;
  readonly role: 'requestor' | 'acceptor';
  readonly callingAETitle: string;
  readonly calledAETitle: string;
  readonly remoteAddress: string;
  readonly contexts: readonly AcceptedContext[];
  readonly peer: PeerInformation;
  readonly established: boolean;
  /** Resolves when the transport is closed: with nothing after an orderly release, else with what ended it. Never rejects. */
  readonly closed: Promise<PhosphorError | undefined>;
  /** An accepted context in which we may act as `role` (default scu). Without a transfer syntax: the first. */
  contextFor(abstractSyntax: string, transferSyntax?: string, role?: keyof Roles): AcceptedContext | undefined;
  /** Queues a request: one is outstanding at a time, in order. */
  send(request: OutboundRequest): OutboundOperation;
  /** A-RELEASE after what is outstanding. Rejects with PhosphorError (`timed-out` release …); the transport is closed then as well. */
  release(): Promise<void>;
  /** A-ABORT; everything outstanding ends with `because` (default `cancelled`). Idempotent. */
  abort(because?: PhosphorError): void;
}

/** Negotiates as requestor over a connected transport (PS3.8 §7.1). Rejects with PhosphorError `rejected`, `timed-out`, `aborted-by-peer`, `connection-lost`, `protocol`, `cancelled`. */
export declare function requestAssociation(transport: Transport, options: RequestorOptions): Promise<Association>;

/** Waits for the peer's A-ASSOCIATE-RQ and answers it. Rejects where no association comes about (it has been answered then). */
export declare function acceptAssociation(transport: Transport, options: AcceptorOptions): Promise<Association>;

/** Answers the first A-ASSOCIATE-RQ with a rejection: what is over the limit. */
