import type { ImportSummary } from '../../electron/archive/index.ts';
import type { Clocks } from '../../electron/associations/index.ts';
import type { ListenerTLS } from '../../electron/associations/tls-profile.ts';

/** What the system under test is started with. */
export interface SystemOptions {
  readonly folder: string;
  readonly clocks: Clocks;
  /** A second port. */
  readonly tls?: ListenerTLS;
  /** C-MOVE destinations of its query/retrieve SCP. */
  readonly destinations: Readonly<Record<string, { host: string; port: number }>>;
}

/** One operation of the association pool against a peer of the torturer's. */
export interface SystemOperation {
  readonly kind: 'echo' | 'find' | 'move' | 'get' | 'store';
  readonly port: number;
  readonly messageId?: number;
  readonly study?: string;
  readonly files?: readonly string[];
  readonly destination?: string;
  readonly cancelAfterMs?: number;
}

export interface SystemState {
  /** Associations that the listener counts as open. */
  readonly open: number;
  /** Callers that were refused, as far as the listener told. */
  readonly turnedAway: number;
  /** Times that the listener's thread was replaced or given up. */
  readonly restarts: number;
  /** Threads of the process that ended while it was working. */
  readonly threadsEnded: number;
  /** Operations of the pool that have not ended. */
  readonly operations: number;
  readonly stored: number;
  /** C-STOREs that were refused, by the kind of the error. */
  readonly refused: Readonly<Record<string, number>>;
}

export interface SystemMethods {
  operate(args: SystemOperation): Promise<{ milliseconds: number; outcome: string }>;
  state(args: object): Promise<SystemState>;
  /** Everything acknowledged is indexed. */
  settle(args: object): Promise<void>;
  import(args: { paths: readonly string[] }): Promise<ImportSummary>;
  /** Asks for the manifest of every series in the archive (at most 1,000 studies). */
  manifests(args: object): Promise<{ instances: number; longestMs: number }>;
  /** Collects garbage in every thread: what is resident afterwards is held. */
  collect(args: object): Promise<void>;
  close(args: object): Promise<void>;
}

export interface SystemRequest {
  readonly seq: number;
  readonly method: keyof SystemMethods;
  readonly args: unknown;
}

export interface SystemEvent {
  readonly ready?: { readonly port: number };
  readonly seq?: number;
  readonly result?: unknown;
  readonly error?: string;
}
