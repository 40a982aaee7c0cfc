import type { MessagePort } from 'node:worker_threads';
import { buildHeader, type RawHeader } from '../dicom/dataset/instance-header.ts';
import type { InstanceHeader } from '../dicom/dataset/types.ts';
import { fallbackFor } from './fallback-character-sets.ts';
import type { IncomingAction } from './incoming-name.ts';
import type { ArchiveLocation, ArrivalOrigin } from './types.ts';

/** One complete arrival on its way into the index. */
export interface ArrivedEntry {
  /** Ascending within one writer, in the order of sending. */
  readonly sequence: number;
  /** Its name in incoming/, removed once the index holds it durably. */
  readonly entryName: string;
  readonly action: IncomingAction;
  readonly origin: ArrivalOrigin['kind'];
  readonly sourceAETitle: string;
  /** Folder that it was imported from. */
  readonly sourcePath?: string;
  /** Values as they came are made into a header by the index's thread. */
  readonly header: InstanceHeader | RawHeader;
  /** Of the data set, lower-case hex. Absent: whoever fills the index reads the file for it. */
  readonly sha256?: string;
  readonly dataSetBytes: number;
  readonly fileBytes: number;
  readonly arrivedAt: number;
}

/** What the index keeps of one file. Arrivals come with the name of their entry in incoming/, files found by a rebuild without. */
export interface IndexEntry extends Omit<ArrivedEntry, 'sequence' | 'entryName' | 'header' | 'sha256'> {
  readonly entryName?: string;
  readonly header: InstanceHeader;
  readonly sha256: string;
}

/** An arrival as the index keeps it, its header decoded; undefined while its hash is not known. */
export function indexEntryOf(
  { sequence: _, header, sha256, ...rest }: ArrivedEntry,
  location: Pick<ArchiveLocation, 'characterSets'>,
): IndexEntry | undefined {
  if (sha256 === undefined) return undefined;
  return { ...rest, header: 'values' in header ? buildHeader(header, fallbackFor(location, rest.sourceAETitle)) : header, sha256 };
}

/** Archive → writer, over the port of `arrivalPort()`: a fresh line to the index writer, each time that thread is started. */
export interface IndexLine {
  readonly type: 'index';
  readonly port: MessagePort;
}

/**
 * Writer → index writer. The first one on a line may be empty: it says whose line this is. After a new line is handed over everything not
 * yet committed is sent again.
 */
export interface ArrivedMessage {
  readonly type: 'arrived';
  /** Begins the names of this writer's entries in incoming/: should its thread die, the index writer takes them over. */
  readonly writer: string;
  readonly entries: readonly ArrivedEntry[];
}

/** Index writer → writer: everything up to this sequence number is indexed for good and gone from incoming/. */
export interface CommittedMessage {
  readonly type: 'committed';
  readonly upTo: number;
}
