import type { PhosphorError, Settings } from '../../../shared/contract/index.ts';
import type { TimeSource } from './clock.ts';

/** Seconds; the entries of the settings that an association watches over. Connect and TLS belong to whoever opens the socket. */
export type AssociationClocks = Pick<
  Settings['clocks'],
  'association' | 'release' | 'dimseResponse' | 'pduReceive' | 'writeProgress' | 'idle' | 'cancelGrace'
>;

/** SCP/SCU role selection (PS3.7 annex D.3.3.4), from the association requestor's point of view. */
export interface Roles {
  readonly scu: boolean;
  readonly scp: boolean;
}

/** One presentation context as it is proposed. `roles` absent = the requestor is SCU. */
export interface ProposedContext {
  readonly abstractSyntax: string;
  readonly transferSyntaxes: readonly string[];
  readonly roles?: Roles;
}

/** One presentation context that both sides agreed on. */
export interface AcceptedContext {
  /** Odd, 1–255. */
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntax: string;
  /** What the association requestor may be in it. */
  readonly requestorRoles: Roles;
}

/** User identity negotiation, request (PS3.7 D.3.3.7.1). Types 1 username, 2 username and passcode, 3 Kerberos, 4 SAML, 5 JWT. */
export interface UserIdentity {
  readonly type: number;
  readonly primary: Uint8Array;
  readonly secondary: Uint8Array;
  readonly positiveResponseRequested: boolean;
}

/** SOP Class Extended Negotiation (PS3.7 D.3.3.5). */
export interface ExtendedNegotiation {
  readonly sopClassUID: string;
  readonly serviceClassApplicationInformation: Uint8Array;
}

/** SOP Class Common Extended Negotiation (PS3.7 D.3.3.6). */
export interface CommonExtendedNegotiation {
  readonly sopClassUID: string;
  readonly serviceClassUID: string;
  readonly relatedGeneralSOPClassUIDs: readonly string[];
}

/** What the peer says of itself in its user information. */
export interface PeerInformation {
  /** Bytes of a P-DATA-TF PDU's variable field that it takes; 0 = no limit. */
  readonly maxPDULength: number;
  readonly implementationClassUID: string;
  readonly implementationVersionName: string;
}

/** A-ASSOCIATE-RJ (PS3.8 §9.3.4). */
export interface Rejection {
  readonly result: number;
  readonly source: number;
  readonly reason: number;
}

interface CommonOptions {
  readonly clocks: AssociationClocks;
  /** PDU length that we announce (bytes). Default 131,072; 0 = no limit. */
  readonly maxPDULength?: number;
  /** Default: the system's. */
  readonly time?: TimeSource;
  /** Lines that begin with the association's name `LOCAL->REMOTE(7)`; free of patient data. */
  readonly log?: (line: string) => void;
  /** What we do for the peer. As requestor: C-STORE sub-operations of a C-GET, event reports. */
  readonly services?: readonly ServiceProvider[];
}

export interface RequestorOptions extends CommonOptions {
  readonly callingAETitle: string;
  readonly calledAETitle: string;
  /** At most 128 (PS3.8 §9.3.2.2: odd IDs 1–255). */
  readonly contexts: readonly ProposedContext[];
  readonly userIdentity?: UserIdentity;
  readonly extendedNegotiation?: readonly ExtendedNegotiation[];
  readonly commonExtendedNegotiation?: readonly CommonExtendedNegotiation[];
  /** Aborts the request while it is under way. */
  readonly signal?: AbortSignal;
}

/** An A-ASSOCIATE-RQ as an acceptor judges it. */
export interface AssociationRequest {
  readonly callingAETitle: string;
  readonly calledAETitle: string;
  readonly remoteAddress: string;
  readonly contexts: readonly (ProposedContext & { readonly id: number })[];
  readonly peer: PeerInformation;
  readonly userIdentity?: UserIdentity;
  readonly extendedNegotiation: readonly ExtendedNegotiation[];
  readonly commonExtendedNegotiation: readonly CommonExtendedNegotiation[];
}

export interface Acceptance {
  /** Server response of the user identity negotiation (PS3.7 D.3.3.7.2), sent where one was asked for. Absent: the identity is not confirmed. */
  readonly userIdentityResponse?: Uint8Array;
  /** Our answer to what the peer proposed (PS3.7 D.3.3.5); absent sub-items mean "not supported". */
  readonly extendedNegotiation?: readonly ExtendedNegotiation[];
  /** Overrides `services` for this association. */
  readonly services?: readonly ServiceProvider[];
}

export interface AcceptorOptions extends CommonOptions {
  readonly services: readonly ServiceProvider[];
  /**
   * SOP classes in which the peer may take the SCP role, because we send sub-operations to it (C-GET). Absent: none. Beside these it may in
   * every class whose event reports we take.
   */
  readonly subOperations?: (abstractSyntax: string) => boolean;
  /** Who may come in. Throwing rejects as "no reason given". */
  readonly authorize: (
    request: AssociationRequest,
  ) => Acceptance | { readonly reject: Rejection } | Promise<Acceptance | { readonly reject: Rejection }>;
}

/** Bytes of a data set to send. Chunks of 64 KiB to 1 MiB are best; a chunk's buffer must not be changed after it was handed over. */
export type DataSetSource = Uint8Array | { readonly chunks: AsyncIterable<Uint8Array>; readonly length?: number };

