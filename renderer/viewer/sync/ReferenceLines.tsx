import { useSyncExternalStore } from 'react';
import { useSession, useSessionState } from '../layout/use-session.ts';
import type { Pane } from '../pane.ts';
import type { PaneView } from '../pane-view.ts';
import { apply } from '../transform.ts';
import { referenceLine, shareSpace, toImage } from './planes.ts';

/** Where the active pane's slice cuts this image, and the cross-hair. Only in panes that show the same patient space. */
export function ReferenceLines({ pane, view }: { pane: Pane; view: PaneView }) {
  const session = useSession();
  const active = useSessionState((state) => state.active);
  const crosshair = useSessionState((state) => state.crosshair);
  const leader = session.pane(active);
  const leading = useSyncExternalStore(leader.subscribe, () => leader.snapshot().shown?.plane);
  const { shown, toScreen, size } = view;
  const plane = shown?.plane;
  if (plane === undefined || toScreen === undefined) return null;
  const cut = pane === leader || leading === undefined || !shareSpace(plane, leading) ? undefined : referenceLine(plane, leading);
  const [from, to] = cut?.map((point) => apply(toScreen, point)) ?? [];
  const cross = crosshair?.frameOfReferenceUID === plane.frameOfReferenceUID ? toImage(plane, crosshair.point) : undefined;
  const at = cross === undefined ? undefined : apply(toScreen, cross);
  return (
    <>
      {from !== undefined && to !== undefined && (
        <line className="viewer-reference" x1={from.x} y1={from.y} x2={to.x} y2={to.y} data-testid="reference-line" />
      )}
      {at !== undefined && (
        <path
          className="viewer-crosshair"
          data-testid="crosshair"
          data-x={at.x}
          data-y={at.y}
          d={`M0 ${at.y}H${at.x - 12}M${at.x + 12} ${at.y}H${size.width}M${at.x} 0V${at.y - 12}M${at.x} ${at.y + 12}V${size.height}`}
        />
      )}
    </>
  );
}
