import type { MatchRow, PersonName, PhosphorError, Query } from '../../../shared/contract/index.ts';
import type { Dataset } from '../dataset/index.ts';
import type { Association, DataSetSource, ProposedContext } from '../network/index.ts';

/** One use of a service on an association. `done` rejects with PhosphorError when no final response came; a status is a result, not an error. */
export interface ServiceOperation<Result> {
  readonly messageID: number;
  readonly done: Promise<Result>;
  /** C-CANCEL with its grace; see OutboundOperation. */
  cancel(because?: PhosphorError): void;
}

export interface FinalStatus {
  readonly status: number;
  readonly errorComment?: string;
  /** `ggggeeee`, lower-case hex. */
  readonly offendingElements: readonly string[];
}

export interface EchoOutcome extends FinalStatus {
  /** From the request's last byte to the response, ms. */
  readonly latencyMs: number;
}

/** Query/retrieve information model (PS3.4 C.6). */
export type InformationModel = 'patient-root' | 'study-root';

/** What SOP Class Extended Negotiation can agree on for query and retrieve (PS3.4 C.5). */
export interface QueryRetrieveFlags {
  /** Queries and retrieves that leave out the unique keys of the levels above. */
  readonly relational?: boolean;
  /** Date and time ranges are matched together. FIND only, as are the two below. */
  readonly dateTimeMatching?: boolean;
  /** Names that only sound alike match. */
  readonly fuzzySemanticMatching?: boolean;
  readonly timezoneQueryAdjustment?: boolean;
  /** Views that show classic images as enhanced multi-frame ones, or the other way round. */
  readonly enhancedMultiFrameConversion?: boolean;
}

export interface FindSCURequest {
  readonly query: Query;
  /** Default: Study Root, at patient level Patient Root. */
  readonly sopClassUID?: string;
  /** Of answers that declare none, or none that is known. */
  readonly fallbackCharacterSet?: string;
  /** Matches in order; one that cannot be used is left out and counted. A promise stops the reading from the peer. */
  readonly onMatch: (row: MatchRow) => Promise<void> | undefined | void;
}

export interface FindOutcome extends FinalStatus {
  readonly matches: number;
  /** Matches without the UID of their level. */
  readonly unusable: number;
}

export interface SubOperationCounts {
  readonly remaining?: number;
  readonly completed?: number;
  readonly failed?: number;
  readonly warning?: number;
}

export interface MoveSCURequest {
  /** Unique key of the level above, which Patient Root needs unless relational retrieves were agreed on. */
  readonly patientID?: string;
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID?: string;
  readonly sopInstanceUIDs?: readonly string[];
  readonly destinationAETitle: string;
  readonly messageID?: number;
  readonly priority?: number;
  /** Default: Study Root MOVE. */
  readonly sopClassUID?: string;
  /** Every pending response. */
  readonly onPending: (counts: SubOperationCounts) => void;
}

export interface MoveOutcome extends FinalStatus {
  readonly subOperations: SubOperationCounts;
  readonly failedSOPInstanceUIDs: readonly string[];
  readonly sawPending: boolean;
}

export interface GetSCURequest {
  /** Unique key of the level above, which Patient Root needs unless relational retrieves were agreed on. */
  readonly patientID?: string;
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID?: string;
  readonly sopInstanceUIDs?: readonly string[];
  readonly messageID?: number;
  readonly priority?: number;
  /** Default: Study Root GET. */
  readonly sopClassUID?: string;
  /** Every pending response. */
  readonly onPending: (counts: SubOperationCounts) => void;
}

export type GetOutcome = MoveOutcome;

export interface GetContextsOptions {
  /** Default: Study Root GET. */
  readonly sopClassUID?: string;
  /** Storage SOP classes to be ready for, the likeliest first; a caller that knows the study's own names those. Default: all, in order of use. */
  readonly storageSOPClassUIDs?: readonly string[];
  /**
   * Transfer syntaxes beside the uncompressed ones, the likeliest first: each has a context of its own for each SOP class as long as there is
   * room, so that an archive which sends what it has stored need not convert.
   */
  readonly transferSyntaxUIDs?: readonly string[];
}

/** An instance to send. */
export interface StoreSCURequest {
  readonly sopClassUID: string;
  readonly sopInstanceUID: string;
  /** Encoding of `dataSet`; a context with exactly this one must have been accepted. */
  readonly transferSyntaxUID: string;
  readonly dataSet: DataSetSource;
  /** 0 MEDIUM (default), 1 HIGH, 2 LOW. */
  readonly priority?: number;
  readonly messageID?: number;
  /** Of the C-MOVE for its sub-operations. Absent or '' = a plain store: neither element is sent, whatever the message ID (toolkits pass 0). */
  readonly moveOriginatorAETitle?: string;
  readonly moveOriginatorMessageID?: number;
}

/** A C-STORE-RQ that came in. */
export interface StoreRequest {
  readonly association: Association;
  readonly sopClassUID: string;
  readonly sopInstanceUID: string;
  readonly transferSyntaxUID: string;
  readonly messageID: number;
  readonly moveOriginatorAETitle?: string;
  readonly moveOriginatorMessageID?: number;
}

/** Takes one instance in (an archive Arrival fits). Errors become the response's status, see `statusOfError`. */
export interface StoreSink {
  write(chunk: Uint8Array): Promise<void> | undefined;
  /** Success is answered when this has returned, or when the promise that it returns resolves. */
  finish(): unknown;
  abort(): Promise<void> | void;
}

