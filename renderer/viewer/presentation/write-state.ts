import type { PresentationContent, StateMark } from '../../../shared/contract/index.ts';
import { type Annotation, boxOf, DRAWN_KINDS, type DrawnKind } from '../../../shared/marks/index.ts';
import { type Point, pixelAspect } from '../geometry.ts';
import type { PaneView } from '../pane-view.ts';
import { apply, inverse } from '../transform.ts';
import { greyTransform } from '../voi.ts';

export interface StateRequest {
  readonly title: string;
  /** Marks of the study, in the order in which they are listed. */
  readonly annotations: readonly Annotation[];
  /** What stands beside a mark on the screen. */
  readonly textOf: (annotation: Annotation) => string;
}

/**
 * How the pane shows its image, with the marks on it and on the other images of its series, as the content of a Grayscale Softcopy Presentation
 * State; undefined where no grey image is shown. A state has one Modality LUT: marks on images with another one are left out.
 */
export function writeState(view: PaneView, { title, annotations, textOf }: StateRequest): PresentationContent | undefined {
  const { shown, presented, window, presentation, toScreen, size } = view;
  if (shown?.image === undefined || presented?.frame.kind !== 'grey' || window === undefined || toScreen === undefined) return undefined;
  const { image, instance } = shown;
  const { frame } = presented;
  const likeShown = new Set(
    view.frames
      .filter((other) => other.image?.rescaleSlope === image.rescaleSlope && other.image.rescaleIntercept === image.rescaleIntercept)
      .filter((other) => image.modalityLUT === undefined || other.instance.sopInstanceUID === instance.sopInstanceUID)
      .map((other) => other.instance.sopInstanceUID),
  );
  const marked = annotations.filter(({ kind, sopInstanceUID }) => kind !== 'key-image' && likeShown.has(sopInstanceUID));
  const exact = frame.exact ?? frame;
  const voi = window.voiLUT === undefined ? undefined : frame.voiLUTs?.[window.voiLUT];
  const toImage = inverse(toScreen);
  const visible = boxOf([apply(toImage, { x: 0, y: 0 }), apply(toImage, { x: size.width, y: size.height })]);
  const { rotation, flippedHorizontally, flippedVertically } = presentation;
  // Flips come first on our screen and last in a state, which knows but the one about the vertical axis.
  const flipped = flippedHorizontally !== flippedVertically;
  const turned = (rotation + (flippedVertically ? 180 : 0)) % 360;
  return {
    kind: 'presentation',
    title,
    images: [...new Set([instance.sopInstanceUID, ...marked.map(({ sopInstanceUID }) => sopInstanceUID)])].slice(0, MOST),
    modality:
      frame.modalityLUT === undefined
        ? { slope: exact.slope, intercept: exact.intercept, type: image.rescaleType.slice(0, 16) }
        : { table: plain(frame.modalityLUT) },
    voi: voi === undefined ? { center: window.center, width: window.width, function: window.function } : { table: plain(voi) },
    inverse: greyTransform(frame, presented.image, window, presentation.invert).invert,
    area: {
      left: Math.round(visible.left) + 1,
      top: Math.round(visible.top) + 1,
      right: Math.round(visible.left + visible.width),
      bottom: Math.round(visible.top + visible.height),
    },
    pixelAspectRatio: ratioOf(pixelAspect(image)),
    rotation: ((flipped ? 360 - turned : turned) % 360) as PresentationContent['rotation'],
    flipped,
    marks: marked.slice(0, MOST).map((annotation) => markOf(annotation, textOf(annotation), framesOf(view, annotation.sopInstanceUID))),
  };
}

const MOST = 2000;

function framesOf(view: PaneView, sopInstanceUID: string): number {
  return view.frames.find(({ instance }) => instance.sopInstanceUID === sopInstanceUID)?.instance.numberOfFrames ?? 1;
}

function plain({ firstMapped, bits, values }: { firstMapped: number; bits: number; values: Uint16Array }) {
  return { firstMapped, bits: Math.max(8, bits), values: [...values] };
}

/** Height of a pixel to its width in whole numbers. */
function ratioOf(aspect: number): [number, number] {
  return aspect === 1 ? [1, 1] : [1000, Math.max(1, Math.round(aspect * 1000))];
}

/** A mark in the graphics of a state; `annotationOf` takes it back. */
export function markOf(annotation: Annotation, text: string, numberOfFrames: number): StateMark {
  const { sopInstanceUID, frame, kind, name, millimetres, points } = annotation;
  const value = clean(text !== '' ? text : name).slice(0, 1024);
  const anchor = points[kind === 'arrow' ? 1 : 0] ?? { x: 0, y: 0 };
  return {
    image: { sopInstanceUID, ...(numberOfFrames > 1 ? { frameNumber: frame + 1 } : {}) },
    label: kind,
    description: clean(millimetres === undefined ? name : `${millimetres} mm ${name}`).slice(0, 1024),
    graphics: graphicsOf(kind, points),
    ...(value === '' ? {} : { text: { value, anchor: [anchor.x, anchor.y] } }),
  };
}

/** The delimiter of values and control characters have no place in a text; lines become one. */
function clean(text: string): string {
  return text.replace(/[\p{Cc}\\]+/gu, ' ').trim();
}

type Graphics = StateMark['graphics'];

function graphicsOf(kind: Annotation['kind'], points: readonly Point[]): Graphics {
  const line = (...some: Point[]): Graphics[number] => ({ type: 'POLYLINE', data: some.flatMap(({ x, y }) => [x, y]) });
  const [a, b, c, d] = points;
  switch (kind) {
    case 'bidirectional':
    case 'cobb':
      return a === undefined || b === undefined || c === undefined || d === undefined ? [] : [line(a, b), line(c, d)];
    case 'arrow':
      return a === undefined || b === undefined ? [] : [line(a, b), line(...head(a, b))];
    case 'rectangle': {
      const { left, top, width, height } = boxOf(points);
      const [right, bottom] = [left + width, top + height];
      return [line({ x: left, y: top }, { x: right, y: top }, { x: right, y: bottom }, { x: left, y: bottom }, { x: left, y: top })];
    }
    case 'ellipse': {
      const { left, top, width, height } = boxOf(points);
      const [x, y] = [left + width / 2, top + height / 2];
      const across = [left, y, left + width, y];
      const down = [x, top, x, top + height];
      // The longer axis comes first (PS3.3 C.10.5.1.2).
      return [{ type: 'ELLIPSE', data: width >= height ? [...across, ...down] : [...down, ...across] }];
    }
    case 'freehand':
    case 'polygon':
      return a === undefined ? [] : [line(...points, a)];
    case 'probe':
    case 'spine':
      return a === undefined ? [] : [{ type: 'POINT', data: [a.x, a.y] }];
    case 'text':
    case 'key-image':
      return [];
    default:
      return points.length < 2 ? [] : [line(...points)];
  }
}

/** Two strokes at the tip. */
function head(tip: Point, tail: Point): Point[] {
  const reach = Math.hypot(tail.x - tip.x, tail.y - tip.y) / 6;
  const angle = Math.atan2(tail.y - tip.y, tail.x - tip.x);
  const side = (turn: number) => ({ x: tip.x + reach * Math.cos(angle + turn), y: tip.y + reach * Math.sin(angle + turn) });
  return [side(0.4), tip, side(-0.4)];
}

export function isDrawnKind(name: string): name is DrawnKind {
  return DRAWN_KINDS.some((kind) => kind === name);
}
