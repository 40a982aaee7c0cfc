import { IconAlertTriangle, IconPhotoOff } from '@tabler/icons-react';
import { memo, useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import { NO_PIXELS } from '../../shared/contract/limits.ts';
import { AnnotationLayer } from './annotations/AnnotationLayer.tsx';
import { QuestionField } from './annotations/QuestionField.tsx';
import { CornerText } from './CornerText.tsx';
import { FilmPlayer } from './film/FilmPlayer.tsx';
import { listenToPointer, type PointerListener } from './gestures.ts';
import type { Content, ViewerSession } from './layout/session.ts';
import { useSession, useSessionState } from './layout/use-session.ts';
import { objectKind } from './objects/kinds.ts';
import { ObjectView } from './objects/ObjectView.tsx';
import { OverlayLayer } from './objects/overlays/OverlayLayer.tsx';
import type { OpenStudy } from './open-study.ts';
import type { Pane } from './pane.ts';
import type { PaneView } from './pane-view.ts';
import { PatternOverlay } from './patterns/PatternOverlay.tsx';
import { BlendLayer } from './presentation/BlendLayer.tsx';
import { GraphicsLayer } from './presentation/GraphicsLayer.tsx';
import { StackBar } from './StackBar.tsx';
import { Lens } from './tools/Lens.tsx';
import type { ToolContext } from './tools/tool.ts';
import { TOOLS } from './tools/tools.ts';
import { say, sayOr } from './words.ts';

interface ImagePaneProps {
  readonly id: string;
  readonly active: boolean;
  /** The only pane of the stage takes the focus by itself. */
  readonly alone: boolean;
}

/** One image with its marks, its corner text and its stack bar. */
export const ImagePane = memo(function ImagePane({ id, active, alone }: ImagePaneProps) {
  const session = useSession();
  const pane = session.pane(id);
  const element = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLDivElement>(null);
  const content = useSessionState((state) => state.contents[id]);
  const tool = useSessionState((state) => state.tool);
  const linked = useSessionState((state) => state.links.scroll !== 'off' || state.links.window || state.links.view);
  const study = useSessionState((state) => shownStudy(state.studies, content));
  const context = useMemo(() => toolContext(session, pane), [session, pane]);
  const view = useSyncExternalStore(pane.subscribe, pane.snapshot);

  useEffect(() => {
    const [box, drawing] = [element.current, canvas.current];
    if (box === null || drawing === null) return;
    pane.attach(drawing, box);
    const pointer = listenToPointer(box, {
      context,
      tool: () => session.state.getState().tool,
      activate: () => session.activate(id),
      doubleClick: () => session.toggleFull(id),
    });
    const cancelled = session.onCancel(id, pointer.cancel satisfies PointerListener['cancel']);
    const observer = new ResizeObserver(() => pane.resize());
    observer.observe(box);
    return () => {
      cancelled();
      observer.disconnect();
      pointer.end();
      pane.detach();
    };
  }, [session, pane, context, id]);
  useEffect(() => {
    // Focus follows the active pane, and never leaves a field or a menu.
    const focused = document.activeElement;
    const free = focused === null || focused === document.body || focused.closest('.viewer-pane') !== null;
    if (active && (free || alone)) element.current?.focus({ preventScroll: true });
  }, [active, alone]);

  const series = content === undefined ? undefined : session.find(content)?.series;
  const label =
    view.frames.length === 0
      ? say('paneEmpty')
      : say('pane', { series: series?.seriesDescription || (series?.modality ?? ''), number: view.wanted + 1, count: view.frames.length });
  return (
    <div className="viewer-cell" data-active={active && !alone} data-linked={linked && !alone}>
      <div
        className="viewer-pane"
        ref={element}
        role="img"
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys of the viewer act on the pane that has the focus
        tabIndex={0}
        data-tool={tool}
        data-pane={id}
        style={{ cursor: TOOLS[tool].cursor }}
        onFocus={() => session.activate(id)}
      >
        <div className="viewer-canvas" ref={canvas} />
        <BlendLayer pane={id} view={view} />
        <OverlayLayer pane={id} view={view} active={active} />
        <GraphicsLayer view={view} />
        <AnnotationLayer pane={pane} view={view} modality={series?.modality ?? ''} />
        <CornerText view={view} study={content === undefined ? undefined : study} series={series} />
        <Obstacle id={id} view={view} study={study} modality={series?.modality ?? ''} />
        <Lens pane={pane} />
        <QuestionField id={id} />
        <PatternOverlay id={id} />
      </div>
      <StackBar pane={pane} store={session.store} view={view} arriving={study?.arrival?.state === 'arriving'} />
    </div>
  );
});

function shownStudy(studies: readonly OpenStudy[], content: Content | undefined): OpenStudy | undefined {
  return content === undefined ? studies[0] : studies.find(({ studyInstanceUID }) => studyInstanceUID === content.studyInstanceUID);
}

function toolContext(session: ViewerSession, pane: Pane): ToolContext {
  return {
    pane,
    annotations: session.annotations,
    frame: () => {
      const { shown } = pane.view;
      const content = session.state.getState().contents[pane.id];
      return shown === undefined || content === undefined ? undefined : { frame: shown, ...content };
    },
    ask: (question) => session.set({ question: { ...question, pane: pane.id } }),
    point: (image) => session.point(pane, image),
    lens: (screen) => session.set({ lens: screen === undefined ? undefined : { pane: pane.id, screen } }),
    editing: () => session.editing(pane),
  };
}

/** What stands where the image should be: why there is none, and what to do next. */
function Obstacle({ id, view, study, modality }: { id: string; view: PaneView; study: OpenStudy | undefined; modality: string }) {
  const session = useSession();
  const { store } = session;
  const frame = view.frames[view.wanted];
  if (frame === undefined) {
    if (study === undefined) return null;
    if (study.error !== undefined) {
      return (
        <Tile
          title={say('studyFailed')}
          lines={[sayOr(`reason.${study.error.kind}`, 'reason.other')]}
          action={{ label: say('tryAgain'), run: () => session.retry(study.studyInstanceUID) }}
        />
      );
    }
    if (study.loading) return <p className="viewer-waiting">{say('loadingStudy')}</p>;
    if (study.series.some(({ frames }) => frames.length > 0)) return <p className="viewer-waiting">{say('dropHere')}</p>;
    return <Tile title={say('emptyStudy')} lines={[say('emptyStudyNext')]} />;
  }
  const others = view.frames.some((other) => other !== frame && other.image !== undefined) ? [say('othersWork')] : [];
  if (frame.image === undefined) {
    const { reason, sopClassUID } = frame.instance;
    if (reason === undefined || reason === NO_PIXELS || objectKind(sopClassUID) !== 'other') return <ObjectView frame={frame} pane={id} />;
    return <Tile title={frame.instance.reason ?? say('noPixels', { modality })} lines={others} />;
  }
  const { pixelData } = frame.image;
  if (pixelData.encoding === 'video') return <FilmPlayer store={store} frame={frame} data={pixelData} />;
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
          <button type="button" className="viewer-button" onPointerDown={(event) => event.stopPropagation()} onClick={action.run}>
            {action.label}
          </button>
        )}
      </div>
    </div>
  );
}
