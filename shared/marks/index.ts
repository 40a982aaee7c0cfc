export { calibrationAt, type ScaledImage, usableSpacing } from './calibration.ts';
export { keptMark, readMark } from './kept-mark.ts';
export { linesOf } from './labels.ts';
export { type Figure, formatFigure, type MeasuredImage, type Measurement, measure } from './measure.ts';
export { type Annotation, type AnnotationKind, DRAWN_KINDS, type DrawnKind, isArea, POINTS, type Point } from './model.ts';
export { labelPlace, outlineOf } from './outline.ts';
export { type ColourPixels, type GreyPixels, modalityFunction, modalityValueAt, type Pixels, storedPadding } from './pixels.ts';
export { boxOf, type RoiStatistics, roiStatistics } from './statistics.ts';
export { marksEnglish, sayInEnglish } from './words.en.ts';
