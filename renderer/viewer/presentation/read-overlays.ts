import type { Item } from '../dataset/item.ts';
import type { Bytes } from './bulk-values.ts';
import { layerLevels } from './read-graphics.ts';
import type { ActiveOverlay, StatePlane } from './state.ts';
import { OVERLAY_GROUPS, overlayTag, StateTag as T } from './tags.ts';

/** Overlay Activation Layer (60xx,1001) of every group that has one, with the colour of the layer. */
export function activeOverlays(dataset: Item): ActiveOverlay[] {
  const layers = dataset.sequence(T.GraphicLayerSequence);
  return OVERLAY_GROUPS.flatMap((group) => {
    const name = dataset.string(overlayTag(group, '1001'));
    const layer = layers.find((item) => item.string(T.GraphicLayer) === name);
    return name === '' ? [] : [{ group, colour: layer === undefined ? undefined : layerLevels(layer) }];
  });
}

/** Overlay Plane module of the state itself (PS3.3 C.9.2). `missing`: one of them is damaged. */
export function ownPlanes(dataset: Item, bytes: Bytes): { planes: StatePlane[]; missing: boolean } {
  const planes: StatePlane[] = [];
  let missing = false;
  for (const group of OVERLAY_GROUPS) {
    if (!dataset.has(overlayTag(group, '0010'))) continue;
    const plane = planeOf(dataset, group, bytes);
    if (plane === undefined) missing = true;
    else planes.push(plane);
  }
  return { planes, missing };
}

function planeOf(dataset: Item, group: number, bytes: Bytes): StatePlane | undefined {
  const rows = dataset.number(overlayTag(group, '0010')) ?? 0;
  const columns = dataset.number(overlayTag(group, '0011')) ?? 0;
  const bits = bytes(dataset, overlayTag(group, '3000'));
  if (!(rows > 0) || !(columns > 0) || bits === undefined || bits.length * 8 < rows * columns) return undefined;
  const [row = 1, column = 1] = dataset.numbers(overlayTag(group, '0050'));
  return { group, rows, columns, origin: [row, column], bits };
}
