import zlib from 'node:zlib';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { SourceReader } from '../dicom/dataset/byte-source.ts';
import { Dataset, TransferSyntaxUID } from '../dicom/dataset/index.ts';
import type { ForeignFile, Wrapped } from './wrap.ts';

const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';
const MAX_CHUNKS = 1_000_000;
const MAX_DECODED = 512 * 1024 * 1024;
const SIDE = 65_535;

interface Header {
  readonly columns: number;
  readonly rows: number;
  readonly depth: number;
  readonly colour: number;
  readonly interlaced: boolean;
}

interface Content {
  readonly header: Header;
  readonly data: Uint8Array[];
  readonly palette: Uint8Array;
  /** Opacity of palette entries. */
  readonly alpha: Uint8Array;
}

/**
 * A PNG (ISO/IEC 15948) as uncompressed Secondary Capture (PS3.3 A.8.1): grey of 1 to 8 bits as 8 bits, grey of 16 as 16, colour as RGB of 8 bits, what is
 * transparent over white. Throws PhosphorError `damaged`, `unsupported`, `limit-exceeded` (more than 512 MiB of pixels).
 */
export function wrapPNG({ source, title }: ForeignFile): Wrapped {
  const content = contentOf(new SourceReader(source), source.size);
  const { rows, columns } = content.header;
  const pixels = pixelsOf(content);
  return {
    sopClassUID: SECONDARY_CAPTURE,
    transferSyntaxUID: TransferSyntaxUID.ExplicitVRLittleEndian,
    modality: 'OT',
    attributes: Dataset.of({
      ImageType: ['DERIVED', 'SECONDARY'],
      ConversionType: 'WSD',
      ImageComments: title,
      PatientOrientation: '',
      SamplesPerPixel: pixels.samples,
      PhotometricInterpretation: pixels.samples === 3 ? 'RGB' : 'MONOCHROME2',
      ...(pixels.samples === 3 ? { PlanarConfiguration: 0 } : {}),
      Rows: rows,
      Columns: columns,
      BitsAllocated: pixels.bits,
      BitsStored: pixels.bits,
      HighBit: pixels.bits - 1,
      PixelRepresentation: 0,
    }),
    content: { kind: 'pixels', bytes: pixels.bytes },
  };
}

function contentOf(reader: SourceReader, size: number): Content {
  let header: Header | undefined;
  const data: Uint8Array[] = [];
  let palette: Uint8Array = new Uint8Array(0);
  let alpha: Uint8Array = new Uint8Array(0);
  let encoded = 0;
  let at = 8;
  for (let chunk = 0; chunk < MAX_CHUNKS && at + 12 <= size; chunk += 1) {
    const length = reader.uint32(at, false);
    const type = Buffer.from(reader.bytes(at + 4, 4)).toString('latin1');
    if (at + 12 + length > size) throw damaged();
    if (type === 'IHDR') header = headerOf(reader.keep(at + 8, length));
    else if (type === 'IEND') break;
    else if (type === 'PLTE' && length <= 768) palette = reader.keep(at + 8, length);
    else if (type === 'tRNS' && length <= 256) alpha = reader.keep(at + 8, length);
    else if (type === 'IDAT') {
      encoded += length;
      if (encoded > MAX_DECODED) throw tooLarge();
      data.push(reader.keep(at + 8, length));
    }
    at += 12 + length;
  }
  if (header === undefined || data.length === 0) throw damaged();
  return { header, data, palette, alpha };
}

const DEPTHS: Readonly<Record<number, readonly number[]>> = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] };
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

function headerOf(bytes: Uint8Array): Header {
  if (bytes.length < 13) throw damaged();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const header = {
    columns: view.getUint32(0),
    rows: view.getUint32(4),
    depth: view.getUint8(8),
    colour: view.getUint8(9),
    interlaced: view.getUint8(12) === 1,
  };
  const { columns, rows, depth, colour } = header;
  if (rows === 0 || columns === 0 || DEPTHS[colour]?.includes(depth) !== true || view.getUint8(10) !== 0 || view.getUint8(11) !== 0)
    throw damaged();
  if (rows > SIDE || columns > SIDE || rows * columns * (CHANNELS[colour] ?? 4) * Math.max(1, depth / 8) > MAX_DECODED) throw tooLarge();
  return header;
}

