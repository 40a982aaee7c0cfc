import type { PresentationContent } from '../../../shared/contract/index.ts';
import { linesOf, measure } from '../../../shared/marks/index.ts';
import type { ViewerSession } from '../layout/session.ts';
import { say as sayOfViewer } from '../words.ts';
import { say } from './words.ts';
import { writeState } from './write-state.ts';

/** How the active pane stands, with the marks on its series; undefined where no grey image is shown. `left`: marks on images with another Modality LUT. */
export function stateOfSession(
  session: ViewerSession,
): { readonly studyInstanceUID: string; readonly content: PresentationContent; readonly left: number } | undefined {
  const { contents, active } = session.state.getState();
  const shown = contents[active];
  if (shown === undefined) return undefined;
  const { annotations, store } = session;
  const { view } = session.active;
  const modality = session.find(shown)?.series.modality ?? '';
  const ofSeries = annotations
    .snapshot()
    .filter(({ kind, seriesInstanceUID }) => kind !== 'key-image' && seriesInstanceUID === shown.seriesInstanceUID);
  const content = writeState(view, {
    title: say('title'),
    annotations: ofSeries,
    textOf: (annotation) => {
      const frame = view.frames.find(
        ({ instance, frame: at }) => instance.sopInstanceUID === annotation.sopInstanceUID && at === annotation.frame,
      );
      if (frame?.image === undefined) return annotation.name;
      const byHand = annotations.calibrationOf(annotation.sopInstanceUID);
      return linesOf(annotation, measure(annotation, frame.image, modality, store.get(frame), { byHand }), sayOfViewer).join(', ');
    },
  });
  return content === undefined
    ? undefined
    : { studyInstanceUID: shown.studyInstanceUID, content, left: ofSeries.length - content.marks.length };
}
