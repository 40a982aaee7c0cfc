import { PhosphorError } from '../contract/phosphor-error.ts';
import { joinFragments, viewSamples } from './bits.ts';
import { readJPEG2000Header, readJPEGHeader } from './codestream-header.ts';
import { inflate } from './inflate.ts';
import { checkCodestream, decodeHTJ2K, decodeJPEG, decodeJPEG2000, decodeJPEGLS } from './jpeg.ts';
import { checkDescription, frameSamples } from './limits.ts';
import { decodeNative, nativeFrameBits } from './native.ts';
import { decodeRLE } from './rle.ts';
import type { CodestreamFrame, DecodedFrame, EncodedFrame, FrameDescription, Samples } from './types.ts';

/**
 * One frame → stored values. Throws PhosphorError: `unsupported` (transfer syntax, bit depth), `damaged` (the bytes contradict the
 * description or the decoder rejects them), `limit-exceeded`. Never writes to the fragments.
 */
export async function decodeFrame(frame: EncodedFrame): Promise<DecodedFrame> {
  checkDescription(frame.image);
  const kind = TRANSFER_SYNTAXES.get(frame.transferSyntaxUID);
  if (kind === undefined) throw new PhosphorError('unsupported', `transfer syntax ${frame.transferSyntaxUID}`);
  const bytes = joinFragments(frame.fragments);
  return DECODERS[kind](bytes, frame.image, frame);
}

/** True where `decodeFrame` knows the transfer syntax. */
export function isDecodable(transferSyntaxUID: string): boolean {
  return TRANSFER_SYNTAXES.has(transferSyntaxUID);
}

type Kind = 'native' | 'native-big-endian' | 'deflated-frame' | 'rle' | 'jpeg' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k';

/** PS3.5 annex A, PS3.6 annex A. */
const TRANSFER_SYNTAXES: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['1.2.840.10008.1.2', 'native'],
  ['1.2.840.10008.1.2.1', 'native'],
  ['1.2.840.10008.1.2.1.98', 'native'],
  ['1.2.840.10008.1.2.1.99', 'native'],
  ['1.2.840.10008.1.2.2', 'native-big-endian'],
  ['1.2.840.10008.1.2.8.1', 'deflated-frame'],
  ['1.2.840.10008.1.2.5', 'rle'],
  ['1.2.840.10008.1.2.4.50', 'jpeg'],
  ['1.2.840.10008.1.2.4.51', 'jpeg'],
  ['1.2.840.10008.1.2.4.53', 'jpeg'],
  ['1.2.840.10008.1.2.4.55', 'jpeg'],
  ['1.2.840.10008.1.2.4.57', 'jpeg'],
  ['1.2.840.10008.1.2.4.70', 'jpeg'],
  ['1.2.840.10008.1.2.4.80', 'jpeg-ls'],
  ['1.2.840.10008.1.2.4.81', 'jpeg-ls'],
  ['1.2.840.10008.1.2.4.90', 'jpeg-2000'],
  ['1.2.840.10008.1.2.4.91', 'jpeg-2000'],
  ['1.2.840.10008.1.2.4.92', 'jpeg-2000'],
  ['1.2.840.10008.1.2.4.93', 'jpeg-2000'],
  ['1.2.840.10008.1.2.4.201', 'htj2k'],
  ['1.2.840.10008.1.2.4.202', 'htj2k'],
  ['1.2.840.10008.1.2.4.203', 'htj2k'],
]);

type Decoder = (
  bytes: Uint8Array,
  image: FrameDescription,
  frame: Pick<EncodedFrame, 'bitOffset' | 'swappedWords'>,
) => DecodedFrame | Promise<DecodedFrame>;

const DECODERS: Readonly<Record<Kind, Decoder>> = {
  native: (bytes, image, { bitOffset = 0 }) => decodeNative(bytes, image, { bigEndian: false, bitOffset, swappedWords: false }),
  'native-big-endian': (bytes, image, { bitOffset = 0, swappedWords = false }) =>
    decodeNative(bytes, image, { bigEndian: true, bitOffset, swappedWords }),
  'deflated-frame': async (bytes, image) => {
    const inflated = await inflate(bytes, Math.ceil(nativeFrameBits(image) / 8) + 1);
    return decodeNative(inflated, image, { bigEndian: false, bitOffset: 0, swappedWords: false });
  },
  rle: (bytes, image) => decodeRLE(bytes, image),
  jpeg: async (bytes, image) => {
    checkCodestream(readJPEGHeader(bytes), image);
    return fromCodestream(await decodeJPEG(bytes, image), image);
  },
  'jpeg-ls': async (bytes, image) => {
    checkCodestream(readJPEGHeader(bytes), image);
    return fromCodestream(await decodeJPEGLS(bytes, image), image);
  },
  'jpeg-2000': async (bytes, image) => {
    checkCodestream(readJPEG2000Header(bytes), image);
    return fromCodestream(await decodeJPEG2000(bytes, image), image);
  },
  htj2k: async (bytes, image) => {
    checkCodestream(readJPEG2000Header(bytes), image);
    return fromCodestream(await decodeHTJ2K(bytes, image), image);
  },
};

/** Samples as decoded → samples as described: container by the codestream's depth, sign by the description (or the codestream). */
function fromCodestream(frame: CodestreamFrame, image: FrameDescription): DecodedFrame {
  checkCodestream(frame, image);
  const wide = frame.bitsPerSample > 8;
  const count = frameSamples(image);
  if (frame.bytes.length < count * (wide ? 2 : 1)) throw new PhosphorError('damaged', 'the decoder gave too few samples');
  const signed = frame.signed || image.pixelRepresentation === 1;
  const samples: Samples = viewSamples(frame.bytes, wide ? 16 : 8, signed).subarray(0, count);
  if (signed && !frame.signed) extendSign(samples, frame.bitsPerSample);
  return {
    rows: image.rows,
    columns: image.columns,
    samplesPerPixel: image.samplesPerPixel,
    photometricInterpretation: frame.photometricInterpretation,
    // A codestream may hold more bits than the description admits; what was decoded is kept.
    bitsStored: Math.max(frame.bitsPerSample, Math.min(image.bitsStored, wide ? 16 : 8)),
    signed,
    samples,
  };
}

/** A codestream without sign holds two's complement of its own depth. */
function extendSign(samples: Samples, bits: number): void {
  const shift = 32 - bits;
  if (samples.BYTES_PER_ELEMENT * 8 === bits) return;
  for (let i = 0; i < samples.length; i++) samples[i] = ((samples[i] ?? 0) << shift) >> shift;
}
