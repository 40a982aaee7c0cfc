import { memo, type ReactNode } from 'react';
import type { ImageModule } from '../../../shared/contract/index.ts';
import type { DrawableFrame } from '../decode-messages.ts';
import type { Point, Size } from '../geometry.ts';
import { type Affine, apply } from '../transform.ts';
import { linesOf } from './labels.ts';
import { measure } from './measure.ts';
import type { Annotation } from './model.ts';
import { boxOf } from './statistics.ts';

interface ShapeProps {
  readonly annotation: Annotation;
  readonly toScreen: Affine;
  readonly size: Size;
  readonly image: ImageModule | undefined;
  readonly modality: string;
  readonly drawn: DrawableFrame | undefined;
  readonly byHand: Annotation | undefined;
  readonly selected: boolean;
  readonly draft: boolean;
}

/** One mark: its lines with a dark halo, its handles while it is selected, and what it measures. */
export const AnnotationShape = memo(function AnnotationShape(props: ShapeProps) {
  const { annotation, toScreen, size, image, modality, drawn, byHand, selected, draft } = props;
  if (image === undefined || annotation.points.length === 0) return null;
  const points = annotation.points.map((point) => apply(toScreen, point));
  const lines = linesOf(annotation, measure(annotation, image, modality, drawn, { byHand, draft }));
  const handles = annotation.kind === 'freehand' ? points.slice(0, 1) : points;
  return (
    <g className="viewer-mark" data-kind={annotation.kind} data-annotation={annotation.id} data-selected={selected || draft}>
      <Outline annotation={annotation} points={points} toScreen={toScreen} />
      {(selected || draft) &&
        handles.map((point, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a handle is its place in the list of points
          <circle key={index} className="viewer-handle" cx={point.x} cy={point.y} r={4} />
        ))}
      <Label at={labelPlace(annotation, points)} lines={lines} size={size} />
    </g>
  );
});

function Outline({ annotation, points, toScreen }: { annotation: Annotation; points: readonly Point[]; toScreen: Affine }) {
  const path = pathOf(annotation, points, toScreen);
  return (
    <>
      <path className="viewer-mark-halo" d={path} />
      <path className="viewer-mark-line" d={path} />
    </>
  );
}

function pathOf(annotation: Annotation, points: readonly Point[], toScreen: Affine): string {
  const [a, b, c, d] = points;
  if (a === undefined) return '';
  switch (annotation.kind) {
    case 'length':
    case 'calibration':
      return b === undefined ? dot(a) : `${line([a, b])}${tick(a, b)}${tick(b, a)}`;
    case 'bidirectional':
      return `${line(points.slice(0, 2))}${line(points.slice(2, 4))}`;
    case 'angle':
      return line(points);
    case 'cobb':
      return b === undefined
        ? dot(a)
        : `${line([a, b])}${c === undefined || d === undefined ? (c === undefined ? '' : dot(c)) : `${line([c, d])}`}`;
    case 'arrow':
      return b === undefined ? dot(a) : `${line([a, b])}${arrowHead(a, b)}`;
    case 'ellipse':
    case 'rectangle':
      return boxPath(annotation, toScreen);
    case 'freehand':
    case 'polygon':
      return `${line(points)}Z`;
    case 'probe':
      return `M${a.x - 6} ${a.y}h12M${a.x} ${a.y - 6}v12`;
    case 'spine':
    case 'text':
      return dot(a);
    default:
      return '';
  }
}

function line(points: readonly Point[]): string {
  return points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('');
}

function dot({ x, y }: Point): string {
  return `M${round(x - 1)} ${round(y)}h2`;
}

/** A stroke across the end of a length. */
function tick(at: Point, from: Point): string {
  const length = Math.hypot(at.x - from.x, at.y - from.y) || 1;
  const [x, y] = [((at.y - from.y) / length) * 5, ((from.x - at.x) / length) * 5];
  return line([
    { x: at.x + x, y: at.y + y },
    { x: at.x - x, y: at.y - y },
  ]);
}

function arrowHead(tip: Point, from: Point): string {
  const angle = Math.atan2(from.y - tip.y, from.x - tip.x);
  const side = (turn: number) => ({ x: tip.x + 11 * Math.cos(angle + turn), y: tip.y + 11 * Math.sin(angle + turn) });
  return line([side(0.4), tip, side(-0.4)]);
}

/** Ellipse or rectangle in image coordinates, which the screen may show turned. */
function boxPath({ kind, points }: Annotation, toScreen: Affine): string {
  const { left, top, width, height } = boxOf(points);
  const at = (x: number, y: number) => apply(toScreen, { x: left + (width / 2) * (1 + x), y: top + (height / 2) * (1 + y) });
  if (kind === 'rectangle') return `${line([at(-1, -1), at(1, -1), at(1, 1), at(-1, 1)])}Z`;
  const outline = Array.from({ length: 72 }, (_, index) => at(Math.cos((index * Math.PI) / 36), Math.sin((index * Math.PI) / 36)));
  return `${line(outline)}Z`;
}

/** Right of the mark, in the middle of its height; of an arrow at its tail. */
function labelPlace({ kind }: Annotation, points: readonly Point[]): Point {
  const { left, top, width, height } = boxOf(points);
  const tail = kind === 'arrow' ? points[1] : undefined;
  if (tail !== undefined) return { x: tail.x + 8, y: tail.y };
  const [a, vertex, b] = kind === 'angle' ? points : [];
  if (a !== undefined && vertex !== undefined && b !== undefined) return inside(a, vertex, b);
  return { x: left + width + 10, y: top + height / 2 };
}

/** Between the legs of an angle. */
function inside(a: Point, vertex: Point, b: Point): Point {
  const towards = (point: Point) => {
    const length = Math.hypot(point.x - vertex.x, point.y - vertex.y) || 1;
    return { x: (point.x - vertex.x) / length, y: (point.y - vertex.y) / length };
  };
  const [one, other] = [towards(a), towards(b)];
  const [x, y] = [one.x + other.x, one.y + other.y];
  const length = Math.hypot(x, y) || 1;
  return { x: vertex.x + (x / length) * 24 - (x < 0 ? 36 : 0), y: vertex.y + (y / length) * 24 };
}

const LINE_HEIGHT = 15;
/** Mean width of a letter; a label that would leave the pane is moved inside by it. */
const LETTER = 6.6;

function Label({ at, lines, size }: { at: Point; lines: readonly string[]; size: Size }): ReactNode {
  if (lines.length === 0) return null;
  const width = Math.max(...lines.map((text) => text.length)) * LETTER;
  const x = Math.max(4, Math.min(size.width - width - 4, at.x));
  const top = Math.max(LINE_HEIGHT, Math.min(size.height - lines.length * LINE_HEIGHT, at.y - ((lines.length - 1) * LINE_HEIGHT) / 2 + 4));
  return (
    <text className="viewer-mark-text" x={round(x)} y={round(top)}>
      {lines.map((text, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no name but their place
        <tspan key={index} x={round(x)} y={round(top + index * LINE_HEIGHT)}>
          {text}
        </tspan>
      ))}
    </text>
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
