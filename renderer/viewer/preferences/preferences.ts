import type { ViewerSettings } from '../../../shared/contract/index.ts';
import { app, client, useApp } from '../../app/store.ts';

const NONE: ViewerSettings = { presets: {}, corners: {}, keys: {} };

/** The reader's own windows, corner text and keys, as of the newest settings. */
export function preferences(): ViewerSettings {
  return app.get().workstation.settings?.viewer ?? NONE;
}

/** Calls whenever they change, in this window or another. */
export function onPreferences(listener: (now: ViewerSettings) => void): () => void {
  return useApp.subscribe((state, before) => {
    const [now, then] = [state.workstation.settings?.viewer, before.workstation.settings?.viewer];
    if (now !== undefined && now !== then) listener(now);
  });
}

/** Keeps them; what the main side answers is in force at once. Throws what it refuses. */
export async function changePreferences(viewer: ViewerSettings): Promise<void> {
  turn += 1;
  const mine = turn;
  const { settings } = await client().invoke('settings.update', { changes: { viewer } });
  // Of several changes on their way the last one is in force, in whatever order the answers come.
  if (mine === turn) app.set(({ workstation }) => ({ workstation: { ...workstation, settings } }));
}

let turn = 0;

/** What is noted for a modality, else for all. */
export function forModality<T>(noted: Readonly<Record<string, T>>, modality: string): T | undefined {
  return Object.hasOwn(noted, modality) ? noted[modality] : Object.hasOwn(noted, '*') ? noted['*'] : undefined;
}
