import {
  type DecodedFrame,
  decodeFrame,
  readTable,
  type TableDescription,
  toPaletteTable,
  toRGBA,
  type ValueTable,
  valueAt,
} from '../../shared/codecs/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { type Pixels, storedPadding } from '../../shared/marks/index.ts';
import type { EncodedImage } from './codec-jobs.ts';
import { encodePNG, encodeTIFF } from './picture-files.ts';
import { encodeJPEG } from './picture-jpeg.ts';
import { drawMarks, type PictureMarks } from './picture-marks.ts';
import { drawCornerText } from './picture-text.ts';

/** A lookup table as it lies in the file. */
export interface EncodedTable extends TableDescription {
  readonly bytes: Uint8Array;
}

/** An overlay plane (PS3.3 C.9.2): pixel n of it is bit `firstBit + n × bitsApart` of `bytes`, least significant first. */
export interface EncodedOverlay {
  readonly rows: number;
  readonly columns: number;
  /** Row and column of its first pixel in the image, counted from 1. */
  readonly origin: readonly [number, number];
  readonly bytes: Uint8Array;
  readonly firstBit: number;
  readonly bitsApart: number;
}

export interface PictureWindow {
  readonly center: number;
  readonly width: number;
  readonly function: 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';
}

/** How a frame becomes a picture. */
export interface PictureRecipe {
  readonly format: 'jpeg' | 'png' | 'tiff';
  readonly bits: 8 | 16;
  readonly quality: number;
  readonly rescaleSlope: number;
  readonly rescaleIntercept: number;
  readonly modalityLUT?: EncodedTable;
  readonly voiLUT?: EncodedTable;
  /** Absent, without a VOI LUT too: from the darkest to the brightest value. */
  readonly window?: PictureWindow;
  /** The lowest value is white. */
  readonly inverse: boolean;
  readonly paddingValue?: number;
  readonly palette?: { readonly red: EncodedTable; readonly green: EncodedTable; readonly blue: EncodedTable };
  /** Drawn in white. */
  readonly overlays?: readonly EncodedOverlay[];
  /** Drawn over all that, in colour. */
  readonly marks?: PictureMarks;
  /** Lines of text for each corner. */
  readonly text?: CornerText;
}

export interface CornerText {
  readonly topLeft: readonly string[];
  readonly topRight: readonly string[];
  readonly bottomLeft: readonly string[];
  readonly bottomRight: readonly string[];
}

/** Pixels ready to be written: grey or red, green, blue, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array | Uint16Array;
}

/** The first frame as the bytes of a picture file; whether all of its text could be drawn. Throws what decodeFrame throws, `unsupported` for colour spaces without a picture. */
export async function picture({
  transferSyntaxUID,
  image,
  frames,
  recipe,
}: EncodedImage): Promise<{ bytes: Uint8Array; textIsWhole: boolean }> {
  const [frame] = frames;
  if (frame === undefined || recipe === undefined) throw new PhosphorError('damaged', 'there is no frame');
  const decoded = await decodeFrame({ ...frame, transferSyntaxUID, image });
  const isGrey = decoded.samplesPerPixel === 1 && decoded.photometricInterpretation !== 'PALETTE COLOR';
  const rgba = isGrey ? undefined : coloursOf(decoded, recipe);
  const plain = rgba === undefined ? greyPicture(decoded, recipe) : colourPicture(decoded, rgba);
  for (const overlay of recipe.overlays ?? []) drawOverlay(plain, overlay);
  const { marks } = recipe;
  const { drawn, textIsWhole: marksAreWhole } =
    marks === undefined
      ? { drawn: plain, textIsWhole: true }
      : await drawMarks(
          plain,
          rgba === undefined ? greyPixels(decoded, recipe, marks) : { kind: 'colour', ...sizeOf(decoded), rgba },
          marks,
        );
  const textIsWhole = recipe.text === undefined || (await drawCornerText(drawn, recipe.text));
  // A copy of its own: memory that Node shares among buffers cannot be handed to another thread.
  return { bytes: Uint8Array.from(await ENCODERS[recipe.format](drawn, recipe.quality)), textIsWhole: textIsWhole && marksAreWhole };
}

const ENCODERS: Readonly<Record<PictureRecipe['format'], (picture: Picture, quality: number) => Uint8Array | Promise<Uint8Array>>> = {
  jpeg: encodeJPEG,
  png: encodePNG,
  tiff: encodeTIFF,
};

/** Modality LUT, VOI LUT, polarity (PS3.3 C.11.1, C.11.2, C.7.6.3.1.2). */
function greyPicture({ rows, columns, samples }: DecodedFrame, recipe: PictureRecipe): Picture {
  const white = recipe.bits === 16 && recipe.format !== 'jpeg' ? 65_535 : 255;
  const data = white === 255 ? new Uint8Array(rows * columns) : new Uint16Array(rows * columns);
  const toGrey = greyFunction(recipe, samples);
  for (let i = 0; i < data.length; i += 1) {
    const grey = Math.min(1, Math.max(0, toGrey(samples[i] ?? 0)));
    data[i] = Math.round((recipe.inverse ? 1 - grey : grey) * white);
  }
  return { width: columns, height: rows, channels: 1, data };
}

