import type { MessagePort } from 'node:worker_threads';
import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import type { ArchiveLocation } from '../archive/types.ts';
import type { CommitmentPart } from './commitment-relay.ts';
import type { CommitmentDelivery, StorageCommitmentOptions } from './commitment-types.ts';
import type { AccessRules, Expectation, ListenerEvents, ListenerOptions, RefusedInstance, StoredInstance } from './types.ts';

/** What a receiving thread is started with. */
export interface ListenerStart {
  /** It has no port: its connections come from the thread that has. */
  readonly isBeside: boolean;
  /** The thread with the port: so many threads it may ask for. */
  readonly threadsBeside: number;
  readonly host: string;
  readonly port: number;
  readonly access: AccessRules;
  readonly expectations: readonly Expectation[];
  readonly clocks: ListenerOptions['clocks'];
  readonly tls?: NonNullable<ListenerOptions['tls']>;
  readonly storage?: { readonly location: ArchiveLocation; readonly arrivals: MessagePort };
  readonly associationNumbers: SharedArrayBuffer;
  readonly worklist?: ListenerOptions['worklist'];
  readonly queryRetrieve?: NonNullable<ListenerOptions['queryRetrieve']>;
  readonly storageCommitment?: StorageCommitmentOptions;
}

/** Main thread → receiving thread. A message with `seq` is answered by `done` with the same number. */
export type ToListenerThread =
  | { readonly type: 'setAccess'; readonly access: AccessRules }
  | { readonly type: 'expect'; readonly seq: number; readonly expectation: Expectation }
  | { readonly type: 'unexpect'; readonly seq: number; readonly actionId: string }
  /** What to answer to a storage commitment report. */
  | { readonly type: 'commitmentTaken'; readonly ticket: number; readonly status: number }
  /** The line between the thread that has the port and one beside it; to both. */
  | { readonly type: 'connect'; readonly line: MessagePort }
  | { readonly type: 'noMoreThreads' }
  | { readonly type: 'close'; readonly seq: number };

/** Receiving thread → main thread. */
export type FromListenerThread =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'failed'; readonly error: PhosphorErrorData }
  | { readonly type: 'askForThread' }
  | { readonly type: 'done'; readonly seq: number }
  | { readonly type: 'log'; readonly lines: string[] }
  | { readonly type: 'stored'; readonly instances: StoredInstance[] }
  | { readonly type: 'refused'; readonly instances: RefusedInstance[] }
  | { readonly type: 'commitment'; readonly part: CommitmentPart }
  /** A storage commitment request was taken on. */
  | { readonly type: 'commitmentOwed'; readonly owed: Pick<CommitmentDelivery, 'transactionUID' | 'callingAETitle'> }
  | { readonly type: 'commitmentDelivered'; readonly delivery: CommitmentDelivery }
  /** Open associations of all threads: the one that has the port counts them. */
  | { readonly type: 'open'; readonly open: number }
  | { readonly type: 'turnedAway'; readonly caller: NonNullable<Parameters<ListenerEvents['onAssociations']>[0]['refused']> };
