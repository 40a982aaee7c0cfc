import { disable, displayImage, EVENTS, enable, getEnabledElement } from 'cornerstone-core';
import { Cine } from './cine.ts';
import { COLOUR_WINDOW, cachedLut, toCornerstoneImage } from './cornerstone-image.ts';
import type { DrawableFrame } from './decode-messages.ts';
import { FrameStore } from './frame-store.ts';
import { fitScale, type Point, panAbout } from './geometry.ts';
import { describe, FRESH, type PaneView, type Presentation } from './pane-view.ts';
import { prefetchOrder } from './plan.ts';
import { PRIORITY } from './scheduler.ts';
import { decodedBytes, type StackFrame } from './stack.ts';
import type { Window } from './voi.ts';

const MIN_ZOOM = 0.1;
const MAX_ZOOM = 40;
/** A wanted frame that is not there after this long replaces the old picture by an empty pane: an old one under a new number would lie. */
const BLANK_AFTER_MS = 250;

/** One image pane: what it shows and how, drawn by cornerstone. All input ends in one of these methods. */
export class Pane {
  readonly #store: FrameStore;
  readonly #name: string;
  readonly #presentations = new Map<string, Presentation>();
  readonly #listeners = new Set<() => void>();
  readonly #unsubscribe: () => void;
  #element: HTMLElement | undefined;
  #described: HTMLElement | undefined;
  #seriesUID = '';
  #frames: readonly StackFrame[] = [];
  #now: Presentation = { ...FRESH };
  #direction: 1 | -1 = 1;
  #shown: { frame: StackFrame; index: number; drawn: DrawableFrame; window: Window; scale: number } | undefined;
  #blank: ReturnType<typeof setTimeout> | undefined;
  readonly #cine = new Cine(
    {
      frameTimeMs: () => this.#frames[this.#now.index]?.image?.frameTimeMs,
      isShown: () => this.#shown?.index === this.#now.index,
      next: () => {
        this.#direction = 1;
        this.#now.index = (this.#now.index + 1) % this.#frames.length;
        this.#goOn();
      },
    },
    { request: (callback) => requestAnimationFrame(callback), cancel: (handle) => cancelAnimationFrame(handle) },
  );
  #view: PaneView;
  #draws = 0;

  constructor(store: FrameStore, name: string) {
    this.#store = store;
    this.#name = name;
    this.#view = this.#makeView();
    this.#unsubscribe = store.subscribe((key) => {
      if (key === this.#frames[this.#now.index]?.key) this.#show();
    });
  }

  close(): void {
    this.stop();
    clearTimeout(this.#blank);
    this.#unsubscribe();
    this.detach();
    this.#listeners.clear();
  }

  // --- the element

  /** `element` holds the canvas and nothing else; `described` (the whole pane) gets the data attributes. */
  attach(element: HTMLElement, described: HTMLElement = element): void {
    this.detach();
    this.#element = element;
    this.#described = described;
    enable(element);
    element.addEventListener(EVENTS.IMAGE_RENDERED, this.#onRendered);
    this.resize();
  }

  detach(): void {
    const element = this.#element;
    if (element === undefined) return;
    element.removeEventListener(EVENTS.IMAGE_RENDERED, this.#onRendered);
    disable(element);
    this.#element = undefined;
    this.#described = undefined;
  }

  /** Fits canvas and image to the element; in device pixels, so that a pixel of the image can be one of the screen. */
  resize(): void {
    const element = this.#element;
    if (element === undefined) return;
    const { canvas } = getEnabledElement(element);
    const before = { width: canvas.width, height: canvas.height };
    const width = Math.max(1, Math.round(element.clientWidth * devicePixelRatio));
    const height = Math.max(1, Math.round(element.clientHeight * devicePixelRatio));
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
    const target = Math.max(0, Math.min(this.#frames.length - 1, index));
    if (target === this.#now.index) return;
    this.#direction = target > this.#now.index ? 1 : -1;
    this.#now.index = target;
    this.#goOn();
  }

  // --- presentation

  setWindow(window: Window | 'file' | 'auto'): void {
    this.#now.window = window;
    this.#show();
  }

  /** The window on the screen, for a drag to start from; and the range of values it moves through. */
  get windowing(): { window: Window; range: number } {
    const drawn = this.#shown?.drawn;
    return {
      window: this.#shown?.window ?? COLOUR_WINDOW,
      range: drawn?.kind === 'grey' ? Math.max(1e-6, drawn.high - drawn.low) : 255,
    };
  }

  get view(): PaneView {
    return this.#view;
  }

  get pan(): Point {
    return this.#now.pan;
  }

  get zoom(): number {
    return this.#now.zoom;
  }

  panTo(pan: Point): void {
    this.#now.pan = pan;
    this.#show();
  }

  /** `about`: canvas pixels from the centre of the pane; that point of the image stays where it is. */
  zoomTo(zoom: number, about: Point = { x: 0, y: 0 }): void {
    const next = Math.max(MIN_ZOOM, Math.min(MAX_ZOOM, zoom));
    this.#now.pan = panAbout(this.#now.pan, about, this.#now.zoom, next);
    this.#now.zoom = next;
    this.#show();
  }

  fit(): void {
    this.#now.zoom = 1;
    this.panTo({ x: 0, y: 0 });
  }

  oneToOne(): void {
    if (this.#shown !== undefined) this.zoomTo(this.#now.zoom / this.#shown.scale);
  }

  rotateBy(degrees: 90 | -90): void {
    this.#now.rotation = ((this.#now.rotation + degrees + 360) % 360) as Presentation['rotation'];
    this.#show();
  }

  /** Flips what is seen: a turned image is flipped about the screen's axis, not its own. */
  flip(axis: 'horizontal' | 'vertical'): void {
    const turned = this.#now.rotation % 180 !== 0;
    if ((axis === 'horizontal') !== turned) this.#now.flippedHorizontally = !this.#now.flippedHorizontally;
    else this.#now.flippedVertically = !this.#now.flippedVertically;
    this.#show();
  }

  toggleInvert(): void {
    this.#now.invert = !this.#now.invert;
    this.#show();
  }

  /** Everything but the slice as it was when the series was opened. */
  reset(): void {
    this.#now = { ...FRESH, index: this.#now.index };
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

  #goOn(): void {
    this.#want();
    this.#show();
  }

  #want(): void {
    const { index } = this.#now;
    const visible = this.#frames[index];
    const image = visible?.image ?? this.#frames.find((frame) => frame.image !== undefined)?.image;
    const limit = image === undefined ? 0 : Math.max(8, Math.floor(FrameStore.PREFETCH_BYTES / decodedBytes(image)));
    const order = prefetchOrder(index, this.#direction, this.#frames.length, limit);
    const wanted = order.map((at) => this.#frames[at]).filter((frame): frame is StackFrame => frame?.image !== undefined);
    this.#store.want(this.#name, PRIORITY.visible, visible?.image === undefined ? [] : [visible]);
    this.#store.want(this.#name, PRIORITY.series, wanted);
  }

  /** Hands the wanted frame to cornerstone, which draws it with the next animation frame, however often this is called. */
  #show(): void {
    const frame = this.#frames[this.#now.index];
    const element = this.#element;
    const drawn = frame?.image === undefined ? undefined : this.#store.get(frame);
    if (frame?.image === undefined || drawn === undefined || element === undefined) {
      this.#waitOrBlank(frame);
      return;
    }
    clearTimeout(this.#blank);
    this.#blank = undefined;
    const window = this.#windowFor(drawn, frame);
    const lut = cachedLut(drawn, frame.image, window, this.#now.invert);
    const image = toCornerstoneImage(drawn, frame.image);
    image.cachedLut = lut;
    const { canvas } = getEnabledElement(element);
    const scale = fitScale(frame.image, this.#now.rotation, canvas) * this.#now.zoom;
    displayImage(element, image, {
      scale,
      translation: { x: this.#now.pan.x / scale, y: this.#now.pan.y / scale },
      voi: { windowCenter: window.center, windowWidth: window.width },
      voiLUT: lut.voiLUT,
      invert: this.#now.invert,
      // Enlarged far enough, a reader wants to see the pixels as they are.
      pixelReplication: scale >= 8,
      rotation: this.#now.rotation,
      hflip: this.#now.flippedHorizontally,
      vflip: this.#now.flippedVertically,
    });
    this.#shown = { frame, index: this.#now.index, drawn, window, scale };
  }

  #windowFor(drawn: DrawableFrame, frame: StackFrame): Window {
    const { window } = this.#now;
    if (typeof window === 'object') return window;
    if (drawn.kind === 'colour') return COLOUR_WINDOW;
    const fromFile = frame.image?.windows.find(({ center, width }) => Number.isFinite(center) && Number.isFinite(width) && width > 0);
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
    if (this.#element !== undefined) {
      const enabled = getEnabledElement(this.#element);
      enabled.image = undefined;
      const context = enabled.canvas.getContext('2d', { desynchronized: true });
      context?.setTransform(1, 0, 0, 1, 0, 0);
      context?.clearRect(0, 0, enabled.canvas.width, enabled.canvas.height);
    }
    this.#changed();
  }

  readonly #onRendered = () => {
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
    return {
      seriesUID: this.#seriesUID,
      frames: this.#frames,
      wanted: this.#now.index,
      shown: this.#shown?.frame,
      shownIndex: this.#shown?.index ?? -1,
      drawn: this.#shown?.drawn,
      window: this.#shown?.window,
      scale: this.#shown?.scale ?? 1,
      pixelRatio: globalThis.devicePixelRatio ?? 1,
      presentation: { ...this.#now },
      playing: this.#cine.playing,
    };
  }
}
