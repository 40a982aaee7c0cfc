export { Blanking, type Rectangle } from './blanking.ts';
export { type PixelWarning, pixelWarnings } from './burned-in.ts';
export type { Change, ChangeKind, DeIdentificationReport } from './changes.ts';
export { type DeIdentified, type DeIdentifyArguments, deIdentify } from './de-identify.ts';
export { BASIC_PROFILE, type DeIdentificationOptions } from './options.ts';
export { dataSetPieces } from './output.ts';
export { ProjectKey, patientKeyOf } from './project-key.ts';
