import type { ColourMap } from './colour-maps.ts';
import type { DrawableFrame } from './decode-messages.ts';
import type { Filter } from './filters.ts';
import type { Align, Point, Size } from './geometry.ts';
import type { Presented } from './presentation/apply-state.ts';
import type { PresentationState } from './presentation/state.ts';
import type { StackFrame } from './stack.ts';
import type { Affine } from './transform.ts';
import type { Window } from './voi.ts';

/** What the reader set for a series; kept while it is not on the screen. */
export interface Presentation {
  index: number;
  /** Set by the reader; otherwise every image is shown with its own window. */
  window: Window | 'file' | 'auto';
  /** 1 = the image fits the pane. */
  zoom: number;
  /** From the centre of the pane, in canvas pixels. */
  pan: Point;
  rotation: 0 | 90 | 180 | 270;
  flippedHorizontally: boolean;
  flippedVertically: boolean;
  invert: boolean;
  colourMap: ColourMap;
  filter: Filter;
  align: Align;
  /** The presentation state that is applied to the images it is about; undefined = they are shown as stored. */
  state: PresentationState | undefined;
  /** Overlays and graphics over the image. */
  overlays: boolean;
}

/** What stands on the screen, for corner text, toolbar and tests. A new object after every change. */
export interface PaneView {
  readonly seriesUID: string;
  readonly frames: readonly StackFrame[];
  /** The frame the reader asked for. */
  readonly wanted: number;
  /** The frame whose pixels are on the screen; undefined = none, the pane is black. */
  readonly shown: StackFrame | undefined;
  readonly shownIndex: number;
  readonly drawn: DrawableFrame | undefined;
  /** What is drawn as it is looked up and covered: with the presentation state. */
  readonly presented: Presented | undefined;
  readonly window: Window | undefined;
  /** Canvas pixels per image pixel along its columns' shorter side; device pixels per CSS pixel beside it. */
  readonly scale: number;
  readonly pixelRatio: number;
  /** From image coordinates to CSS pixels of the pane; undefined where nothing is shown. */
  readonly toScreen: Affine | undefined;
  /** The pane in CSS pixels. */
  readonly size: Size;
  readonly presentation: Readonly<Presentation>;
  readonly playing: boolean;
  /** Frames a second that are played. */
  readonly rate: number;
}

/** A series as it is when it is opened. */
export const FRESH: Presentation = {
  index: 0,
  window: 'file',
  zoom: 1,
  pan: { x: 0, y: 0 },
  rotation: 0,
  flippedHorizontally: false,
  flippedVertically: false,
  invert: false,
  colourMap: 'grey',
  filter: 'none',
  align: 'centre',
  state: undefined,
  overlays: true,
};

/** What tests and assistive tools read off the pane, updated with every drawn picture. */
export function describe(
  dataset: Record<string, string | undefined>,
  { shown, shownIndex, drawn, presented, wanted, frames, window, presentation, scale, seriesUID, toScreen }: PaneView,
  draws: number,
): void {
  // Most stay as they are, and each that is written is work for the page.
  const tell = (name: string, value: string) => {
    if (dataset[name] !== value) dataset[name] = value;
  };
  tell('seriesUid', seriesUID);
  tell('frameIndex', String(shownIndex));
  tell('wantedIndex', String(wanted));
  tell('frameCount', String(frames.length));
  tell('ready', String(shown !== undefined && shownIndex === wanted));
  dataset.loaded ??= '0';
  tell('windowCenter', String(window?.center ?? ''));
  tell('windowWidth', String(window?.width ?? ''));
  tell('zoom', String(presentation.zoom));
  tell('scale', shown === undefined ? '' : String(scale));
  tell('draws', String(draws));
  tell('presentationState', presented !== undefined && drawn !== presented.frame ? (presentation.state?.sopInstanceUID ?? '') : '');
  tell('sopInstanceUid', shown?.instance.sopInstanceUID ?? '');
  tell('matrix', toScreen === undefined ? '' : [toScreen.a, toScreen.b, toScreen.c, toScreen.d, toScreen.e, toScreen.f].join(' '));
}
