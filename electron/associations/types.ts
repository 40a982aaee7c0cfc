import type { MessagePort } from 'node:worker_threads';
import type { MatchRow, PhosphorErrorData, Query, Settings } from '../../shared/contract/index.ts';
import type { ArchiveLocation, ArrivalResult } from '../archive/types.ts';
import type {
  IdentityRules,
  InformationModel,
  QueryRetrieveFlags,
  UserIdentityInput,
  WorklistEntry,
  WorklistQuery,
} from '../dicom/services/index.ts';
import type {
  CommitmentDelivery,
  CommitmentListener,
  CommitRequest,
  CommitResult,
  StorageCommitmentOptions,
  TakeCommitment,
} from './commitment-types.ts';
import type { ListenerTLS, PeerTLS } from './tls-profile.ts';

/** Whom we call, and as whom. Plain data: it goes to the worker as it is. */
export interface Peer {
  readonly host: string;
  readonly port: number;
  readonly calledAETitle: string;
  readonly callingAETitle: string;
  /** PDU length that we announce (bytes). Default 131,072. */
  readonly maxPDULength?: number;
  /** Who we say we are (PS3.7 D.3.3.7). */
  readonly userIdentity?: UserIdentityInput;
  /** Absent = no TLS. */
  readonly tls?: PeerTLS;
}

/** Clocks in seconds, as in the settings. */
export type Clocks = Settings['clocks'];

export interface OperationOptions {
  readonly peer: Peer;
  readonly clocks: Clocks;
}

/**
 * One operation on one association in one worker. `done` never rejects: it resolves with the one final result, exactly once, whatever
 * happens to peer, worker or pool. Progress listeners are never called after `done` has resolved.
 */
export interface Operation<Result> {
  readonly operationId: number;
  readonly done: Promise<Result | { readonly ok: false; readonly error: PhosphorErrorData }>;
  /** C-CANCEL, grace, then release or abort (docs/architecture.md "Actions"). Idempotent. */
  cancel(): void;
}

export interface EchoRequest extends OperationOptions {
  /** So many on the one association (1–10,000, default 1), for a median that one delayed packet does not spoil. */
  readonly repeat?: number;
}

export interface EchoResult {
  readonly ok: true;
  /** Of the last. */
  readonly status: number;
  /** From the C-ECHO-RQ's last byte to its response, ms; the median of all. */
  readonly latencyMs: number;
  /** Fewer than asked for where a status or the end of the association came between. */
  readonly answered: number;
}

/** Final response of a C-FIND or C-MOVE, as it came (PS3.7 §9.3.2, §9.3.4, annex C). */
export interface FinalResponse {
  readonly ok: true;
  readonly status: number;
  readonly errorComment?: string;
  /** `ggggeeee`, lower-case hex. */
  readonly offendingElements: readonly string[];
}

export interface FindResult extends FinalResponse {
  readonly matches: number;
}

/** Number of … Sub-operations; undefined where the response left it out. */
export interface SubOperations {
  readonly remaining?: number;
  readonly completed?: number;
  readonly failed?: number;
  readonly warning?: number;
}

export interface MoveResult extends FinalResponse {
  readonly subOperations: SubOperations;
  readonly failedSOPInstanceUIDs: readonly string[];
  /** False when the peer sent its final response only. */
  readonly sawPending: boolean;
}

/** How an archive is asked. */
export interface ModelOptions {
  /** Default: Study Root; a search at patient level Patient Root. A retrieve in Patient Root names its patient. */
  readonly informationModel?: InformationModel;
  /** Proposed by SOP Class Extended Negotiation; a peer that says nothing supports none of them. */
  readonly negotiate?: QueryRetrieveFlags;
}

export interface FindRequest extends OperationOptions, ModelOptions {
  readonly query: Query;
  /** Specific Character Set of answers that declare none, or none that is known. */
  readonly fallbackCharacterSet?: string;
  /** Called with at most 64 rows or 50 ms' worth; the worker waits for `acknowledge` when 16 batches are open. */
  readonly onMatches: (rows: MatchRow[], acknowledge: () => void) => void;
}

export interface WorklistRequest extends OperationOptions {
  readonly query: WorklistQuery;
  /** Called with at most 64 entries or 50 ms' worth; the worker waits for `acknowledge` when 16 batches are open. */
  readonly onEntries: (entries: WorklistEntry[], acknowledge: () => void) => void;
}

export interface MoveRequest extends OperationOptions, ModelOptions {
  readonly patientID?: string;
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID?: string;
  readonly destinationAETitle: string;
  /** From the process-wide counter, see MoveMessageIds. */
  readonly messageId: number;
  readonly thirdParty: boolean;
  /** At most 10 a second, newest counts. */
  readonly onPending: (counts: SubOperations) => void;
}

