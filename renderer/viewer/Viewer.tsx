import './viewer.css';
import { startTransition, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { Client } from '../api/index.ts';
import type { WindowStart } from '../app/window-start.ts';
import { MeasurementPanel } from './annotations/MeasurementPanel.tsx';
import { runCommand } from './commands.ts';
import { closeDialog, useDialogs } from './dialogs.ts';
import { type Command, commandOf, takeOwnKeys } from './keys.ts';
import { Stage } from './layout/Stage.tsx';
import { ViewerSession } from './layout/session.ts';
import { SessionProvider, useSession, useSessionState } from './layout/use-session.ts';
import { closeTags } from './objects/tags/sheet-state.ts';
import { TagSheet } from './objects/tags/TagSheet.tsx';
import { onPreferences, preferences } from './preferences/preferences.ts';
import { SeriesStrip } from './SeriesStrip.tsx';
import { Sheets } from './Sheets.tsx';
import { Toolbar } from './Toolbar.tsx';
import { rememberPlace } from './windows/pop-out.ts';
import { WindowLink } from './windows/window-link.ts';

interface ViewerProps {
  readonly client: Client;
  readonly studyInstanceUID: string;
  /** The series that it begins with, and the place in it; else what hangs first. */
  readonly start?: WindowStart;
  onClose(): void;
}

/** The viewer of one study and those it is compared with. Fills its parent; grows with the studies while they arrive. */
export function Viewer(props: ViewerProps) {
  // Nothing of one study may outlive it into the next: another study is another viewer.
  return <ViewerOfStudy key={props.studyInstanceUID} {...props} />;
}

function ViewerOfStudy({ client, studyInstanceUID, start, onClose }: ViewerProps) {
  const session = useNewSession(client, studyInstanceUID);
  useStart(session, start);
  if (session === undefined) return <div className="viewer" />;
  return (
    <SessionProvider value={session}>
      <OpenViewer onClose={onClose} />
    </SessionProvider>
  );
}

/** Workers and cache live as long as the viewer is open; made in an effect, so that a double mount leaves none behind. */
function useNewSession(client: Client, studyInstanceUID: string): ViewerSession | undefined {
  const [session, setSession] = useState<ViewerSession>();
  useEffect(() => {
    const made = new ViewerSession(client, studyInstanceUID);
    setSession(made);
    // A page that is left or hidden may not come back.
    const leave = () => made.keeper.flush();
    window.addEventListener('pagehide', leave);
    document.addEventListener('visibilitychange', leave);
    return () => {
      window.removeEventListener('pagehide', leave);
      document.removeEventListener('visibilitychange', leave);
      made.close();
    };
  }, [client, studyInstanceUID]);
  return session;
}

/** Shows the series that the window was opened for, and once it is there the image. */
function useStart(session: ViewerSession | undefined, start: WindowStart | undefined): void {
  useEffect(() => {
    if (session === undefined || start === undefined) return undefined;
    const pane = session.state.getState().active;
    const end = rememberPlace();
    const go = () => {
      if (session.find(start) === undefined) return;
      unsubscribe();
      session.show(pane, start, start.index);
    };
    const unsubscribe = session.state.subscribe(go);
    session.set({ strip: false });
    go();
    return () => {
      unsubscribe();
      end();
    };
  }, [session, start]);
}

function OpenViewer({ onClose }: { onClose(): void }) {
  const session = useSession();
  const chrome = useSessionState((state) => state.chrome);
  const strip = useSessionState((state) => state.strip && state.full === undefined);
  const panel = useSessionState((state) => state.measurements);
  const root = useRef<HTMLDivElement>(null);
  const { keys } = useSyncExternalStore(onPreferences, preferences);
  // Before the tooltips below are made: they name the keys.
  useMemo(() => takeOwnKeys(keys), [keys]);
  useViewerKeys(session, onClose, root);
  // A bar of fifty parts would hold up the first image: its place is there at once, they come behind it.
  const [furnished, setFurnished] = useState(false);
  useEffect(() => {
    void session.store.firstImage.then(() => startTransition(() => setFurnished(true)));
  }, [session]);
  useEffect(() => {
    const link = new WindowLink(session);
    return () => {
      link.close();
      closeDialog();
    };
  }, [session]);
  return (
    <div className="viewer" ref={root} data-chrome={chrome} data-strip={strip && chrome} data-panel={panel && chrome}>
      {chrome && (furnished ? <Toolbar key={JSON.stringify(keys)} close={onClose} /> : <div className="viewer-toolbar" />)}
      {chrome && strip && <SeriesStrip />}
      <Stage />
      <Sheets />
      <TagSheet />
      {chrome && panel && <MeasurementPanel />}
    </div>
  );
}

/** One step back: what is being drawn, then a pane that fills the stage, then hidden tools, then the viewer. */
function stepBack(session: ViewerSession, close: () => void): void {
  const { chrome, full, active } = session.state.getState();
  if (session.cancel() || closeTags()) return;
  if (useDialogs.getState().open !== undefined) {
    closeDialog();
    return;
  }
  if (full !== undefined) session.toggleFull(active);
  else if (!chrome) session.set({ chrome: true });
  else close();
}

/** Keys go to the viewer wherever the focus is inside the window, except where a field or a menu takes them. */
function useViewerKeys(session: ViewerSession, close: () => void, root: React.RefObject<HTMLDivElement | null>): void {
  const latest = useRef(close);
  useEffect(() => {
    latest.current = close;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target instanceof HTMLElement ? event.target : undefined;
      const taken = target?.closest('input, textarea, select, [role="menu"], [role="slider"], [contenteditable="true"]') != null;
      if (event.defaultPrevented || taken) return;
      const command: Command | undefined = commandOf(event);
      if (command === undefined) return;
      // Tab hides the tools while the image has the focus; from a button it goes on to the next one. Shift+Tab always moves.
      const onControl = target?.closest('button, [role="option"]') != null;
      if (command.do === 'chrome' && (event.shiftKey || onControl)) return;
      event.preventDefault();
      event.stopPropagation();
      if (command.do === 'close') stepBack(session, latest.current);
      else runCommand(session, command);
      if (command.do === 'chrome')
        root.current
          ?.querySelector<HTMLElement>('.viewer-cell[data-active="true"] .viewer-pane, .viewer-pane')
          ?.focus({ preventScroll: true });
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [session, root]);
}
