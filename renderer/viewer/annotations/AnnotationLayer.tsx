import { useSyncExternalStore } from 'react';
import type { Annotation } from '../../../shared/marks/index.ts';
import { useSession } from '../layout/use-session.ts';
import type { Pane } from '../pane.ts';
import type { PaneView } from '../pane-view.ts';
import { ReferenceLines } from '../sync/ReferenceLines.tsx';
import { AnnotationShape } from './AnnotationShape.tsx';
import type { AnnotationStore } from './store.ts';

interface LayerProps {
  readonly pane: Pane;
  readonly view: PaneView;
  readonly modality: string;
}

/** Marks, reference lines and cross-hair over an image, as SVG in pixels of the pane. */
export function AnnotationLayer({ pane, view, modality }: LayerProps) {
  const { annotations } = useSession();
  const marks = useMarks(annotations, view);
  const calibration = view.shown === undefined ? undefined : annotations.calibrationOf(view.shown.instance.sopInstanceUID);
  const { toScreen, shown, drawn, size } = view;
  if (toScreen === undefined || shown?.image === undefined) return null;
  return (
    <svg className="viewer-marks numbers" width={size.width} height={size.height} aria-hidden="true">
      <ReferenceLines pane={pane} view={view} />
      {marks.map((annotation) => (
        <AnnotationShape
          key={annotation.id}
          annotation={annotation}
          toScreen={toScreen}
          size={size}
          image={shown.image}
          modality={modality}
          drawn={drawn}
          byHand={calibration}
          selected={annotations.selected === annotation.id}
          draft={annotations.draft === annotation}
        />
      ))}
    </svg>
  );
}

/** The marks of the frame on the screen; drawn anew when any of them changes. */
function useMarks(store: AnnotationStore, { shown }: PaneView): readonly Annotation[] {
  useSyncExternalStore(store.subscribe, () => store.version);
  return shown === undefined ? NONE : store.of(shown.instance.sopInstanceUID, shown.frame);
}

const NONE: readonly Annotation[] = [];
