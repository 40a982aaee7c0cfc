import { IconAlertTriangle, IconPhotoOff } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import type { LocalSeries } from '../../shared/contract/index.ts';
import { CornerText } from './CornerText.tsx';
import type { FrameStore } from './frame-store.ts';
import { listenToPointer } from './gestures.ts';
import type { Tool } from './keys.ts';
import type { Pane } from './pane.ts';
import type { PaneView } from './pane-view.ts';
import { StackBar } from './StackBar.tsx';
import type { OpenStudy } from './study.ts';
import { say, sayOr } from './words.ts';

interface ImagePaneProps {
  readonly pane: Pane;
  readonly store: FrameStore;
  readonly tool: Tool;
  readonly view: PaneView;
  readonly study: OpenStudy & { retry(): void };
  readonly series: LocalSeries | undefined;
}

/** One image with its corner text and its stack bar. */
export function ImagePane({ pane, store, tool, view, study, series }: ImagePaneProps) {
  const element = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLDivElement>(null);
  const activeTool = useRef(tool);
  useEffect(() => {
    activeTool.current = tool;
  }, [tool]);

  useEffect(() => {
    const [box, drawing] = [element.current, canvas.current];
    if (box === null || drawing === null) return;
    pane.attach(drawing, box);
    const endPointer = listenToPointer(box, pane, () => activeTool.current);
    const observer = new ResizeObserver(() => pane.resize());
    observer.observe(box);
    box.focus({ preventScroll: true });
    return () => {
      observer.disconnect();
      endPointer();
      pane.detach();
    };
  }, [pane]);

  const label =
    view.frames.length === 0
      ? say('paneEmpty')
      : say('pane', { series: series?.seriesDescription || (series?.modality ?? ''), number: view.wanted + 1, count: view.frames.length });
  return (
    <div className="viewer-stage">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keys of the viewer act on the pane that has the focus */}
      <div className="viewer-pane" ref={element} role="img" aria-label={label} tabIndex={0} data-tool={tool}>
        <div className="viewer-canvas" ref={canvas} />
        <CornerText view={view} study={study} series={series} />
        <Obstacle view={view} store={store} study={study} series={series} />
      </div>
      <StackBar pane={pane} store={store} view={view} arriving={study.arrival?.state === 'arriving'} />
    </div>
  );
}

/** What stands where the image should be: why there is none, and what to do next. */
function Obstacle({ view, store, study, series }: Pick<ImagePaneProps, 'view' | 'store' | 'study' | 'series'>) {
  const frame = view.frames[view.wanted];
  if (frame === undefined) {
    if (study.error !== undefined) {
      return (
        <Tile
          title={say('studyFailed')}
          lines={[sayOr(`reason.${study.error.kind}`, 'reason.other')]}
          action={{ label: say('tryAgain'), run: study.retry }}
        />
      );
    }
    if (study.loading) return <p className="viewer-waiting">{say('loadingStudy')}</p>;
    return <Tile title={say('emptyStudy')} lines={[say('emptyStudyNext')]} />;
  }
  const others = view.frames.some((other) => other !== frame && other.image !== undefined) ? [say('othersWork')] : [];
  if (frame.image === undefined) {
    return <Tile title={frame.instance.reason ?? say('noPixels', { modality: series?.modality ?? '' })} lines={others} />;
  }
  const error = store.error(frame);
  if (error !== undefined) {
    const lines = [sayOr(`reason.${error.kind}`, 'reason.other'), say('detail', { message: error.message }), ...others];
    return <Tile warning title={say('cannotShow')} lines={lines} action={{ label: say('tryAgain'), run: () => store.retry(frame) }} />;
  }
  if (view.shown === undefined) return <p className="viewer-waiting">{say('loadingImage', { number: view.wanted + 1 })}</p>;
  return null;
}

interface TileProps {
  readonly title: string;
  readonly lines: readonly string[];
  readonly warning?: boolean;
  readonly action?: { readonly label: string; run(): void };
}

function Tile({ title, lines, warning = false, action }: TileProps) {
  return (
    <div className="viewer-tile" role="status">
      {warning ? (
        <IconAlertTriangle className="icon warn" aria-hidden="true" />
      ) : (
        <IconPhotoOff className="icon quiet" aria-hidden="true" />
      )}
      <div>
        <strong>{title}</strong>
        {lines.map((line) => (
          <p key={line} className="soft">
            {line}
          </p>
        ))}
        {action !== undefined && (
          <button type="button" className="viewer-button" onClick={action.run}>
            {action.label}
          </button>
        )}
      </div>
    </div>
  );
}
