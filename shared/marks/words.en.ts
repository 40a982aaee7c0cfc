/** English words beside marks: part of the viewer's catalogue, and of pictures that are made without a window. `{{name}}` stands for a value. */
export const marksEnglish = {
  range: '{{low}} to {{high}}',
  colourValue: 'R {{red}} G {{green}} B {{blue}}',
  atDetector: 'at detector',
  magnified: 'magnification estimated',
  calibratedByHand: 'calibrated by hand',
} as const;
export type MarkWord = keyof typeof marksEnglish;

/** Where there is no catalogue. */
export function sayInEnglish(key: MarkWord, values: Readonly<Record<string, string | number>> = {}): string {
  return marksEnglish[key].replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name] ?? ''));
}
