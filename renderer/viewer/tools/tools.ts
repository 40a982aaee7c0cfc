import { DRAWN_KINDS, type DrawnKind } from '../../../shared/marks/index.ts';
import { drawingTool } from './drawing-tools.ts';
import { CROSSHAIR, PAN, SCROLL, WINDOW, ZOOM } from './hand-tools.ts';
import { MAGNIFY } from './magnify.ts';
import type { Tool } from './names.ts';
import type { ToolDefinition } from './tool.ts';

const drawing = Object.fromEntries(DRAWN_KINDS.map((kind) => [kind, drawingTool(kind)])) as Record<DrawnKind, ToolDefinition>;

export const TOOLS: Readonly<Record<Tool, ToolDefinition>> = {
  window: WINDOW,
  zoom: ZOOM,
  pan: PAN,
  scroll: SCROLL,
  crosshair: CROSSHAIR,
  magnify: MAGNIFY,
  ...drawing,
};
