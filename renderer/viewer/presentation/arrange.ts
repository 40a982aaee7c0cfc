import type { ImageModule } from '../../../shared/contract/index.ts';
import { usableSpacing } from '../../../shared/marks/index.ts';
import { fitScale, type Point, pixelAspect, type Size } from '../geometry.ts';
import type { Presentation } from '../pane-view.ts';
import type { StackFrame } from '../stack.ts';
import { apply, imageToCanvas } from '../transform.ts';
import { type DisplayedArea, type PresentationState, refersTo } from './state.ts';

/** How an image stands in its pane. */
export type Arrangement = Pick<Presentation, 'zoom' | 'pan' | 'rotation' | 'flippedHorizontally' | 'flippedVertically' | 'align'>;

/** The canvas, and its pixels for a millimetre. */
export interface Screen extends Size {
  readonly pixelsPerMillimetre: number;
}

/** Turns, flips, enlarges and moves an image as a state says (PS3.3 C.10.4, C.10.6). */
export function arrange(state: PresentationState, { image, instance, frame }: StackFrame, screen: Screen): Arrangement | undefined {
  if (image === undefined) return undefined;
  const turn = turnOf(state);
  const area = areaOf(state, instance.sopInstanceUID, frame);
  if (area === undefined) return { ...turn, zoom: 1, pan: { x: 0, y: 0 }, align: 'centre' };
  const fit = fitScale(image, turn.rotation, screen);
  const scale = scaleOf(area, image, turn.rotation, screen);
  const matrix = imageToCanvas({
    ...turn,
    rows: image.rows,
    columns: image.columns,
    aspect: pixelAspect(image),
    scale,
    pan: { x: 0, y: 0 },
    canvas: screen,
  });
  const middle = apply(matrix, { x: (area.left + area.right) / 2, y: (area.top + area.bottom) / 2 });
  const pan: Point = { x: screen.width / 2 - middle.x, y: screen.height / 2 - middle.y };
  return { ...turn, zoom: scale / fit, pan, align: 'centre' };
}

/** The area that a state has for an image. */
export function areaOf(state: PresentationState, sopInstanceUID: string, frame: number): DisplayedArea | undefined {
  return state.areas.find(({ images }) => refersTo(images, sopInstanceUID, frame))?.area;
}

/** A state turns first and then flips, the viewer the other way round. */
function turnOf({ rotation, flipped }: PresentationState): Pick<Arrangement, 'rotation' | 'flippedHorizontally' | 'flippedVertically'> {
  const turned = ((flipped ? 360 - rotation : rotation) % 360) as Arrangement['rotation'];
  return { rotation: turned, flippedHorizontally: flipped, flippedVertically: false };
}

function scaleOf(area: DisplayedArea, image: ImageModule, rotation: number, screen: Screen): number {
  const size = { columns: Math.max(1, area.right - area.left), rows: Math.max(1, area.bottom - area.top) };
  const fit = fitScale({ ...image, ...size }, rotation, screen);
  if (area.mode === 'magnify' && area.magnification !== undefined && area.magnification > 0) return area.magnification;
  const spacing = area.spacing ?? usableSpacing(image);
  if (area.mode !== 'true-size' || spacing === undefined) return fit;
  return Math.min(...spacing) * screen.pixelsPerMillimetre;
}
