import type { ImageModule, PhosphorErrorData } from '../../shared/contract/index.ts';
import type { InstanceRequest } from '../api/index.ts';
import type { Ranges } from './stack.ts';
import type { Window } from './voi.ts';

/** Page → decode worker. */
export type ToWorker = { readonly kind: 'load'; readonly job: FrameJob } | { readonly kind: 'abort'; readonly id: number };

export interface FrameJob {
  readonly id: number;
  readonly transferSyntaxUID: string;
  readonly image: ImageModule;
  /** Pieces of the file, or of the inflated data set, and one request for each run of them that is fetched at once. */
  readonly fetches: readonly { readonly request: InstanceRequest; readonly offset: number; readonly length: number | undefined }[];
  readonly ranges: Ranges;
  readonly bitOffset: number;
  /** Set: a small picture instead of the frame, at most this many pixels wide and high. */
  readonly thumbnail: number | undefined;
}

/** Decode worker → page; typed arrays are transferred. */
export type FromWorker =
  | { readonly kind: 'grey'; readonly id: number; readonly frame: GreyFrame }
  | { readonly kind: 'colour'; readonly id: number; readonly frame: ColourFrame }
  | { readonly kind: 'failed'; readonly id: number; readonly error: PhosphorErrorData };

export type GreySamples = Uint8Array | Int8Array | Uint16Array | Int16Array;

export interface GreyFrame {
  readonly kind: 'grey';
  readonly columns: number;
  readonly rows: number;
  /** The image, then copies halved again and again where it is large (see isLarge). */
  readonly levels: readonly GreyLevel[];
  /** Range that a stored value can have by its bits: the extent of look-up tables. */
  readonly first: number;
  readonly last: number;
  /** Stored value → modality value. Differs from the manifest where 32-bit values were scaled down to 16 bits. */
  readonly slope: number;
  readonly intercept: number;
  readonly padding: number | undefined;
  /** Smallest and largest modality value in the frame, padding left out. */
  readonly low: number;
  readonly high: number;
  /** Window from the histogram: from the 1st to the 99th hundredth. */
  readonly autoWindow: Window;
}

export interface GreyLevel {
  readonly columns: number;
  readonly rows: number;
  readonly samples: GreySamples;
}

export interface ColourFrame {
  readonly kind: 'colour';
  readonly columns: number;
  readonly rows: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

export type DrawableFrame = GreyFrame | ColourFrame;

export function frameBytes(frame: DrawableFrame): number {
  return frame.kind === 'colour' ? frame.rgba.byteLength : frame.levels.reduce((total, level) => total + level.samples.byteLength, 0);
}
