import type { ImageModule } from '../../../shared/contract/index.ts';
import type { DrawableFrame, GreyFrame, Planes } from '../decode-messages.ts';
import { OVERLAYS, shutterCover } from '../planes.ts';
import type { Window } from '../voi.ts';
import { type PresentationState, refersTo } from './state.ts';

/** A frame as a presentation state wants it looked up and covered, and the window it is looked at through. */
export interface Presented {
  readonly frame: DrawableFrame;
  readonly image: ImageModule;
  readonly window: Window | undefined;
}

/**
 * The chain of PS3.4 N.2 with what the state says in place of what the image says: Modality LUT, VOI LUT, Presentation LUT, shutter; a group of
 * attributes that is not in the state is identity. Samples are shared with `frame`. The same object for the same frame and state.
 */
export function applyState(frame: DrawableFrame, image: ImageModule, state: PresentationState, at: FrameName): Presented {
  const known = presented.get(frame);
  if (known?.state === state) return known.result;
  const planes = planesUnder(frame, image, state);
  const result =
    frame.kind === 'grey' ? greyUnder({ ...frame, planes }, image, state, at) : { frame: { ...frame, planes }, image, window: undefined };
  presented.set(frame, { state, result });
  return result;
}

/** A frame (0-based) of an instance. */
export interface FrameName {
  readonly sopInstanceUID: string;
  readonly frame: number;
}

const presented = new WeakMap<DrawableFrame, { readonly state: PresentationState; readonly result: Presented }>();

function greyUnder(frame: GreyFrame, image: ImageModule, state: PresentationState, at: FrameName): Presented {
  const found = state.vois.find(({ images }) => refersTo(images, at.sopInstanceUID, at.frame))?.voi;
  const rescaled: GreyFrame = { ...frame, ...rescaledBy(frame, state.modality) };
  const table = found !== undefined && 'table' in found ? found.table : undefined;
  const grey: GreyFrame = {
    ...rescaled,
    voiLUTs: table === undefined ? undefined : [table],
    presentationLUT: typeof state.presentationLUT === 'string' ? undefined : state.presentationLUT,
  };
  const window =
    table !== undefined
      ? { center: table.firstMapped + table.values.length / 2, width: table.values.length, function: 'LINEAR' as const, voiLUT: 0 }
      : found === undefined || 'table' in found
        ? wholeRange(grey)
        : found;
  // Whatever the image says of its polarity, the state's Presentation LUT is what counts.
  const shape = state.presentationLUT === 'INVERSE' ? ('INVERSE' as const) : ('IDENTITY' as const);
  return { frame: grey, image: { ...image, photometricInterpretation: 'MONOCHROME2', presentationLUTShape: shape }, window };
}

function rescaledBy(frame: GreyFrame, modality: PresentationState['modality']): Partial<GreyFrame> {
  if (modality !== undefined && 'table' in modality) return { modalityLUT: modality.table };
  const { slope, intercept } = modality ?? { slope: 1, intercept: 0 };
  const { exact } = frame;
  if (exact === undefined) return { slope, intercept, modalityLUT: undefined };
  // The samples on the screen are scaled: what that did to a stored value stays.
  const step = frame.slope / exact.slope;
  const low = (frame.intercept - exact.intercept) / exact.slope;
  return { slope: slope * step, intercept: slope * low + intercept, modalityLUT: undefined, exact: { ...exact, slope, intercept } };
}

/** Without a VOI LUT all values that the Modality LUT can give are shown, from black to white. */
function wholeRange({ first, last, slope, intercept, modalityLUT }: GreyFrame): Window {
  const [a, b] = modalityLUT === undefined ? [first * slope + intercept, last * slope + intercept] : [0, 2 ** modalityLUT.bits - 1];
  return { center: (a + b) / 2, width: Math.max(1e-3, Math.abs(b - a)), function: 'LINEAR_EXACT' };
}

/** Shutters of the image do not count under a state, and of its overlays only those that the state activates. */
function planesUnder(frame: DrawableFrame, image: ImageModule, state: PresentationState): Planes | undefined {
  const { planes, rows, columns } = frame;
  let mask = 0;
  for (const [bit, index] of (planes?.overlays ?? []).entries()) if (state.overlays.includes(index)) mask |= OVERLAYS[bit] ?? 0;
  if (state.shutter === undefined && mask === 0) {
    return planes?.colours === undefined ? undefined : { ...planes, cover: new Uint8Array(rows * columns) };
  }
  const cover = state.shutter === undefined ? new Uint8Array(rows * columns) : shutterCover(image, state.shutter);
  if (planes !== undefined && mask !== 0)
    for (let i = 0; i < cover.length; i++) cover[i] = (cover[i] ?? 0) | ((planes.cover[i] ?? 0) & mask);
  return {
    cover,
    overlays: planes?.overlays ?? [],
    shutterGrey: state.shutter === undefined ? 0 : Math.round(state.shutter.value * 255),
    ...(planes?.colours === undefined ? {} : { colours: planes.colours }),
  };
}
