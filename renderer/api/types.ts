import type { Contract } from '../../shared/contract/index.ts';

export interface Client extends Contract {
  readonly hostKind: 'desktop' | 'loopback';
  readonly connection: Connection;
  /**
   * Calls when events were missed that the workstation no longer keeps (long disconnection, restart): the state built from events is stale,
   * take `session.snapshot` and replace it. Events wait until that snapshot has been taken. Returns the function that ends it.
   */
  onSnapshotNeeded(listener: () => void): () => void;
  /**
   * URL and headers with which `fetch` gets the stored file of an instance, or `length` bytes from `offset` (HTTP 206). Structured-cloneable:
   * hand it to a decode worker. Answers: 200/206 bytes, 404 not in the archive, 416 beyond its end.
   */
  instanceRequest(sopInstanceUID: string, range?: InstanceRange): InstanceRequest;
  /**
   * What asks for bytes of an instance together with those of others: their `part`s, joined by commas, behind the URL bring them as one run of
   * bytes (at most 16 of at most 1 MiB). Loopback only: on the desktop a request costs less.
   */
  partRequest?(sopInstanceUID: string, range: InstanceRange): PartRequest;
  /** Paths of files dropped from the system's file manager. Desktop only: a loopback window does not learn paths. */
  pathsOfDroppedFiles?(files: readonly File[]): string[];
  /**
   * URL and headers of a request about files that are handed over byte by byte, `path` beginning with `/drops`. Loopback only: the desktop has
   * their paths.
   */
  dropRequest?(path: string): InstanceRequest;
  /** Ends the connection for good (tests, hot reload). */
  close(): void;
}

export type ConnectionState = 'connected' | 'reconnecting' | 'closed';

/** Fits React's useSyncExternalStore. `closed` = the workstation ended or refuses this window; a reload will not help, a new window will. */
export interface Connection {
  get(): ConnectionState;
  subscribe(listener: () => void): () => void;
}

export interface InstanceRange {
  readonly offset: number;
  readonly length: number;
}

interface PartRequest extends InstanceRequest {
  readonly part: string;
}

export interface InstanceRequest {
  readonly url: string;
  readonly headers: Record<string, string>;
}
