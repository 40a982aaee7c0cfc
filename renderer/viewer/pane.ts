import { Cine, type CineMode } from './cine.ts';
import { COLOUR_WINDOW, cachedLut, toCornerstoneImage } from './cornerstone-image.ts';
import type { DrawableFrame } from './decode-messages.ts';
import { filterFrame } from './filters.ts';
import type { FrameStore } from './frame-store.ts';
import { fitScale, type Point, panAbout, pixelAspect, type Size } from './geometry.ts';
import { renderLarge } from './large-image.ts';
import { PaneLoader } from './pane-loading.ts';
import { describe, FRESH, type PaneView, type Presentation } from './pane-view.ts';
import { applyState, asStored, coloursOf, type Presented } from './presentation/apply-state.ts';
import { areaOf, arrange } from './presentation/arrange.ts';
import { MaskLoader } from './presentation/mask-loader.ts';
import { type DisplayedArea, type PresentationState, refersTo } from './presentation/state.ts';
import { screenPixelsPerMillimetre } from './screen.ts';
import type { StackFrame } from './stack.ts';
import { Surface } from './surface.ts';
import { type Affine, imageToCanvas, pixelSize, scaled } from './transform.ts';
import { storedWindows, type Window } from './voi.ts';
import { onWholePixels } from './whole-pixels.ts';

const MIN_ZOOM = 0.05;
const MAX_ZOOM = 60;
/** A wanted frame that is not there after this long replaces the old picture by an empty pane: an old one under a new number would lie. */
const BLANK_AFTER_MS = 250;
/** mm */
const SAME_PLACE = 0.05;

/** What a reader moved: what linked panes follow. */
export type Moved = 'slice' | 'window' | 'view';

/** One image pane: what it shows and how, drawn by cornerstone. All input ends in one of these methods. */
export class Pane {
  readonly id: string;
  readonly #store: FrameStore;
  readonly #loader: PaneLoader;
  readonly #masks: MaskLoader;
  readonly #presentations = new Map<string, Presentation>();
  readonly #listeners = new Set<() => void>();
  readonly #unsubscribe: () => void;
  readonly #onMoved: (moved: Moved) => void;
  #element: HTMLElement | undefined;
  #described: HTMLElement | undefined;
  #surface: Surface | undefined;
  #size: Size = { width: 1, height: 1 };
  #seriesUID = '';
  #frames: readonly StackFrame[] = [];
  #now: Presentation = { ...FRESH };
  #direction: 1 | -1 = 1;
  #shown:
    | { frame: StackFrame; index: number; drawn: DrawableFrame; presented: Presented; window: Window; scale: number; matrix: Affine }
    | undefined;
  /** The area of the presentation state in which the image was put last. */
  #area: DisplayedArea | undefined;
  #blank: ReturnType<typeof setTimeout> | undefined;
  readonly #cine: Cine;
  #view: PaneView;
  #draws = 0;

