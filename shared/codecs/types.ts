/** What the Image Pixel Module says about a frame (PS3.3 C.7.6.3), as far as decoding needs it. */
export interface FrameDescription {
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: number;
  readonly photometricInterpretation: string;
  /** 0 = R1 G1 B1 R2 …, 1 = all R, all G, all B. Only native and RLE frames follow it. */
  readonly planarConfiguration: number;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  /** 1 = two's complement. */
  readonly pixelRepresentation: number;
  /** Set for Float Pixel Data (32 bits) and Double Float Pixel Data (64 bits): IEEE 754, bits stored and high bit mean nothing. */
  readonly sampleFormat?: 'float' | 'double' | undefined;
}

export type Samples = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/** A frame as stored values: rows × columns × samplesPerPixel, samples of a pixel side by side, no modality or VOI transformation. */
export interface DecodedFrame {
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: number;
  /** Of the samples as they are now: RGB where the decoder undid a colour transform, YBR_FULL where 4:2:2 was filled up. */
  readonly photometricInterpretation: string;
  /** Bits that a sample may use, and whether it is signed; every sample lies in that range. */
  readonly bitsStored: number;
  readonly signed: boolean;
  readonly samples: Samples;
}

/** The bytes of one frame. */
export interface EncodedFrame {
  readonly transferSyntaxUID: string;
  readonly image: FrameDescription;
  /** Encapsulated: the frame's fragments in order. Native: one piece holding the frame. */
  readonly fragments: readonly Uint8Array[];
  /** First bit of the frame inside the first byte: frames of 1-bit images follow each other without padding (PS3.5 §8.1.1). */
  readonly bitOffset?: number;
  /** Samples of at most 8 bits in big-endian words: Pixel Data of VR OW in Explicit VR Big Endian (PS3.5 A.3). */
  readonly swappedWords?: boolean;
}

/** Samples of a codestream before they are checked against the description. */
export interface CodestreamFrame {
  readonly columns: number;
  readonly rows: number;
  readonly components: number;
  readonly bitsPerSample: number;
  readonly signed: boolean;
  readonly photometricInterpretation: string;
  /** Little-endian samples of 1 or 2 bytes (by `bitsPerSample`), samples of a pixel side by side. */
  readonly bytes: Uint8Array;
}
