import { memo, type ReactNode } from 'react';
import type { ImageModule } from '../../../shared/contract/index.ts';
import type { Annotation } from '../../../shared/marks/index.ts';
import { labelPlace, linesOf, measure, outlineOf } from '../../../shared/marks/index.ts';
import type { DrawableFrame } from '../decode-messages.ts';
import type { Point, Size } from '../geometry.ts';
import { type Affine, apply } from '../transform.ts';
import { say } from '../words.ts';

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
  const lines = linesOf(annotation, measure(annotation, image, modality, drawn, { byHand, draft }), say);
  const handles = annotation.kind === 'freehand' ? points.slice(0, 1) : points;
  return (
    <g className="viewer-mark" data-kind={annotation.kind} data-annotation={annotation.id} data-selected={selected || draft}>
      <Outline annotation={annotation} toScreen={toScreen} />
      {(selected || draft) &&
        handles.map((point, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a handle is its place in the list of points
          <circle key={index} className="viewer-handle" cx={point.x} cy={point.y} r={4} />
        ))}
      <Label at={labelPlace(annotation, points)} lines={lines} size={size} />
    </g>
  );
});

function Outline({ annotation, toScreen }: { annotation: Annotation; toScreen: Affine }) {
  const path = outlineOf(annotation, (point) => apply(toScreen, point))
    .map(line)
    .join('');
  return (
    <>
      <path className="viewer-mark-halo" d={path} />
      <path className="viewer-mark-line" d={path} />
    </>
  );
}

function line(points: readonly Point[]): string {
  return points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('');
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
