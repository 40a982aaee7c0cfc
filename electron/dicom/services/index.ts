import type { MatchRow, Query, QueryLevel } from '../../../shared/contract/index.ts';
import type { Dataset } from '../dataset/index.ts';
import type { Association, ProposedContext, ServiceProvider } from '../network/index.ts';
import type {
  EchoOutcome,
  FinalStatus,
  FindOutcome,
  FindProviderOptions,
  FindSCURequest,
  MoveOperation,
  MoveProviderOptions,
  MoveSCURequest,
  ServiceOperation,
  StorageProviderOptions,
  StoreSCURequest,
} from './types.ts';

export type * from './types.ts';

// What each starts with on an association that has the context (`…Contexts` say what to propose); PhosphorError `no-presentation-context` is thrown before any byte otherwise.
export declare function verificationContexts(): ProposedContext[];
export declare function echo(association: Association): ServiceOperation<EchoOutcome>;
export declare function findContexts(level?: QueryLevel): ProposedContext[];
export declare function find(association: Association, request: FindSCURequest): ServiceOperation<FindOutcome>;
export declare function moveContexts(): ProposedContext[];
export declare function move(association: Association, request: MoveSCURequest): MoveOperation;
/** One context per SOP class and stored transfer syntax, plus an uncompressed fall-back; at most 128. */
export declare function storageContexts(instances: Iterable<{ sopClassUID: string; transferSyntaxUID: string }>): ProposedContext[];
export declare function store(association: Association, request: StoreSCURequest): ServiceOperation<FinalStatus>;

export declare function verificationProvider(): ServiceProvider;
export declare function storageProvider(options: StorageProviderOptions): ServiceProvider;
export declare function findProvider(options: FindProviderOptions): ServiceProvider;
export declare function moveProvider(options: MoveProviderOptions): ServiceProvider;

export declare function findIdentifier(query: Query): Dataset;
/** Undefined when the match lacks the UID of its level. */
export declare function matchRowOf(level: QueryLevel, identifier: Dataset): MatchRow | undefined;
