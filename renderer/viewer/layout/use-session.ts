import { createContext, useContext, useSyncExternalStore } from 'react';
import { useStore } from 'zustand';
import type { Pane } from '../pane.ts';
import type { PaneView } from '../pane-view.ts';
import type { SessionState, ViewerSession } from './session.ts';

const SessionContext = createContext<ViewerSession | undefined>(undefined);
export const SessionProvider = SessionContext.Provider;

/** The viewer that a component stands in. */
export function useSession(): ViewerSession {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error('outside of a viewer');
  return session;
}

export function useSessionState<T>(select: (state: SessionState) => T): T {
  return useStore(useSession().state, select);
}

/** A value of what a pane shows; drawn anew only when that value changes. Select primitives, or objects that stay the same. */
export function usePaneView<T>(pane: Pane, select: (view: PaneView) => T): T {
  return useSyncExternalStore(pane.subscribe, () => select(pane.snapshot()));
}
