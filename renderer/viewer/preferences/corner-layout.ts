import type { CornerItem, CornerText } from '../../../shared/contract/index.ts';
import { forModality, preferences } from './preferences.ts';

/** What stands where, unless the reader has chosen otherwise. */
export const DEFAULT_CORNERS: CornerText = {
  topLeft: ['sex-age', 'study-time', 'study-description'],
  topRight: ['series', 'view', 'plane', 'thickness', 'position'],
  bottomLeft: ['playing', 'zoom', 'window', 'counter'],
  bottomRight: ['scale-bar'],
};

/** Says who the patient is: left out of what is copied or printed without the patient. */
export const ABOUT_THE_PATIENT: ReadonlySet<CornerItem> = new Set<CornerItem>([
  'sex-age',
  'study-time',
  'study-description',
  'accession-number',
  'referring-physician',
  'series-date',
]);

export function cornersOf(modality: string): CornerText {
  return forModality(preferences().corners, modality) ?? DEFAULT_CORNERS;
}
