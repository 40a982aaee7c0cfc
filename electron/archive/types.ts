import type { MessagePort } from 'node:worker_threads';
import type {
  ArchiveStats,
  CommandArgs,
  CommandResult,
  ErrorKind,
  ImportedItem,
  InstanceHeaderJson,
  LocalSeries,
  Notice,
  SeriesManifest,
  VerifiedItem,
} from '../../shared/contract/index.ts';
import type { InstanceIdentity } from '../dicom/dataset/types.ts';
import type { FallbackCharacterSets } from './fallback-character-sets.ts';
import type { ArchiveJobs, JobKind } from './job-table.ts';

export type { CorrectSummary } from './correct-study.ts';

import type { SharedGuard } from './shared-guard.ts';
import type { TouchedStudy } from './touched-studies.ts';
import type { UserDataChange, UserDataMethods } from './user-data.ts';

/** Where an archive lives. Everything below is derived from `directory`; structured-cloneable, so it can be handed to any thread. */
export interface ArchiveLocation {
  /** Holds files/, incoming/, trash/, conflicts/ and archive.json (the archive's ID). */
  readonly directory: string;
  /** Holds index.db and user.db. */
  readonly databases: string;
  /** fsync before an arrival is finished. */
  readonly durable: boolean;
  readonly characterSets?: FallbackCharacterSets;
  /** Of an archive that is open: what its threads share. */
  readonly guard?: SharedGuard;
}

/** What an arrival answers to (decides what happens to a UID that is already known with other content; docs/architecture.md "Stores"). */
export type ArrivalOrigin =
  | { readonly kind: 'retrieve'; readonly actionId: string; readonly sourceAETitle: string }
  /** `replaces`: a version that was made here; it takes the place of the stored one, and nobody else holds it. */
  | { readonly kind: 'store'; readonly sourceAETitle: string; readonly replaces?: boolean }
  | { readonly kind: 'import'; readonly path: string };

export type ArrivalResult = 'stored' | 'known' | 'replaced' | 'conflict';

export interface ArrivalReceipt {
  readonly result: ArrivalResult;
  readonly header: InstanceIdentity;
  /** Bytes of the data set as received (without preamble and File Meta Information). */
  readonly dataSetBytes: number;
}

/**
 * Takes instances in on whatever thread it is created on (listener worker, archive worker). Once `finish` has given its receipt, the instance stands
 * under its final name, survives `kill -9` (and power loss when durable), and the index writer is about to be told.
 */
export interface ArrivalWriter {
  /** `transferSyntaxUID` and UIDs are those negotiated and announced; the data set's own are checked in `finish`. */
  begin(announced: { sopClassUID: string; sopInstanceUID: string; transferSyntaxUID: string }, origin: ArrivalOrigin): Arrival;
  /** Resolves when everything begun is finished or aborted and the writer's log is closed. */
  close(): Promise<void>;
}

export interface Arrival {
  /**
   * Appends data set bytes. The caller may reuse the buffer only after the returned promise; `undefined` = taken in at once. A promise is
   * back-pressure: stop reading from the socket until it resolves. Rejects with PhosphorError (`storage-full`, `storage`).
   */
  write(chunk: Uint8Array): Promise<void> | undefined;
  /**
   * A promise where there is something to wait for (the disk, a comparison with what is stored). Rejects with PhosphorError (`not-dicom`,
   * `damaged`, `storage-full`, `limit-exceeded` …), and never throws; nothing is left behind then.
   */
  finish(): ArrivalReceipt | Promise<ArrivalReceipt>;
  abort(): Promise<void>;
}

/** A long-running archive job. `done` rejects with PhosphorError. */
export interface ArchiveJob<Item, Result> {
  readonly done: Promise<Result>;
  onItems(listener: (items: Item[]) => void): void;
  onProgress(listener: (progress: { done: number; total?: number; bytes: number }) => void): void;
  /** Credits: the job pauses when this many batches are unacknowledged (see ITEM_CREDITS). */
  acknowledge(batches: number): void;
  cancel(): void;
}

/** Files and folders by their paths, or what a window handed over (drop-folder.ts). */
export interface ImportArgs {
  readonly paths: readonly string[];
  readonly dropId?: string | undefined;
}

export interface ImportSummary {
  readonly imported: number;
  readonly known: number;
  readonly conflict: number;
  readonly refused: number;
  readonly bytes: number;
  /** Directories of media (DICOMDIR), which are no images and were not refused either; not among the others. */
  readonly directories: number;
  /** Of those taken in, with pixels that end too early. */
  readonly truncated: number;
  /** Named by the directory of a medium and not there; not among the others. */
  readonly missing: number;
  /** How many were refused for each reason. */
  readonly reasons: Readonly<Partial<Record<ErrorKind, number>>>;
  /** Whose. */
  readonly touched: readonly TouchedStudy[];
}

export interface DeleteSummary {
  readonly instances: number;
  readonly bytes: number;
  /** Names what can be brought back (trash-folder.ts). */
  readonly batch: number;
  /** Whose. */
  readonly touched: readonly TouchedStudy[];
}

