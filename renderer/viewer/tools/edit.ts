import type { Annotation } from '../../../shared/marks/index.ts';
import { boxOf } from '../../../shared/marks/index.ts';
import type { Point } from '../geometry.ts';
import { type Affine, apply } from '../transform.ts';
import type { At, Gesture, ToolContext } from './tool.ts';

/** CSS pixels around a point or line in which it is grabbed. */
const HANDLE = 9;
const LINE = 5;

export interface Grabbed {
  readonly annotation: Annotation;
  /** The point that is grabbed; undefined = the whole mark. */
  readonly point: number | undefined;
}

/** The mark under the pointer: a point of it, else its line; the one drawn last first. */
export function grab(annotations: readonly Annotation[], toScreen: Affine, at: Point): Grabbed | undefined {
  const newestFirst = [...annotations].reverse();
  for (const annotation of newestFirst) {
    const points = annotation.points.map((point) => apply(toScreen, point));
    // The outline of a freehand area is one line, not hundreds of handles.
    const point = annotation.kind === 'freehand' ? -1 : points.findIndex((handle) => distance(handle, at) < HANDLE);
    if (point >= 0) return { annotation, point };
  }
  const onLine = newestFirst.find((annotation) => outline(annotation, toScreen).some(([a, b]) => distanceToLine(at, a, b) < LINE));
  return onLine === undefined ? undefined : { annotation: onLine, point: undefined };
}

/** Moves the grabbed point, or the whole mark; one step of the history. */
export function editGesture(context: ToolContext, { annotation, point }: Grabbed, from: At): Gesture | undefined {
  const start = from.image;
  if (start === undefined) return undefined;
  context.annotations.select(annotation.id);
  let current = annotation;
  return {
    move: ({ image }) => {
      if (image === undefined) return;
      const [dx, dy] = [image.x - start.x, image.y - start.y];
      const points = annotation.points.map((old, index) =>
        point === undefined || point === index ? { x: old.x + dx, y: old.y + dy } : old,
      );
      current = { ...annotation, points };
      context.annotations.sketch(current);
    },
    up: () => {
      if (current !== annotation) context.annotations.put(current);
      return false;
    },
    cancel: () => context.annotations.sketch(undefined),
  };
}

type Segment = readonly [Point, Point];

/** The lines of a mark on the screen. */
function outline(annotation: Annotation, toScreen: Affine): Segment[] {
  const points = annotation.points.map((point) => apply(toScreen, point));
  const pairs = (list: readonly Point[], closed: boolean): Segment[] =>
    list.flatMap((a, index): Segment[] => {
      const b = index + 1 < list.length ? list[index + 1] : closed ? list[0] : undefined;
      return b === undefined ? [] : [[a, b]];
    });
  switch (annotation.kind) {
    case 'bidirectional':
    case 'cobb':
      return [...pairs(points.slice(0, 2), false), ...pairs(points.slice(2, 4), false)];
    case 'rectangle':
    case 'ellipse': {
      const { left, top, width, height } = boxOf(annotation.points);
      const at = (x: number, y: number) => apply(toScreen, { x: left + (width / 2) * (1 + x), y: top + (height / 2) * (1 + y) });
      const corners =
        annotation.kind === 'rectangle'
          ? [at(-1, -1), at(1, -1), at(1, 1), at(-1, 1)]
          : Array.from({ length: 32 }, (_, index) => at(Math.cos((index * Math.PI) / 16), Math.sin((index * Math.PI) / 16)));
      return pairs(corners, true);
    }
    case 'freehand':
    case 'polygon':
      return pairs(points, true);
    default:
      return pairs(points, false);
  }
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function distanceToLine(point: Point, a: Point, b: Point): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const square = dx * dx + dy * dy;
  const share = square === 0 ? 0 : Math.max(0, Math.min(1, ((point.x - a.x) * dx + (point.y - a.y) * dy) / square));
  return distance(point, { x: a.x + dx * share, y: a.y + dy * share });
}
