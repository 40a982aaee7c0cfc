/** How pixels (and the whole data set) are encoded under a transfer syntax (PS3.5 annex A, PS3.6 table A-1). */
export interface TransferSyntax {
  readonly uid: string;
  readonly name: string;
  readonly explicitVR: boolean;
  readonly bigEndian: boolean;
  /** The whole data set is one raw deflate stream (PS3.5 A.5). */
  readonly deflated: boolean;
  /** Pixel data comes in fragments (PS3.5 A.4). */
  readonly encapsulated: boolean;
  /** `either`: the syntax allows both, the stream itself decides. */
  readonly compression: 'none' | 'lossless' | 'lossy' | 'either';
  readonly video: boolean;
}

/** The UID's syntax, or undefined when the standard does not know it. Trailing NULs and spaces are ignored. */
export function transferSyntaxOf(uid: string): TransferSyntax | undefined {
  return BY_UID.get(uid) ?? BY_UID.get(uid.replace(/[\0 ]+$/, ''));
}

/** Byte order and VR form for reading a data set: an unknown syntax is explicit little endian, as every encapsulated one is (PS3.5 A.4). */
export function dataSetEncodingOf(uid: string): Pick<TransferSyntax, 'explicitVR' | 'bigEndian' | 'deflated'> {
  return transferSyntaxOf(uid) ?? { explicitVR: true, bigEndian: false, deflated: false };
}

/** UIDs that code names; the others come from the table. */
export const TransferSyntaxUID = {
  ImplicitVRLittleEndian: '1.2.840.10008.1.2',
  ExplicitVRLittleEndian: '1.2.840.10008.1.2.1',
  DeflatedExplicitVRLittleEndian: '1.2.840.10008.1.2.1.99',
  ExplicitVRBigEndian: '1.2.840.10008.1.2.2',
  JPEGBaseline8Bit: '1.2.840.10008.1.2.4.50',
  JPEGExtended12Bit: '1.2.840.10008.1.2.4.51',
  JPEGLossless: '1.2.840.10008.1.2.4.57',
  JPEGLosslessSV1: '1.2.840.10008.1.2.4.70',
  JPEGLSLossless: '1.2.840.10008.1.2.4.80',
  JPEGLSNearLossless: '1.2.840.10008.1.2.4.81',
  JPEG2000Lossless: '1.2.840.10008.1.2.4.90',
  JPEG2000: '1.2.840.10008.1.2.4.91',
  HTJ2KLossless: '1.2.840.10008.1.2.4.201',
  HTJ2KLosslessRPCL: '1.2.840.10008.1.2.4.202',
  HTJ2K: '1.2.840.10008.1.2.4.203',
  RLELossless: '1.2.840.10008.1.2.5',
} as const;

type Row = readonly [suffix: string, name: string, flags: string];

/**
 * Flags: `i` implicit VR, `b` big endian, `d` deflated, `e` encapsulated, then the compression: `-` none, `l` lossless, `y` lossy,
 * `a` either; `v` video. UIDs are below 1.2.840.10008.1.2.
 */