export interface StorageProviderOptions {
  /** Throwing PhosphorError refuses the instance: its `status` if it has one, else by its kind. The data set is then read and dropped. */
  readonly begin: (request: StoreRequest) => StoreSink;
  /** After the response was given to the transport: for the caller's books. `error` where it was refused. */
  readonly onAnswered?: (request: StoreRequest, status: number, error?: PhosphorError) => void;
  /** Default: every Storage SOP class of the standard. */
  readonly sopClassUIDs?: readonly string[];
  /** Beside those: classes that are taken for private storage classes, see `mayBePrivateStorage`. */
  readonly privateSOPClassUIDs?: readonly string[];
}

export interface QueryRequest {
  readonly association: Association;
  readonly sopClassUID: string;
  readonly identifier: Dataset;
  /** What was agreed on for the SOP class, see `grantedFlags`. */
  readonly flags: QueryRetrieveFlags;
  /** Aborted by C-CANCEL and by the end of the association. */
  readonly signal: AbortSignal;
}

export interface FindProviderOptions {
  /** Matches, one identifier each. Thrown PhosphorError → its `status`, else 0xC000-class by kind. */
  readonly find: (request: QueryRequest) => AsyncIterable<Dataset>;
  readonly sopClassUIDs?: readonly string[];
}

export interface MoveInstance {
  readonly sopClassUID: string;
  readonly sopInstanceUID: string;
  readonly transferSyntaxUID: string;
  /** Opens the data set when its turn comes. */
  readonly open: () => Promise<DataSetSource> | DataSetSource;
  /** Where the other side takes the SOP class in other transfer syntaxes only: the data set in one of these. Rejects with PhosphorError where that cannot be. */
  readonly convert?: (destination: Association, signal: AbortSignal) => Promise<{ transferSyntaxUID: string; dataSet: DataSetSource }>;
}

/** Sub-operations of a C-MOVE or C-GET. */
export interface RetrieveProviderOptions {
  readonly sopClassUIDs?: readonly string[];
  /** Pending responses are at least this far apart (seconds); 0 (default) = one after each sub-operation. */
  readonly pendingInterval?: number;
}

export interface MoveProviderOptions extends RetrieveProviderOptions {
  readonly instances: (request: QueryRequest & { readonly destinationAETitle: string }) => Promise<readonly MoveInstance[]>;
  /**
   * An association to the destination that proposes these contexts; asked for again where the instances need more than 128. An unknown destination:
   * PhosphorError with status 0xA801.
   */
  readonly connect: (destinationAETitle: string, contexts: readonly ProposedContext[], request: QueryRequest) => Promise<Association>;
}

export interface GetProviderOptions extends RetrieveProviderOptions {
  readonly instances: (request: QueryRequest) => Promise<readonly MoveInstance[]>;
}

/** Matching keys of a worklist query; wildcards and ranges as PS3.4 C.2.2.2 allows them for each. */
export interface WorklistQuery {
  readonly patientName?: string;
  readonly patientID?: string;
  readonly accessionNumber?: string;
  readonly requestedProcedureID?: string;
  readonly modality?: string;
  readonly scheduledStationAETitle?: string;
  /** `YYYYMMDD` or a range. */
  readonly startDate?: string;
  readonly startTime?: string;
  readonly performingPhysicianName?: string;
}

/** One scheduled procedure step with its order and patient (PS3.4 table K.6-1); what the peer leaves out is ''. */
export interface WorklistEntry {
  readonly patientName: PersonName;
  readonly patientID: string;
  readonly patientBirthDate: string;
  readonly patientSex: string;
  readonly accessionNumber: string;
  readonly referringPhysicianName: PersonName;
  readonly studyInstanceUID: string;
  readonly requestedProcedureID: string;
  readonly requestedProcedureDescription: string;
  readonly requestedProcedurePriority: string;
  readonly modality: string;
  readonly scheduledStationAETitles: readonly string[];
  readonly scheduledStationName: string;
  readonly startDate: string;
  readonly startTime: string;
  readonly performingPhysicianName: PersonName;
  readonly stepDescription: string;
  readonly stepID: string;
  readonly stepLocation: string;
}

/** Where a worklist comes from, as SCP. */
export interface WorklistSource {
  /** Entries that may match; the query's values are as they came, for a source that can narrow its search by them. */
  entries(query: WorklistQuery): Iterable<WorklistEntry> | AsyncIterable<WorklistEntry>;
}

export interface WorklistSCURequest {
  readonly query: WorklistQuery;
  /** Entries in order; one that cannot be used is left out and counted. A promise stops the reading from the peer. */
  readonly onEntry: (entry: WorklistEntry) => Promise<void> | undefined | void;
}

/** What callers must show of themselves, as SCP. */
export interface IdentityRules {
  /** A caller that shows nothing is refused. */
  readonly required: boolean;
  /** Username → passcode. */
  readonly passcodes: Readonly<Record<string, string>>;
  /** Absent = JSON Web Tokens are not accepted. `key` is the text of the key's file, see `jwtKey`. */
  readonly jwt?: { readonly key: string; readonly issuer?: string; readonly audience?: string };
}

/** Who we say we are to a peer: one of the five types of PS3.7 D.3.3.7.1. */
export type UserIdentityInput = { readonly positiveResponseRequested?: boolean } & (
  | { readonly type: 'username'; readonly username: string }
  | { readonly type: 'passcode'; readonly username: string; readonly passcode: string }
  | { readonly type: 'kerberos' | 'saml' | 'jwt'; readonly token: string | Uint8Array }
);
