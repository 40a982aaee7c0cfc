import { z } from 'zod';
import { count, uid } from './primitives.ts';

// What a Grayscale Softcopy Presentation State is made of: how a reader looks at images of one series, and the marks on them.

const words = (most: number) =>
  z
    .string()
    .trim()
    .max(most)
    .regex(/^[^\\\p{Cc}]*$/u, 'has characters that cannot be stored');
const number = z.number().min(-1e15).max(1e15);
/** Image coordinates: 0\0 is the outer corner of the first pixel (PS3.3 C.10.5.1.2). */
const coordinate = z.number().min(-1e6).max(1e6);
const points = z.array(coordinate).min(2).max(200_000);
const imageReference = z.strictObject({ sopInstanceUID: uid, frameNumber: count.min(1).max(1_000_000).optional() });

const table = z.strictObject({
  firstMapped: z.number().int().min(-32_768).max(65_535),
  bits: count.min(8).max(16),
  values: z.array(z.number().int().min(0).max(65_535)).min(1).max(65_536),
});

/** Graphics and words that belong together: one mark of a reader. */
const stateMark = z.strictObject({
  image: imageReference,
  /** Its kind, and what it is called (Graphic Group). */
  label: words(64),
  description: words(1024),
  graphics: z.array(z.strictObject({ type: z.enum(['POINT', 'POLYLINE', 'ELLIPSE']), data: points })).max(8),
  text: z.strictObject({ value: words(1024).min(1), anchor: z.tuple([coordinate, coordinate]) }).optional(),
});
export type StateMark = z.infer<typeof stateMark>;

export const presentationContent = z.strictObject({
  kind: z.literal('presentation'),
  /** Series Description; the Content Description too. */
  title: words(64).min(1),
  /** Images that it is about, all of one series. */
  images: z.array(uid).min(1).max(2000),
  /** The Modality LUT of the images. */
  modality: z.union([z.strictObject({ slope: number, intercept: number, type: words(16) }), z.strictObject({ table })]),
  voi: z.union([
    z.strictObject({ center: number, width: number.positive(), function: z.enum(['LINEAR', 'LINEAR_EXACT', 'SIGMOID']) }),
    z.strictObject({ table }),
  ]),
  inverse: z.boolean(),
  /** Columns and rows of its corner pixels, from 1. */
  area: z.strictObject({
    left: z.number().int().min(-1e6).max(1e6),
    top: z.number().int().min(-1e6).max(1e6),
    right: z.number().int().min(-1e6).max(1e6),
    bottom: z.number().int().min(-1e6).max(1e6),
  }),
  /** Height of a pixel to its width. */
  pixelAspectRatio: z.tuple([count.min(1).max(1e6), count.min(1).max(1e6)]),
  rotation: z.union([z.literal(0), z.literal(90), z.literal(180), z.literal(270)]),
  flipped: z.boolean(),
  marks: z.array(stateMark).max(2000),
});
export type PresentationContent = z.infer<typeof presentationContent>;
