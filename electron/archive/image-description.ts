import fs from 'node:fs';
import type { ImageModule } from '../../shared/contract/index.ts';
import { NO_PIXELS } from '../../shared/contract/limits.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { type ByteSource, type Dataset, type Part10File, readPart10, Tag, transferSyntaxOf } from '../dicom/dataset/index.ts';
import { frameValuesOf } from './image-frames.ts';
import { locatePixels } from './image-pixels.ts';
import { overlaysOf, shutterOf } from './image-planes.ts';
import { suvOf } from './image-suv.ts';
import { bytesOf, type FileForm, isTableOrPlane, modalityLUTOf, paletteOf, voiLUTsOf } from './image-tables.ts';
import { ImageTag } from './image-tags.ts';
import { bounded, integer, optional, pair, positive } from './optional.ts';
import { readingOf } from './reading-description.ts';

/** Descriptions of another version are made anew. */
export const DESCRIPTION_VERSION = 4;

/** What the viewer needs of an instance's image; without `image` there is nothing to show, and `reason` says why. */
export interface ImageDescription {
  readonly image?: ImageModule;
  readonly reason?: string;
}

/** Reads a stored file's header and describes its image. Never throws for what the file holds; rejects only what the system refuses. */
export function describeImage(file: string): ImageDescription {
  const fd = fs.openSync(file, 'r');
  try {
    return describe(readPart10(fileSource(fd), {}, { leaveInSource: isTableOrPlane }));
  } catch (thrown) {
    if (!(thrown instanceof PhosphorError)) throw thrown;
    return { reason: REASONS[thrown.kind] ?? 'The image description cannot be read.' };
  } finally {
    fs.closeSync(fd);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  damaged: 'The file is damaged: its image description cannot be read.',
  'limit-exceeded': 'The file is larger or deeper than what can be shown.',
  'not-dicom': 'The file is damaged: it does not begin like a DICOM file.',
};

/** Random access to an open file. */
export function fileSource(fd: number): ByteSource {
  const { size } = fs.fstatSync(fd);
  return {
    size,
    read(offset, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      const read = bytes.length === 0 ? 0 : fs.readSync(fd, bytes, 0, bytes.length, offset);
      return bytes.subarray(0, read);
    },
  };
}

function describe(file: Part10File): ImageDescription {
  const { dataset, pixelData, meta } = file;
  if (pixelData === undefined) return { reason: NO_PIXELS };
  const rows = dataset.number(Tag.Rows) ?? 0;
  const columns = dataset.number(Tag.Columns) ?? 0;
  const samplesPerPixel = dataset.number(Tag.SamplesPerPixel) ?? 1;
  const sampleFormat: ImageModule['sampleFormat'] = pixelData.vr === 'OF' ? 'float' : pixelData.vr === 'OD' ? 'double' : undefined;
  const bitsAllocated = sampleFormat === undefined ? (dataset.number(Tag.BitsAllocated) ?? 0) : sampleFormat === 'float' ? 32 : 64;
  if (!isCount(rows, 65_535) || !isCount(columns, 65_535)) return { reason: 'Rows or columns are missing.' };
  if (sampleFormat === undefined && !isCount(bitsAllocated, 32)) return { reason: 'The number of bits per sample is missing or unusual.' };
  if (![1, 3, 4].includes(samplesPerPixel)) return { reason: 'The number of samples per pixel is unusual.' };
  const photometricInterpretation = dataset.string(Tag.PhotometricInterpretation).toUpperCase() || 'MONOCHROME2';
  const numberOfFrames = bounded(dataset.number(Tag.NumberOfFrames) ?? 1, 1, 1_000_000_000);
  const found = locatePixels(file, numberOfFrames);
  if (typeof found === 'string') return { reason: found };

  const form: FileForm = {
    bigEndian: transferSyntaxOf(meta.transferSyntaxUID)?.bigEndian === true,
    signed: dataset.number(Tag.PixelRepresentation) === 1,
  };
  const palette = dataset.has(Tag.RedPaletteColorLookupTableDescriptor) ? paletteOf(dataset, form) : undefined;
  if (photometricInterpretation === 'PALETTE COLOR' && palette === undefined) return { reason: 'The color palette is missing or damaged.' };
  const isColour = samplesPerPixel > 1 || palette !== undefined;
  const subsampled = samplesPerPixel === 3 && /^YBR_(FULL|PARTIAL)_422$/.test(photometricInterpretation);
  const frameBits = rows * columns * (subsampled ? 2 : samplesPerPixel) * bitsAllocated;
  const isNative = found.encoding === 'native' || found.encoding === 'deflated';
  if (isNative && found.length * 8 < frameBits) return { reason: 'The pixels end before the first image is complete.' };
  const isCut = file.truncated || (isNative && found.length * 8 < frameBits * numberOfFrames);
  const { first, frames } = frameValuesOf(dataset, numberOfFrames);
  const bits = bitsOf(dataset, bitsAllocated);
  const image: ImageModule = {
    rows,
    columns,
    samplesPerPixel,
    photometricInterpretation: photometricInterpretation.slice(0, 16),
    planarConfiguration: dataset.number(Tag.PlanarConfiguration) === 1 ? 1 : 0,
    bitsAllocated,
    ...bits,
    ...optional('sampleFormat', sampleFormat),
    ...paddingOf(dataset),
    ...first,
    ...lookupTablesOf(dataset, form, bits, first),
    ...optional('pixelAspectRatio', aspectRatioOf(dataset)),
    ...optional('frameTimeMs', frameTimeOf(dataset)),
    lossy: dataset.string(Tag.LossyImageCompression) === '01',
    ...optional('reading', readingOf(dataset)),
    ...optional('palette', palette),
    ...(palette !== undefined && photometricInterpretation === 'MONOCHROME2' ? paletteUseOf(dataset) : {}),
    ...optional('iccProfile', isColour ? iccProfileOf(dataset, form) : undefined),
    ...nonEmpty('overlays', overlaysOf(dataset, form, { bitsAllocated }, numberOfFrames)),
    ...optional('shutter', shutterOf(dataset)),
    ...optional('suv', suvOf(dataset)),
    ...nonEmpty('frames', frames),
    pixelData: found,
  };
  return isCut ? { image, reason: 'The file ends before its pixels do.' } : { image };
}

/** Profiles larger than this are no profile of a device. */
const MAX_PROFILE = 16 * 1024 * 1024;

function iccProfileOf(dataset: Dataset, form: FileForm): ImageModule['iccProfile'] {
  const holder = dataset.has(ImageTag.ICCProfile) ? dataset : dataset.items(ImageTag.OpticalPathSequence)[0];
  const profile = holder === undefined ? undefined : bytesOf(holder, ImageTag.ICCProfile, form);
  return profile !== undefined && 'length' in profile && profile.length > MAX_PROFILE ? undefined : profile;
}

function bitsOf(dataset: Dataset, bitsAllocated: number): Pick<ImageModule, 'bitsStored' | 'highBit' | 'pixelRepresentation'> {
  const stored = dataset.number(Tag.BitsStored) ?? bitsAllocated;
  const bitsStored = stored >= 1 && stored <= bitsAllocated ? Math.floor(stored) : bitsAllocated;
  const high = dataset.number(Tag.HighBit) ?? bitsStored - 1;
  const highBit = high >= bitsStored - 1 && high < bitsAllocated ? Math.floor(high) : bitsStored - 1;
  return { bitsStored, highBit, pixelRepresentation: dataset.number(Tag.PixelRepresentation) === 1 ? 1 : 0 };
}

/** PS3.3 C.7.5.1.1.2: one value, or the range between two. */
function paddingOf(dataset: Dataset): Pick<ImageModule, 'pixelPaddingValue' | 'pixelPaddingRangeLimit'> {
  const value =
    integer(dataset.number(Tag.PixelPaddingValue)) ??
    dataset.number(ImageTag.FloatPixelPaddingValue) ??
    dataset.number(ImageTag.DoubleFloatPixelPaddingValue);
  if (value === undefined) return {};
  const limit =
    integer(dataset.number(ImageTag.PixelPaddingRangeLimit)) ??
    dataset.number(ImageTag.FloatPixelPaddingRangeLimit) ??
    dataset.number(ImageTag.DoubleFloatPixelPaddingRangeLimit);
  return { pixelPaddingValue: value, ...optional('pixelPaddingRangeLimit', limit) };
}

function lookupTablesOf(
  dataset: Dataset,
  form: FileForm,
  { bitsStored, pixelRepresentation }: Pick<ImageModule, 'bitsStored' | 'pixelRepresentation'>,
  { rescaleSlope, rescaleIntercept }: Pick<ImageModule, 'rescaleSlope' | 'rescaleIntercept'>,
): Pick<ImageModule, 'modalityLUT' | 'voiLUTs' | 'presentationLUTShape'> {
  const modalityLUT = modalityLUTOf(dataset, form);
  const highest = modalityLUT === undefined ? 2 ** (bitsStored - pixelRepresentation) * rescaleSlope + rescaleIntercept : 65_535;
  const shape = dataset.string(ImageTag.PresentationLUTShape);
  return {
    ...optional('modalityLUT', modalityLUT),
    ...nonEmpty('voiLUTs', voiLUTsOf(dataset, { ...form, signed: form.signed && modalityLUT === undefined }, highest)),
    ...(shape === 'IDENTITY' || shape === 'INVERSE' ? { presentationLUTShape: shape } : {}),
  };
}

function aspectRatioOf(dataset: Dataset): [number, number] | undefined {
  const [vertical, horizontal] = dataset.numbers(Tag.PixelAspectRatio);
  return pair(positive(vertical), positive(horizontal));
}

/** Milliseconds from frame to frame, as stored or the mean of a vector. */
function frameTimeOf(dataset: Dataset): number | undefined {
  const time = positive(dataset.number(Tag.FrameTime));
  if (time !== undefined) return time;
  const steps = dataset.numbers(ImageTag.FrameTimeVector).slice(1);
  return steps.length === 0 ? undefined : positive(steps.reduce((sum, step) => sum + step, 0) / steps.length);
}

/** Colour beside grey values (PS3.3 C.7.6.19) or in place of them (a parametric map): older objects do not say so, and only MONOCHROME2 has it. */
function paletteUseOf(dataset: Dataset): Pick<ImageModule, 'supplementalPalette' | 'colourRange'> {
  const presentation = dataset.string(ImageTag.PixelPresentation);
  if (presentation === 'COLOR_RANGE') return { colourRange: true };
  return presentation === 'COLOR' || presentation === 'MIXED' ? { supplementalPalette: true } : {};
}

function nonEmpty<K extends string, V>(key: K, list: V[]): { [P in K]?: V[] } {
  return list.length === 0 ? {} : optional(key, list);
}

const isCount = (value: number, max: number): boolean => Number.isInteger(value) && value >= 1 && value <= max;
