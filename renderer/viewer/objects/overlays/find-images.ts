import { panesOf } from '../../layout/layout.ts';
import type { Content, ViewerSession } from '../../layout/session.ts';
import type { StackFrame } from '../../stack.ts';

/** Where an instance stands in the open studies. */
export interface Found {
  readonly content: Content;
  readonly frames: readonly StackFrame[];
}

/** The first series of the open studies of which `fits` says so of any frame; the one of the given pane before all others. */
export function findSeries(session: ViewerSession, pane: string, fits: (frame: StackFrame) => boolean): Found | undefined {
  const { studies, contents } = session.state.getState();
  const own = contents[pane];
  const all = studies.flatMap(({ studyInstanceUID, series }) =>
    series.map(({ series: { seriesInstanceUID }, frames }) => ({ content: { studyInstanceUID, seriesInstanceUID }, frames })),
  );
  const sorted = [...all].sort(
    (a, b) =>
      Number(b.content.seriesInstanceUID === own?.seriesInstanceUID) - Number(a.content.seriesInstanceUID === own?.seriesInstanceUID),
  );
  return sorted.find(({ frames }) => frames.some(fits));
}

export function findInstance(session: ViewerSession, sopInstanceUID: string): Found | undefined {
  return findSeries(session, '', ({ instance }) => instance.sopInstanceUID === sopInstanceUID);
}

/** Shows an instance beside the pane that speaks of it: in the next pane, or in one made for it. `frame` counts from 1. */
export function showInstance(session: ViewerSession, beside: string, sopInstanceUID: string, frame = 1): void {
  const found = findInstance(session, sopInstanceUID);
  if (found === undefined) return;
  const { contents } = session.state.getState();
  const showing = (id: string) => contents[id]?.seriesInstanceUID === found.content.seriesInstanceUID;
  session.activate(beside);
  const before = panesOf(session.state.getState().layout);
  if (before.length === 1) session.split('row');
  const others = panesOf(session.state.getState().layout).filter((id) => id !== beside);
  const id = others.find(showing) ?? others[0];
  if (id === undefined) return;
  const at = found.frames.findIndex(({ instance, frame: own }) => instance.sopInstanceUID === sopInstanceUID && own === frame - 1);
  session.show(id, found.content, Math.max(0, at));
}
