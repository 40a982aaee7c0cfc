import type { DrawnKind } from '../annotations/model.ts';

/** What the left button does: a tool of the hand, or one that draws a mark. */
export type Tool = 'window' | 'zoom' | 'pan' | 'scroll' | 'magnify' | 'crosshair' | DrawnKind;
