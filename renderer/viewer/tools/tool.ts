import type { AnnotationStore } from '../annotations/store.ts';
import type { Point } from '../geometry.ts';
import type { Pane } from '../pane.ts';
import type { StackFrame } from '../stack.ts';

/** Where the pointer is. */
export interface At {
  /** Image coordinates of the frame on the screen; undefined where no image is. */
  readonly image: Point | undefined;
  /** CSS pixels of the pane. */
  readonly screen: Point;
  /** Canvas pixels from the centre of the pane. */
  readonly fromCentre: Point;
  /** CSS pixels since the button went down. */
  readonly dx: number;
  readonly dy: number;
  readonly shiftKey: boolean;
}

/** What a tool may reach. */
export interface ToolContext {
  readonly pane: Pane;
  readonly annotations: AnnotationStore;
  /** The frame on the screen, and the series and study that it belongs to. */
  frame(): { readonly frame: StackFrame; readonly studyInstanceUID: string; readonly seriesInstanceUID: string } | undefined;
  /** Asks for words at a point of the pane: the text of a mark, the length of a calibration. */
  ask(question: Question): void;
  /** The point of the patient that all panes shall show. */
  point(image: Point): void;
  /** Shows the magnifier over a point of the pane, or takes it away. */
  lens(screen: Point | undefined): void;
  /** Starts a change of how the image is shown; calling the result ends it and makes it one step of the history. */
  editing(): () => void;
}

export interface Question {
  readonly about: 'text' | 'spine' | 'calibration';
  readonly screen: Point;
  readonly value: string;
  answer(value: string): void;
  dismiss(): void;
}

/** A tool at work, from the button down on. It ends when `up` or `down` returns false, or by `cancel`. */
export interface Gesture {
  move(at: At): void;
  /** Button up; true = goes on with further clicks. */
  up(at: At): boolean;
  /** Button down again, for those that go on. `double`: the second of two quick clicks. */
  down?(at: At, double: boolean): boolean;
  /** Esc, or the image went away. */
  cancel(): void;
}

export interface ToolDefinition {
  readonly cursor: string;
  begin(context: ToolContext, at: At): Gesture | undefined;
}
