import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { SourceReader } from '../dicom/dataset/byte-source.ts';
import { Dataset, TransferSyntaxUID } from '../dicom/dataset/index.ts';
import type { ForeignFile, Wrapped } from './wrap.ts';

const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';
const MAX_SEGMENTS = 10_000;

/** What the frame header says (ITU-T T.81 B.2.2). */
interface Frame {
  readonly process: number;
  readonly bits: number;
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  readonly subsampled: boolean;
  /** Of Adobe's APP14 segment: 0 RGB, 1 YCbCr. */
  readonly transform: number | undefined;
}

/**
 * A JPEG as Secondary Capture (PS3.3 A.8.1), its bytes as they are: baseline as JPEG Baseline, extended sequential as JPEG Extended. Throws PhosphorError
 * `unsupported` for progressive, arithmetic and four-component streams, which no current transfer syntax holds, `damaged`.
 */
export function wrapJPEG({ source, title }: ForeignFile): Wrapped {
  const frame = frameOf(new SourceReader(source), source.size);
  const { process, bits, rows, columns, components } = frame;
  const baseline = process === 0 && bits === 8;
  if (!baseline && !(process === 1 && (bits === 8 || bits === 12)))
    throw new PhosphorError('unsupported', 'this kind of JPEG has no transfer syntax; save it as baseline');
  if (components !== 1 && components !== 3) throw new PhosphorError('unsupported', 'a JPEG of so many colour components cannot be held');
  if (rows === 0 || columns === 0) throw new PhosphorError('damaged', 'the JPEG does not tell its size');
  const decoded = rows * columns * components * (bits > 8 ? 2 : 1);
  return {
    sopClassUID: SECONDARY_CAPTURE,
    transferSyntaxUID: baseline ? TransferSyntaxUID.JPEGBaseline8Bit : TransferSyntaxUID.JPEGExtended12Bit,
    modality: 'OT',
    attributes: Dataset.of({
      ImageType: ['DERIVED', 'SECONDARY'],
      ConversionType: 'WSD',
      ImageComments: title,
      PatientOrientation: '',
      SamplesPerPixel: components,
      PhotometricInterpretation: photometricOf(frame),
      ...(components === 3 ? { PlanarConfiguration: 0 } : {}),
      Rows: rows,
      Columns: columns,
      BitsAllocated: bits > 8 ? 16 : 8,
      BitsStored: bits,
      HighBit: bits - 1,
      PixelRepresentation: 0,
      LossyImageCompression: '01',
      LossyImageCompressionRatio: Math.max(0.01, Math.round((decoded / source.size) * 100) / 100),
      LossyImageCompressionMethod: 'ISO_10918_1',
    }),
    content: { kind: 'fragment' },
  };
}

function photometricOf({ components, transform, subsampled }: Frame): string {
  if (components === 1) return 'MONOCHROME2';
  if (transform === 0) return 'RGB';
  return subsampled ? 'YBR_FULL_422' : 'YBR_FULL';
}

const NOT_FRAMES: ReadonlySet<number> = new Set([0xc4, 0xc8, 0xcc]);

function frameOf(reader: SourceReader, size: number): Frame {
  let transform: number | undefined;
  let at = 2;
  for (let segment = 0; segment < MAX_SEGMENTS && at + 4 <= size; segment += 1) {
    const [mark = 0, marker = 0] = reader.bytes(at, 2);
    if (mark !== 0xff) break;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      at += 2;
      continue;
    }
    if (marker === 0xda || marker === 0xd9) break;
    const length = reader.uint16(at + 2, false);
    if (length < 2 || at + 2 + length > size) break;
    if (marker === 0xee && length >= 14 && Buffer.from(reader.bytes(at + 4, 5)).toString('latin1') === 'Adobe') {
      [transform = 0] = reader.bytes(at + 15, 1);
    }
    if (marker >= 0xc0 && marker <= 0xcf && !NOT_FRAMES.has(marker))
      return { ...frameHeader(reader, at + 4, length - 2, marker - 0xc0), transform };
    at += 2 + length;
  }
  throw new PhosphorError('damaged', 'the JPEG has no frame');
}

function frameHeader(reader: SourceReader, at: number, length: number, process: number): Omit<Frame, 'transform'> {
  const bytes = reader.bytes(at, Math.min(length, 6 + 3 * 4));
  const components = bytes[5] ?? 0;
  if (bytes.length < 6 + 3 * Math.min(components, 4)) throw new PhosphorError('damaged', 'the frame header of the JPEG is cut off');
  const factors = Array.from({ length: Math.min(components, 4) }, (_, index) => bytes[7 + 3 * index] ?? 0);
  return {
    process,
    bits: bytes[0] ?? 0,
    rows: (bytes[1] ?? 0) * 256 + (bytes[2] ?? 0),
    columns: (bytes[3] ?? 0) * 256 + (bytes[4] ?? 0),
    components,
    subsampled: factors.some((factor) => factor !== factors[0]),
  };
}
