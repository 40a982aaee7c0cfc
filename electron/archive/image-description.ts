import fs from 'node:fs';
import type { ImageModule, PixelData } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import {
  type ByteSource,
  type Dataset,
  type Part10File,
  readFrameFragments,
  readPart10,
  Tag,
  transferSyntaxOf,
} from '../dicom/dataset/index.ts';
import { paletteOf } from './palette.ts';
import { readingOf } from './reading-description.ts';

/** What the viewer needs of an instance's image; without `image` there is nothing to show, and `reason` says why. */
export interface ImageDescription {
  readonly image?: ImageModule;
  readonly reason?: string;
}

/** Reads a stored file's header and describes its image. Never throws for what the file holds; rejects only what the system refuses. */
export function describeImage(file: string): ImageDescription {
  const fd = fs.openSync(file, 'r');
  try {
    return describe(readPart10(fileSource(fd)));
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
function fileSource(fd: number): ByteSource {
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

const MAX_LIST = 65_536;

function describe(file: Part10File): ImageDescription {
  const { dataset, pixelData } = file;
  if (pixelData === undefined) return { reason: 'The instance holds no pixels.' };
  if (pixelData.vr === 'OF' || pixelData.vr === 'OD') return { reason: 'Floating point pixels cannot be shown yet.' };
  const rows = dataset.number(Tag.Rows) ?? 0;
  const columns = dataset.number(Tag.Columns) ?? 0;
  const samplesPerPixel = dataset.number(Tag.SamplesPerPixel) ?? 1;
  const bitsAllocated = dataset.number(Tag.BitsAllocated) ?? 0;
  if (!isCount(rows, 65_535) || !isCount(columns, 65_535) || rows === 0 || columns === 0) return { reason: 'Rows or columns are missing.' };
  if (![1, 8, 16, 32].includes(bitsAllocated)) return { reason: 'The number of bits per sample is missing or unusual.' };
  if (![1, 3, 4].includes(samplesPerPixel)) return { reason: 'The number of samples per pixel is unusual.' };
  const photometricInterpretation = dataset.string(Tag.PhotometricInterpretation).toUpperCase() || 'MONOCHROME2';
  const numberOfFrames = Math.max(1, dataset.number(Tag.NumberOfFrames) ?? 1);
  const found = locatePixels(file, numberOfFrames);
  if (typeof found === 'string') return { reason: found };
  const palette = photometricInterpretation === 'PALETTE COLOR' ? paletteOf(dataset) : undefined;
  if (photometricInterpretation === 'PALETTE COLOR' && palette === undefined) return { reason: 'The color palette is missing or damaged.' };
  const frameBits = rows * columns * samplesPerPixel * bitsAllocated;
  const isNative = found.encoding !== 'encapsulated';
  if (isNative && found.length * 8 < frameBits) return { reason: 'The pixels end before the first image is complete.' };
  const isCut = file.truncated || (isNative && Math.floor(found.length * 8) < frameBits * numberOfFrames);
  const image: ImageModule = {
    rows,
    columns,
    samplesPerPixel,
    photometricInterpretation: photometricInterpretation.slice(0, 16),
    planarConfiguration: dataset.number(Tag.PlanarConfiguration) === 1 ? 1 : 0,
    bitsAllocated,
    ...bitsOf(dataset, bitsAllocated),
    ...optional('pixelPaddingValue', integer(dataset.number(Tag.PixelPaddingValue))),
    ...valuesOf(dataset),
    ...geometryOf(dataset),
    ...optional('frameTimeMs', positive(dataset.number(Tag.FrameTime))),
    lossy: dataset.string(Tag.LossyImageCompression) === '01',
    ...optional('reading', readingOf(dataset)),
    ...optional('palette', palette),
    pixelData: found,
  };
  return isCut ? { image, reason: 'The file ends before its pixels do.' } : { image };
}

/** Where the pixels are, or the sentence that says why they cannot be used. */
function locatePixels(file: Part10File, numberOfFrames: number): PixelData | string {
  const { dataset, meta, pixelData, source } = file;
  const syntax = transferSyntaxOf(meta.transferSyntaxUID);
  if (pixelData === undefined) return 'The instance holds no pixels.';
  if (!pixelData.encapsulated) {
    const { offset, length } = pixelData;
    if (syntax?.deflated === true) return { encoding: 'deflated', dataSetOffset: meta.dataSetOffset, offset, length };
    // Samples of a byte lie in swapped words only where the pixels were written as OW (PS3.5 A.3).
    const swapped = syntax?.bigEndian === true && (pixelData.vr === 'OW' || (dataset.number(Tag.BitsAllocated) ?? 8) > 8);
    return { encoding: 'native', offset, length, bigEndian: swapped };
  }
  if (syntax?.video === true) return 'Video cannot be shown yet.';
  if (syntax === undefined) return 'The compression of the pixels is not known.';
  const extendedOffsetTable = dataset.bytes(Tag.ExtendedOffsetTable);
  const { frames } = readFrameFragments(
    source,
    pixelData,
    Math.min(numberOfFrames, MAX_LIST + 1),
    optional('extendedOffsetTable', extendedOffsetTable),
  );
  if (frames.length > MAX_LIST || frames.some((fragments) => fragments.length > MAX_LIST))
    return 'The instance has too many frames or fragments.';
  if (frames.every((fragments) => fragments.length === 0)) return 'The compressed pixels are missing.';
  return { encoding: 'encapsulated', frames };
}

function bitsOf(dataset: Dataset, bitsAllocated: number): Pick<ImageModule, 'bitsStored' | 'highBit' | 'pixelRepresentation'> {
  const stored = dataset.number(Tag.BitsStored) ?? bitsAllocated;
  const bitsStored = stored >= 1 && stored <= bitsAllocated ? Math.floor(stored) : bitsAllocated;
  const high = dataset.number(Tag.HighBit) ?? bitsStored - 1;
  const highBit = high >= bitsStored - 1 && high < bitsAllocated ? Math.floor(high) : bitsStored - 1;
  return { bitsStored, highBit, pixelRepresentation: dataset.number(Tag.PixelRepresentation) === 1 ? 1 : 0 };
}

const PIXEL_MEASURES = 0x00289110;
const PLANE_POSITION = 0x00209113;
const PLANE_ORIENTATION = 0x00209116;
const PIXEL_VALUE_TRANSFORMATION = 0x00289145;
const FRAME_VOI_LUT = 0x00289132;

/** A module of the first frame: in enhanced multi-frame objects in the functional groups (PS3.3 C.7.6.16), else in the data set itself. */
function moduleOf(dataset: Dataset, group: number): Dataset {
  const perFrame = dataset.items(Tag.PerFrameFunctionalGroupsSequence)[0]?.items(group)[0];
  const shared = dataset.items(Tag.SharedFunctionalGroupsSequence)[0]?.items(group)[0];
  return perFrame ?? shared ?? dataset;
}

function valuesOf(dataset: Dataset): Pick<ImageModule, 'rescaleSlope' | 'rescaleIntercept' | 'rescaleType' | 'windows'> {
  const rescale = moduleOf(dataset, PIXEL_VALUE_TRANSFORMATION);
  const slope = rescale.number(Tag.RescaleSlope);
  return {
    rescaleSlope: slope === undefined || slope === 0 ? 1 : slope,
    rescaleIntercept: rescale.number(Tag.RescaleIntercept) ?? 0,
    rescaleType: rescale.string(Tag.RescaleType).slice(0, 64),
    windows: windowsOf(moduleOf(dataset, FRAME_VOI_LUT)),
  };
}

/** VOI LUT module (PS3.3 C.11.2): pairs of center and width that can be used. */
function windowsOf(voi: Dataset): ImageModule['windows'] {
  const centers = voi.numbers(Tag.WindowCenter);
  const widths = voi.numbers(Tag.WindowWidth);
  const labels = voi.strings(Tag.WindowCenterWidthExplanation);
  const named = voi.string(Tag.VOILUTFunction);
  const fn = named === 'SIGMOID' || named === 'LINEAR_EXACT' ? named : 'LINEAR';
  return centers.slice(0, 64).flatMap((center, i) => {
    const width = widths[i];
    if (width === undefined || width <= 0) return [];
    return [{ center, width, label: (labels[i] ?? '').slice(0, 64), function: fn }];
  });
}

type Geometry = Pick<
  ImageModule,
  'pixelSpacing' | 'pixelAspectRatio' | 'imagePositionPatient' | 'imageOrientationPatient' | 'sliceThickness'
>;

function geometryOf(dataset: Dataset): Geometry {
  const measures = moduleOf(dataset, PIXEL_MEASURES);
  const [rowSpacing, columnSpacing] = measures.numbers(Tag.PixelSpacing);
  const [vertical, horizontal] = dataset.numbers(Tag.PixelAspectRatio);
  const [x, y, z] = moduleOf(dataset, PLANE_POSITION).numbers(Tag.ImagePositionPatient);
  const orientation = moduleOf(dataset, PLANE_ORIENTATION).numbers(Tag.ImageOrientationPatient);
  return {
    ...optional('pixelSpacing', pair(positive(rowSpacing), positive(columnSpacing))),
    ...optional('pixelAspectRatio', pair(positive(vertical), positive(horizontal))),
    ...(x === undefined || y === undefined || z === undefined ? {} : { imagePositionPatient: [x, y, z] as [number, number, number] }),
    ...(orientation.length === 6 ? { imageOrientationPatient: orientation } : {}),
    ...optional('sliceThickness', positive(measures.number(Tag.SliceThickness))),
  };
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}

const isCount = (value: number, max: number): boolean => Number.isInteger(value) && value >= 0 && value <= max;
const integer = (value: number | undefined): number | undefined => (Number.isInteger(value) ? value : undefined);
const positive = (value: number | undefined): number | undefined => (value !== undefined && value > 0 ? value : undefined);
const pair = (a: number | undefined, b: number | undefined): [number, number] | undefined =>
  a === undefined || b === undefined ? undefined : [a, b];