/** A C-GET's result reads as a C-MOVE's does. */
export type GetResult = MoveResult;

/** C-GET: the instances come on the association that asks for them, and are taken in by its worker. */
export interface GetRequest extends OperationOptions, ModelOptions {
  readonly patientID?: string;
  /** Whose the arrivals are. */
  readonly actionId: string;
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID?: string;
  readonly sopInstanceUIDs?: readonly string[];
  /** Storage SOP classes to be ready for, the likeliest first (see `getContexts`); the study's own where they are known. */
  readonly storageSOPClassUIDs?: readonly string[];
  /** The port is transferred (`archive.arrivalPort()`), and closed in the end. */
  readonly storage: { readonly location: ArchiveLocation; readonly arrivals: MessagePort };
  /** At most 10 a second, newest counts. */
  readonly onPending: (counts: SubOperations) => void;
  /** Batches of at most 64 or 50 ms. */
  readonly onStored: (instances: StoredInstance[]) => void;
  readonly onRefused: (instances: RefusedInstance[]) => void;
}

/** What became of one file of a send: a status where the peer answered, else an error. */
export interface SentInstance {
  readonly path: string;
  /** Absent where the file could not be read so far. */
  readonly sopInstanceUID?: string;
  readonly status?: number;
  /** The transfer syntax it went out in, where that is not the one it is stored in. */
  readonly transcodedTo?: string;
  readonly errorComment?: string;
  /** `no-presentation-context`: nothing of it was sent; `unreadable`, `not-dicom`, `damaged`: the file; else the association. */
  readonly error?: PhosphorErrorData;
}

export interface StoreResult {
  readonly ok: true;
  /** Answered with success. */
  readonly sent: number;
  readonly warnings: number;
  readonly failed: number;
}

export interface StoreRequest extends OperationOptions {
  /** Part 10 files, sent as they are stored where the peer takes that, else converted without loss (PS3.4 B.2.2). */
  readonly files: readonly string[];
  /** 0 MEDIUM (default), 1 HIGH, 2 LOW. */
  readonly priority?: number;
  /** Where the peer takes no other encoding: also conversions that lose something. Default false. */
  readonly allowLossyConversion?: boolean;
  /** Of a C-MOVE whose sub-operations these are; absent = the elements are absent. */
  readonly moveOriginatorAETitle?: string;
  readonly moveOriginatorMessageID?: number;
  /** One result for each file that was looked at, in batches of at most 64 or 50 ms. */
  readonly onSent: (instances: SentInstance[]) => void;
}

/** Long-lived association workers (SCU side): least-loaded choice, an association pinned to its worker, dead ones replaced at once. */
export interface AssociationPool {
  echo(request: EchoRequest): Operation<EchoResult>;
  find(request: FindRequest): Operation<FindResult>;
  /** Modality Worklist. */
  worklist(request: WorklistRequest): Operation<FindResult>;
  move(request: MoveRequest): Operation<MoveResult>;
  get(request: GetRequest): Operation<GetResult>;
  store(request: StoreRequest): Operation<StoreResult>;
  /** Storage commitment; the result says per instance what the archive reported. */
  commit(request: CommitRequest): Operation<CommitResult>;
  /** Tells the worker that an instance of this C-MOVE arrived: re-arms its retrieve-stall clock. */
  moveProgress(operationId: number): void;
  /** For tests and the health page: thread IDs and number of live operations of each worker. */
  workers(): readonly { readonly threadId: number; readonly operations: number }[];
  /** Ends a worker's thread at once, as a crash would (tests). */
  killWorker(threadId: number): Promise<void>;
  /** Ordered: no new operations, live ones cancelled, associations released, threads ended; bounded by the release clock. */
  close(): Promise<void>;
}

/** Creates the pool; its workers start lazily or at once, never more than `workers`. */
export type CreateAssociationPool = (options: {
  readonly workers: number;
  /** Lines about associations, each beginning with its name `LOCAL->REMOTE(7)`; batches of at most 64 or 50 ms, bounded in their rate. */
  readonly onLog?: (lines: string[]) => void;
}) => AssociationPool;

// -------------------------------------------------------------------------------------------------------------- receiver

/** A retrieve that is running: what may come in for it. */
export interface Expectation {
  readonly actionId: string;
  /** Our AE title as the C-MOVE's calling title, i.e. the Move Originator AE title of its sub-operations. */
  readonly moveOriginatorAETitle: string;
  readonly messageId: number;
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID?: string;
}

