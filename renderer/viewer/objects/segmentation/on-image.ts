import { areParallel, type Plane, shareSpace, toImage, toPatient } from '../../sync/planes.ts';
import type { Affine } from '../../transform.ts';
import type { Segmentation, SegmentFrame } from './segmentation.ts';

/** mm; planes whose spacing is not known. */
const NEAR = 0.5;

/** Frames of a segmentation that lie on a frame of an image (0-based): those derived from it, else those in its plane. */
export function framesOn(
  segmentation: Segmentation,
  image: { readonly sopInstanceUID: string; readonly frame: number; readonly plane: Plane | undefined },
): SegmentFrame[] {
  const named = segmentation.frames.filter(({ sources }) =>
    sources.some(
      ({ sopInstanceUID, frames }) => sopInstanceUID === image.sopInstanceUID && (frames.length === 0 || frames.includes(image.frame + 1)),
    ),
  );
  if (named.length > 0) return named;
  const { plane } = image;
  if (plane === undefined) return [];
  const reach = Math.max(NEAR, segmentation.spacing / 2) + 1e-3;
  const near = segmentation.frames.flatMap((frame) => {
    if (frame.plane === undefined || !shareSpace(frame.plane, plane) || !areParallel(frame.plane, plane)) return [];
    const distance = Math.abs(toImage(plane, frame.plane.origin).distance);
    return distance <= reach ? [{ frame, distance }] : [];
  });
  // Of neighbouring planes both within reach only the nearer one is this slice's.
  const least = Math.min(...near.map(({ distance }) => distance));
  return near.filter(({ distance }) => distance <= least + 1e-3).map(({ frame }) => frame);
}

/** From pixels of one plane to image coordinates of another that is parallel; undefined where neither place nor size fits. */
export function planeToImage(
  from: { readonly plane: Plane | undefined; readonly columns: number; readonly rows: number },
  to: { readonly plane: Plane | undefined; readonly columns: number; readonly rows: number },
): Affine | undefined {
  if (from.plane === undefined || to.plane === undefined || !shareSpace(from.plane, to.plane)) {
    // Without a place they can only be the same pixels, perhaps of another size.
    return { a: to.columns / from.columns, b: 0, c: 0, d: to.rows / from.rows, e: 0, f: 0 };
  }
  const origin = toImage(to.plane, toPatient(from.plane, { x: 0, y: 0 }));
  const right = toImage(to.plane, toPatient(from.plane, { x: 1, y: 0 }));
  const down = toImage(to.plane, toPatient(from.plane, { x: 0, y: 1 }));
  return {
    a: right.x - origin.x,
    b: right.y - origin.y,
    c: down.x - origin.x,
    d: down.y - origin.y,
    e: origin.x,
    f: origin.y,
  };
}

/** First `first`, then `second`. */
export function after(first: Affine, second: Affine): Affine {
  return {
    a: second.a * first.a + second.c * first.b,
    b: second.b * first.a + second.d * first.b,
    c: second.a * first.c + second.c * first.d,
    d: second.b * first.c + second.d * first.d,
    e: second.a * first.e + second.c * first.f + second.e,
    f: second.b * first.e + second.d * first.f + second.f,
  };
}

/** RGBA of one segment's frame; a label map's of all its segments. `colourOf` gives undefined for what is not shown. */
export function paintSegment(
  samples: ArrayLike<number>,
  frame: SegmentFrame,
  full: number,
  colourOf: (segment: number) => readonly [number, number, number] | undefined,
): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(samples.length * 4);
  const own = frame.segment === 0 ? undefined : colourOf(frame.segment);
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i] ?? 0;
    if (value === 0) continue;
    const colour = frame.segment === 0 ? colourOf(value) : own;
    if (colour === undefined) continue;
    rgba.set(colour, i * 4);
    rgba[i * 4 + 3] = frame.segment === 0 ? 255 : Math.min(255, Math.round((value / full) * 255));
  }
  return rgba;
}
