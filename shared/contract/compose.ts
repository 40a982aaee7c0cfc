import { z } from 'zod';
import { presentationContent } from './presentation-content.ts';
import { count, uid } from './primitives.ts';
import { FIGURES, type FigureName, GRAPHIC_TYPES } from './report-codes.ts';

// Contract of what is made of the reader's marks and pictures: reports, key object selections, captures; new instances of the study that they are about.

/** Bytes of decoded pixels that a capture may have. */
export const MAX_CAPTURE = 64 * 1024 * 1024;
/** Characters of base64 in one piece of a picture on its way to the main side. */
export const MAX_PICTURE_PIECE = 1024 * 1024;

/** Without control characters and the delimiter of values. */
const words = (most: number) =>
  z
    .string()
    .trim()
    .max(most)
    .regex(/^[^\\\p{Cc}]*$/u, 'has characters that cannot be stored');

/** An image of the study, or one of its frames (1-based). */
const imageReference = z.strictObject({ sopInstanceUID: uid, frameNumber: count.min(1).max(1_000_000).optional() });
export type ImageReference = z.infer<typeof imageReference>;

/** Spatial coordinates as PS3.3 C.18.6.1.2: column, row of each point, 0\0 the outer corner of the first pixel. */
const graphic = z.strictObject({
  type: z.enum(GRAPHIC_TYPES),
  data: z
    .array(z.number().min(-1e6).max(1e6))
    .min(2)
    .max(200_000)
    .refine((data) => data.length % 2 === 0, 'a point has two coordinates'),
});
export type ReportGraphic = z.infer<typeof graphic>;

const figure = z.strictObject({
  what: z.enum(Object.keys(FIGURES) as [FigureName, ...FigureName[]]),
  value: z.number().min(-1e15).max(1e15),
  /** As it is shown (report-codes.ts). */
  unit: words(64),
  /** What it was measured on; absent where the group has a region. */
  graphic: z.array(graphic).max(4).optional(),
});
export type ReportFigure = z.infer<typeof figure>;

const measurementGroup = z.strictObject({
  trackingUID: uid,
  /** What the reader calls it. */
  name: words(1024),
  image: imageReference,
  /** The outline that all figures are about (TID 1410). */
  region: graphic.optional(),
  figures: z.array(figure).max(32),
  /** Words on the image, and where they point. */
  comment: z.strictObject({ text: words(1024).min(1), graphic: graphic.optional() }).optional(),
});
export type MeasurementGroup = z.infer<typeof measurementGroup>;

/** Series Description of what is made. */
const title = words(64).min(1);

const measurementContent = z.strictObject({
  kind: z.literal('measurements'),
  title,
  groups: z.array(measurementGroup).min(1).max(2000),
});
const keyImageContent = z.strictObject({
  kind: z.literal('key-images'),
  title,
  images: z.array(imageReference).min(1).max(2000),
  description: words(1024).optional(),
});
const captureContent = z
  .strictObject({
    kind: z.literal('capture'),
    title,
    /** The image on the picture. */
    image: imageReference,
    columns: count.min(1).max(65_535),
    rows: count.min(1).max(65_535),
  })
  .refine(({ columns, rows }) => columns * rows * 3 <= MAX_CAPTURE, 'a capture has at most 64 MiB of pixels');

/** What can be made; its kind is that of the action. */
export const composeContent = z.discriminatedUnion('kind', [measurementContent, keyImageContent, captureContent, presentationContent]);
export type ComposeContent = z.infer<typeof composeContent>;
export type MeasurementContent = z.infer<typeof measurementContent>;
export type KeyImageContent = z.infer<typeof keyImageContent>;
export type CaptureContent = z.infer<typeof captureContent>;

export const composeAction = z.strictObject({
  command: z.literal('compose'),
  studyInstanceUID: uid,
  kind: z.enum(['measurements', 'key-images', 'capture', 'presentation']),
  /** From `compose.hold`. */
  contentId: z.uuid(),
  label: z.string().max(256).optional(),
});

/** An instance that was made. */
export const composedItem = z.strictObject({ kind: z.literal('composed'), seriesInstanceUID: uid, sopInstanceUID: uid });
export type ComposedItem = z.infer<typeof composedItem>;

export const composeCommands = {
  /**
   * What an action `compose` is to make: actions are written to disk and shown in events, so they bear an ID in its place. Held in memory, for
   * one use, an hour at most. Throws `limit-exceeded`.
   */
  'compose.hold': { args: z.strictObject({ content: composeContent }), result: z.strictObject({ contentId: z.uuid() }) },
  /** The next piece of the PNG of a held capture, as base64. Throws `not-found`, `limit-exceeded`. */
  'compose.picture': {
    args: z.strictObject({ contentId: z.uuid(), piece: z.base64().min(4).max(MAX_PICTURE_PIECE) }),
    result: z.strictObject({}),
  },
} as const;
