import type { Annotation } from '../../../shared/marks/index.ts';
import type { ViewerSession } from '../layout/session.ts';
import { placeOf } from '../reports/contents.ts';
import { marksOf } from './marks-of-state.ts';
import type { PresentationState } from './state.ts';

/** Makes marks of a state's graphics, where their images are open and they are not there already. */
export function adopt({ annotations, state: { getState } }: ViewerSession, state: PresentationState): void {
  const { studies } = getState();
  const key = ({ kind, points, sopInstanceUID, frame }: Pick<Annotation, 'kind' | 'points' | 'sopInstanceUID' | 'frame'>) =>
    JSON.stringify([kind, sopInstanceUID, frame, points.map(({ x, y }) => [Math.fround(x), Math.fround(y)])]);
  const known = new Set(annotations.snapshot().map(key));
  for (const mark of marksOf(state)) {
    const place = placeOf(studies, mark.sopInstanceUID, mark.frame);
    if (place === undefined || known.has(key(mark))) continue;
    const { studyInstanceUID } = place.study;
    annotations.put({ ...mark, id: crypto.randomUUID(), studyInstanceUID, seriesInstanceUID: place.series.series.seriesInstanceUID });
  }
}
