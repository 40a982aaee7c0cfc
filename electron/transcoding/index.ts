export type { EncodedImage } from './codec-jobs.ts';
export { type CodecWorker, type CodecWorkerOptions, createCodecWorker } from './codec-worker.ts';
export type { CornerText, EncodedOverlay, EncodedTable, PictureRecipe } from './picture.ts';
export type { PictureMarks } from './picture-marks.ts';
export { type TranscodeSource, transcode } from './transcode.ts';
