import { AwaitedFrames } from '../../awaited-frames.ts';
import type { DrawableFrame } from '../../decode-messages.ts';
import type { FrameStore } from '../../frame-store.ts';
import type { Point } from '../../geometry.ts';
import type { ViewerSession } from '../../layout/session.ts';
import type { StackFrame } from '../../stack.ts';
import type { Affine } from '../../transform.ts';
import type { Colour } from '../colours.ts';
import { type DoseVolume, doseOnPlane, doseVolume } from '../radiotherapy/dose.ts';
import { isodose, type Piece } from '../radiotherapy/isodose.ts';
import { DOSE_LEVELS, paintDose } from '../radiotherapy/on-image.ts';
import { framesOn, paintSegment, planeToImage } from '../segmentation/on-image.ts';
import { findInstance } from './find-images.ts';
import { pictureFrom } from './layer-canvas.ts';
import { doseView, type Overlay, type OverlayState } from './overlay-state.ts';

/** A picture to be laid over an image, and where: from its pixels to image coordinates. */
export interface Patch {
  readonly picture: OffscreenCanvas;
  readonly place: Affine;
  /** Its pixels are shown as they are. */
  readonly crisp: boolean;
}

type DoseOverlay = Overlay & { readonly kind: 'dose' };

/** The line of one level, in straight pieces. */
export interface Isodose {
  readonly percent: number;
  readonly colour: Colour;
  readonly pieces: readonly Piece[];
}

interface DosePlane {
  readonly dose: Float32Array;
  readonly columns: number;
  readonly rows: number;
  /** Of the whole dose. */
  readonly maximum: number;
}

/** Points across a plane at which a dose is computed. */
const DOSE_POINTS = 192;

/** Makes pictures of overlays for one pane; asks the frame store for what they are made of. */
export class OverlayPainter {
  readonly #session: ViewerSession;
  /** Frames whose arrival changes the pictures. */
  readonly awaited: AwaitedFrames;
  readonly #pictures = new Map<string, OffscreenCanvas>();
  readonly #volumes = new Map<string, DoseVolume>();
  readonly #dosePlanes = new Map<string, DosePlane>();
  #hidden: ReadonlySet<string> | undefined;

  constructor(session: ViewerSession, pane: string) {
    this.#session = session;
    this.awaited = new AwaitedFrames(session.store, `overlays of ${pane}`);
  }

