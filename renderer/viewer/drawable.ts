import {
  type DecodedFrame,
  decodeFrame,
  type Palette,
  paletteColours,
  profileName,
  readProfile,
  readTable,
  type Samples,
  toPaletteTable,
  toRGBA,
  toSRGB,
  type ValueTable,
} from '../../shared/codecs/index.ts';
import type { BulkBytes, ImageModule, LookupTable } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { type BulkRange, bulkBytes, overlaysOfFrame } from './bulk.ts';
import { paletteWords } from './colour-maps.ts';
import { colourPyramid } from './colour-pyramid.ts';
import type { ColourFrame, DrawableFrame } from './decode-messages.ts';
import { toGreyFrame } from './grey-frame.ts';
import { planesOf } from './planes.ts';
import { isLarge } from './stack.ts';

/** The bytes of a frame and how they are to be read. */
export interface FrameSource {
  readonly transferSyntaxUID: string;
  /** Values of this frame. */
  readonly image: ImageModule;
  readonly frame: number;
  readonly fragments: readonly Uint8Array[];
  readonly bitOffset: number;
  /** Bytes of tables and planes; shorter than asked where the file ends. */
  readonly fetched: (range: BulkRange) => Uint8Array;
}

/** A picture as it is drawn (RGBA, or grey with its smaller copies, and planes) may not take more than this. */
const MAX_DRAWN = 1024 ** 3;

/** Bytes of a file → everything that drawing needs: the whole way of a picture but its window. Throws what `decodeFrame` does. */
export async function toDrawable(source: FrameSource): Promise<DrawableFrame> {
  const { image, frame, fetched } = source;
  if (image.rows * image.columns * 4 > MAX_DRAWN) throw new PhosphorError('limit-exceeded', 'the picture would take more than 1 GiB');
  const decoded = await decodeStored(source);
  const { rows, columns } = decoded;
  const shown: DrawableFrame = isGrey(decoded)
    ? drawGrey(decoded, source)
    : inColour({ kind: 'colour', columns, rows, ...managedColours(toRGBA(decoded, paletteOf(source)), source) });
  const planes = planesOf(image, { frame, fetched, cells: await cellsOf(source) });
  const colours = shown.kind === 'grey' && image.supplementalPalette === true ? supplementalColours(decoded, source) : undefined;
  if (planes === undefined && colours === undefined) return shown;
  return { ...shown, planes: { ...(planes ?? { cover: new Uint8Array(rows * columns), overlays: [], shutterGrey: 0 }), colours } };
}

/** With its smaller copies where it is large. */
function inColour(frame: ColourFrame): ColourFrame {
  return isLarge(frame) ? { ...frame, smaller: colourPyramid(frame) } : frame;
}

/** Colours as the image's ICC profile means them. */
function managedColours(
  rgba: Uint8ClampedArray<ArrayBuffer>,
  { image, fetched }: FrameSource,
): Pick<ColourFrame, 'rgba' | 'profile' | 'profileName'> {
  if (image.iccProfile === undefined) return { rgba };
  const bytes = bytesOfProfile(image.iccProfile, fetched);
  const conversion = readProfile(bytes);
  if (conversion.kind === 'identity') return { rgba };
  if (!('profile' in conversion)) return { rgba, profile: conversion.reason };
  toSRGB(rgba, conversion.profile);
  return { rgba, profile: 'applied', profileName: profileName(bytes) };
}

/** An image without its profile is still an image. */
function bytesOfProfile(profile: BulkBytes, fetched: FrameSource['fetched']): Uint8Array {
  try {
    return bulkBytes(profile, fetched);
  } catch {
    return new Uint8Array(0);
  }
}

/** Stored values of a frame. */
export function decodeStored(source: FrameSource): Promise<DecodedFrame> {
  return decode(source, source.image);
}

function decode({ transferSyntaxUID, fragments, bitOffset }: FrameSource, image: ImageModule): Promise<DecodedFrame> {
  const { pixelData } = image;
  return decodeFrame({
    transferSyntaxUID: pixelData.encoding === 'deflated' ? EXPLICIT_LITTLE : transferSyntaxUID,
    image,
    fragments,
    bitOffset,
    swappedWords: pixelData.encoding === 'native' && pixelData.bigEndian && image.bitsAllocated <= 8,
  });
}

const EXPLICIT_LITTLE = '1.2.840.10008.1.2.1';
const RLE = '1.2.840.10008.1.2.5';

function isGrey({ samplesPerPixel, photometricInterpretation }: DecodedFrame): boolean {
  return samplesPerPixel === 1 && photometricInterpretation !== 'PALETTE COLOR';
}

function drawGrey(decoded: DecodedFrame, source: FrameSource): DrawableFrame {
  const { image, fetched } = source;
  const grey = toGreyFrame(decoded, image, {
    modalityLUT: image.modalityLUT === undefined ? undefined : tableOf(image.modalityLUT, fetched),
    voiLUTs: image.voiLUTs?.map((table) => tableOf(table, fetched)),
  });
  const palette = image.colourRange === true ? paletteOf(source) : undefined;
  return palette === undefined ? grey : { ...grey, colours: paletteWords(managedColours(paletteColours(palette), source).rgba) };
}

/** Colours from the first mapped value on; what lies below stays grey (PS3.3 C.7.6.19.1). */
function supplementalColours(decoded: DecodedFrame, source: FrameSource): Uint8ClampedArray<ArrayBuffer> | undefined {
  const palette = paletteOf(source);
  if (palette === undefined) return undefined;
  const rgba = toRGBA({ ...decoded, photometricInterpretation: 'PALETTE COLOR' }, palette);
  const first = palette.red.firstMapped;
  for (let p = 0; p < decoded.samples.length; p++) if ((decoded.samples[p] ?? 0) < first) rgba[4 * p + 3] = 0;
  return rgba;
}

function paletteOf({ image: { palette }, fetched }: Pick<FrameSource, 'image' | 'fetched'>): Palette | undefined {
  if (palette === undefined) return undefined;
  const [red, green, blue] = [palette.red, palette.green, palette.blue].map((table) => toPaletteTable(tableOf(table, fetched)));
  return red === undefined || green === undefined || blue === undefined ? undefined : { red, green, blue };
}

function tableOf(table: LookupTable, fetched: FrameSource['fetched']): ValueTable {
  return readTable(table, bulkBytes(table.data, fetched));
}

/** All bits of the stored cells, where an overlay may be among them: compressions but RLE keep the stored bits only. */
async function cellsOf(source: FrameSource): Promise<Samples | undefined> {
  const { image, frame, transferSyntaxUID } = source;
  if (!overlaysOfFrame(image, frame).some((overlay) => 'embeddedBit' in overlay.source)) return undefined;
  if (image.pixelData.encoding === 'encapsulated' && transferSyntaxUID !== RLE) return undefined;
  const cells = { ...image, bitsStored: image.bitsAllocated, highBit: image.bitsAllocated - 1, pixelRepresentation: 0 };
  return (await decode(source, cells)).samples;
}
