import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ViewerSession } from '../../layout/session.ts';
import type { DoseGrid } from '../radiotherapy/dose.ts';
import type { StructureSet } from '../radiotherapy/structures.ts';
import type { Segmentation } from '../segmentation/segmentation.ts';
import type { ReportMark } from '../sr/content.ts';

/** An object that lies over the images it belongs to. */
export type Overlay =
  | { readonly kind: 'segmentation'; readonly sopInstanceUID: string; readonly title: string; readonly segmentation: Segmentation }
  | { readonly kind: 'structures'; readonly sopInstanceUID: string; readonly title: string; readonly structures: StructureSet }
  | { readonly kind: 'dose'; readonly sopInstanceUID: string; readonly title: string; readonly grid: DoseGrid }
  | { readonly kind: 'marks'; readonly sopInstanceUID: string; readonly title: string; readonly marks: readonly ReportMark[] };

export interface OverlayState {
  readonly overlays: readonly Overlay[];
  /** `<SOP Instance UID>/<number>` of segments, regions and dose levels that are switched off. */
  readonly hidden: ReadonlySet<string>;
  /** Of areas, 0 to 1. */
  readonly opacity: number;
  readonly folded: boolean;
  /** How doses are shown, by SOP Instance UID; what is not there is `DOSE_VIEW`. */
  readonly doses: ReadonlyMap<string, DoseView>;
}

export interface DoseView {
  readonly wash: boolean;
  readonly lines: boolean;
  /** The dose that is 100 %, in its own units; undefined = the highest one. */
  readonly hundred: number | undefined;
}

const DOSE_VIEW: DoseView = { wash: true, lines: true, hundred: undefined };

export function doseView({ doses }: Pick<OverlayState, 'doses'>, sopInstanceUID: string): DoseView {
  return doses.get(sopInstanceUID) ?? DOSE_VIEW;
}

export function changeDose(session: ViewerSession, sopInstanceUID: string, change: Partial<DoseView>): void {
  overlaysOf(session).setState((state) => ({
    doses: new Map([...state.doses, [sopInstanceUID, { ...doseView(state, sopInstanceUID), ...change }]]),
  }));
}

const stores = new WeakMap<ViewerSession, StoreApi<OverlayState>>();

/** The overlays of an open viewer. */
export function overlaysOf(session: ViewerSession): StoreApi<OverlayState> {
  let store = stores.get(session);
  if (store === undefined) {
    store = createStore<OverlayState>(() => ({ overlays: [], hidden: new Set(), opacity: 0.45, folded: false, doses: new Map() }));
    stores.set(session, store);
  }
  return store;
}

const MAX_OVERLAYS = 16;

/** Puts an overlay on; one of the same instance takes its place. */
export function addOverlay(session: ViewerSession, overlay: Overlay): void {
  overlaysOf(session).setState(({ overlays }) => ({
    overlays: [...overlays.filter(({ sopInstanceUID }) => sopInstanceUID !== overlay.sopInstanceUID), overlay].slice(-MAX_OVERLAYS),
    folded: false,
  }));
}

export function removeOverlay(session: ViewerSession, sopInstanceUID: string): void {
  overlaysOf(session).setState(({ overlays }) => ({ overlays: overlays.filter((one) => one.sopInstanceUID !== sopInstanceUID) }));
}

export function toggleHidden(session: ViewerSession, key: string): void {
  overlaysOf(session).setState(({ hidden }) => {
    const next = new Set(hidden);
    if (!next.delete(key)) next.add(key);
    return { hidden: next };
  });
}
