/** Objects about images rather than images: they come after them. */
const BESIDE_IMAGES: ReadonlySet<string> = new Set([
  'SEG',
  'SR',
  'PR',
  'KO',
  'DOC',
  'REG',
  'RTSTRUCT',
  'RTPLAN',
  'RTDOSE',
  'RTRECORD',
  'AU',
  'ECG',
]);

interface Listed {
  readonly modality: string;
  readonly seriesNumber?: number | undefined;
  readonly seriesInstanceUID: string;
}

/** The order in which the series of a study are read, to sort by. */
export function readingOrder(a: Listed, b: Listed): number {
  return (
    Number(BESIDE_IMAGES.has(a.modality)) - Number(BESIDE_IMAGES.has(b.modality)) ||
    (a.seriesNumber ?? 1e9) - (b.seriesNumber ?? 1e9) ||
    (a.seriesInstanceUID < b.seriesInstanceUID ? -1 : 1)
  );
}
