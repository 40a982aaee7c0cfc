import { useEffect, useMemo, useRef } from 'react';
import { useStore } from 'zustand';
import { useSession } from '../../layout/use-session.ts';
import type { PaneView } from '../../pane-view.ts';
import type { StackFrame } from '../../stack.ts';
import { type Affine, apply } from '../../transform.ts';
import { useArrivals } from '../../use-arrivals.ts';
import { css } from '../colours.ts';
import { contoursOn } from '../radiotherapy/on-image.ts';
import type { ReportMark } from '../sr/content.ts';
import { drawPlaced, layerContext } from './layer-canvas.ts';
import { OverlayLegend } from './OverlayLegend.tsx';
import { overlaysOf } from './overlay-state.ts';
import { OverlayPainter } from './painter.ts';

interface LayerProps {
  readonly pane: string;
  readonly view: PaneView;
  readonly active: boolean;
}

/** Segments, doses, contours and regions over the image of a pane. */
export function OverlayLayer({ pane, view, active }: LayerProps) {
  const session = useSession();
  const any = useStore(overlaysOf(session), ({ overlays }) => overlays.length > 0);
  if (!any || view.shown === undefined || view.toScreen === undefined) return null;
  return <Layer pane={pane} view={view} active={active} shown={view.shown} toScreen={view.toScreen} />;
}

function Layer({ pane, view, active, shown, toScreen }: LayerProps & { readonly shown: StackFrame; readonly toScreen: Affine }) {
  const session = useSession();
  const state = useStore(overlaysOf(session));
  const canvas = useRef<HTMLCanvasElement>(null);
  const painter = useMemo(() => new OverlayPainter(session, pane), [session, pane]);
  const loaded = useArrivals(session.store, painter.awaited);
  const { width, height } = view.size;
  const { pixelRatio } = view;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was loaded changes what can be drawn
  useEffect(() => {
    const context = layerContext(canvas.current, { width, height, pixelRatio });
    if (context === undefined) return;
    const { dataset } = context.canvas;
    context.globalAlpha = state.opacity;
    const patches = painter.patches(state, shown);
    for (const patch of patches) {
      context.imageSmoothingEnabled = !patch.crisp;
      drawPlaced(context, patch, toScreen, pixelRatio);
    }
    dataset.patches = String(patches.length);
    dataset.waiting = String(painter.awaited.waits);
  }, [painter, state, shown, toScreen, width, height, pixelRatio, loaded]);
  return (
    <>
      <canvas ref={canvas} className="overlay-canvas" style={{ width, height }} data-testid="overlay" />
      <svg className="overlay-lines" width={width} height={height} aria-hidden="true">
        <Isodoses painter={painter} shown={shown} toScreen={toScreen} loaded={loaded} />
        <Lines shown={shown} view={view} toScreen={toScreen} />
      </svg>
      {active && <OverlayLegend pane={pane} shown={shown} painter={painter} loaded={loaded} />}
    </>
  );
}

interface IsodosesProps {
  readonly painter: OverlayPainter;
  readonly shown: StackFrame;
  readonly toScreen: Affine;
  readonly loaded: number;
}

function Isodoses({ painter, shown, toScreen, loaded }: IsodosesProps) {
  const session = useSession();
  const state = useStore(overlaysOf(session));
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was loaded changes what can be drawn
  const lines = useMemo(
    () => state.overlays.flatMap((overlay) => (overlay.kind === 'dose' ? painter.isodoses(overlay, state, shown) : [])),
    [state, shown, painter, loaded],
  );
  return lines.map(({ percent, colour, pieces }, index) => (
    <path
      // biome-ignore lint/suspicious/noArrayIndexKey: the levels of several doses come in their order
      key={index}
      d={pieces
        .map((piece) =>
          pathOf(
            piece.map((point) => apply(toScreen, point)),
            false,
          ),
        )
        .join('')}
      stroke={css(colour)}
      data-testid="isodose"
      data-percent={percent}
    />
  ));
}