const ROWS: readonly Row[] = [
  ['', 'Implicit VR Little Endian', 'i-'],
  ['.1', 'Explicit VR Little Endian', '-'],
  ['.1.98', 'Encapsulated Uncompressed Explicit VR Little Endian', 'e-'],
  ['.1.99', 'Deflated Explicit VR Little Endian', 'd-'],
  ['.2', 'Explicit VR Big Endian', 'b-'],
  ['.4.50', 'JPEG Baseline (Process 1)', 'ey'],
  ['.4.51', 'JPEG Extended (Process 2 & 4)', 'ey'],
  ['.4.52', 'JPEG Extended (Process 3 & 5)', 'ey'],
  ['.4.53', 'JPEG Spectral Selection, Non-Hierarchical (Process 6 & 8)', 'ey'],
  ['.4.54', 'JPEG Spectral Selection, Non-Hierarchical (Process 7 & 9)', 'ey'],
  ['.4.55', 'JPEG Full Progression, Non-Hierarchical (Process 10 & 12)', 'ey'],
  ['.4.56', 'JPEG Full Progression, Non-Hierarchical (Process 11 & 13)', 'ey'],
  ['.4.57', 'JPEG Lossless, Non-Hierarchical (Process 14)', 'el'],
  ['.4.58', 'JPEG Lossless, Non-Hierarchical (Process 15)', 'el'],
  ['.4.59', 'JPEG Extended, Hierarchical (Process 16 & 18)', 'ey'],
  ['.4.60', 'JPEG Extended, Hierarchical (Process 17 & 19)', 'ey'],
  ['.4.61', 'JPEG Spectral Selection, Hierarchical (Process 20 & 22)', 'ey'],
  ['.4.62', 'JPEG Spectral Selection, Hierarchical (Process 21 & 23)', 'ey'],
  ['.4.63', 'JPEG Full Progression, Hierarchical (Process 24 & 26)', 'ey'],
  ['.4.64', 'JPEG Full Progression, Hierarchical (Process 25 & 27)', 'ey'],
  ['.4.65', 'JPEG Lossless, Hierarchical (Process 28)', 'el'],
  ['.4.66', 'JPEG Lossless, Hierarchical (Process 29)', 'el'],
  ['.4.70', 'JPEG Lossless, Non-Hierarchical, First-Order Prediction (Process 14 [Selection Value 1])', 'el'],
  ['.4.80', 'JPEG-LS Lossless Image Compression', 'el'],
  ['.4.81', 'JPEG-LS Lossy (Near-Lossless) Image Compression', 'ey'],
  ['.4.90', 'JPEG 2000 Image Compression (Lossless Only)', 'el'],
  ['.4.91', 'JPEG 2000 Image Compression', 'ea'],
  ['.4.92', 'JPEG 2000 Part 2 Multi-component Image Compression (Lossless Only)', 'el'],
  ['.4.93', 'JPEG 2000 Part 2 Multi-component Image Compression', 'ea'],
  ['.4.94', 'JPIP Referenced', '-'],
  ['.4.95', 'JPIP Referenced Deflate', 'd-'],
  ['.4.100', 'MPEG2 Main Profile / Main Level', 'eyv'],
  ['.4.100.1', 'Fragmentable MPEG2 Main Profile / Main Level', 'eyv'],
  ['.4.101', 'MPEG2 Main Profile / High Level', 'eyv'],
  ['.4.101.1', 'Fragmentable MPEG2 Main Profile / High Level', 'eyv'],
  ['.4.102', 'MPEG-4 AVC/H.264 High Profile / Level 4.1', 'eyv'],
  ['.4.102.1', 'Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.1', 'eyv'],
  ['.4.103', 'MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1', 'eyv'],
  ['.4.103.1', 'Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1', 'eyv'],
  ['.4.104', 'MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video', 'eyv'],
  ['.4.104.1', 'Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video', 'eyv'],
  ['.4.105', 'MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video', 'eyv'],
  ['.4.105.1', 'Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video', 'eyv'],
  ['.4.106', 'MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2', 'eyv'],
  ['.4.106.1', 'Fragmentable MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2', 'eyv'],
  ['.4.107', 'HEVC/H.265 Main Profile / Level 5.1', 'eyv'],
  ['.4.108', 'HEVC/H.265 Main 10 Profile / Level 5.1', 'eyv'],
  ['.4.110', 'JPEG XL Lossless', 'el'],
  ['.4.111', 'JPEG XL JPEG Recompression', 'ey'],
  ['.4.112', 'JPEG XL', 'ea'],
  ['.4.201', 'High-Throughput JPEG 2000 Image Compression (Lossless Only)', 'el'],
  ['.4.202', 'High-Throughput JPEG 2000 with RPCL Options Image Compression (Lossless Only)', 'el'],
  ['.4.203', 'High-Throughput JPEG 2000 Image Compression', 'ea'],
  ['.4.204', 'JPIP HTJ2K Referenced', '-'],
  ['.4.205', 'JPIP HTJ2K Referenced Deflate', 'd-'],
  ['.5', 'RLE Lossless', 'el'],
  ['.6.1', 'RFC 2557 MIME Encapsulation', '-'],
  ['.6.2', 'XML Encoding', '-'],
  ['.7.1', 'SMPTE ST 2110-20 Uncompressed Progressive Active Video', '-v'],
  ['.7.2', 'SMPTE ST 2110-20 Uncompressed Interlaced Active Video', '-v'],
  ['.7.3', 'SMPTE ST 2110-30 PCM Digital Audio', '-'],
  ['.8.1', 'Deflated Image Frame Compression', 'el'],
];

const COMPRESSIONS = { '-': 'none', l: 'lossless', y: 'lossy', a: 'either' } as const;

function toTransferSyntax([suffix, name, flags]: Row): TransferSyntax {
  const letter = (['l', 'y', 'a'] as const).find((one) => flags.includes(one)) ?? '-';
  return {
    uid: `1.2.840.10008.1.2${suffix}`,
    name,
    explicitVR: !flags.includes('i'),
    bigEndian: flags.includes('b'),
    deflated: flags.includes('d'),
    encapsulated: flags.includes('e'),
    compression: COMPRESSIONS[letter],
    video: flags.includes('v'),
  };
}

/** Every transfer syntax of PS3.6 table A-1 that encodes data sets, retired ones included. */
export const TRANSFER_SYNTAXES: readonly TransferSyntax[] = ROWS.map(toTransferSyntax);

const BY_UID: ReadonlyMap<string, TransferSyntax> = new Map(TRANSFER_SYNTAXES.map((syntax) => [syntax.uid, syntax]));
