import { toSRGB, type ValueTable } from '../../../shared/codecs/index.ts';
import type { ImageModule } from '../../../shared/contract/index.ts';
import type { ColourMap } from '../colour-maps.ts';
import { colourPyramid } from '../colour-pyramid.ts';
import { buffersOf, type ColourFrame, type DrawableFrame, type GreyFrame } from '../decode-messages.ts';
import type { Window } from '../voi.ts';
import { subtract } from './mask.ts';
import { planesUnder } from './planes-of-state.ts';
import { type PresentationState, refersTo, type StateWindow } from './state.ts';

/** A frame as a presentation state wants it looked up and covered, and the window it is looked at through. */
export interface Presented {
  readonly frame: DrawableFrame;
  readonly image: ImageModule;
  readonly window: Window | undefined;
  /** Pixels for the 256 grey levels; undefined: they are grey. */
  readonly colours?: Uint32Array | undefined;
  /** A mask was subtracted. */
  readonly subtracted?: boolean | undefined;
  /** The colours are those of the image's ICC profile, not of the state's. */
  readonly otherProfile?: boolean | undefined;
}

/** A frame under no state: in the colours of its own palette, where a parametric map brings one. */
export function asStored(frame: DrawableFrame, image: ImageModule): Presented {
  return { frame, image, window: undefined, colours: frame.kind === 'grey' ? frame.colours : undefined };
}

/** What grey levels are drawn in: the colour map that the reader chose, else the colours of the state or of the image. */
export function coloursOf(map: ColourMap, { colours }: Pick<Presented, 'colours'>): ColourMap | Uint32Array {
  return map === 'grey' ? (colours ?? map) : map;
}

/** Frames (0-based, of the same instance) that are averaged and subtracted from each other; undefined: nothing is. */
export interface SubtractedFrames {
  readonly contrast: readonly DrawableFrame[];
  readonly masks: readonly DrawableFrame[];
}

/**
 * The chain of PS3.4 N.2 with what the state says in place of what the image says: Modality LUT, mask, VOI LUT, Presentation LUT or palette,
 * shutter; a group of attributes that is not in the state is identity. Samples are shared with `frame` where nothing is subtracted. The same
 * object for the same frame and state, as long as it is in use.
 */
export function applyState(
  frame: DrawableFrame,
  image: ImageModule,
  state: PresentationState,
  at: FrameName,
  subtracted?: SubtractedFrames,
): Presented {
  const known = presented.get(frame);
  const result = known?.state === state ? known.result.deref() : undefined;
  if (result !== undefined) {
    keep(result, frame);
    return result;
  }
  const fresh = apply(frame, image, state, at, subtracted);
  presented.set(frame, { state, result: new WeakRef(fresh) });
  keep(fresh, frame);
  return fresh;
}

/** A frame (0-based) of an instance. */
export interface FrameName {
  readonly sopInstanceUID: string;
  readonly frame: number;
}

const presented = new WeakMap<DrawableFrame, { readonly state: PresentationState; readonly result: WeakRef<Presented> }>();

/** Results that are held, latest last: what is subtracted and covered takes memory that no cache counts. */
const held: { readonly result: Presented; readonly bytes: number }[] = [];
const MAX_HELD = 192 * 1024 * 1024;
/** One for each pane. */
const LEAST_HELD = 36;

function keep(result: Presented, source: DrawableFrame): void {
  const at = held.findIndex((one) => one.result === result);
  const [known] = at < 0 ? [] : held.splice(at, 1);
  const shared = new Set(buffersOf(source));
  const own = () => buffersOf(result.frame).reduce((sum, buffer) => sum + (shared.has(buffer) ? 0 : buffer.byteLength), 0);
  held.push(known ?? { result, bytes: own() });
  let total = held.reduce((sum, { bytes }) => sum + bytes, 0);
  while (total > MAX_HELD && held.length > LEAST_HELD) total -= held.shift()?.bytes ?? 0;
}

function apply(
  frame: DrawableFrame,
  image: ImageModule,
  state: PresentationState,
  at: FrameName,
  subtracted: SubtractedFrames | undefined,
): Presented {
  const planes = planesUnder(frame, image, state);
  if (frame.kind === 'colour') {
    const coloured = colourUnder(frame, state);
    return { frame: { ...(coloured ?? frame), planes }, image, window: undefined, otherProfile: coloured === undefined };
  }
  const colours = state.kind === 'pseudo-colour' ? state.palette?.words : undefined;
  return { ...greyUnder({ ...frame, planes }, image, state, at, subtracted), colours };
}