/** Adam7 (ISO/IEC 15948 8.2): start and step of each pass. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

interface Pixels {
  readonly samples: 1 | 3;
  readonly bits: 8 | 16;
  readonly bytes: Uint8Array;
}

function pixelsOf({ header, data, palette, alpha }: Content): Pixels {
  const { columns, rows, depth, colour, interlaced } = header;
  const samples = colour === 0 || colour === 4 ? 1 : 3;
  const bits = samples === 1 && depth === 16 ? 16 : 8;
  const channels = CHANNELS[colour] ?? 1;
  const passes = interlaced ? PASSES : ([[0, 0, 1, 1]] as const);
  const sizes = passes.map(([x, y, dx, dy]) => ({ width: Math.ceil((columns - x) / dx), height: Math.ceil((rows - y) / dy) }));
  const lineBytes = sizes.map(({ width }) => Math.ceil((width * channels * depth) / 8));
  const total = sizes.reduce((sum, { width, height }, index) => sum + (width > 0 ? height * (1 + (lineBytes[index] ?? 0)) : 0), 0);
  const raw = inflated(data, total);
  // Not before the data turned out to be there: a few bytes can announce any size.
  const bytes = new Uint8Array(rows * columns * samples * (bits / 8));
  const put = writerOf({ bytes, bits, samples, depth, colour, channels, palette, alpha });
  let at = 0;
  passes.forEach(([x0, y0, dx, dy], index) => {
    const { width = 0, height = 0 } = sizes[index] ?? {};
    if (width <= 0) return;
    const length = lineBytes[index] ?? 0;
    let previous: Uint8Array = new Uint8Array(length);
    for (let row = 0; row < height; row += 1) {
      const line = raw.subarray(at + 1, at + 1 + length);
      unfilter(raw[at] ?? 0, line, previous, Math.max(1, (channels * depth) / 8));
      for (let column = 0; column < width; column += 1) put(line, column, (y0 + row * dy) * columns + x0 + column * dx);
      previous = line;
      at += 1 + length;
    }
  });
  return { samples, bits, bytes };
}

function inflated(data: readonly Uint8Array[], length: number): Uint8Array {
  try {
    const raw = zlib.inflateSync(Buffer.concat(data), { maxOutputLength: length + 1024 });
    if (raw.length < length) throw damaged();
    return raw;
  } catch (thrown) {
    throw thrown instanceof PhosphorError ? thrown : damaged();
  }
}

/** Filters of ISO/IEC 15948 9.2, undone in place. */
function unfilter(type: number, line: Uint8Array, above: Uint8Array, bytesPerPixel: number): void {
  for (let index = 0; index < line.length; index += 1) {
    const left = index >= bytesPerPixel ? (line[index - bytesPerPixel] ?? 0) : 0;
    const up = above[index] ?? 0;
    const corner = index >= bytesPerPixel ? (above[index - bytesPerPixel] ?? 0) : 0;
    let add = 0;
    if (type === 1) add = left;
    else if (type === 2) add = up;
    else if (type === 3) add = (left + up) >> 1;
    else if (type === 4) add = paeth(left, up, corner);
    else if (type !== 0) throw damaged();
    line[index] = ((line[index] ?? 0) + add) & 0xff;
  }
}

function paeth(left: number, up: number, corner: number): number {
  const [toLeft, toUp, toCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

interface Form {
  readonly bytes: Uint8Array;
  readonly bits: 8 | 16;
  readonly samples: 1 | 3;
  readonly depth: number;
  readonly colour: number;
  readonly channels: number;
  readonly palette: Uint8Array;
  readonly alpha: Uint8Array;
}

/** Puts a pixel of a line where it belongs, over white where it is transparent. */
function writerOf({
  bytes,
  bits,
  samples,
  depth,
  colour,
  channels,
  palette,
  alpha,
}: Form): (line: Uint8Array, column: number, pixel: number) => void {
  const wide = depth === 16;
  const largest = 2 ** depth - 1;
  const scale = depth < 8 ? 255 / largest : 1;
  const sampleAt = (line: Uint8Array, column: number, channel: number): number => {
    const index = column * channels + channel;
    if (wide) return (line[index * 2] ?? 0) * 256 + (line[index * 2 + 1] ?? 0);
    if (depth === 8) return line[index] ?? 0;
    const bit = index * depth;
    return ((line[bit >> 3] ?? 0) >> (8 - depth - (bit & 7))) & largest;
  };
  return (line, column, pixel) => {
    if (colour === 3) {
      const entry = sampleAt(line, column, 0);
      const opacity = (alpha[entry] ?? 255) / 255;
      for (let channel = 0; channel < 3; channel += 1) bytes[pixel * 3 + channel] = over(palette[entry * 3 + channel] ?? 0, opacity, 255);
      return;
    }
    const opacity = colour === 4 || colour === 6 ? sampleAt(line, column, channels - 1) / largest : 1;
    for (let channel = 0; channel < samples; channel += 1) {
      const value = over(sampleAt(line, column, channel), opacity, largest);
      const at = pixel * samples + channel;
      if (bits === 16) {
        bytes[at * 2] = value & 0xff;
        bytes[at * 2 + 1] = value >> 8;
      } else bytes[at] = wide ? value >> 8 : Math.round(value * scale);
    }
  };
}

function over(value: number, opacity: number, white: number): number {
  return opacity === 1 ? value : Math.round(value * opacity + white * (1 - opacity));
}

function damaged(): PhosphorError {
  return new PhosphorError('damaged', 'the PNG is damaged');
}

function tooLarge(): PhosphorError {
  return new PhosphorError('limit-exceeded', 'the PNG is larger than what is taken in');
}
