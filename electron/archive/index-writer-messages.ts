import type { MessagePort } from 'node:worker_threads';
import type { IndexEntry } from './arrival-messages.ts';
import type { ImageDescriptionEntry } from './index-store.ts';
import type { RebuildCursor } from './rebuild-index.ts';
import type { ArchiveLocation } from './types.ts';
import type { UserDataChange } from './user-data.ts';
import type { UserDataReport } from './user-data-host.ts';
import type { VolumeState } from './volume.ts';

export interface WriterThreadData {
  readonly location: ArchiveLocation;
  readonly archiveId: string;
}

/** What the main thread (or, over a port of its own, the archive worker) asks of the index writer. */
export type IndexWriterMethods = {
  /** Opens the database, repairs what a crash left. The first call, once. */
  /** `arriving`: the archive is open, and instances may be on their way in now. */
  open(args: { volume: VolumeState; arriving: boolean }): Promise<OpenReport>;
  /** The disk with the archive is back. */
  returned(args: Record<string, never>): Promise<{ needsRebuild: boolean }>;
  /** Shows other computers that share the archive's folder that we live, and tells whether its lock is still ours (shared-guard.ts). */
  keepLock(args: Record<string, never>): 'ours' | 'lost' | 'unknown';
  /** An arrival writer's line. */
  attach(args: { port: MessagePort }): void;
  /** Resolves when everything received so far is committed. */
  settle(args: Record<string, never>): Promise<void>;
  /** A port for the archive worker, over which it makes these same calls. */
  serve(args: { port: MessagePort }): void;
  addImages(args: { images: ImageDescriptionEntry[] }): void;
  /** How many instances of a study are known to be missing; 0 = none any more. */
  markMissing(args: { studyInstanceUID: string; missing: number }): void;
  /** Takes up the one that was interrupted (and answers how far it came), or begins anew. */
  beginRebuild(args: { restart: boolean }): RebuildCursor | undefined;
  /** `forget`: SOP Instance UIDs whose rows go first. */
  addToRebuild(args: { entries: IndexEntry[]; forget?: string[] }): void;
  reachedInRebuild(args: { cursor: RebuildCursor }): void;
  /** Puts the new index in the place of the old one, or throws it away. */
  endRebuild(args: { keep: boolean }): Promise<void>;
  /** Rows of instances whose file has left files/; of one whose file stands (it came again meanwhile) the row stays. Answers how many went. */
  forget(args: { sopInstanceUIDs: string[] }): number;
  forgetConflict(args: { sopInstanceUID: string; sha256: string }): void;
  /** Entries that stand in incoming/ and whose writer does not send them itself. */
  adopt(args: { entries: IndexEntry[] }): void;
  /** One step of giving unused room back to the disk; answers how many bytes were given back and whether more is to be had. */
  compact(args: { first: boolean }): { freed: number; more: boolean };
  close(args: Record<string, never>): void;
};

export interface OpenReport {
  /** Name under which a damaged index was set aside. */
  readonly setAside?: string;
  /** The index is empty though there are files: it has to be rebuilt. */
  readonly needsRebuild: boolean;
  /** It is whole, but its text was read by other character sets. */
  readonly readAnew?: boolean;
  readonly userData?: UserDataReport;
  readonly repaired: number;
  readonly discarded: number;
}

export type IndexWriterEvent =
  | { readonly type: 'changed'; readonly studyInstanceUIDs: string[]; readonly everything: boolean }
  | { readonly type: 'user-data'; readonly change: UserDataChange }
  | { readonly type: 'identity-changed'; readonly count: number }
  | { readonly type: 'conflicts'; readonly count: number }
  | { readonly type: 'stalled'; readonly reason: 'storage-full' | 'storage' }
  | { readonly type: 'damaged' };
