import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ActionDrawer } from '../actions/ActionDrawer.tsx';
import { Browser } from '../browser/Browser.tsx';
import { EmptyScreen } from '../browser/EmptyScreen.tsx';
import { SidePanelHost } from '../browser/SidePanelHost.tsx';
import { t } from '../i18n/index.ts';
import { DropTarget } from '../importing/DropTarget.tsx';
import { ImportFields } from '../importing/ImportButtons.tsx';
import { useImporting } from '../importing/importing.ts';
import { useShortcuts } from './keys.ts';
import { NoticeStrip } from './NoticeStrip.tsx';
import { poppedOut, windowStart } from './popped-out.ts';
import { windowClient } from './session.ts';
import { drawerActions } from './state.ts';
import { type AppState, app, useApp } from './store.ts';
import { TopBar } from './TopBar.tsx';
import type { WindowStart } from './window-start.ts';

type ViewerProgram = typeof import('../viewer/index.ts');
let viewerProgram: ViewerProgram | undefined;

async function loadViewer(): Promise<ViewerProgram> {
  viewerProgram = await import('../viewer/index.ts');
  return viewerProgram;
}

/** The first window, or one that it opened for a series. */
export function App() {
  return poppedOut === undefined ? <FirstWindow /> : <SeriesWindow name={poppedOut} />;
}

/** The browser, and above it the viewer while a study is open. */
function FirstWindow() {
  const { i18n } = useTranslation();
  useShortcuts();
  const client = windowClient();
  const viewing = useApp((state) => state.viewing);
  const known = useApp((state) => state.workstation.settings !== undefined);
  const first = useApp(firstScreen);
  const copies = useImporting(({ copying }) => copying.length > 0);
  const busy = useApp((state) => hasActions(state)) || copies;
  useEffect(() => {
    document.documentElement.lang = i18n.language;
  }, [i18n.language]);
  useEffect(() => {
    if (!known) return undefined;
    // The first study opens without waiting for its program.
    const idle = requestIdleCallback(
      () =>
        void loadViewer().then(
          ({ prepareDecoders }) => prepareDecoders(),
          () => undefined,
        ),
    );
    return () => cancelIdleCallback(idle);
  }, [known]);
  return (
    <div className="window">
      <div className="browser-window" inert={viewing !== undefined} data-covered={viewing !== undefined}>
        <TopBar />
        <main className="stage">
          {known && (first === 'offer' ? <EmptyScreen /> : first === 'browser' && <Browser />)}
          <SidePanelHost />
        </main>
        {/* At the foot: what appears here takes room from the table's end and moves no row. */}
        <NoticeStrip />
        {known && (first === 'browser' || (first === 'offer' && busy)) && <ActionDrawer />}
      </div>
      {viewing !== undefined && client !== undefined && (
        <div className="viewer-window">
          <ViewerWhenLoaded client={client} studyInstanceUID={viewing} onClose={closeViewer} />
        </div>
      )}
      <ImportFields />
      <DropTarget />
    </div>
  );
}

/** A viewer alone; closing the study closes the window. */
function SeriesWindow({ name }: { name: string }) {
  useShortcuts();
  const client = windowClient();
  const connected = useApp((state) => state.connection === 'connected');
  const [start, setStart] = useState<WindowStart | 'unknown'>();
  useEffect(() => {
    void windowStart(name).then((found) => {
      setStart(found ?? 'unknown');
      app.set({ viewing: found?.studyInstanceUID });
    });
  }, [name]);
  return (
    <div className="window">
      <div className="viewer-window">
        {start === 'unknown' && <p className="viewer-opening">{t('viewer.orphan')}</p>}
        {start !== undefined && start !== 'unknown' && client !== undefined && connected && (
          <ViewerWhenLoaded client={client} studyInstanceUID={start.studyInstanceUID} start={start} onClose={() => window.close()} />
        )}
      </div>
    </div>
  );
}

/** Without a PACS and without a study the offer; before that is known neither screen, so that none flashes. */
function firstScreen({ workstation, localStudies, localSearch }: AppState): 'offer' | 'browser' | 'undecided' {
  if (workstation.nodes.length > 0 || localSearch.state === 'failed') return 'browser';
  const studies = localStudies ?? (localSearch.state === 'done' ? localSearch.matches : undefined);
  if (studies === undefined) return 'undecided';
  return studies === 0 ? 'offer' : 'browser';
}

/** A first import is seen before there is a study. */
function hasActions({ workstation }: AppState): boolean {
  const { running, finished } = drawerActions(workstation);
  return running.length + finished.length > 0;
}

/** Not a Suspense boundary: React keeps what stands in for a suspended part for 300 ms, however soon the part is there. */
function ViewerWhenLoaded(props: Parameters<ViewerProgram['Viewer']>[0]) {
  const [program, setProgram] = useState(viewerProgram);
  const [failure, setFailure] = useState<unknown>();
  useEffect(() => {
    if (program === undefined) loadViewer().then(setProgram, setFailure);
  }, [program]);
  if (failure !== undefined) throw failure;
  if (program === undefined) return <p className="viewer-opening">{t('viewer.loading')}</p>;
  const { Viewer } = program;
  return <Viewer {...props} />;
}

function closeViewer(): void {
  useApp.setState({ viewing: undefined });
  // Esc goes back to where the reader was.
  requestAnimationFrame(() => document.querySelector<HTMLElement>('[role="grid"]')?.focus());
  requestIdleCallback(() => viewerProgram?.prepareDecoders());
}
