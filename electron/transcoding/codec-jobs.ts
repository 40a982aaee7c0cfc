import type { EncodedFrame, FrameDescription } from '../../shared/codecs/index.ts';
import type { PhosphorErrorData } from '../../shared/contract/errors.ts';
import type { PictureRecipe } from './picture.ts';

/** The frames of one image, as they lie in its pixel data. */
export interface EncodedImage {
  readonly transferSyntaxUID: string;
  readonly image: FrameDescription;
  /** One entry for a frame, in order; see EncodedFrame for what the pieces are. */
  readonly frames: readonly Pick<EncodedFrame, 'fragments' | 'bitOffset' | 'swappedWords'>[];
  /** For `picture`. */
  readonly recipe?: PictureRecipe;
}

/** Frames one after the other, as they stand in native Pixel Data (PS3.5 §8.1.1): little endian cells, the samples of a pixel side by side. */
export interface NativeFrames {
  readonly bytes: Uint8Array;
  /** Of a cell. */
  readonly bitsAllocated: number;
  /** Bits of the largest sample where there are more than the description admits; else those of the description. */
  readonly bitsStored: number;
  /** Of the samples as they are now. */
  readonly photometricInterpretation: string;
}

/** What the codec thread can be asked: argument and result of each job by its name. A new job is a new line here and its function there. */
export interface CodecJobs {
  /**
   * SHA-256, lower-case hex, of the decoded samples: frames × rows × columns × samples per pixel, samples of a pixel side by side, little
   * endian in cells as wide as Bits Allocated says (1-bit samples in bytes); before each frame its colour space and sign.
   */
  readonly samplesHash: { readonly args: EncodedImage; readonly result: string };
  /** Every frame decoded, nothing of its cells left out. Rejects with `damaged` also where the samples contradict the description. */
  readonly nativeFrames: { readonly args: EncodedImage; readonly result: NativeFrames };
  /** The first frame as the bytes of a picture file, by its `recipe`. */
  readonly picture: { readonly args: EncodedImage; readonly result: { readonly bytes: Uint8Array; readonly textIsWhole: boolean } };
}

export type CodecJobName = keyof CodecJobs;

/** Main side → thread. One job at a time. */
export type ToCodecThread = {
  readonly [Name in CodecJobName]: { readonly job: Name; readonly args: CodecJobs[Name]['args'] };
}[CodecJobName];

/** Thread → main side, once for a job. */
export type FromCodecThread =
  | { readonly ok: true; readonly result: CodecJobs[CodecJobName]['result'] }
  | { readonly ok: false; readonly error: PhosphorErrorData };
