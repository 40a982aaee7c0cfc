import { useRef } from 'react';
import { ImagePane } from '../ImagePane.tsx';
import { openSeries } from '../objects/overlays/open-series.ts';
import { say } from '../words.ts';
import { boxesOf, type Divider, dividersOf, type Layout, moveDivider } from './layout.ts';
import { useSession, useSessionState } from './use-session.ts';

/** The panes, wherever the layout puts them, and the lines between them that can be dragged. */
export function Stage() {
  const session = useSession();
  const layout = useSessionState((state) => state.layout);
  const full = useSessionState((state) => state.full);
  const active = useSessionState((state) => state.active);
  const stage = useRef<HTMLDivElement>(null);
  const boxes = boxesOf(layout);
  const drop = (event: React.DragEvent, id: string) => {
    const content = readDrag(event);
    if (content === undefined) return;
    event.preventDefault();
    session.activate(id);
    openSeries(session, id, content);
  };
  return (
    <div className="viewer-stage" ref={stage}>
      {boxes.map((box) => (
        // biome-ignore lint/a11y/noStaticElementInteractions: a place for drops; the keyboard opens series from the strip
        <div
          key={box.pane}
          className="viewer-slot"
          hidden={full !== undefined && full !== box.pane}
          style={full === box.pane ? { inset: 0 } : place(box)}
          onDragOver={(event) => {
            if (!event.dataTransfer.types.includes(SERIES_DRAG)) return;
            event.preventDefault();
            event.dataTransfer.dropEffect = 'copy';
          }}
          onDrop={(event) => drop(event, box.pane)}
        >
          <ImagePane id={box.pane} active={active === box.pane} alone={boxes.length === 1 || full === box.pane} />
        </div>
      ))}
      {full === undefined && dividersOf(layout).map((divider) => <Handle key={nameOf(divider)} divider={divider} stage={stage} />)}
    </div>
  );
}

/** Type of a dragged series in a drag's data. */
export const SERIES_DRAG = 'application/x-phosphor-series';

function readDrag(event: React.DragEvent): { studyInstanceUID: string; seriesInstanceUID: string } | undefined {
  const [studyInstanceUID = '', seriesInstanceUID = ''] = event.dataTransfer.getData(SERIES_DRAG).split('\n');
  return studyInstanceUID === '' || seriesInstanceUID === '' ? undefined : { studyInstanceUID, seriesInstanceUID };
}

function place({ x, y, width, height }: { x: number; y: number; width: number; height: number }): React.CSSProperties {
  const percent = (share: number) => `${share * 100}%`;
  return { left: percent(x), top: percent(y), width: percent(width), height: percent(height) };
}

/** Wide enough for a hand, over the border itself. */
function handlePlace(divider: Divider): React.CSSProperties {
  return { ...place(divider), ...(divider.direction === 'row' ? { width: 'var(--viewer-handle)' } : { height: 'var(--viewer-handle)' }) };
}

function nameOf({ path, index }: Divider): string {
  return [...path, index].join('.');
}

function Handle({ divider, stage }: { divider: Divider; stage: React.RefObject<HTMLDivElement | null> }) {
  const session = useSession();
  const start = useRef<{ at: number; layout: Layout }>(undefined);
  const { direction, path, index, extent } = divider;
  const along = (event: React.PointerEvent) => (direction === 'row' ? event.clientX : event.clientY);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule of HTML cannot be dragged
    <div
      className="viewer-divide"
      role="separator"
      aria-label={say('divider')}
      aria-orientation={direction === 'row' ? 'vertical' : 'horizontal'}
      data-direction={direction}
      style={handlePlace(divider)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { at: along(event), layout: session.state.getState().layout };
      }}
      onPointerMove={(event) => {
        const from = start.current;
        const box = stage.current?.getBoundingClientRect();
        if (from === undefined || box === undefined) return;
        const whole = (direction === 'row' ? box.width : box.height) * extent;
        session.resize(moveDivider(from.layout, path, index, (along(event) - from.at) / whole));
      }}
      onPointerUp={() => {
        start.current = undefined;
      }}
    />
  );
}
