import { z } from 'zod';
import { count, text } from './primitives.ts';
import { imageReading } from './reading.ts';

const short = z.string().max(1024);
const point = z.tuple([z.number(), z.number(), z.number()]);

/** Byte range inside the stored file (or inside the inflated data set for `deflated`). */
const byteRange = z.tuple([count, count]);

export const windowLevel = z.strictObject({
  center: z.number(),
  width: z.number(),
  label: short,
  function: z.enum(['LINEAR', 'LINEAR_EXACT', 'SIGMOID']),
});

/** Where the pixels are. Offsets are absolute in the file; `frames[i]` lists the fragments of frame i as [offset, length]. */
export const pixelData = z.discriminatedUnion('encoding', [
  z.strictObject({ encoding: z.literal('native'), offset: count, length: count, bigEndian: z.boolean() }),
  z.strictObject({ encoding: z.literal('encapsulated'), frames: z.array(z.array(byteRange).max(65_536)).max(65_536) }),
  /** The whole file is fetched, its data set (from `dataSetOffset`) inflated; `offset` and `length` then count in the inflated bytes. */
  z.strictObject({ encoding: z.literal('deflated'), dataSetOffset: count, offset: count, length: count }),
  /** A film in one stream (PS3.5 §8.2.5 to 8.2.13), cut into fragments anywhere; `container` as its first bytes say. */
  z.strictObject({
    encoding: z.literal('video'),
    codec: z.enum(['mpeg2', 'h264', 'hevc', 'unknown']),
    container: z.enum(['mp4', 'mpeg-ts', 'mpeg-ps', 'elementary', 'unknown']),
    fragments: z.array(byteRange).max(65_536),
  }),
]);
export type PixelData = z.infer<typeof pixelData>;

/** Bytes of a table or plane: short ones in base64 and little endian, others where they lie, as `pixelData` counts. */
export const bulkBytes = z.union([
  z.strictObject({ inline: z.string().max(2048) }),
  z.strictObject({ offset: count, length: count.max(64 * 1024 * 1024), bigEndian: z.boolean() }),
]);
export type BulkBytes = z.infer<typeof bulkBytes>;

/** A lookup table (PS3.3 C.11.1.1, C.11.2.1.1, C.7.6.3.1.5): `entries` values from stored value `firstMapped` on. */
export const lookupTable = z.strictObject({
  entries: count.min(1).max(65_536),
  firstMapped: z.number().int(),
  /** Bits of an entry. Entries are words of 16 bits; those of 8 bits may be packed two to a word (told by the number of bytes). */
  bits: z.number().int().min(1).max(16),
  /** The data are segments to be expanded (PS3.3 C.7.9.2). */
  segmented: z.boolean(),
  /** LUT Explanation, Modality LUT Type. */
  label: short,
  data: bulkBytes,
});
export type LookupTable = z.infer<typeof lookupTable>;

const palette = z.strictObject({ red: lookupTable, green: lookupTable, blue: lookupTable });

/** Overlay Plane module (PS3.3 C.9.2). */
export const overlay = z.strictObject({
  /** Of 6000, 6002 … 60FE; 0 = first. */
  index: z.number().int().min(0).max(127),
  rows: count.max(65_535),
  columns: count.max(65_535),
  /** [row, column] of its first pixel in the image, counted from 1; may lie outside. */
  origin: z.tuple([z.number().int(), z.number().int()]),
  /** G = graphics, R = region of interest. */
  type: z.enum(['G', 'R']),
  label: short,
  /** Frames of the overlay, and the first image frame (0-based) that it belongs to. Embedded ones have as many as the image. */
  frames: count,
  firstFrame: count,
  /** Packed bits, least significant first, frame after frame; or the bit of the pixels' own cells (PS3.5 §8.1.2, retired). */
  source: z.union([z.strictObject({ data: bulkBytes }), z.strictObject({ embeddedBit: z.number().int().min(0).max(31) })]),
});
export type Overlay = z.infer<typeof overlay>;