function Lines({ shown, view, toScreen }: { readonly shown: StackFrame; readonly view: PaneView; readonly toScreen: Affine }) {
  const session = useSession();
  const { overlays, hidden } = useStore(overlaysOf(session));
  const reach = useMemo(() => reachOf(view.frames, shown), [view.frames, shown]);
  const drawn = useMemo(
    () =>
      overlays.flatMap((overlay) => {
        if (overlay.kind !== 'structures' || shown.plane === undefined) return [];
        const { plane } = shown;
        return overlay.structures.regions
          .filter(({ number }) => !hidden.has(`${overlay.sopInstanceUID}/${number}`))
          .flatMap((region) =>
            contoursOn(region, plane, reach).map((contour, index) => ({
              ...contour,
              key: `${overlay.sopInstanceUID} ${region.number} ${index}`,
              colour: css(region.colour),
            })),
          );
      }),
    [overlays, hidden, shown, reach],
  );
  const marks = overlays.flatMap((overlay) => (overlay.kind === 'marks' ? overlay.marks : []));
  return (
    <>
      {drawn.map(({ key, closed, points, colour }) => (
        <path
          key={key}
          d={pathOf(
            points.map((point) => apply(toScreen, point)),
            closed,
          )}
          stroke={colour}
          data-testid="contour"
        />
      ))}
      {marks
        .filter(
          (mark) =>
            mark.sopInstanceUID === shown.instance.sopInstanceUID && (mark.frames.length === 0 || mark.frames.includes(shown.frame + 1)),
        )
        .map((mark) => (
          <Mark key={mark.position} mark={mark} toScreen={toScreen} />
        ))}
    </>
  );
}

/** Half of the way to the next slice, mm: a contour between two slices belongs to one of them. */
function reachOf(frames: readonly StackFrame[], shown: StackFrame): number {
  const at = frames.indexOf(shown);
  const own = shown.distance;
  const steps = [frames[at - 1], frames[at + 1]].flatMap((other) =>
    own === undefined || other?.distance === undefined || other.group !== shown.group ? [] : [Math.abs(other.distance - own)],
  );
  const step = Math.min(...steps.filter((one) => one > 1e-3));
  return Number.isFinite(step) ? Math.min(step / 2, 5) + 1e-3 : 0.5;
}

function pathOf(points: readonly { x: number; y: number }[], closed: boolean): string {
  const [first] = points;
  if (first === undefined) return '';
  // A single point is a small cross.
  if (points.length === 1) return `M${first.x - 5} ${first.y}h10M${first.x} ${first.y - 5}v10`;
  return `M${points.map(({ x, y }) => `${x.toFixed(2)} ${y.toFixed(2)}`).join('L')}${closed ? 'Z' : ''}`;
}

/** A region of a report (PS3.3 C.18.6.1.2). */
function Mark({ mark, toScreen }: { readonly mark: ReportMark; readonly toScreen: Affine }) {
  const points: { x: number; y: number }[] = [];
  for (let i = 0; i + 1 < mark.points.length; i += 2) points.push(apply(toScreen, { x: mark.points[i] ?? 0, y: mark.points[i + 1] ?? 0 }));
  const [first, second, third, fourth] = points;
  if (first === undefined) return null;
  const label = (
    <text x={first.x + 6} y={first.y - 6}>
      {mark.label}
    </text>
  );
  if (mark.graphic === 'CIRCLE' && second !== undefined) {
    return (
      <g className="overlay-mark" data-testid="report-mark">
        <circle cx={first.x} cy={first.y} r={Math.hypot(second.x - first.x, second.y - first.y)} />
        {label}
      </g>
    );
  }
  if (mark.graphic === 'ELLIPSE' && second !== undefined && third !== undefined && fourth !== undefined) {
    const angle = (Math.atan2(second.y - first.y, second.x - first.x) * 180) / Math.PI;
    const [cx, cy] = [(first.x + second.x) / 2, (first.y + second.y) / 2];
    return (
      <g className="overlay-mark" data-testid="report-mark">
        <ellipse
          cx={cx}
          cy={cy}
          rx={Math.hypot(second.x - first.x, second.y - first.y) / 2}
          ry={Math.hypot(fourth.x - third.x, fourth.y - third.y) / 2}
          transform={`rotate(${angle} ${cx} ${cy})`}
        />
        {label}
      </g>
    );
  }
  const singles = mark.graphic === 'POINT' || mark.graphic === 'MULTIPOINT';
  return (
    <g className="overlay-mark" data-testid="report-mark">
      <path d={singles ? points.map((point) => pathOf([point], false)).join('') : pathOf(points, mark.graphic === 'POLYGON')} />
      {label}
    </g>
  );
}
