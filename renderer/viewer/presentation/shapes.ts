import type { Point } from '../geometry.ts';
import { type Affine, apply } from '../transform.ts';
import type { DisplayedArea, Graphic, Shape, Units } from './state.ts';

/** From where a state's coordinates count to pixels of the pane. */
export interface Placing {
  /** From image coordinates. */
  readonly toScreen: Affine;
  /** What shares of the displayed area are shares of; image coordinates. */
  readonly area: Pick<DisplayedArea, 'left' | 'top' | 'right' | 'bottom'>;
}

/** A point on the screen. */
export function place(point: Point, units: Units, { toScreen, area }: Placing): Point {
  if (units === 'image') return apply(toScreen, point);
  const a = apply(toScreen, { x: area.left, y: area.top });
  const b = apply(toScreen, { x: area.right, y: area.bottom });
  const [left, top] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return { x: left + point.x * Math.abs(b.x - a.x), y: top + point.y * Math.abs(b.y - a.y) };
}

/** The outline of a graphic (PS3.3 C.10.5.1.2, C.10.5.1.3) in pixels of the pane, as an SVG path. Round shapes are turned with the image. */
export function graphicPath(graphic: Graphic, placing: Placing): string {
  const standing = turned(graphic);
  const lines = outlines[standing.shape](standing);
  return lines
    .map(({ line, closed }) =>
      path(
        line.map((point) => place(point, graphic.units, placing)),
        closed,
      ),
    )
    .join('');
}

interface Outline {
  readonly line: readonly Point[];
  readonly closed?: boolean;
}

/** Each shape as lines in its own coordinates. */
const outlines: Readonly<Record<Shape, (graphic: Graphic) => Outline[]>> = {
  point: ({ points }) => points.slice(0, 1).map(({ x, y }) => ({ line: [{ x, y }] })),
  polyline: ({ points, filled }) => [{ line: points, closed: filled }],
  interpolated: ({ points, filled }) => [{ line: smooth(points), closed: filled }],
  circle: ({ points: [centre = ORIGIN, edge = ORIGIN] }) => {
    const radius = Math.hypot(edge.x - centre.x, edge.y - centre.y);
    return [{ line: round(centre, { x: radius, y: 0 }, { x: 0, y: radius }), closed: true }];
  },
  ellipse: ({ points: [a = ORIGIN, b = ORIGIN, c = ORIGIN, d = ORIGIN] }) => {
    const centre = middle(a, b);
    return [{ line: round(centre, minus(b, centre), half(minus(d, c))), closed: true }];
  },
  multiline: ({ points }) => pairs(points),
  'infinite-line': ({ points: [a = ORIGIN, b = ORIGIN] }) => {
    const along = minus(b, a);
    return [{ line: [plus(a, along, -FAR), plus(a, along, FAR)] }];
  },
  'cut-line': ({ points: [a = ORIGIN, b = ORIGIN], gap = 0 }) => {
    const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
    const share = Math.max(0, (length - gap) / 2) / length;
    const along = minus(b, a);
    return [{ line: [a, plus(a, along, share)] }, { line: [plus(b, along, -share), b] }];
  },
  'range-line': ({ points: [a = ORIGIN, b = ORIGIN] }) => [{ line: [a, b] }, { line: across(a, b, a) }, { line: across(a, b, b) }],
  ruler: ({ points: [a = ORIGIN, b = ORIGIN], ticks }) => [
    { line: [a, b] },
    ...ticks.map(({ at }) => ({ line: across(a, b, plus(a, minus(b, a), at)) })),
  ],
  crosshair: ({ points: [centre = ORIGIN], gap = 0 }) => crosshair(centre, gap / 2),
  arrow: ({ points: [a = ORIGIN, b = ORIGIN] }) => [{ line: [a, b] }, { line: head(a, b) }],
  rectangle: ({ points: [a = ORIGIN, b = ORIGIN] }) => [{ line: [a, { x: b.x, y: a.y }, b, { x: a.x, y: b.y }], closed: true }],
  'box-ellipse': ({ points: [a = ORIGIN, b = ORIGIN] }) => [
    { line: round(middle(a, b), { x: (b.x - a.x) / 2, y: 0 }, { x: 0, y: (b.y - a.y) / 2 }), closed: true },
  ],
};

const ORIGIN: Point = { x: 0, y: 0 };
/** Lengths of a line that is drawn beyond any pane. */
const FAR = 10_000;

