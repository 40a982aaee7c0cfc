import type { Samples } from '../../shared/codecs/index.ts';
import type { ImageModule, Overlay, Shutter } from '../../shared/contract/index.ts';
import { type BulkRange, bulkBytes, firstBitOf, overlaysOfFrame, partOf } from './bulk.ts';
import type { Planes } from './decode-messages.ts';

/** Bits of `Planes.cover`: what is shut off, and the overlays one by one, the seventh and all after it together. */
export const SHUTTER = 1;
export const OVERLAYS: readonly number[] = [2, 4, 8, 16, 32, 64, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128];

/** What planes are made of, besides the image module. */
export interface PlaneSource {
  readonly frame: number;
  readonly fetched: (range: BulkRange) => Uint8Array;
  /** The cells as stored, all of their bits, where an overlay is embedded in them. */
  readonly cells: Samples | undefined;
}

/** Overlays and shutters of a frame at the image's size; undefined where it has none. An overlay that cannot be read is left out, not the image. */
export function planesOf(image: ImageModule, source: PlaneSource): Planes | undefined {
  const overlays = overlaysOfFrame(image, source.frame);
  const { shutter } = image;
  if (overlays.length === 0 && shutter === undefined) return undefined;
  const cover = shutter === undefined ? new Uint8Array(image.rows * image.columns) : shutterCover(image, shutter);
  for (const [order, overlay] of overlays.entries()) {
    const bit = shutter?.overlayIndex === overlay.index ? SHUTTER : (OVERLAYS[order] ?? 0);
    try {
      coverBy(cover, image, overlay, bitReader(overlay, source), bit);
    } catch {}
  }
  return { cover, overlays: overlays.map(({ index }) => index), shutterGrey: Math.round((shutter?.value ?? 0) * 255) };
}

/** Covers what an overlay's set bits cover of the image: counted in rows from the overlay's own origin. */
export function coverBy(
  cover: Uint8Array,
  image: Pick<ImageModule, 'rows' | 'columns'>,
  overlay: Pick<Overlay, 'rows' | 'columns'> & { readonly origin: readonly [row: number, column: number] },
  isSet: (bit: number) => boolean,
  bitOfOverlay: number,
): void {
  const [firstRow, firstColumn] = overlay.origin;
  for (let row = 0, bit = 0; row < overlay.rows; row++) {
    const y = firstRow - 1 + row;
    for (let column = 0; column < overlay.columns; column++, bit++) {
      const x = firstColumn - 1 + column;
      if (x < 0 || y < 0 || x >= image.columns || y >= image.rows || !isSet(bit)) continue;
      const at = y * image.columns + x;
      cover[at] = (cover[at] ?? 0) | bitOfOverlay;
    }
  }
}

function bitReader(overlay: Overlay, { frame, fetched, cells }: PlaneSource): (bit: number) => boolean {
  if ('embeddedBit' in overlay.source) {
    const mask = 2 ** overlay.source.embeddedBit;
    return (bit) => Math.floor((cells?.[bit] ?? 0) / mask) % 2 === 1;
  }
  const { data } = overlay.source;
  const bytes = bulkBytes(partOf(data, overlay, frame), fetched);
  const first = firstBitOf(data, overlay, frame);
  return (bit) => (((bytes[(first + bit) >> 3] ?? 0) >> ((first + bit) & 7)) & 1) === 1;
}

/** What lies outside of any of the shapes is shut off (PS3.3 C.7.6.11.1). Edges themselves stay visible; rows and columns count from 1. */
export function shutterCover({ rows, columns }: Pick<ImageModule, 'rows' | 'columns'>, shutter: Shutter): Uint8Array<ArrayBuffer> {
  const cover = new Uint8Array(rows * columns);
  const { rectangle, circle, polygon } = shutter;
  for (let row = 1, at = 0; row <= rows; row++) {
    const crossings = polygon === undefined ? undefined : crossingsOf(polygon, row);
    for (let column = 1; column <= columns; column++, at++) {
      const outsideRectangle =
        rectangle !== undefined && (column < rectangle.left || column > rectangle.right || row < rectangle.top || row > rectangle.bottom);
      const outsideCircle = circle !== undefined && (row - circle.row) ** 2 + (column - circle.column) ** 2 > circle.radius ** 2;
      const outsidePolygon = crossings !== undefined && crossings.filter((x) => x < column).length % 2 === 0;
      if (outsideRectangle || outsideCircle || outsidePolygon) cover[at] = SHUTTER;
    }
  }
  return cover;
}

/** Columns at which a line of pixels crosses the polygon (row, column, row, column …). */
function crossingsOf(polygon: readonly number[], row: number): number[] {
  const crossings: number[] = [];
  const corners = polygon.length / 2;
  for (let i = 0; i < corners; i++) {
    const next = (i + 1) % corners;
    const [y0, x0, y1, x1] = [polygon[2 * i] ?? 0, polygon[2 * i + 1] ?? 0, polygon[2 * next] ?? 0, polygon[2 * next + 1] ?? 0];
    if (y0 > row === y1 > row) continue;
    crossings.push(x0 + ((row - y0) / (y1 - y0)) * (x1 - x0));
  }
  return crossings;
}

/** Overlays are white, as DCMTK draws them, unless a presentation state has colours for them; a shutter has the grey that its file asks for. `words`: RGBA, transparent where nothing covers. */
export function paintPlanes(words: Uint32Array, planes: Planes, overlays: boolean): void {
  const { cover, shutterGrey, colours } = planes;
  if (colours !== undefined) new Uint8ClampedArray(words.buffer).set(colours);
  const shutter = 0xff000000 | (shutterGrey * 0x010101);
  const painted = overlayWords(planes);
  for (let i = 0; i < cover.length; i++) {
    const bits = cover[i] ?? 0;
    if (overlays && bits > SHUTTER) words[i] = painted[bits] ?? 0xffffffff;
    else if ((bits & SHUTTER) !== 0) words[i] = shutter;
  }
}

/** The pixel for every combination of bits in a cover: the last overlay lies on top. */
function overlayWords({ overlayColours = [] }: Planes): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, bits) => {
    const top = overlayColours.findLast((_colour, order) => (bits & (OVERLAYS[order] ?? 0)) !== 0);
    const [red = 255, green = 255, blue = 255] = top ?? [];
    return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
  });
}
