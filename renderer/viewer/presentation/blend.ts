import type { GreyFrame } from '../decode-messages.ts';
import { areParallel, type Plane, shareSpace, toImage } from '../sync/planes.ts';
import { greyFunction, type Window } from '../voi.ts';
import { rescaledBy, voiUnder } from './apply-state.ts';
import type { StatePalette } from './read-tables.ts';
import { refersTo, type Superimposed } from './state.ts';

/** A frame that is laid over another, as far as its place counts. */
export interface Placed {
  readonly plane?: Plane | undefined;
}

/** The slices between which a plane lies: `share` of the way from the first to the second. */
export interface Between<Slice> {
  readonly slices: readonly [Slice] | readonly [Slice, Slice];
  readonly share: number;
}

/** mm; a slice on the plane itself. */
const SAME = 0.01;

/** The slices beside a plane, of those parallel to it in the same Frame of Reference; undefined where it lies outside of them. */
export function slicesBeside<Slice extends Placed>(frames: readonly Slice[], plane: Plane): Between<Slice> | undefined {
  let [below, above]: [{ slice: Slice; far: number } | undefined, { slice: Slice; far: number } | undefined] = [undefined, undefined];
  for (const slice of frames) {
    if (slice.plane === undefined || !shareSpace(slice.plane, plane) || !areParallel(slice.plane, plane)) continue;
    const { distance } = toImage(plane, slice.plane.origin);
    const far = Math.abs(distance);
    if (distance <= SAME && (below === undefined || far < below.far)) below = { slice, far };
    if (distance >= -SAME && (above === undefined || far < above.far)) above = { slice, far };
  }
  if (below === undefined || above === undefined) {
    const only = below ?? above;
    return only !== undefined && only.far <= HALF_SLICE ? { slices: [only.slice], share: 0 } : undefined;
  }
  if (below.slice === above.slice || below.far <= SAME) return { slices: [below.slice], share: 0 };
  if (above.far <= SAME) return { slices: [above.slice], share: 0 };
  return { slices: [below.slice, above.slice], share: below.far / (below.far + above.far) };
}

/** mm beyond the outermost slice that it still stands for. */
const HALF_SLICE = 1.5;

/** RGBA of a superimposed slice, or of what lies between two: modality values, VOI, then the palette (PS3.4 N.2.3). */
export function blendedColours(
  over: Superimposed,
  palette: Pick<StatePalette, 'words'>,
  frames: readonly { readonly frame: GreyFrame; readonly sopInstanceUID: string; readonly number: number }[],
  share: number,
): Uint8ClampedArray<ArrayBuffer> {
  const [one, two] = frames;
  if (one === undefined) return new Uint8ClampedArray(0);
  const levels = frames.map(({ frame, sopInstanceUID, number }) => {
    const voi = over.vois.find(({ images }) => refersTo(images, sopInstanceUID, number))?.voi;
    return greyLevels({ ...frame, ...rescaledBy(frame, over.modality) }, voi);
  });
  const size = one.frame.columns * one.frame.rows;
  const [first, second] = levels;
  const both = second !== undefined && two !== undefined && two.frame.columns === one.frame.columns && second.length === size;
  const nearer = !both && second !== undefined && share > 0.5 ? second : first;
  const rgba = new Uint8ClampedArray(size * 4);
  const words = new Uint32Array(rgba.buffer);
  for (let i = 0; i < size; i++) {
    const near = nearer?.[i] ?? 0;
    const level = both ? near + ((second[i] ?? 0) - near) * share : near;
    words[i] = palette.words[Math.max(0, Math.min(255, Math.round(level)))] ?? 0;
  }
  return rgba;
}

/** Grey levels, not rounded. */
function greyLevels(frame: GreyFrame, voi: Superimposed['vois'][number]['voi'] | undefined): Float32Array {
  const { voiLUTs, window } = voiUnder(frame, voi);
  const toGrey = greyFunction({ ...frame, ...frame.exact, voiLUTs, window: window satisfies Window });
  const samples = frame.exact?.samples ?? frame.levels[0]?.samples ?? [];
  return Float32Array.from({ length: frame.columns * frame.rows }, (_, i) => toGrey(Number(samples[i] ?? 0)));
}