/** Stored value → 0 … 1, unbounded. */
function greyFunction(recipe: PictureRecipe, samples: ArrayLike<number>): (stored: number) => number {
  const { rescaleSlope, rescaleIntercept } = recipe;
  const modality = tableOf(recipe.modalityLUT);
  const toModality =
    modality === undefined ? (stored: number) => stored * rescaleSlope + rescaleIntercept : (stored: number) => valueAt(modality, stored);
  const voi = recipe.window === undefined ? tableOf(recipe.voiLUT) : undefined;
  if (voi !== undefined) return (stored) => valueAt(voi, toModality(stored)) / (2 ** voi.bits - 1);
  const window = recipe.window ?? spanOf(samples, toModality, recipe.paddingValue);
  return (stored) => throughWindow(toModality(stored), window);
}

function tableOf(table: EncodedTable | undefined): ValueTable | undefined {
  return table === undefined ? undefined : readTable(table, table.bytes);
}

/** PS3.3 C.11.2.1.2, C.11.2.1.3. */
function throughWindow(value: number, { center, width, function: kind }: PictureWindow): number {
  if (kind === 'SIGMOID') return 1 / (1 + Math.exp((-4 * (value - center)) / width));
  if (kind === 'LINEAR' && width <= 1) return value <= center - 0.5 ? 0 : 1;
  return kind === 'LINEAR' ? (value - (center - 0.5)) / (width - 1) + 0.5 : (value - center) / width + 0.5;
}

function spanOf(samples: ArrayLike<number>, toModality: (stored: number) => number, padding: number | undefined): PictureWindow {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < samples.length; i += 1) {
    const stored = samples[i] ?? 0;
    if (stored === padding || !Number.isFinite(stored)) continue;
    const value = toModality(stored);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) [low, high] = [0, 1];
  return { center: (low + high) / 2, width: Math.max(high - low, 1e-6), function: 'LINEAR_EXACT' };
}

function drawOverlay({ width, height, channels, data }: Picture, overlay: EncodedOverlay): void {
  const { rows, columns, origin, bytes, firstBit, bitsApart } = overlay;
  const white = data.BYTES_PER_ELEMENT === 2 ? 65_535 : 255;
  for (let row = 0, bit = firstBit; row < rows; row += 1) {
    const y = origin[0] - 1 + row;
    for (let column = 0; column < columns; column += 1, bit += bitsApart) {
      const x = origin[1] - 1 + column;
      if (x < 0 || y < 0 || x >= width || y >= height || (((bytes[bit >>> 3] ?? 0) >> (bit & 7)) & 1) === 0) continue;
      data.fill(white, (y * width + x) * channels, (y * width + x + 1) * channels);
    }
  }
}

function sizeOf({ columns, rows }: DecodedFrame): { columns: number; rows: number } {
  return { columns, rows };
}

/** What the viewer measures on: modality values, and padding as it stands in the pixels. */
function greyPixels(decoded: DecodedFrame, recipe: PictureRecipe, { image }: PictureMarks): Pixels {
  const { samples, bitsStored } = decoded;
  const isSigned = samples instanceof Int8Array || samples instanceof Int16Array;
  const [first, last] = isSigned ? [-(2 ** (bitsStored - 1)), 2 ** (bitsStored - 1) - 1] : [0, 2 ** bitsStored - 1];
  const padding = samples.BYTES_PER_ELEMENT > 2 ? undefined : storedPadding(image.pixelPaddingValue, first, last);
  return {
    kind: 'grey',
    ...sizeOf(decoded),
    levels: [{ samples }],
    slope: recipe.rescaleSlope,
    intercept: recipe.rescaleIntercept,
    modalityLUT: tableOf(recipe.modalityLUT),
    padding,
    paddingLimit: padding === undefined ? undefined : storedPadding(image.pixelPaddingRangeLimit, first, last),
  };
}

function coloursOf(frame: DecodedFrame, { palette }: PictureRecipe): Uint8ClampedArray {
  const entries =
    palette === undefined
      ? undefined
      : (['red', 'green', 'blue'] as const).map((name) => toPaletteTable(readTable(palette[name], palette[name].bytes)));
  const [red, green, blue] = entries ?? [];
  return toRGBA(frame, red === undefined || green === undefined || blue === undefined ? undefined : { red, green, blue });
}

function colourPicture(frame: DecodedFrame, rgba: ArrayLike<number>): Picture {
  const data = new Uint8Array(frame.rows * frame.columns * 3);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = rgba[from] ?? 0;
    data[to + 1] = rgba[from + 1] ?? 0;
    data[to + 2] = rgba[from + 2] ?? 0;
  }
  return { width: frame.columns, height: frame.rows, channels: 3, data };
}
