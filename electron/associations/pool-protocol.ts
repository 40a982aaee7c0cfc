import type { MessagePort } from 'node:worker_threads';
import type { MatchRow, PhosphorErrorData, Query } from '../../shared/contract/index.ts';
import type { ArchiveLocation } from '../archive/types.ts';
import type { SOPReference, WorklistEntry, WorklistQuery } from '../dicom/services/index.ts';
import type { CommitmentPart } from './commitment-relay.ts';
import type {
  EchoResult,
  FinalResponse,
  FindResult,
  GetResult,
  ModelOptions,
  MoveResult,
  OperationOptions,
  RefusedInstance,
  SentInstance,
  StoredInstance,
  StoreResult,
  SubOperations,
} from './types.ts';

/** What one association does, as plain data. */
export type Task =
  | (OperationOptions & { readonly kind: 'echo'; readonly repeat?: number })
  | (OperationOptions & ModelOptions & { readonly kind: 'find'; readonly query: Query; readonly fallbackCharacterSet?: string })
  | (OperationOptions & { readonly kind: 'worklist'; readonly query: WorklistQuery })
  | (OperationOptions &
      ModelOptions & {
        readonly kind: 'move';
        readonly patientID?: string;
        readonly studyInstanceUID: string;
        readonly seriesInstanceUID?: string;
        readonly destinationAETitle: string;
        readonly messageId: number;
        readonly thirdParty: boolean;
      })
  | (OperationOptions &
      ModelOptions & {
        readonly kind: 'get';
        readonly patientID?: string;
        readonly actionId: string;
        readonly studyInstanceUID: string;
        readonly seriesInstanceUID?: string;
        readonly sopInstanceUIDs?: readonly string[];
        readonly storageSOPClassUIDs?: readonly string[];
        readonly storage: { readonly location: ArchiveLocation; readonly arrivals: MessagePort };
      })
  | (OperationOptions & {
      readonly kind: 'commit';
      readonly transactionUID: string;
      readonly references: readonly SOPReference[];
      readonly holdSeconds: number;
    })
  | (OperationOptions & {
      readonly kind: 'store';
      readonly files: readonly string[];
      readonly priority?: number;
      readonly allowLossyConversion?: boolean;
      readonly moveOriginatorAETitle?: string;
      readonly moveOriginatorMessageID?: number;
    });

export type Failure = { readonly ok: false; readonly error: PhosphorErrorData };

export interface TaskResults {
  readonly echo: EchoResult;
  readonly find: FindResult;
  readonly worklist: FindResult;
  readonly move: MoveResult;
  readonly get: GetResult;
  readonly store: StoreResult;
  /** The N-ACTION-RSP. */
  readonly commit: FinalResponse;
}

export type AnyResult = TaskResults[Task['kind']] | Failure;

/** Main thread → association worker. `seq` is the operation's ID. */
export type ToAssociationWorker =
  | { readonly type: 'start'; readonly seq: number; readonly task: Task }
  | { readonly type: 'cancel'; readonly seq: number }
  /** One batch of matches was taken. */
  | { readonly type: 'acknowledge'; readonly seq: number }
  | { readonly type: 'moveProgress'; readonly seq: number }
  /** What to answer to a report; without a ticket: ours came another way. */
  | { readonly type: 'commitmentTaken'; readonly seq: number; readonly ticket: number | undefined; readonly status: number }
  | { readonly type: 'ping' }
  /** Abort what is left and end. */
  | { readonly type: 'close' };

/** Association worker → main thread. */
export type FromAssociationWorker =
  | { readonly type: 'matches'; readonly seq: number; readonly rows: MatchRow[] }
  | { readonly type: 'entries'; readonly seq: number; readonly entries: WorklistEntry[] }
  | { readonly type: 'pending'; readonly seq: number; readonly counts: SubOperations }
  | { readonly type: 'stored'; readonly seq: number; readonly instances: StoredInstance[] }
  | { readonly type: 'refused'; readonly seq: number; readonly instances: RefusedInstance[] }
  | { readonly type: 'sent'; readonly seq: number; readonly instances: SentInstance[] }
  | { readonly type: 'commitment'; readonly seq: number; readonly part: CommitmentPart }
  | { readonly type: 'commitmentAccepted'; readonly seq: number }
  | { readonly type: 'log'; readonly lines: string[] }
  | { readonly type: 'done'; readonly seq: number; readonly result: AnyResult }
  | { readonly type: 'pong' };

/** What an operation reports before its end. */
export type Report = Exclude<FromAssociationWorker, { type: 'done' | 'pong' | 'log' }>;
