import { type Exactness, exactnessOf, type FrameDescription } from '../../shared/codecs/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { type Dataset, Tag, TransferSyntaxUID, transferSyntaxOf } from '../dicom/dataset/index.ts';
import type { Edit } from '../dicom/dataset/re-encoder.ts';
import type { NativeFrames } from './codec-jobs.ts';

/** How a frame tells whether decoding loses something; `exact`: its transfer syntax alone says that it does not. */
export type CodestreamKind = 'exact' | 'jpeg' | 'jpeg-2000';

const JPEG = ['50', '51', '53', '55', '57', '70', '80', '81'];
const JPEG_2000 = ['90', '91', '92', '93', '201', '202', '203'];

const KINDS: ReadonlyMap<string, CodestreamKind> = new Map<string, CodestreamKind>([
  ['1.2.840.10008.1.2.1.98', 'exact'],
  ['1.2.840.10008.1.2.8.1', 'exact'],
  [TransferSyntaxUID.RLELossless, 'exact'],
  ...JPEG.map((last): [string, CodestreamKind] => [`1.2.840.10008.1.2.4.${last}`, 'jpeg']),
  ...JPEG_2000.map((last): [string, CodestreamKind] => [`1.2.840.10008.1.2.4.${last}`, 'jpeg-2000']),
]);

/** Throws PhosphorError `unsupported` for video and what we cannot decode. */
export function codestreamKindOf(transferSyntaxUID: string): CodestreamKind {
  const kind = KINDS.get(transferSyntaxUID);
  if (kind !== undefined) return kind;
  const syntax = transferSyntaxOf(transferSyntaxUID);
  const name = syntax?.name ?? transferSyntaxUID;
  throw new PhosphorError('unsupported', syntax?.video === true ? `${name} is video and is not converted` : `${name} cannot be decoded`);
}

/**
 * What decoding the frame does, told from its first bytes. Throws PhosphorError `unsupported` where it would not give exactly what the standard of the
 * codestream lays down, unless that is allowed.
 */
export function checkExactness(head: Uint8Array, kind: CodestreamKind, allowLossyConversion: boolean): Exactness {
  const exactness = kind === 'exact' ? { isExact: true, isLossy: false } : exactnessOf(head, kind);
  if (exactness.isExact || allowLossyConversion) return exactness;
  throw new PhosphorError(
    'unsupported',
    'the image is compressed with loss, and decoding it rounds once more: the settings do not allow that',
  );
}

/**
 * What changes in the data set with its pixels (PS3.5 §8.2, A.4). Throws PhosphorError `unsupported` where decoding left a colour space that the
 * data set names, and that is not allowed.
 */
export function pixelEdits(
  dataset: Dataset,
  image: FrameDescription,
  frames: Omit<NativeFrames, 'bytes'>,
  pixels: { readonly isLossy: boolean; readonly keepsLayout: boolean; readonly allowLossyConversion: boolean },
): Edit[] {
  const edits: Edit[] = OFFSET_TABLES.map((tag) => ({ tag, element: undefined }));
  const set = (tag: number, vr: 'US' | 'CS', value: number | string): void => {
    if (dataset.string(tag) === String(value)) return;
    edits.push({ tag, element: { tag, vr, value: typeof value === 'number' ? [value] : [value] } });
  };
  set(Tag.PhotometricInterpretation, 'CS', photometricAfter(image, frames.photometricInterpretation, pixels));
  if (image.samplesPerPixel > 1 && !pixels.keepsLayout) set(Tag.PlanarConfiguration, 'US', 0);
  set(Tag.BitsAllocated, 'US', frames.bitsAllocated);
  if (frames.bitsStored > image.bitsStored) {
    set(Tag.BitsStored, 'US', frames.bitsStored);
    set(Tag.HighBit, 'US', frames.bitsStored - 1);
  }
  if (pixels.isLossy) set(Tag.LossyImageCompression, 'CS', '01');
  return edits;
}

const OFFSET_TABLES: readonly number[] = [Tag.ExtendedOffsetTable, Tag.ExtendedOffsetTableLengths, 0x7fe00003];

function photometricAfter(
  { photometricInterpretation: before }: FrameDescription,
  now: string,
  { keepsLayout, allowLossyConversion }: { readonly keepsLayout: boolean; readonly allowLossyConversion: boolean },
): string {
  if (keepsLayout) return before;
  const isUndone = before === 'YBR_RCT' || before === 'YBR_ICT';
  if (now !== before && !isUndone && !allowLossyConversion) {
    throw new PhosphorError('unsupported', `decoding turns ${before} into ${now}, which rounds: the settings do not allow that`);
  }
  // Decoded chroma has a sample for every pixel.
  if (now === 'YBR_FULL_422') return 'YBR_FULL';
  if (/_42[02]$/.test(now)) throw new PhosphorError('unsupported', `there is no uncompressed form of ${now}`);
  return now;
}

/** The Image Pixel module as decoders need it. Throws PhosphorError `damaged` where something is missing. */
export function descriptionOf(dataset: Dataset): FrameDescription {
  const number = (tag: number): number => {
    const value = dataset.number(tag);
    if (value === undefined) throw new PhosphorError('damaged', 'the data set does not describe its pixels');
    return value;
  };
  const bitsStored = number(Tag.BitsStored);
  return {
    rows: number(Tag.Rows),
    columns: number(Tag.Columns),
    samplesPerPixel: number(Tag.SamplesPerPixel),
    bitsAllocated: number(Tag.BitsAllocated),
    bitsStored,
    highBit: dataset.number(Tag.HighBit) ?? bitsStored - 1,
    pixelRepresentation: dataset.number(Tag.PixelRepresentation) ?? 0,
    photometricInterpretation: dataset.string(Tag.PhotometricInterpretation),
    planarConfiguration: dataset.number(Tag.PlanarConfiguration) ?? 0,
  };
}
