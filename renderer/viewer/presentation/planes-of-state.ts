import type { ImageModule } from '../../../shared/contract/index.ts';
import type { DrawableFrame, Planes } from '../decode-messages.ts';
import { coverBy, OVERLAYS, SHUTTER, shutterCover } from '../planes.ts';
import type { PresentationState, StatePlane } from './state.ts';

/**
 * What covers an image under a state: the state's shutter, and the overlays that it activates, its own before those of the image (PS3.3 C.11.7).
 * Shutters of the image do not count. Undefined where nothing covers it.
 */
export function planesUnder(frame: DrawableFrame, image: ImageModule, state: PresentationState): Planes | undefined {
  const { planes, rows, columns } = frame;
  const { shutter } = state;
  const own = new Map(state.planes.map((plane) => [plane.group, plane]));
  const active = state.overlays.filter(({ group }) => group !== shutter?.overlayIndex);
  const ofImage = planes?.overlays ?? [];
  const drawn = active.filter(({ group }) => own.has(group) || ofImage.includes(group));
  if (shutter === undefined && drawn.length === 0) {
    return planes?.colours === undefined ? undefined : { ...planes, cover: new Uint8Array(rows * columns) };
  }
  const cover = shutter === undefined ? new Uint8Array(rows * columns) : shutterCover(image, shutter);
  const bitmap = shutter?.overlayIndex === undefined ? undefined : own.get(shutter.overlayIndex);
  if (bitmap !== undefined) coverBy(cover, image, bitmap, bitsOf(bitmap), SHUTTER);
  else if (shutter?.overlayIndex !== undefined && planes !== undefined) {
    addBit(cover, planes.cover, OVERLAYS[ofImage.indexOf(shutter.overlayIndex)] ?? 0, SHUTTER);
  }
  for (const [order, { group }] of drawn.entries()) {
    const bit = OVERLAYS[order] ?? OVERLAYS.at(-1) ?? 0;
    const plane = own.get(group);
    if (plane !== undefined) coverBy(cover, image, plane, bitsOf(plane), bit);
    else if (planes !== undefined) addBit(cover, planes.cover, OVERLAYS[ofImage.indexOf(group)] ?? 0, bit);
  }
  return {
    cover,
    overlays: drawn.map(({ group }) => group),
    overlayColours: drawn.map(({ colour }) => colour ?? WHITE),
    shutterGrey: shutter === undefined ? 0 : Math.round(shutter.value * 255),
    ...(planes?.colours === undefined ? {} : { colours: planes.colours }),
  };
}

const WHITE = [255, 255, 255] as const;

function bitsOf({ bits }: StatePlane): (bit: number) => boolean {
  return (bit) => (((bits[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;
}

function addBit(cover: Uint8Array, from: Uint8Array, mask: number, bit: number): void {
  for (let i = 0; i < cover.length; i++) if (((from[i] ?? 0) & mask) !== 0) cover[i] = (cover[i] ?? 0) | bit;
}
