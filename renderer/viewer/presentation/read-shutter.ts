import type { Shutter } from '../../../shared/contract/index.ts';
import type { Item } from '../dataset/item.ts';
import { StateTag as T } from './tags.ts';

/** Display Shutter and Bitmap Display Shutter of a presentation state (PS3.3 C.7.6.11, C.7.6.15). */
export function stateShutterOf(dataset: Item): Shutter | undefined {
  const shapes = new Set(dataset.strings(T.ShutterShape));
  const [left, right, top, bottom] = [
    dataset.number(T.ShutterLeftVerticalEdge),
    dataset.number(T.ShutterRightVerticalEdge),
    dataset.number(T.ShutterUpperHorizontalEdge),
    dataset.number(T.ShutterLowerHorizontalEdge),
  ];
  const hasRectangle = left !== undefined && right !== undefined && top !== undefined && bottom !== undefined;
  const [row, column] = dataset.numbers(T.CenterOfCircularShutter);
  const radius = dataset.number(T.RadiusOfCircularShutter);
  const polygon = dataset.numbers(T.VerticesOfThePolygonalShutter);
  const group = dataset.number(T.ShutterOverlayGroup);
  const isGroup = group !== undefined && group >= 0x6000 && group <= 0x60ff && group % 2 === 0;
  const shutter: Shutter = {
    value: shareOf(dataset),
    ...(shapes.has('RECTANGULAR') && hasRectangle ? { rectangle: { left, right, top, bottom } } : {}),
    ...(shapes.has('CIRCULAR') && row !== undefined && column !== undefined && radius !== undefined && radius > 0
      ? { circle: { row, column, radius } }
      : {}),
    ...(shapes.has('POLYGONAL') && polygon.length >= 6 && polygon.length <= 4096 && polygon.length % 2 === 0 ? { polygon } : {}),
    ...(shapes.has('BITMAP') && isGroup ? { overlayIndex: (group - 0x6000) / 2 } : {}),
  };
  return Object.keys(shutter).length > 1 ? shutter : undefined;
}

/** A share of white: of a colour its lightness. */
function shareOf(dataset: Item): number {
  const value = dataset.number(T.ShutterPresentationValue) ?? dataset.number(T.ShutterPresentationColorCIELabValue) ?? 0;
  return Math.max(0, Math.min(1, value / 65_535));
}
