import type { Annotation } from '../../../shared/marks/index.ts';

const LABELS: readonly string[] = [
  ...Array.from({ length: 7 }, (_, index) => `C${index + 1}`),
  ...Array.from({ length: 12 }, (_, index) => `T${index + 1}`),
  ...Array.from({ length: 5 }, (_, index) => `L${index + 1}`),
  'S1',
];

/** The label that follows the last one set in the series, in the direction the reader goes; C1 at the start. */
export function nextSpineLabel(annotations: readonly Annotation[], { seriesInstanceUID }: Pick<Annotation, 'seriesInstanceUID'>): string {
  const set = annotations
    .filter((annotation) => annotation.kind === 'spine' && annotation.seriesInstanceUID === seriesInstanceUID)
    .map(({ name }) => LABELS.indexOf(name))
    .filter((index) => index >= 0);
  const [before, last] = [set.at(-2), set.at(-1)];
  if (last === undefined) return 'C1';
  const step = before !== undefined && before > last ? -1 : 1;
  return LABELS[last + step] ?? '';
}
