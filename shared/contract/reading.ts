import { z } from 'zod';
import { uid } from './primitives.ts';

const short = z.string().max(64);
const vector = z.tuple([z.number(), z.number(), z.number()]);

/** What differs from frame to frame of a multi-frame image; lengths in mm. */
export const framePlane = z.strictObject({
  position: vector.optional(),
  /** Absent = that of the image. */
  orientation: z.array(z.number()).length(6).optional(),
  /** Temporal Position Index, or the one among the Dimension Index Values that stands for time. */
  time: z.number().optional(),
  bValue: z.number().optional(),
  echoTime: z.number().optional(),
});
export type FramePlane = z.infer<typeof framePlane>;

/** A calibrated part of an ultrasound image (PS3.3 C.8.5.5). Units are 3 for cm, 4 for seconds, and so on. */
export const ultrasoundRegion = z.strictObject({
  minX: z.number(),
  minY: z.number(),
  maxX: z.number(),
  maxY: z.number(),
  unitsX: z.number().int(),
  unitsY: z.number().int(),
  /** Physical size of a pixel in these units. */
  deltaX: z.number(),
  deltaY: z.number(),
});
export type UltrasoundRegion = z.infer<typeof ultrasoundRegion>;

/** What sorting, measuring, linking and hanging need of an image beyond its pixels. Every value may be absent. */
export const imageReading = z.strictObject({
  frameOfReferenceUID: uid.optional(),
  /** At the detector's front plane, [row, column] (PS3.3 C.8.7.1.1.4). */
  imagerPixelSpacing: z.tuple([z.number(), z.number()]).optional(),
  /** Estimated Radiographic Magnification Factor. */
  magnification: z.number().optional(),
  /** Pixel Spacing Calibration Type: what Pixel Spacing of a projection was corrected by. */
  calibrationType: z.enum(['GEOMETRY', 'FIDUCIAL']).optional(),
  ultrasoundRegions: z.array(ultrasoundRegion).max(64).optional(),
  /** Lossy Image Compression Ratio, of all steps together. */
  lossyRatio: z.number().optional(),
  laterality: short.optional(),
  viewPosition: short.optional(),
  /** Patient Orientation: [along rows, along columns], such as ["A", "F"]. */
  patientOrientation: z.tuple([short, short]).optional(),
  echoTime: z.number().optional(),
  bValue: z.number().optional(),
  temporalPosition: z.number().optional(),
  triggerTime: z.number().optional(),
  /** Seconds since midnight. */
  acquisitionTime: z.number().optional(),
  /** Recommended Display Frame Rate, else Cine Rate; frames a second. */
  displayRate: z.number().optional(),
  /** Units of PET (PS3.3 C.8.9.1.1.3). */
  units: short.optional(),
  /** Of a multi-frame image, in the order of its frames. */
  frames: z.array(framePlane).max(65_536).optional(),
});
export type ImageReading = z.infer<typeof imageReading>;