/** Who may store, see docs/architecture.md. */
export interface AccessRules {
  /** Called title that is ours. */
  readonly aeTitle: string;
  /** Calling titles and addresses of known nodes. */
  readonly knownAETitles: readonly string[];
  readonly knownHosts: readonly string[];
  readonly acceptAnyone: boolean;
  /** What callers must show of themselves (PS3.7 D.3.3.7). Absent: it is not looked at. */
  readonly userIdentity?: IdentityRules;
  /** Take SOP classes as storage classes that the standard does not know. Default false. */
  readonly acceptPrivateSOPClasses?: boolean;
  /** PDU length that we announce to callers (bytes). Default 131,072. */
  readonly maxPDULength?: number;
  /** Open associations at once, half of them from one address. Default 64. */
  readonly maxAssociations?: number;
}

/** One C-STORE that was answered with success, credited to a retrieve or to none. */
export interface StoredInstance {
  readonly actionId?: string;
  readonly callingAETitle: string;
  readonly moveOriginatorAETitle?: string;
  readonly moveMessageId?: number;
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID: string;
  readonly sopInstanceUID: string;
  readonly dataSetBytes: number;
  readonly result: ArrivalResult;
}

/** One C-STORE that was refused, for the log and for the retrieve that waits for it. */
export interface RefusedInstance {
  readonly actionId?: string;
  readonly callingAETitle: string;
  readonly sopInstanceUID: string;
  readonly status: number;
  readonly error: PhosphorErrorData;
}

export interface ListenerEvents {
  /** Batches of at most 64 or 50 ms. */
  readonly onStored: (instances: StoredInstance[]) => void;
  readonly onRefused: (instances: RefusedInstance[]) => void;
  /** Number of open associations changed, or one was refused (then `refused` says whom and why, for the log). */
  readonly onAssociations: (change: {
    open: number;
    refused?: { callingAETitle: string; address: string; error: PhosphorErrorData };
  }) => void;
  /** Storage commitment reports for transactions that nobody in memory waits for, from known nodes. Absent: they are answered with 0112H. */
  readonly onUnmatchedCommitment?: TakeCommitment;
  /** As SCP: a report that we owed was delivered, or given up. */
  readonly onCommitmentDelivered?: (delivery: CommitmentDelivery) => void;
  /** See `CreateAssociationPool`. */
  readonly onLog?: (lines: string[]) => void;
  /** Port lost, or thread died and was replaced (`restarted`). */
  readonly onState: (state: { state: 'listening' | 'failed' | 'restarted'; error?: PhosphorErrorData }) => void;
}

/** The storage SCP's thread. Verification and C-STORE; with `queryRetrieve` also C-FIND and C-MOVE over an archive (the demo PACS). */
export interface Listener extends CommitmentListener {
  readonly port: number;
  setAccess(rules: AccessRules): void;
  /** Resolves when the listener thread knows the expectation: only then may the C-MOVE go out. */
  expect(expectation: Expectation): Promise<void>;
  /** Ends it after what is in flight; the numbers say what was credited in all. */
  unexpect(actionId: string): Promise<{ credited: number }>;
  close(): Promise<void>;
}

export interface ListenerOptions {
  /** 127.0.0.1 while only the demo PACS exists, else 0.0.0.0 / ::. */
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly access: AccessRules;
  readonly clocks: Clocks;
  /** A second port of the same listener, for TLS; absent = none. Associations of both count together. */
  readonly tls?: ListenerTLS;
  /**
   * Where arrivals go; absent = C-STORE is not offered. The port is transferred. Given as a function (`() => archive.arrivalPort()`), a
   * listener thread that died is replaced with a port of its own; a plain port dies with its thread, and the listener with it.
   */
  readonly storage?: { readonly location: ArchiveLocation; readonly arrivals: MessagePort | (() => MessagePort) };
  /** Serve this archive's index and files to those who ask; `destinations`: AE title → address of C-MOVE destinations. */
  readonly queryRetrieve?: {
    readonly location: ArchiveLocation;
    readonly destinations: Readonly<Record<string, { host: string; port: number; tls?: PeerTLS }>>;
  };
  /** Commit to the storage of what this archive holds. */
  readonly storageCommitment?: StorageCommitmentOptions;
  /** Scheduled steps that are told to who asks for the worklist; absent = it is not offered. */
  readonly worklist?: readonly WorklistEntry[];
  readonly events: ListenerEvents;
}

/** Rejects with PhosphorError `port-in-use` or `unreachable` (address not ours). */
export type StartListener = (options: ListenerOptions) => Promise<Listener>;