/** Compound graphics are turned as a whole, clockwise. */
function turned(graphic: Graphic): Graphic {
  const { turned: turn, points } = graphic;
  if (turn === undefined) return graphic;
  const [first = ORIGIN] = points;
  const about = turn.about ?? middle(first, points[1] ?? first);
  const [cos, sin] = [Math.cos((turn.degrees * Math.PI) / 180), Math.sin((turn.degrees * Math.PI) / 180)];
  const isBox = graphic.shape === 'rectangle' || graphic.shape === 'box-ellipse';
  const spin = ({ x, y }: Point) => ({
    x: about.x + (x - about.x) * cos - (y - about.y) * sin,
    y: about.y + (x - about.x) * sin + (y - about.y) * cos,
  });
  // A box is told by two corners, which do not tell how it is turned: its outline is turned instead.
  const lines = isBox ? (outlines[graphic.shape](graphic)[0]?.line ?? []) : points;
  return { ...graphic, shape: isBox ? 'polyline' : graphic.shape, filled: isBox || graphic.filled, points: lines.map(spin) };
}

/** Points on a round outline about a centre, from its two half axes. */
function round(centre: Point, major: Point, minor: Point): Point[] {
  return Array.from({ length: STEPS }, (_, i) => {
    const angle = (2 * Math.PI * i) / STEPS;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    return { x: centre.x + major.x * cos + minor.x * sin, y: centre.y + major.y * cos + minor.y * sin };
  });
}

const STEPS = 96;

/** A curve through all points (Catmull-Rom), closed where the last point is the first. */
function smooth(points: readonly Point[]): Point[] {
  const count = points.length;
  const first = points[0] ?? ORIGIN;
  const last = points[count - 1] ?? first;
  const closed = count > 2 && first.x === last.x && first.y === last.y;
  const at = (i: number): Point => {
    if (closed) return points[(i + (count - 1)) % (count - 1)] ?? first;
    return points[Math.max(0, Math.min(count - 1, i))] ?? first;
  };
  const curve: Point[] = [];
  for (let i = 0; i + 1 < count; i++) {
    const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    for (let step = 0; step < 8; step++) curve.push(between(a, b, c, d, step / 8));
  }
  curve.push(last);
  return curve;
}

function between(a: Point, b: Point, c: Point, d: Point, t: number): Point {
  const one = (p: number, q: number, r: number, s: number) =>
    0.5 * (2 * q + (r - p) * t + (2 * p - 5 * q + 4 * r - s) * t ** 2 + (3 * q - p - 3 * r + s) * t ** 3);
  return { x: one(a.x, b.x, c.x, d.x), y: one(a.y, b.y, c.y, d.y) };
}

function pairs(points: readonly Point[]): Outline[] {
  const lines: Outline[] = [];
  for (let i = 0; i + 1 < points.length; i += 2) lines.push({ line: [points[i] ?? ORIGIN, points[i + 1] ?? ORIGIN] });
  return lines;
}

function crosshair({ x, y }: Point, gap: number): Outline[] {
  const arm = gap + 10;
  const arms = [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ] as const;
  return arms.map(([dx, dy]) => ({
    line: [
      { x: x + dx * gap, y: y + dy * gap },
      { x: x + dx * arm, y: y + dy * arm },
    ],
  }));
}

/** A short line through `at`, across the line from a to b. */
function across(a: Point, b: Point, at: Point): Point[] {
  const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
  const normal = { x: (a.y - b.y) / length, y: (b.x - a.x) / length };
  const reach = Math.min(5, length / 10);
  return [plus(at, normal, reach), plus(at, normal, -reach)];
}

/** The head at the second point. */
function head(a: Point, b: Point): Point[] {
  const reach = Math.hypot(b.x - a.x, b.y - a.y) / 6;
  const angle = Math.atan2(a.y - b.y, a.x - b.x);
  const side = (turn: number) => ({ x: b.x + reach * Math.cos(angle + turn), y: b.y + reach * Math.sin(angle + turn) });
  return [side(0.4), b, side(-0.4)];
}

function path(line: readonly Point[], closed = false): string {
  if (line.length === 1) return `M${tenth(line[0]?.x ?? 0)} ${tenth(line[0]?.y ?? 0)}h0`;
  return line.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${tenth(x)} ${tenth(y)}`).join('') + (closed ? 'Z' : '');
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

function minus(a: Point, b: Point): Point {
  return { x: a.x - b.x, y: a.y - b.y };
}

function plus(a: Point, b: Point, times: number): Point {
  return { x: a.x + b.x * times, y: a.y + b.y * times };
}

function half({ x, y }: Point): Point {
  return { x: x / 2, y: y / 2 };
}

function middle(a: Point, b: Point): Point {
  return half({ x: a.x + b.x, y: a.y + b.y });
}
