import './viewer.css';
import { useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { Client } from '../api/index.ts';
import { FrameStore } from './frame-store.ts';
import { ImagePane } from './ImagePane.tsx';
import { type Command, commandOf, type Tool } from './keys.ts';
import { Pane } from './pane.ts';
import type { PaneView } from './pane-view.ts';
import { presetsOf } from './presets.ts';
import { SeriesStrip } from './SeriesStrip.tsx';
import { type OpenStudy, useStudy } from './study.ts';
import { Toolbar } from './Toolbar.tsx';

interface ViewerProps {
  readonly client: Client;
  readonly studyInstanceUID: string;
  onClose(): void;
}

/** The viewer of one study: toolbar, series and an image pane. Fills its parent; grows with the study while it arrives. */
export function Viewer(props: ViewerProps) {
  // Nothing of one study may outlive it into the next: another study is another viewer.
  return <ViewerOfStudy key={props.studyInstanceUID} {...props} />;
}

function ViewerOfStudy(props: ViewerProps) {
  const engine = useEngine(props.client);
  return engine === undefined ? <div className="viewer" /> : <OpenViewer engine={engine} {...props} />;
}

interface Engine {
  readonly store: FrameStore;
  readonly pane: Pane;
}

/** Workers and cache live as long as the viewer is open; made in an effect, so that a double mount leaves none behind. */
function useEngine(client: Client): Engine | undefined {
  const [engine, setEngine] = useState<Engine>();
  useEffect(() => {
    const store = new FrameStore(client);
    const pane = new Pane(store, 'pane-1');
    setEngine({ store, pane });
    return () => {
      pane.close();
      store.close();
    };
  }, [client]);
  return engine;
}

function OpenViewer({ engine, client, studyInstanceUID, onClose }: ViewerProps & { engine: Engine }) {
  const { store, pane } = engine;
  const study = useStudy(client, studyInstanceUID);
  const view = useSyncExternalStore(pane.subscribe, pane.snapshot);
  const [tool, setTool] = useState<Tool>('window');
  const [chosen, setChosen] = useState<string>();
  const [chrome, setChrome] = useState(true);
  const [strip, setStrip] = useState(true);
  const root = useRef<HTMLDivElement>(null);

  const open = study.series.find(({ series }) => series.seriesInstanceUID === chosen) ?? firstWithImages(study);
  const seriesUID = open?.series.seriesInstanceUID;
  const frames = open?.frames;
  // Before the screen is painted: no image of one series may stand under the name of another.
  useLayoutEffect(() => {
    if (seriesUID !== undefined && frames !== undefined) pane.setSeries(seriesUID, frames);
  }, [pane, seriesUID, frames]);

  const run = (command: Command) => {
    switch (command.do) {
      case 'tool':
        setTool(command.tool);
        return;
      case 'next-series':
      case 'previous-series':
        setChosen(neighbour(study, seriesUID, command.do === 'next-series' ? 1 : -1));
        return;
      case 'chrome':
        setChrome(!chrome);
        return;
      case 'full-pane':
        setStrip(!strip);
        return;
      case 'close':
        if (chrome) onClose();
        else setChrome(true);
        return;
      default:
        runOnPane(command, pane, view, open?.series.modality ?? '');
    }
  };
  useViewerKeys(run, root);

  return (
    <div className="viewer" ref={root} data-chrome={chrome} data-strip={strip && chrome}>
      {chrome && (
        <Toolbar
          tool={tool}
          view={view}
          study={study.study}
          series={open?.series}
          run={run}
          setWindow={(window) => pane.setWindow(window)}
        />
      )}
      {chrome && strip && (
        <SeriesStrip
          store={store}
          series={study.series}
          open={seriesUID}
          arriving={study.arrival?.state === 'arriving'}
          onOpen={setChosen}
        />
      )}
      <ImagePane pane={pane} store={store} tool={tool} view={view} study={study} series={open?.series} />
    </div>
  );
}

function firstWithImages(study: OpenStudy) {
  return (
    study.series.find(({ frames }) => frames.some((frame) => frame.image !== undefined)) ??
    study.series.find(({ frames }) => frames.length > 0)
  );
}

function neighbour(study: OpenStudy, seriesUID: string | undefined, by: 1 | -1): string | undefined {
  const { series } = study;
  const at = series.findIndex((entry) => entry.series.seriesInstanceUID === seriesUID);
  return series[Math.max(0, Math.min(series.length - 1, at + by))]?.series.seriesInstanceUID;
}

function runOnPane(command: Command, pane: Pane, view: PaneView, modality: string): void {
  switch (command.do) {
    case 'slice':
      pane.scrollBy(command.by);
      return;
    case 'first':
      pane.scrollTo(0);
      return;
    case 'last':
      pane.scrollTo(view.frames.length - 1);
      return;
    case 'preset': {
      const preset = presetsOf(modality)[command.index];
      const stored = view.shown?.image?.windows[command.index];
      if (preset !== undefined) pane.setWindow({ center: preset.center, width: preset.width, function: 'LINEAR' });
      else if (stored !== undefined) pane.setWindow(stored);
      return;
    }
    case 'auto':
      pane.setWindow('auto');
      return;
    case 'invert':
      pane.toggleInvert();
      return;
    case 'flip-horizontal':
      pane.flip('horizontal');
      return;
    case 'flip-vertical':
      pane.flip('vertical');
      return;
    case 'rotate':
      pane.rotateBy(command.by);
      return;
    case 'cine':
      if (pane.playing) pane.stop();
      else pane.play();
      return;
    case 'fit':
      pane.fit();
      return;
    case 'one-to-one':
      pane.oneToOne();
      return;
    case 'reset':
      pane.reset();
      return;
  }
}

/** Keys go to the viewer wherever the focus is inside the window, except where a field or a menu takes them. */
function useViewerKeys(run: (command: Command) => void, root: React.RefObject<HTMLDivElement | null>): void {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target instanceof HTMLElement ? event.target : undefined;
      if (event.defaultPrevented || target?.closest('input, textarea, select, [role="menu"], [contenteditable="true"]') != null) return;
      const command = commandOf(event);
      if (command === undefined) return;
      // Tab hides the tools while the image has the focus; from a button it goes on to the next one. Shift+Tab always moves.
      const onControl = target?.closest('button, [role="option"]') != null;
      if (command.do === 'chrome' && (event.shiftKey || onControl)) return;
      event.preventDefault();
      event.stopPropagation();
      latest.current(command);
      if (command.do === 'chrome') root.current?.querySelector<HTMLElement>('.viewer-pane')?.focus({ preventScroll: true });
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [root]);
}
