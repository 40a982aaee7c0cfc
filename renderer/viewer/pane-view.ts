import type { DrawableFrame } from './decode-messages.ts';
import type { Point } from './geometry.ts';
import type { StackFrame } from './stack.ts';
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
  readonly window: Window | undefined;
  /** Canvas pixels per image pixel along its columns' shorter side; device pixels per CSS pixel beside it. */
  readonly scale: number;
  readonly pixelRatio: number;
  readonly presentation: Readonly<Presentation>;
  readonly playing: boolean;
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
};

/** What tests and assistive tools read off the pane, updated with every drawn picture. */
export function describe(
  dataset: DOMStringMap,
  { shown, shownIndex, wanted, frames, window, presentation, scale }: PaneView,
  draws: number,
): void {
  dataset.frameIndex = String(shownIndex);
  dataset.wantedIndex = String(wanted);
  dataset.frameCount = String(frames.length);
  dataset.ready = String(shown !== undefined && shownIndex === wanted);
  dataset.loaded ??= '0';
  dataset.windowCenter = String(window?.center ?? '');
  dataset.windowWidth = String(window?.width ?? '');
  dataset.zoom = String(presentation.zoom);
  dataset.scale = shown === undefined ? '' : String(scale);
  dataset.draws = String(draws);
  dataset.sopInstanceUid = shown?.instance.sopInstanceUID ?? '';
}