export interface RestoreSummary {
  readonly restored: number;
  /** The same instance had come again meanwhile. */
  readonly known: number;
  /** Another version stands in the archive by now. */
  readonly conflict: number;
  readonly unreadable: number;
  readonly bytes: number;
  readonly touched: readonly TouchedStudy[];
}

export interface PurgeSummary {
  readonly purged: number;
  readonly bytes: number;
  /** Whose. */
  readonly touched: readonly TouchedStudy[];
}

export interface CleanSummary {
  readonly studies: number;
  readonly instances: number;
  readonly bytes: number;
  /** Studies that a rule meant, and that are pinned, open or the only copy. */
  readonly kept: number;
  /** Whose. */
  readonly touched: readonly TouchedStudy[];
}

export interface CompactSummary {
  /** Bytes given back to the disk. */
  readonly bytes: number;
  readonly removed: number;
  /** Files that the index did not know. */
  readonly indexed: number;
}

export type { ExportSummary } from './export.ts';

/** One look at the watched folder. */
export interface WatchSummary extends ImportSummary {
  /** Files that may still grow, or whose turn comes at the next look. */
  readonly waiting: number;
  /** ZIPs of which not everything was taken in: they are in a folder of their own, each with a report beside it. */
  readonly inPart: number;
}

export interface VerifySummary {
  readonly checked: number;
  readonly bytes: number;
  readonly problems: number;
  /** So many had been checked by a run that was interrupted, and that this one went on with. */
  readonly resumedAt?: number;
}

export type UserCommand = keyof UserDataMethods;

/** The archive as the main thread sees it: every call goes to a thread of its own kind (writer, reader, archive worker). */
export interface Archive {
  readonly location: ArchiveLocation;
  readonly archiveId: string;
  /** A port for an ArrivalWriter in another thread; transfer it. The archive closes its end when the peer does. */
  arrivalPort(): MessagePort;
  search(args: CommandArgs<'archive.search'>): Promise<CommandResult<'archive.search'>>;
  series(studyInstanceUID: string): Promise<LocalSeries[]>;
  instances(args: CommandArgs<'archive.instances'>): Promise<CommandResult<'archive.instances'>['instances']>;
  /** Which of these instances are on disk now, arrivals that are not yet indexed included. */
  present(sopInstanceUIDs: readonly string[]): Promise<string[]>;
  manifest(args: CommandArgs<'archive.manifest'>): Promise<SeriesManifest | null>;
  /** The elements of one instance as JSON. Rejects with PhosphorError `not-found`, `damaged`, `not-dicom`, `limit-exceeded`, `storage`. */
  header(args: CommandArgs<'archive.header'>): Promise<InstanceHeaderJson>;
  stats(): Promise<ArchiveStats>;
  /** Studies whose images a window asked for lately. */
  openStudies(): string[];
  /** What people note on studies (the commands `user.*`); on the disk when it resolves. */
  user<Command extends UserCommand>(command: Command, args: CommandArgs<Command>): Promise<CommandResult<Command>>;
  /** How many instances of a study are known to be missing; 0 = none any more. */
  markMissing(studyInstanceUID: string, missing: number): Promise<void>;
  /** Any kind of background work (job-table.ts). */
  job<Kind extends JobKind>(
    kind: Kind,
    args: ArchiveJobs[Kind]['args'],
  ): ArchiveJob<ArchiveJobs[Kind]['item'], ArchiveJobs[Kind]['result']>;
  /** Files and folders, recursively; or, with no paths, what a window handed over. */
  import(paths: readonly string[], dropId?: string): ArchiveJob<ImportedItem, ImportSummary>;
  /** Goes on where one was interrupted, unless `restart`. */
  verify(options?: { restart?: boolean }): ArchiveJob<VerifiedItem, VerifySummary>;
  /** Builds index.db anew from files/. Searches answer from the old one until the new one takes its place. */
  rebuild(options?: { restart?: boolean }): ArchiveJob<VerifiedItem, VerifySummary>;
  /** Studies touched by committed index batches (coalesced, at most 4 a second). */
  onChanged(listener: (change: { studyInstanceUIDs: string[]; everything: boolean }) => void): void;
  onUserData(listener: (change: UserDataChange) => void): void;
  /** Repair at start, damaged index set aside, identity changes, conflicts. Sentences for people, free of file contents. */
  onNotice(listener: (notice: Omit<Notice, 'noticeId' | 'at'>) => void): void;
  /** Everything that was acknowledged is indexed. */
  settled(): Promise<void>;
  /** Ends all threads at once, as a crash of each would (tests). They are replaced; calls in flight fail with `worker-died`. */
  killThreads(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens (or creates) an archive; repairs what a crash left; locks it against a second process (PhosphorError `busy`). `expected`: the ID of the
 * archive that belongs there; where it is not, its disk is away: it opens when that is back, and lists are shown until then.
 */
export type OpenArchive = (location: ArchiveLocation, expected?: string) => Promise<Archive>;

/** A file of the archive, for those who serve bytes: the path is derived from a hash of the UID and from nothing else. */
export type LocateInstance = (location: ArchiveLocation, sopInstanceUID: string) => string;