/** Display Shutter and Bitmap Display Shutter modules (PS3.3 C.7.6.11, C.7.6.15): rows and columns count from 1. */
export const shutter = z.strictObject({
  rectangle: z.strictObject({ left: z.number(), right: z.number(), top: z.number(), bottom: z.number() }).optional(),
  circle: z.strictObject({ row: z.number(), column: z.number(), radius: z.number() }).optional(),
  /** row, column, row, column … */
  polygon: z.array(z.number()).max(4096).optional(),
  /** Index of the overlay whose pixels are covered. */
  overlayIndex: z.number().int().optional(),
  /** Grey as a share of white, 0 to 1, that covers what is shut off. */
  value: z.number().min(0).max(1),
});
export type Shutter = z.infer<typeof shutter>;

/** Real World Value Mapping (PS3.3 C.7.6.16.2.11): stored values `first` to `last` mean something in `unit` (UCUM or text). */
export const realWorldValueMap = z.strictObject({
  first: z.number(),
  last: z.number(),
  slope: z.number(),
  intercept: z.number(),
  unit: z.string().max(64),
  label: z.string().max(64),
});

/** Standardised uptake value by body weight (g/ml) = modality value × factor; `reason` says why there is none. */
export const suv = z.union([z.strictObject({ factor: z.number().positive() }), z.strictObject({ reason: text })]);
export type SUV = z.infer<typeof suv>;

/** What may differ from frame to frame of an instance; lengths in mm. Planes of enhanced objects are in `reading`. */
const frameValues = {
  rescaleSlope: z.number(),
  rescaleIntercept: z.number(),
  rescaleType: short,
  windows: z.array(windowLevel).max(64),
  /** [row spacing, column spacing] as in PS3.3 §10.7.1.3. */
  pixelSpacing: z.tuple([z.number(), z.number()]).optional(),
  imagePositionPatient: point.optional(),
  imageOrientationPatient: z.array(z.number()).length(6).optional(),
  sliceThickness: z.number().optional(),
  realWorldValueMaps: z.array(realWorldValueMap).max(16).optional(),
};

export const frameModule = z.strictObject(frameValues).partial();
export type FrameModule = z.infer<typeof frameModule>;

/** Image Pixel, Image Plane, Modality LUT, VOI LUT and Overlay modules as the viewer needs them; frame values are those of the first frame. */
export const imageModule = z.strictObject({
  rows: count.max(65_535),
  columns: count.max(65_535),
  samplesPerPixel: count.max(4),
  photometricInterpretation: z.string().max(16),
  planarConfiguration: z.number().int().min(0).max(1),
  bitsAllocated: count.max(64),
  bitsStored: count.max(64),
  highBit: count.max(63),
  pixelRepresentation: z.number().int().min(0).max(1),
  /** Set for Float Pixel Data and Double Float Pixel Data. */
  sampleFormat: z.enum(['float', 'double']).optional(),
  pixelPaddingValue: z.number().optional(),
  pixelPaddingRangeLimit: z.number().optional(),
  ...frameValues,
  modalityLUT: lookupTable.optional(),
  voiLUTs: z.array(lookupTable).max(16).optional(),
  /** PS3.3 C.11.6.1.2, of the image itself. */
  presentationLUTShape: z.enum(['IDENTITY', 'INVERSE']).optional(),
  pixelAspectRatio: z.tuple([z.number(), z.number()]).optional(),
  frameTimeMs: z.number().optional(),
  lossy: z.boolean(),
  reading: imageReading.optional(),
  palette: palette.optional(),
  /** The palette colours only the values from its first mapped one on; those below are grey (PS3.3 C.7.6.19). */
  supplementalPalette: z.boolean().optional(),
  /** What the first window lets through goes from the first to the last colour of the palette (Pixel Presentation COLOR_RANGE). */
  colourRange: z.boolean().optional(),
  /** ICC profile of the colours, of the image or of its first optical path (PS3.3 C.11.15). */
  iccProfile: bulkBytes.optional(),
  overlays: z.array(overlay).max(16).optional(),
  shutter: shutter.optional(),
  suv: suv.optional(),
  /** What differs from the values above, for each frame; [] or fewer entries: nothing does. */
  frames: z.array(frameModule).max(65_536).optional(),
  pixelData,
});
export type ImageModule = z.infer<typeof imageModule>;
