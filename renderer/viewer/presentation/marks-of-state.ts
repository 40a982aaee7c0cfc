import type { Annotation } from '../../../shared/marks/index.ts';
import { boxOf } from '../../../shared/marks/index.ts';
import type { Point } from '../geometry.ts';
import type { Graphic, GraphicAnnotation, GraphicText, PresentationState } from './state.ts';
import { isDrawnKind } from './write-state.ts';

type Mark = Pick<Annotation, 'kind' | 'points' | 'name' | 'millimetres' | 'sopInstanceUID' | 'frame'>;

/**
 * The graphics of a state as marks: those of our own states as they were, of others what has a counterpart. Only what is in image coordinates, and
 * only of annotations that name their image (`images`: where one does not, each of these gets it).
 */
export function marksOf(state: PresentationState): Mark[] {
  return state.layers.flatMap(({ annotations }) =>
    annotations.flatMap((annotation) => {
      const images = annotation.images ?? state.images;
      return shapesOf(annotation, state).flatMap((shape) =>
        images.flatMap(({ sopInstanceUID, frames }) => (frames ?? [0]).map((frame) => ({ ...shape, sopInstanceUID, frame }))),
      );
    }),
  );
}

type Drawn = Omit<Mark, 'sopInstanceUID' | 'frame'>;

function shapesOf(annotation: GraphicAnnotation, state: PresentationState): Drawn[] {
  const groups = new Map(state.groups.map((group) => [group.id, group]));
  const taken = new Set<number>();
  const marks: Drawn[] = [];
  for (const object of [...annotation.graphics, ...annotation.texts]) {
    const group = object.group === undefined ? undefined : groups.get(object.group);
    if (group === undefined || !isDrawnKind(group.label)) {
      const mark = 'shape' in object ? foreign(object) : foreignText(object);
      if (mark !== undefined) marks.push(mark);
      continue;
    }
    if (taken.has(group.id)) continue;
    taken.add(group.id);
    const graphics = annotation.graphics.filter((graphic) => graphic.group === group.id);
    const anchor = annotation.texts.find((text) => text.group === group.id)?.anchor?.point;
    const points = ownPoints(group.label, graphics, anchor);
    if (points.length === 0) continue;
    const [, millimetres, name] = (group.label === 'calibration' ? /^([\d.e+-]+) mm ?(.*)$/.exec(group.description) : null) ?? [];
    marks.push({
      kind: group.label,
      points,
      name: name ?? group.description,
      ...(millimetres === undefined ? {} : { millimetres: Number(millimetres) }),
    });
  }
  return marks;
}

function ownPoints(kind: string, graphics: readonly Graphic[], anchor: Point | undefined): readonly Point[] {
  const [first, second] = graphics.map(({ points }) => points);
  if (first === undefined) return kind === 'text' && anchor !== undefined ? [anchor] : [];
  if (kind === 'bidirectional' || kind === 'cobb') return [...first, ...(second ?? [])];
  if (kind === 'rectangle' || kind === 'ellipse') return corners(first);
  return kind === 'polygon' || kind === 'freehand' ? first.slice(0, -1) : first;
}

/** Two opposite corners of the box around points. */
function corners(points: readonly Point[]): Point[] {
  const { left, top, width, height } = boxOf(points);
  return [
    { x: left, y: top },
    { x: left + width, y: top + height },
  ];
}

function foreign({ shape, units, points }: Graphic): Drawn | undefined {
  if (units !== 'image') return undefined;
  const [a, b, c, d] = points;
  if (a === undefined) return undefined;
  if (shape === 'point') return { kind: 'probe', points: [a], name: '' };
  if (b === undefined) return undefined;
  if (shape === 'circle') {
    const radius = Math.hypot(b.x - a.x, b.y - a.y);
    return {
      kind: 'ellipse',
      points: corners([
        { x: a.x - radius, y: a.y - radius },
        { x: a.x + radius, y: a.y + radius },
      ]),
      name: '',
    };
  }
  if (shape === 'ellipse') {
    const upright = Math.min(Math.abs(a.x - b.x), Math.abs(a.y - b.y)) < 0.5;
    return upright && c !== undefined && d !== undefined ? { kind: 'ellipse', points: corners([a, b, c, d]), name: '' } : undefined;
  }
  if (shape !== 'polyline') return undefined;
  if (points.length === 2) return { kind: 'length', points, name: '' };
  const last = points.at(-1);
  const closed = last?.x === a.x && last.y === a.y;
  return closed && points.length > 3 ? { kind: 'polygon', points: points.slice(0, -1), name: '' } : undefined;
}

function foreignText({ text, anchor, box }: GraphicText): Drawn | undefined {
  const at = anchor?.units === 'image' ? anchor.point : box?.units === 'image' ? box.topLeft : undefined;
  return at === undefined || text === '' ? undefined : { kind: 'text', points: [at], name: text };
}
