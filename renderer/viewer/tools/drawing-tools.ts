import { type Annotation, type DrawnKind, POINTS } from '../../../shared/marks/index.ts';
import type { Point } from '../geometry.ts';
import { nextSpineLabel } from './spine.ts';
import type { At, Gesture, ToolContext, ToolDefinition } from './tool.ts';

type Drawn = Annotation & { readonly kind: DrawnKind };

/** CSS pixels: a shorter drag is a click, and the end is set by another click. */
const CLICK = 4;
/** A freehand line gets a point for each so many CSS pixels. */
const FREEHAND_STEP = 2;
const MAX_POINTS = 5_000;

export function drawingTool(kind: DrawnKind): ToolDefinition {
  return {
    cursor: kind === 'text' || kind === 'spine' ? 'text' : 'crosshair',
    begin: (context, at) => {
      const target = context.frame();
      if (target === undefined || at.image === undefined) return undefined;
      const draft: Drawn = {
        id: crypto.randomUUID(),
        kind,
        studyInstanceUID: target.studyInstanceUID,
        seriesInstanceUID: target.seriesInstanceUID,
        sopInstanceUID: target.frame.instance.sopInstanceUID,
        frame: target.frame.frame,
        points: [at.image],
        name: '',
      };
      const count = POINTS[kind];
      if (kind === 'freehand') return freehand(context, draft, at);
      if (count === 1) return single(context, draft);
      return clicked(context, draft, count ?? Number.POSITIVE_INFINITY);
    },
  };
}

/** One click. Texts ask for their words. */
function single(context: ToolContext, draft: Drawn): Gesture {
  let current: Annotation = draft;
  context.annotations.sketch(current);
  return {
    move: (at) => {
      if (at.image === undefined) return;
      current = { ...current, points: [at.image] };
      context.annotations.sketch(current);
    },
    up: (at) => {
      if (current.kind === 'probe') keep(context, current);
      else askFor(context, current, at, current.kind === 'spine' ? nextSpineLabel(context.annotations.snapshot(), current) : '');
      return false;
    },
    cancel: () => context.annotations.sketch(undefined),
  };
}

/** Points set one by one: by press, drag and release, or click by click. Without a fixed number a double click, or one on the first point, ends it. */
function clicked(context: ToolContext, draft: Drawn, count: number): Gesture {
  const set: Point[] = [...draft.points];
  let pressed: Point = draft.points[0] ?? { x: 0, y: 0 };
  const show = (loose: Point | undefined) =>
    context.annotations.sketch({ ...draft, points: shapeOf(draft.kind, loose === undefined ? set : [...set, loose]) });
  const finish = (at: At) => {
    const complete = { ...draft, points: shapeOf(draft.kind, set) };
    if (draft.kind === 'calibration') askFor(context, complete, at, '');
    else if (draft.kind === 'arrow') askFor(context, complete, at, '', true);
    else keep(context, complete);
    return false;
  };
  const add = (point: Point, at: At): boolean => {
    set.push(point);
    if (wantedOf(draft.kind, count) === set.length) return finish(at);
    show(undefined);
    return true;
  };
  show(undefined);
  return {
    move: (at) => {
      if (at.image !== undefined) show(at.image);
    },
    up: (at) => {
      if (at.image === undefined || Math.hypot(at.dx, at.dy) < CLICK || set.length >= MAX_POINTS) return true;
      return add(at.image, at);
    },
    down: (at, double) => {
      if (at.image === undefined) return true;
      const first = set[0] ?? pressed;
      const closing = count === Number.POSITIVE_INFINITY && set.length >= 3 && (double || near(context, first, at));
      if (closing) return finish(at);
      pressed = at.image;
      return add(at.image, at);
    },
    cancel: () => context.annotations.sketch(undefined),
  };
}

/** A bidirectional measurement is drawn as its long axis; the short one is proposed and can be moved. */
function wantedOf(kind: DrawnKind, count: number): number {
  return kind === 'bidirectional' ? 2 : count;
}

function shapeOf(kind: DrawnKind, points: readonly Point[]): readonly Point[] {
  const [a, b] = points;
  if (kind !== 'bidirectional' || a === undefined || b === undefined || points.length > 2) return points;
  const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  const quarter = { x: (b.y - a.y) / 4, y: (a.x - b.x) / 4 };
  return [a, b, { x: middle.x + quarter.x, y: middle.y + quarter.y }, { x: middle.x - quarter.x, y: middle.y - quarter.y }];
}

function freehand(context: ToolContext, draft: Drawn, from: At): Gesture {
  const points: Point[] = [...draft.points];
  let last = from.screen;
  return {
    move: ({ image, screen }) => {
      if (image === undefined || points.length >= MAX_POINTS || Math.hypot(screen.x - last.x, screen.y - last.y) < FREEHAND_STEP) return;
      last = screen;
      points.push(image);
      context.annotations.sketch({ ...draft, points: [...points] });
    },
    up: () => {
      if (points.length >= 3) keep(context, { ...draft, points });
      else context.annotations.sketch(undefined);
      return false;
    },
    cancel: () => context.annotations.sketch(undefined),
  };
}

function near(context: ToolContext, point: Point, { screen }: At): boolean {
  const matrix = context.pane.view.toScreen;
  if (matrix === undefined) return false;
  const x = matrix.a * point.x + matrix.c * point.y + matrix.e;
  const y = matrix.b * point.x + matrix.d * point.y + matrix.f;
  return Math.hypot(x - screen.x, y - screen.y) < 8;
}

/** A line between two clicks on one spot is none. */
function isNothing({ kind, points }: Annotation): boolean {
  const [a, b] = points;
  return POINTS[kind as DrawnKind] !== 1 && (a === undefined || b === undefined || Math.hypot(a.x - b.x, a.y - b.y) < 0.1);
}

function keep(context: ToolContext, annotation: Annotation): void {
  if (isNothing(annotation)) {
    context.annotations.sketch(undefined);
    return;
  }
  context.annotations.put(annotation);
  context.annotations.select(annotation.id);
}

/** `optional`: without words the mark stays. */
function askFor(context: ToolContext, annotation: Annotation, at: At, value: string, optional = false): void {
  context.annotations.sketch(annotation);
  const about = annotation.kind === 'spine' || annotation.kind === 'calibration' ? annotation.kind : 'text';
  const drop = () => {
    if (optional) keep(context, annotation);
    else context.annotations.sketch(undefined);
  };
  context.ask({
    about,
    screen: at.screen,
    value,
    answer: (words) => {
      const said = words.trim().slice(0, 200);
      const millimetres = Number(said.replace(',', '.'));
      if (about !== 'calibration') {
        if (said === '') drop();
        else keep(context, { ...annotation, name: said });
      } else if (millimetres > 0 && millimetres < 10_000) keep(context, { ...annotation, millimetres });
      else drop();
    },
    dismiss: drop,
  });
}
