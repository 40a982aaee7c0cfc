import { DRAWN_KINDS, type DrawnKind } from '../../../shared/marks/index.ts';

const HAND_TOOLS = ['window', 'zoom', 'pan', 'scroll', 'magnify', 'crosshair'] as const;

/** What the left button does: a tool of the hand, or one that draws a mark. */
export type Tool = (typeof HAND_TOOLS)[number] | DrawnKind;

export const TOOL_NAMES: readonly Tool[] = [...HAND_TOOLS, ...DRAWN_KINDS];