  constructor(store: FrameStore, id: string, onMoved: (moved: Moved) => void = () => undefined) {
    this.#store = store;
    this.id = id;
    this.#onMoved = onMoved;
    this.#loader = new PaneLoader(store, id);
    this.#masks = new MaskLoader(store, id);
    this.#cine = new Cine(
      {
        frameTimeMs: () => this.#frames[this.#now.index]?.image?.frameTimeMs ?? rateToTime(this.#frames[this.#now.index]),
        isShown: () => this.#shown?.index === this.#now.index,
        position: () => this.#now.index,
        count: () => this.#frames.length,
        show: (index) => this.scrollTo(index),
        ended: () => this.#changed(),
      },
      { request: (callback) => requestAnimationFrame(callback), cancel: (handle) => cancelAnimationFrame(handle) },
    );
    this.#view = this.#makeView();
    this.#unsubscribe = store.subscribe((key) => {
      if (key === this.#frames[this.#now.index]?.key || this.#masks.awaited.waitsFor(key)) this.#show();
    });
  }

  close(): void {
    this.#cine.stop();
    clearTimeout(this.#blank);
    this.#unsubscribe();
    this.#loader.close();
    this.#masks.awaited.close();
    this.detach();
    this.#listeners.clear();
  }

  // --- the element

  /** `element` holds the canvas and nothing else; `described` (the whole pane) gets the data attributes. */
  attach(element: HTMLElement, described: HTMLElement = element): void {
    this.detach();
    this.#element = element;
    this.#described = described;
    this.#surface = new Surface(element, this.#onDrawn);
    this.resize();
  }

  detach(): void {
    this.#surface?.close();
    this.#surface = undefined;
    this.#element = undefined;
    this.#described = undefined;
  }

  /** Fits canvas and image to the element; in device pixels, so that a pixel of the image can be one of the screen. */
  resize(): void {
    const element = this.#element;
    const canvas = this.#surface?.canvas;
    if (element === undefined || canvas === undefined) return;
    const before = { width: canvas.width, height: canvas.height };
    const width = Math.max(1, Math.round(element.clientWidth * devicePixelRatio));
    const height = Math.max(1, Math.round(element.clientHeight * devicePixelRatio));
    this.#size = { width: element.clientWidth, height: element.clientHeight };
    canvas.style.width = `${element.clientWidth}px`;
    canvas.style.height = `${element.clientHeight}px`;
    if (width !== before.width || height !== before.height) {
      canvas.width = width;
      canvas.height = height;
      const factor = Math.min(width / before.width, height / before.height);
      this.#now.pan = { x: this.#now.pan.x * factor, y: this.#now.pan.y * factor };
    }
    this.#show();
  }

  // --- the stack

  /** Shows a series, as the reader left it. The same series again, grown: the slice on the screen stays. */
  setSeries(seriesUID: string, frames: readonly StackFrame[]): void {
    if (seriesUID !== this.#seriesUID) {
      this.stop();
      this.#presentations.set(this.#seriesUID, this.#now);
      this.#now = this.#presentations.get(seriesUID) ?? { ...FRESH };
      this.#seriesUID = seriesUID;
      this.#clear();
    } else {
      const key = this.#frames[this.#now.index]?.key;
      const moved = frames.findIndex((frame) => frame.key === key);
      if (moved >= 0) this.#now.index = moved;
      if (this.#shown !== undefined) {
        const shownKey = this.#shown.frame.key;
        this.#shown.index = Math.max(
          0,
          frames.findIndex((frame) => frame.key === shownKey),
        );
      }
    }
    this.#frames = frames;
    this.#now.index = Math.max(0, Math.min(frames.length - 1, this.#now.index));
    this.#goOn();
  }

  scrollBy(steps: number): void {
    this.scrollTo(this.#now.index + steps);
  }

  scrollTo(index: number): void {
    if (this.#moveTo(index)) this.#onMoved('slice');
  }

  /** Goes to a slice because another pane did: nobody follows in turn. */
  followTo(index: number): void {
    this.#moveTo(index);
  }

  /** The same place in the volume before or after (4D). */
  volumeBy(by: 1 | -1): void {
    const here = this.#frames[this.#now.index];
    if (here?.volume === undefined) return;
    const wanted = here.volume + by;
    const there = this.#frames.findIndex(
      ({ volume, group, distance }) =>
        volume === wanted && group === here.group && Math.abs((distance ?? 0) - (here.distance ?? 0)) < SAME_PLACE,
    );
    if (there >= 0) this.scrollTo(there);
  }

  /** Part of the frame cache that this pane may fill. */
  set cacheShare(share: number) {
    this.#loader.share = share;
  }

  // --- presentation

  setWindow(window: Window | 'file' | 'auto'): void {
    this.change({ window }, 'window');
  }

  /** The window on the screen, for a drag to start from; and the range of values it moves through. */
  get windowing(): { window: Window; range: number } {
    const drawn = this.#shown?.presented.frame;
    return {
      window: this.#shown?.window ?? COLOUR_WINDOW,
      range: drawn?.kind === 'grey' ? Math.max(1e-6, drawn.high - drawn.low) : 255,
    };
  }

  get view(): PaneView {
    return this.#view;
  }

  /** The frame that is wanted now; the view tells of it when it is drawn. */
  get wanted(): StackFrame | undefined {
    return this.#frames[this.#now.index];
  }

  get frames(): readonly StackFrame[] {
    return this.#frames;
  }

  get presentation(): Readonly<Presentation> {
    return { ...this.#now };
  }

  get pan(): Point {
    return this.#now.pan;
  }

  get zoom(): number {
    return this.#now.zoom;
  }

  /** Sets part of the presentation; `moved` tells linked panes what to follow. */
  change(change: Partial<Omit<Presentation, 'index'>>, moved?: Moved): void {
    this.#now = { ...this.#now, ...change };
    this.#show();
    if (moved !== undefined) this.#onMoved(moved);
  }

  panTo(pan: Point): void {
    this.change({ pan }, 'view');
  }

  /** `about`: canvas pixels from the centre of the pane; that point of the image stays where it is. */
  zoomTo(zoom: number, about: Point = { x: 0, y: 0 }): void {
    const next = Math.max(MIN_ZOOM, Math.min(MAX_ZOOM, zoom));
    this.change({ pan: panAbout(this.#now.pan, about, this.#now.zoom, next), zoom: next }, 'view');
  }

  fit(): void {
    this.change({ zoom: 1, pan: { x: 0, y: 0 } }, 'view');
  }

  /** `scale`: canvas pixels for the shorter side of an image pixel. */
  scaleTo(scale: number): void {
    if (this.#shown !== undefined) this.zoomTo((this.#now.zoom * scale) / this.#shown.scale);
  }

  rotateBy(degrees: 90 | -90): void {
    this.change({ rotation: ((this.#now.rotation + degrees + 360) % 360) as Presentation['rotation'] });
  }

  /** Flips what is seen: a turned image is flipped about the screen's axis, not its own. */
  flip(axis: 'horizontal' | 'vertical'): void {
    const turned = this.#now.rotation % 180 !== 0;
    if ((axis === 'horizontal') !== turned) this.change({ flippedHorizontally: !this.#now.flippedHorizontally });
    else this.change({ flippedVertically: !this.#now.flippedVertically });
  }

  /** Shows the images that a presentation state is about as it says; undefined = as stored. */
  present(state: PresentationState | undefined): void {
    const { index, overlays, align } = this.#now;
    this.#area = undefined;
    this.#now = { ...FRESH, index, overlays, align, state };
    this.#show();
    this.#onMoved('window');
  }

  /** Everything but the slice as it was when the series was opened. */
  reset(): void {
    const { index, align } = this.#now;
    this.#now = { ...FRESH, index, align };
    this.#show();
  }

  // --- cine

  play(): void {
    if (this.playing || this.#frames.length < 2) return;
    this.#cine.start();
    this.#changed();
  }

  stop(): void {
    if (!this.playing) return;
    this.#cine.stop();
    this.#changed();
  }

  get playing(): boolean {
    return this.#cine.playing;
  }

  get cineMode(): CineMode {
    return this.#cine.mode;
  }

  /** Frames a second, undefined = as the file says; and what happens at the end. */
  setCine(change: { rate?: number | undefined; mode?: CineMode }): void {
    if ('rate' in change) this.#cine.rate = change.rate;
    if (change.mode !== undefined) this.#cine.mode = change.mode;
    this.#changed();
  }

  /** Frames of the series that are in the cache, counted by the stack bar. */
  describeLoaded(count: number): void {
    if (this.#described !== undefined) this.#described.dataset.loaded = String(count);
  }

  // --- for React

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): PaneView => this.#view;

  // --- inside

  #moveTo(index: number): boolean {
    const target = Math.max(0, Math.min(this.#frames.length - 1, index));
    if (target === this.#now.index || this.#frames.length === 0) return false;
    this.#direction = target > this.#now.index ? 1 : -1;
    this.#now.index = target;
    this.#goOn();
    return true;
  }

  #goOn(): void {
    this.#loader.want(this.#frames, this.#now.index, this.#direction);
    this.#show();
  }

  /** Hands the wanted frame to cornerstone, which draws it with the next animation frame, however often this is called. */
  #show(): void {
    const frame = this.#frames[this.#now.index];
    const surface = this.#surface;
    const drawn = frame?.image === undefined ? undefined : this.#store.get(frame);
    const presented = frame?.image === undefined || drawn === undefined ? undefined : this.#presentedBy(drawn, frame, frame.image);
    if (frame?.image === undefined || drawn === undefined || presented === undefined || surface === undefined) {
      this.#waitOrBlank(frame);
      return;
    }
    clearTimeout(this.#blank);
    this.#blank = undefined;
    this.#arrange(frame);
    const { colourMap, filter, invert, rotation, flippedHorizontally, flippedVertically, overlays } = this.#now;
    const window = this.#windowFor(presented, frame);
    const lut = cachedLut(presented.frame, presented.image, window, invert);
    const changed = presented.frame.kind === 'grey' && (colourMap !== 'grey' || filter !== 'none' || presented.colours !== undefined);
    const render = changed ? renderLarge(filterFrame(presented.frame, filter), coloursOf(colourMap, presented)) : undefined;
    const image = toCornerstoneImage(presented.frame, presented.image, { render, overlays });
    image.cachedLut = lut;
    const { canvas } = surface;
    const aspect = pixelAspect(frame.image);
    const scale = fitScale(frame.image, rotation, canvas) * this.#now.zoom;
    const pixel = pixelSize(aspect, scale);
    const turned = rotation % 180 !== 0;
    const [width, height] = [frame.image.columns * pixel.width, frame.image.rows * pixel.height];
    const onScreen = turned ? { width: height, height: width } : { width, height };
    const pan = onWholePixels(this.#alignedPan(frame.image, aspect, scale, canvas), onScreen, pixel, canvas);
    surface.show(image, {
      scale,
      // Cornerstone moves in pixels of the image, after it turned them.
      translation: { x: pan.x / (turned ? pixel.height : pixel.width), y: pan.y / (turned ? pixel.width : pixel.height) },
      voi: { windowCenter: window.center, windowWidth: window.width },
      voiLUT: lut.voiLUT,
      invert,
      // Enlarged far enough, a reader wants to see the pixels as they are.
      pixelReplication: scale >= 8,
      rotation,
      hflip: flippedHorizontally,
      vflip: flippedVertically,
    });
    const { rows, columns } = frame.image;
    const matrix = imageToCanvas({ rows, columns, aspect, scale, rotation, flippedHorizontally, flippedVertically, pan, canvas });
    this.#shown = { frame, index: this.#now.index, drawn, presented, window, scale, matrix };
  }

  /** Puts the image where its presentation state wants it: once for each area, so that the reader can go on from there. */
  #arrange(frame: StackFrame): void {
    const { state } = this.#now;
    const canvas = this.#surface?.canvas;
    if (canvas === undefined || state === undefined || !refersTo(state.images, frame.instance.sopInstanceUID, frame.frame)) return;
    const area = areaOf(state, frame.instance.sopInstanceUID, frame.frame) ?? WHOLE;
    if (area === this.#area) return;
    this.#area = area;
    const pixelsPerMillimetre = screenPixelsPerMillimetre().value * devicePixelRatio;
    this.#now = { ...this.#now, ...arrange(state, frame, { width: canvas.width, height: canvas.height, pixelsPerMillimetre }) };
  }

  /** Undefined while frames that a state subtracts are not there. */
  #presentedBy(drawn: DrawableFrame, frame: StackFrame, image: NonNullable<StackFrame['image']>): Presented | undefined {
    const { state } = this.#now;
    const { sopInstanceUID } = frame.instance;
    if (state === undefined || !refersTo(state.images, sopInstanceUID, frame.frame)) return asStored(drawn, image);
    const subtracted = this.#masks.frames(state, frame, this.#frames);
    return subtracted === 'waiting' ? undefined : applyState(drawn, image, state, { sopInstanceUID, frame: frame.frame }, subtracted);
  }

  /** The reader's pan, from where the image stands by itself: the middle, or the edge at which it is aligned. */
  #alignedPan(image: { rows: number; columns: number }, aspect: number, scale: number, canvas: Size): Point {
    const { pan, align, rotation } = this.#now;
    if (align === 'centre') return pan;
    const pixel = pixelSize(aspect, scale);
    const width = rotation % 180 === 0 ? image.columns * pixel.width : image.rows * pixel.height;
    const room = Math.max(0, (canvas.width - width) / 2);
    return { x: pan.x + (align === 'left' ? -room : room), y: pan.y };
  }

  #windowFor({ frame: drawn, window: ofState }: Presented, frame: StackFrame): Window {
    const { window } = this.#now;
    if (typeof window === 'object') return window;
    if (drawn.kind === 'colour') return COLOUR_WINDOW;
    if (window === 'file' && ofState !== undefined) return ofState;
    const fromFile = frame.image === undefined ? undefined : storedWindows(frame.image)[0];
    return window === 'auto' || fromFile === undefined ? drawn.autoWindow : fromFile;
  }

  #waitOrBlank(frame: StackFrame | undefined): void {
    const hopeless = frame === undefined || this.#store.state(frame) === 'failed';
    if (hopeless) this.#clear();
    else if (this.#shown !== undefined) this.#blank ??= setTimeout(() => this.#clear(), BLANK_AFTER_MS);
    this.#changed();
  }

  /** Empties the canvas: what is not the wanted picture must not look like it. */
  #clear(): void {
    clearTimeout(this.#blank);
    this.#blank = undefined;
    this.#shown = undefined;
    this.#surface?.clear();
    this.#changed();
  }

  readonly #onDrawn = () => {
    this.#draws += 1;
    if (this.#draws === 1) performance.mark('phosphor:first-image');
    this.#changed();
  };

  #changed(): void {
    this.#view = this.#makeView();
    if (this.#described !== undefined) describe(this.#described.dataset, this.#view, this.#draws);
    for (const listener of this.#listeners) listener();
  }

  #makeView(): PaneView {
    const pixelRatio = globalThis.devicePixelRatio ?? 1;
    return {
      seriesUID: this.#seriesUID,
      frames: this.#frames,
      wanted: this.#now.index,
      shown: this.#shown?.frame,
      shownIndex: this.#shown?.index ?? -1,
      drawn: this.#shown?.drawn,
      presented: this.#shown?.presented,
      window: this.#shown?.window,
      scale: this.#shown?.scale ?? 1,
      pixelRatio,
      toScreen: this.#shown === undefined ? undefined : scaled(this.#shown.matrix, 1 / pixelRatio),
      size: this.#size,
      presentation: { ...this.#now },
      playing: this.#cine.playing,
      rate: this.#cine.framesPerSecond,
    };
  }
}

/** In place of the area that a state does not have for an image. */
const WHOLE: DisplayedArea = { left: 0, top: 0, right: 0, bottom: 0, mode: 'fit', spacing: undefined, magnification: undefined };

function rateToTime(frame: StackFrame | undefined): number | undefined {
  const rate = frame?.image?.reading?.displayRate;
  return rate === undefined ? undefined : 1000 / rate;
}
