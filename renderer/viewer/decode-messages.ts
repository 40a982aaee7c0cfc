import type { Samples, ValueTable } from '../../shared/codecs/index.ts';
import type { ImageModule, PhosphorErrorData } from '../../shared/contract/index.ts';
import type { Ranges } from './stack.ts';
import type { Window } from './voi.ts';

/** Page → decode worker. */
export type ToWorker = { readonly kind: 'load'; readonly job: FrameJob } | { readonly kind: 'abort'; readonly id: number };

/** What to ask the host for, and how. */
export interface ByteRequest {
  readonly url: string;
  readonly headers: Record<string, string>;
}

export interface FrameJob {
  readonly id: number;
  readonly transferSyntaxUID: string;
  /** Values of this frame; lists of all frames left out. */
  readonly image: ImageModule;
  /** 0-based frame of the instance. */
  readonly frame: number;
  /** Pieces of the file, or of the inflated data set, and one request for each run of them that is fetched at once. */
  readonly fetches: readonly { readonly request: ByteRequest; readonly offset: number; readonly length: number | undefined }[];
  /** In place of the only fetch: how its bytes are asked for together with those of other frames. */
  readonly together?: (ByteRequest & { readonly part: string; readonly length: number }) | undefined;
  readonly ranges: Ranges;
  readonly bitOffset: number;
  /** Set: a small picture instead of the frame, at most this many pixels wide and high. */
  readonly thumbnail: number | undefined;
}

/** Decode worker → page; typed arrays are transferred. */
export type FromWorker =
  /** Has all bytes and answers nothing until it has decoded them. */
  | { readonly kind: 'decoding'; readonly id: number }
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
  /** Stands in place of slope and intercept. */
  readonly modalityLUT?: ValueTable | undefined;
  readonly voiLUTs?: readonly ValueTable[] | undefined;
  /** Of a presentation state that is applied. */
  readonly presentationLUT?: ValueTable | undefined;
  /** Stored values as they are, where `levels` hold them scaled down: 32 bits and floating point. */
  readonly exact?: ExactSamples | undefined;
  readonly padding: number | undefined;
  readonly paddingLimit?: number | undefined;
  /** Smallest and largest modality value in the frame, padding left out. */
  readonly low: number;
  readonly high: number;
  /** Window from the histogram: from the 1st to the 99th hundredth. */
  readonly autoWindow: Window;
  /** Of a parametric map with a palette of its own: a pixel (in the byte order of ImageData) for each of 256 grey levels. */
  readonly colours?: Uint32Array | undefined;
  readonly planes?: Planes | undefined;
}

export interface ExactSamples {
  readonly samples: Samples;
  /** Stored value → modality value. */
  readonly slope: number;
  readonly intercept: number;
}

/** What covers the picture. */
export interface Planes {
  /** For each pixel the bits SHUTTER and OVERLAYS of what covers it (planes.ts). */
  readonly cover: Uint8Array<ArrayBuffer>;
  /** Groups (0 = 6000) of the overlays, in the order of their bits. */
  readonly overlays: readonly number[];
  /** Red, green, blue of each of them; undefined: all are white. */
  readonly overlayColours?: readonly (readonly number[])[] | undefined;
  /** Grey of the shutter, 0–255. */
  readonly shutterGrey: number;
  /** RGBA of a supplemental palette, transparent where values are grey (PS3.3 C.7.6.19); below the others. */
  readonly colours?: Uint8ClampedArray<ArrayBuffer> | undefined;
}

export interface GreyLevel {
  readonly columns: number;
  readonly rows: number;
  readonly samples: GreySamples;
}

export interface ColourLevel {
  readonly columns: number;
  readonly rows: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

export interface ColourFrame {
  readonly kind: 'colour';
  readonly columns: number;
  readonly rows: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
  /** Copies halved again and again where it is large (see isLarge). */
  readonly smaller?: readonly ColourLevel[] | undefined;
  /** Whether the ICC profile of the image was applied, or why not; undefined = it has none, or one that changes nothing. */
  readonly profile?: 'applied' | 'unsupported' | 'not-rgb' | 'damaged' | undefined;
  /** Which profile was applied (`profileName`). */
  readonly profileName?: string | undefined;
  readonly planes?: Planes | undefined;
}

export type DrawableFrame = GreyFrame | ColourFrame;

export function frameBytes(frame: DrawableFrame): number {
  return buffersOf(frame).reduce((total, buffer) => total + buffer.byteLength, 0);
}

/** The memory that a frame holds, to be handed over from thread to thread. */
export function buffersOf(frame: DrawableFrame): ArrayBuffer[] {
  const buffers =
    frame.kind === 'colour'
      ? [frame, ...(frame.smaller ?? [])].map((level) => level.rgba.buffer)
      : frame.levels.map((level) => level.samples.buffer as ArrayBuffer);
  if (frame.kind === 'grey' && frame.exact !== undefined) buffers.push(frame.exact.samples.buffer as ArrayBuffer);
  if (frame.planes !== undefined) buffers.push(frame.planes.cover.buffer);
  if (frame.planes?.colours !== undefined) buffers.push(frame.planes.colours.buffer);
  return buffers;
}