/** Where a data set goes that comes in, fragment by fragment. */
export interface DataSetSink {
  /** A view that is valid until the returned promise resolves; `undefined` = taken in at once. A promise stops the reading from the peer. */
  write(chunk: Uint8Array): Promise<void> | undefined;
  /** The data set is complete. Errors thrown here end the association: services answer with a status instead. */
  end(): Promise<void> | undefined;
  /** The association ended in the middle of the data set. Never throws. */
  abort(error: PhosphorError): void;
}

/** A DIMSE command set (PS3.7 annex E), by the keywords of its elements. AT values are `ggggeeee` in lower-case hex. */
export interface CommandSet {
  commandField: number;
  /** Command Data Set Type is not 0101H. */
  hasDataSet: boolean;
  affectedSOPClassUID?: string;
  requestedSOPClassUID?: string;
  messageID?: number;
  messageIDBeingRespondedTo?: number;
  priority?: number;
  status?: number;
  offendingElements?: readonly string[];
  errorComment?: string;
  errorID?: number;
  affectedSOPInstanceUID?: string;
  requestedSOPInstanceUID?: string;
  eventTypeID?: number;
  attributeIdentifierList?: readonly string[];
  actionTypeID?: number;
  moveDestination?: string;
  moveOriginatorAETitle?: string;
  moveOriginatorMessageID?: number;
  numberOfRemainingSuboperations?: number;
  numberOfCompletedSuboperations?: number;
  numberOfFailedSuboperations?: number;
  numberOfWarningSuboperations?: number;
  /** (0008,0058), which belongs into the identifier: read where a peer puts it into the command set, never written. */
  failedSOPInstanceUIDs?: readonly string[];
}

/** One association over one transport connection (PS3.8 §7, §9): negotiated, named, watched over by its clocks. */
export interface Association {
  /** `LOCAL->REMOTE(7)`. */
  readonly name: string;
  readonly role: 'requestor' | 'acceptor';
  readonly callingAETitle: string;
  readonly calledAETitle: string;
  readonly remoteAddress: string;
  readonly contexts: readonly AcceptedContext[];
  readonly peer: PeerInformation;
  /** What the peer said of SOP classes in its SOP Class Extended Negotiation sub-items. */
  readonly extendedNegotiation: readonly ExtendedNegotiation[];
  /** Resolves when the transport is closed: with nothing after an orderly release, else with what ended it. Never rejects. */
  readonly closed: Promise<PhosphorError | undefined>;
  /** Milliseconds of the association's time source. */
  readonly now: () => number;
  /** Requests can be sent. */
  readonly established: boolean;
  /** An accepted context in which we may act as `role` (default scu). Without a transfer syntax: the first. */
  contextFor(abstractSyntax: string, transferSyntax?: string, role?: keyof Roles): AcceptedContext | undefined;
  /** Queues a request: one is outstanding at a time, in order. Throws PhosphorError where the association has ended. */
  send(request: OutboundRequest): OutboundOperation;
  /** A-RELEASE after what is outstanding. Rejects with PhosphorError (`timed-out` release …); the transport is closed then as well. */
  release(): Promise<void>;
  /** A-ABORT; everything outstanding ends with `because` (default `cancelled`). Idempotent. */
  abort(because?: PhosphorError): void;
}

/** A request that the peer sent us. */
export interface InboundRequest {
  readonly association: Association;
  readonly context: AcceptedContext;
  readonly command: Readonly<CommandSet>;
  readonly messageID: number;
  /** Aborted by C-CANCEL-RQ (reason: PhosphorError `cancelled`) and by the end of the association (its error). */
  readonly signal: AbortSignal;
  /**
   * Sends a response; command field, message ID, SOP class and data set type are filled in. A status that is not pending ends the operation. The promise is
   * back-pressure and resolves also when the association is gone (then `signal` is aborted).
   */
  respond(response: Partial<CommandSet> & { status: number }, dataSet?: Uint8Array): Promise<void> | undefined;
}

/** One service that we provide as SCP on an association. */
export interface ServiceProvider {
  /** Request's command field, see CommandField. */
  readonly commandField: number;
  readonly abstractSyntaxes: readonly string[];
  /** In no order of preference: among these the peer's first is taken. Absent = every known one. */
  readonly transferSyntaxes?: readonly string[];
  /** Called when the command set is complete. Returns the sink of the data set that follows; it is discarded where there is none. */
  handle(request: InboundRequest): DataSetSink | undefined;
}

/** A request that we send. */
export interface OutboundRequest {
  readonly context: AcceptedContext;
  readonly command: Partial<CommandSet> & { commandField: number };
  readonly dataSet?: DataSetSource;
  /** Imposed by the caller (C-MOVE); absent = the association's next. */
  readonly messageID?: number;
  /** False while other clocks watch over the operation (C-MOVE, C-GET). Default true: the DIMSE response clock. */
  readonly responseClock?: boolean;
  /** Pending responses, with their identifier. A promise stops the reading from the peer. */
  readonly onPending?: (response: Readonly<CommandSet>, identifier: Uint8Array | undefined) => Promise<void> | undefined | void;
  /** The request's last byte went to the transport. */
  readonly onSent?: () => void;
}

export interface FinalMessage {
  readonly command: Readonly<CommandSet>;
  readonly identifier: Uint8Array | undefined;
}

/** A request that waits for its turn or is outstanding. */
export interface OutboundOperation {
  readonly messageID: number;
  /** Rejects with PhosphorError. */
  readonly done: Promise<FinalMessage>;
  /**
   * Not yet sent: ends as `cancelled`. Outstanding: C-CANCEL-RQ where the service knows it, then the final response within the cancel grace, else
   * A-ABORT and `timed-out` (`cancel-grace`). With `because`, `done` rejects with that error in the end. Idempotent.
   */
  cancel(because?: PhosphorError): void;
}
