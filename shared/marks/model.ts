export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Marks that a reader sets by dragging or clicking on an image. */
export const DRAWN_KINDS = [
  'length',
  'bidirectional',
  'angle',
  'cobb',
  'ellipse',
  'rectangle',
  'freehand',
  'polygon',
  'arrow',
  'text',
  'probe',
  'spine',
  'calibration',
] as const;
export type DrawnKind = (typeof DRAWN_KINDS)[number];
/** `key-image` marks a whole image and has no points. */
export type AnnotationKind = DrawnKind | 'key-image';

/**
 * A mark on an image, as plain data. Points are image coordinates: 0\0 is the outer corner of the first pixel (PS3.3 C.18.6.1.2), so the
 * centre of the first pixel is 0.5\0.5.
 *
 * | kind | points |
 * |---|---|
 * | length, arrow, calibration | two ends; of an arrow the tip first |
 * | bidirectional | ends of the long axis, ends of the short one |
 * | angle | end, vertex, end |
 * | cobb | ends of one line, ends of the other |
 * | ellipse, rectangle | two opposite corners of the box |
 * | freehand, polygon | the outline, not closed |
 * | text, probe, spine | one |
 */
export interface Annotation {
  readonly id: string;
  readonly kind: AnnotationKind;
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID: string;
  readonly sopInstanceUID: string;
  /** 0-based. */
  readonly frame: number;
  readonly points: readonly Point[];
  /** What the reader calls it; of text and spine labels the text itself. */
  readonly name: string;
  /** Of a calibration: the true length of its line, mm. */
  readonly millimetres?: number;
}

/** Points after which a mark is complete; undefined where the reader says when. */
export const POINTS: Readonly<Record<DrawnKind, number | undefined>> = {
  length: 2,
  bidirectional: 4,
  angle: 3,
  cobb: 4,
  ellipse: 2,
  rectangle: 2,
  freehand: undefined,
  polygon: undefined,
  arrow: 2,
  text: 1,
  probe: 1,
  spine: 1,
  calibration: 2,
};

export type AreaKind = 'ellipse' | 'rectangle' | 'freehand' | 'polygon';

export function isArea(kind: AnnotationKind): kind is AreaKind {
  return kind === 'ellipse' || kind === 'rectangle' || kind === 'freehand' || kind === 'polygon';
}