  /** What lies over a frame, the first overlay lowest. What is not loaded yet is asked for and left out. */
  patches(state: OverlayState, shown: StackFrame): Patch[] {
    const { overlays, hidden } = state;
    // Pictures hold what was hidden when they were made.
    if (hidden !== this.#hidden) this.#pictures.clear();
    this.#hidden = hidden;
    if (this.#pictures.size > MAX_PICTURES) this.#pictures.clear();
    const wanted: StackFrame[] = [];
    const patches = overlays.flatMap((overlay) => {
      if (overlay.kind === 'segmentation') return this.#segments(overlay, hidden, shown, wanted);
      return overlay.kind === 'dose' ? this.#dose(overlay, state, shown, wanted) : [];
    });
    this.awaited.want(wanted);
    return patches;
  }

  #segments(overlay: Overlay & { kind: 'segmentation' }, hidden: ReadonlySet<string>, shown: StackFrame, wanted: StackFrame[]): Patch[] {
    const { segmentation, sopInstanceUID } = overlay;
    const { image, plane, instance } = shown;
    const own = framesOf(this.#session, sopInstanceUID);
    if (image === undefined) return [];
    const on = framesOn(segmentation, { sopInstanceUID: instance.sopInstanceUID, frame: shown.frame, plane });
    return on.flatMap((frame) => {
      const stored = own.get(frame.frame);
      if (stored === undefined || (frame.segment !== 0 && hidden.has(`${sopInstanceUID}/${frame.segment}`))) return [];
      const drawn = load(this.#session.store, numbersOf(stored), wanted);
      if (drawn?.kind !== 'grey') return [];
      const colours = (segment: number) =>
        hidden.has(`${sopInstanceUID}/${segment}`) ? undefined : segmentation.segments.find(({ number }) => number === segment)?.colour;
      const samples = drawn.levels[0]?.samples ?? [];
      const picture = this.#picture(stored.key, drawn, () => paintSegment(samples, frame, segmentation.full, colours));
      const place = planeToImage(
        { plane: frame.plane, columns: drawn.columns, rows: drawn.rows },
        { plane, columns: image.columns, rows: image.rows },
      );
      return place === undefined ? [] : [{ picture, place, crisp: true }];
    });
  }

  #dose(overlay: DoseOverlay, state: OverlayState, shown: StackFrame, wanted: StackFrame[]): Patch[] {
    const { sopInstanceUID } = overlay;
    const { image, key } = shown;
    const { wash, hundred } = doseView(state, sopInstanceUID);
    const on = wash ? this.#dosePlane(overlay, shown, wanted) : undefined;
    if (on === undefined || image === undefined) return [];
    const { dose, columns, rows, maximum } = on;
    const picture = this.#picture(`${sopInstanceUID} ${key} ${hundred ?? ''}`, { columns, rows }, () =>
      paintDose(dose, hundred ?? maximum, (percent) => !state.hidden.has(`${sopInstanceUID}/${percent}`)),
    );
    const place = { a: image.columns / columns, b: 0, c: 0, d: image.rows / rows, e: 0, f: 0 };
    return [{ picture, place, crisp: false }];
  }

  /** Isodose lines over a frame, in image coordinates: those of the levels that are not hidden. What is not loaded yet has none. */
  isodoses(overlay: DoseOverlay, state: OverlayState, shown: StackFrame): Isodose[] {
    const { lines, hundred } = doseView(state, overlay.sopInstanceUID);
    const { image } = shown;
    const on = lines ? this.#dosePlane(overlay, shown) : undefined;
    if (on === undefined || image === undefined) return [];
    const { dose, columns, rows, maximum } = on;
    const [across, down] = [image.columns / columns, image.rows / rows];
    const inImage = ({ x, y }: Point): Point => ({ x: (x + 0.5) * across, y: (y + 0.5) * down });
    return DOSE_LEVELS.flatMap(({ percent, colour }) => {
      if (state.hidden.has(`${overlay.sopInstanceUID}/${percent}`)) return [];
      const pieces = isodose(dose, columns, rows, ((hundred ?? maximum) * percent) / 100);
      return pieces.length === 0 ? [] : [{ percent, colour, pieces: pieces.map(([from, to]): Piece => [inImage(from), inImage(to)]) }];
    });
  }

  /** The dose on a frame's plane; undefined where it is elsewhere, nothing, or not loaded. */
  #dosePlane(overlay: DoseOverlay, { plane, key }: StackFrame, wanted: StackFrame[] = []): DosePlane | undefined {
    if (plane === undefined || plane.frameOfReferenceUID !== overlay.grid.plane.frameOfReferenceUID) return undefined;
    const volume = this.volume(overlay, wanted);
    if (volume === undefined || volume.maximum <= 0) return undefined;
    const name = `${overlay.sopInstanceUID} ${key}`;
    const known = this.#dosePlanes.get(name);
    if (known !== undefined) return known;
    const height = Math.max(1, Math.round((DOSE_POINTS * plane.rows * plane.stepY) / (plane.columns * plane.stepX)));
    const [columns, rows] = [DOSE_POINTS, Math.min(height, 4 * DOSE_POINTS)];
    const fresh = { dose: doseOnPlane(volume, plane, columns, rows), columns, rows, maximum: volume.maximum };
    if (this.#dosePlanes.size >= MAX_PLANES) this.#dosePlanes.clear();
    this.#dosePlanes.set(name, fresh);
    return fresh;
  }

  /** The whole dose; undefined until all of its frames are there. */
  volume(overlay: DoseOverlay, wanted: StackFrame[] = []): DoseVolume | undefined {
    const known = this.#volumes.get(overlay.sopInstanceUID);
    if (known !== undefined) return known;
    const own = framesOf(this.#session, overlay.sopInstanceUID);
    const frames: ArrayLike<number>[] = [];
    for (let index = 0; index < overlay.grid.offsets.length; index++) {
      const stored = own.get(index);
      const drawn = stored === undefined ? undefined : load(this.#session.store, stored, wanted);
      const samples = drawn?.kind === 'grey' ? (drawn.exact?.samples ?? drawn.levels[0]?.samples) : undefined;
      if (samples !== undefined) frames.push(samples);
    }
    if (frames.length < overlay.grid.offsets.length) return undefined;
    const volume = doseVolume(overlay.grid, frames);
    this.#volumes.set(overlay.sopInstanceUID, volume);
    return volume;
  }

  #picture(
    key: string,
    { columns, rows }: { columns: number; rows: number },
    paint: () => Uint8ClampedArray<ArrayBuffer>,
  ): OffscreenCanvas {
    const known = this.#pictures.get(key);
    if (known !== undefined) return known;
    const picture = pictureFrom(paint(), columns, rows);
    this.#pictures.set(key, picture);
    return picture;
  }
}

const MAX_PICTURES = 256;
const MAX_PLANES = 64;

/** An instance's frames as the frame store knows them, by their 0-based number. */
function framesOf(session: ViewerSession, sopInstanceUID: string): Map<number, StackFrame> {
  const found = findInstance(session, sopInstanceUID);
  const own = found?.frames.filter(({ instance }) => instance.sopInstanceUID === sopInstanceUID) ?? [];
  return new Map(own.map((frame) => [frame.frame, frame]));
}

const asNumbers = new WeakMap<StackFrame, StackFrame>();

/** A label map that brings a palette is loaded for its numbers: which colour they have, the reader may switch off. */
function numbersOf(stored: StackFrame): StackFrame {
  const { image, key } = stored;
  if (image?.photometricInterpretation !== 'PALETTE COLOR') return stored;
  let frame = asNumbers.get(stored);
  if (frame === undefined) {
    const { palette: _palette, iccProfile: _profile, ...own } = image;
    frame = { ...stored, key: `${key}#numbers`, image: { ...own, photometricInterpretation: 'MONOCHROME2' } };
    asNumbers.set(stored, frame);
  }
  return frame;
}

function load(store: FrameStore, frame: StackFrame, wanted: StackFrame[]): DrawableFrame | undefined {
  const drawn = store.get(frame);
  if (drawn === undefined) wanted.push(frame);
  return drawn;
}