function greyUnder(
  frame: GreyFrame,
  image: ImageModule,
  state: PresentationState,
  at: FrameName,
  subtracted: SubtractedFrames | undefined,
): Presented {
  const found = state.vois.find(({ images }) => refersTo(images, at.sopInstanceUID, at.frame))?.voi;
  const rescale = (one: DrawableFrame): GreyFrame[] => (one.kind === 'grey' ? [{ ...one, ...rescaledBy(one, state.modality) }] : []);
  const [contrast, masks] = [subtracted?.contrast.flatMap(rescale) ?? [], subtracted?.masks.flatMap(rescale) ?? []];
  const isSubtracted = contrast.length > 0 && masks.length > 0 && state.mask !== undefined;
  const rescaled: GreyFrame = isSubtracted
    ? { ...subtract(contrast, masks, image, state.mask.shift), planes: frame.planes }
    : { ...frame, ...rescaledBy(frame, state.modality) };
  const { voiLUTs, window } = voiUnder(rescaled, found);
  const grey: GreyFrame = {
    ...rescaled,
    voiLUTs,
    presentationLUT: typeof state.presentationLUT === 'string' ? undefined : state.presentationLUT,
  };
  // Whatever the image says of its polarity, the state's Presentation LUT is what counts.
  const shape = state.presentationLUT === 'INVERSE' ? ('INVERSE' as const) : ('IDENTITY' as const);
  const shown = { ...image, photometricInterpretation: 'MONOCHROME2', presentationLUTShape: shape };
  return { frame: grey, image: shown, window, subtracted: isSubtracted };
}

/** Colours as the state's profile means them; undefined where the image's own one has changed them already, to something else. */
function colourUnder(frame: ColourFrame, { colours }: PresentationState): ColourFrame | undefined {
  if (colours === undefined || colours.kind === 'not-applied') return frame;
  if (frame.profile === 'applied') return frame.profileName === colours.name ? frame : undefined;
  if (!('profile' in colours)) return frame;
  const rgba = frame.rgba.slice();
  toSRGB(rgba, colours.profile);
  const changed: ColourFrame = { ...frame, rgba, profile: 'applied', profileName: colours.name };
  return frame.smaller === undefined ? changed : { ...changed, smaller: colourPyramid(changed) };
}

/** What a Modality LUT of a state, or none, makes of a frame's rescale. */
export function rescaledBy(frame: GreyFrame, modality: PresentationState['modality']): Partial<GreyFrame> {
  if (modality !== undefined && 'table' in modality) return { modalityLUT: modality.table };
  const { slope, intercept } = modality ?? { slope: 1, intercept: 0 };
  const { exact } = frame;
  if (exact === undefined) return { slope, intercept, modalityLUT: undefined };
  // The samples on the screen are scaled: what that did to a stored value stays.
  const step = frame.slope / exact.slope;
  const low = (frame.intercept - exact.intercept) / exact.slope;
  return { slope: slope * step, intercept: slope * low + intercept, modalityLUT: undefined, exact: { ...exact, slope, intercept } };
}

/** The window, or the table and what it covers, through which a state has a frame looked at. */
export function voiUnder(
  frame: GreyFrame,
  voi: StateWindow | undefined,
): { readonly voiLUTs: readonly ValueTable[] | undefined; readonly window: Window } {
  if (voi === undefined) return { voiLUTs: undefined, window: wholeRange(frame) };
  if (!('table' in voi)) return { voiLUTs: undefined, window: voi };
  const { table } = voi;
  const window: Window = { center: table.firstMapped + table.values.length / 2, width: table.values.length, function: 'LINEAR', voiLUT: 0 };
  return { voiLUTs: [table], window };
}

/** Without a VOI LUT all values that the Modality LUT can give are shown, from black to white; differences around their zero. */
function wholeRange({ first, last, slope, intercept, modalityLUT }: GreyFrame): Window {
  const [a, b] = modalityLUT === undefined ? [first * slope + intercept, last * slope + intercept] : [0, 2 ** modalityLUT.bits - 1];
  return { center: (a + b) / 2, width: Math.max(1e-3, Math.abs(b - a)), function: 'LINEAR_EXACT' };
}
