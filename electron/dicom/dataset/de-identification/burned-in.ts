import type { Dataset } from '../dataset.ts';
import { Tag as T } from '../tags.ts';

/** What the tables cannot take out, told of for a person to look at. */
export type PixelWarning = 'burned-in-annotation' | 'burned-in-annotation-likely' | 'recognizable-features' | 'overlay-in-pixels';

/** Looks at what a data set says of its pixels (PS3.15 E.3.1, E.3.2): told outright, or likely by modality and SOP class. */
export function pixelWarnings(dataset: Dataset): PixelWarning[] {
  const warnings: PixelWarning[] = [];
  const told = dataset.string(BURNED_IN_ANNOTATION).toUpperCase();
  if (told === 'YES') warnings.push('burned-in-annotation');
  else if (told !== 'NO' && isLikely(dataset)) warnings.push('burned-in-annotation-likely');
  if (dataset.string(RECOGNIZABLE_VISUAL_FEATURES).toUpperCase() === 'YES' || SHOWS_THE_PERSON.has(dataset.string(T.Modality))) {
    warnings.push('recognizable-features');
  }
  if (dataset.elements().some(({ tag }) => isBitPosition(tag) && (dataset.number(tag) ?? 0) > 0)) warnings.push('overlay-in-pixels');
  return warnings;
}

const BURNED_IN_ANNOTATION = 0x00280301;
const RECOGNIZABLE_VISUAL_FEATURES = 0x00280302;
const CONVERSION_TYPE = 0x00080064;

/** Overlay Bit Position (60xx,0102): above 0, the overlay is in unused bits of the pixels (retired). */
function isBitPosition(tag: number): boolean {
  return tag >= 0x60000000 && tag < 0x61000000 && tag % 0x10000 === 0x0102;
}

function isLikely(dataset: Dataset): boolean {
  const imageType = dataset.strings(T.ImageType).map((value) => value.toUpperCase());
  return (
    MODALITIES.has(dataset.string(T.Modality)) ||
    SOP_CLASSES.some((uid) => dataset.uid(T.SOPClassUID).startsWith(uid)) ||
    dataset.string(CONVERSION_TYPE) !== '' ||
    imageType.some((value) => /SCREEN|CAPTURE|REPORT|DOSE|SUMMARY/.test(value))
  );
}

/** Ultrasound, endoscopy, photographs, scanned and captured images, fluoroscopy: devices that write into the image. */
const MODALITIES: ReadonlySet<string> = new Set([
  'US',
  'IVUS',
  'ES',
  'XC',
  'GM',
  'OT',
  'SC',
  'HC',
  'DOC',
  'ECG',
  'OP',
  'OPT',
  'BMD',
  'RF',
  'XA',
]);
const SOP_CLASSES: readonly string[] = [
  '1.2.840.10008.5.1.4.1.1.3.1',
  '1.2.840.10008.5.1.4.1.1.6',
  '1.2.840.10008.5.1.4.1.1.7',
  '1.2.840.10008.5.1.4.1.1.77.1.1',
  '1.2.840.10008.5.1.4.1.1.77.1.4',
  '1.2.840.10008.5.1.4.1.1.104',
];
const SHOWS_THE_PERSON: ReadonlySet<string> = new Set(['XC', 'DMS']);
