import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import type { ArchiveLocation } from '../archive/types.ts';
import type { CommitmentReport, SOPReference } from '../dicom/services/index.ts';
import type { FinalResponse, OperationOptions, Peer } from './types.ts';

// Storage Commitment Push Model (PS3.4 annex J), as the main thread sees it.

/** A report as it came, and from whom. */
export interface ReceivedCommitment extends CommitmentReport {
  /** AE title of the archive, as it called itself or was called. */
  readonly reportedBy: string;
  /** On an association of ours, or on one that the archive opened. */
  readonly via: 'association' | 'listener';
}

/**
 * Takes a report in. The archive has its success once this returned or resolved; where it throws or rejects, the archive is answered with 0110H and may come
 * again.
 */
export type TakeCommitment = (report: ReceivedCommitment) => void | Promise<void>;

export interface CommitRequest extends OperationOptions {
  /** 1 to 100,000. */
  readonly instances: readonly SOPReference[];
  /** From the archive's "I will look" (N-ACTION-RSP) to its report; then the operation ends as `timed-out`. Archives take seconds to hours. */
  readonly waitSeconds: number;
  /** So long the association is kept open for a report on it. Default: 10 with a listener, else as long as we wait. 0 = released at once. */
  readonly holdSeconds?: number;
  /** Default: a new UID under 2.25. */
  readonly transactionUID?: string;
  /** Where the report may come in on an association that the archive opens. */
  readonly listener?: CommitmentListener;
  /** The archive has taken the request on; from here on the report may come at any time, after a restart of ours too. */
  readonly onAccepted?: (transactionUID: string) => void;
  /** Reports on this association for transactions that nobody in memory waits for. Absent: they are answered with 0112H. */
  readonly onUnmatchedCommitment?: TakeCommitment;
}

/** What became of one instance. Not mentioned: nothing was promised. */
export type CommittedInstance = SOPReference &
  (
    | { readonly state: 'committed'; readonly retrieveAETitle?: string }
    /** Failure Reason (0008,1197), see `commitmentFailureReason`. */
    | { readonly state: 'failed'; readonly failureReason: number }
    | { readonly state: 'not-mentioned' }
  );

export interface CommitResult extends Partial<FinalResponse> {
  readonly ok: true;
  readonly transactionUID: string;
  /** Of the N-ACTION-RSP. Other than 0: the archive does not commit, and sends no report. Absent: the report came, the response did not. */
  readonly status?: number;
  readonly offendingElements: readonly string[];
  /** Absent where the archive refused. */
  readonly report?: Pick<ReceivedCommitment, 'reportedBy' | 'via'>;
  readonly committed: number;
  readonly failed: number;
  readonly notMentioned: number;
  /** Instances in the report that were not asked for; they are ignored. */
  readonly unasked: number;
  /** In the order of the request. */
  readonly instances: readonly CommittedInstance[];
}

/** The part of a listener that storage commitment needs. */
export interface CommitmentListener {
  /**
   * Reports of this transaction go to `take` from now on. Returns what ends that; afterwards they are `onUnmatchedCommitment`. The listener's
   * thread need not know: whom a report is for is decided on this side, so a thread that is replaced forgets nothing.
   */
  expectCommitment(transactionUID: string, take: TakeCommitment): () => void;
}

/** Storage commitment as SCP: we vouch for what this archive holds. */
export interface StorageCommitmentOptions {
  readonly location: ArchiveLocation;
  /** Where a report goes when its requestor has hung up: calling AE title of the request → address. */
  readonly peers: Readonly<Record<string, Omit<Peer, 'calledAETitle' | 'callingAETitle'>>>;
  /** So long the requestor is given to hang up before the report is sent on its association, seconds. Default 1. */
  readonly releaseGraceSeconds?: number;
  /** Wait before each further attempt to report, seconds. Default 10, 60, 300, 1800, 7200; at most 32. */
  readonly retrySeconds?: readonly number[];
}

/** What became of a report that we owed. */
export interface CommitmentDelivery {
  readonly transactionUID: string;
  readonly callingAETitle: string;
  readonly committed: number;
  readonly failed: number;
  /** Undelivered where absent: the requestor does not know, and will not hear it from us. */
  readonly via?: 'association' | 'reverse-association';
  /** Associations that were tried. */
  readonly attempts: number;
  /** Why it is undelivered. */
  readonly error?: PhosphorErrorData;
}
