import type { MessagePort } from 'node:worker_threads';
import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import type { ArchiveLocation, ArrivalResult } from './types.ts';

/** One file on its way through a lane. */
export interface LaneFile {
  /** As people know it: where it lies, for a file in a ZIP the ZIP's path and its name there. */
  readonly path: string;
  /** What is read instead of `path`: bytes that were unpacked already, or a temp file of ours. */
  readonly source?: Uint8Array | string;
  /** It lies on a medium that is slow to seek: a long file is copied before it is read. */
  readonly isSlow?: boolean;
}

/** How one file ended. */
export type LaneOutcome =
  | {
      readonly path: string;
      readonly result: ArrivalResult;
      readonly sopInstanceUID: string;
      readonly studyInstanceUID: string;
      readonly patientID: string;
      readonly bytes: number;
      readonly truncated: boolean;
    }
  | { readonly path: string; readonly error: PhosphorErrorData }
  /** Not a file to take in itself: a ZIP, or the directory of a medium (PS3.10 §8.6). */
  | { readonly path: string; readonly container: 'zip' | 'directory' };

export interface LaneData {
  readonly location: ArchiveLocation;
  /** As `Archive.arrivalPort()` gives it. */
  readonly arrivals: MessagePort;
  /** Not 0 once the job is cancelled. */
  readonly cancelled: SharedArrayBuffer;
}

export type ToLane =
  | { readonly type: 'take'; readonly group: number; readonly files: readonly LaneFile[] }
  /** Everything up to this group is on the disk, or with `syncEach` is to be brought there now: the index may be told then. */
  | { readonly type: 'durable'; readonly group: number; readonly syncEach: boolean }
  | { readonly type: 'close' };

export type FromLane =
  | { readonly type: 'taken'; readonly group: number; readonly outcomes: readonly LaneOutcome[] }
  | { readonly type: 'synced'; readonly group: number; readonly error?: PhosphorErrorData }
  | { readonly type: 'closed' };
