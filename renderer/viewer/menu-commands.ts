import type { Command } from './keys.ts';

// What stands in which menu. Every command that can have a key stands in one of them or has a button on the bar.

export const TURN_COMMANDS = [
  { word: 'invert', command: { do: 'invert' } },
  { word: 'flipHorizontal', command: { do: 'flip-horizontal' } },
  { word: 'flipVertical', command: { do: 'flip-vertical' } },
  { word: 'rotateLeft', command: { do: 'rotate', by: -90 } },
  { word: 'rotateRight', command: { do: 'rotate', by: 90 } },
] as const satisfies readonly { word: string; command: Command }[];

export const SIZE_COMMANDS = [
  { word: 'fit', command: { do: 'fit' } },
  { word: 'oneToOne', command: { do: 'one-to-one' } },
  { word: 'trueSize', command: { do: 'true-size' } },
] as const satisfies readonly { word: string; command: Command }[];

/** What lies over the image, and what is known about it. */
export const IMAGE_COMMANDS = [{ do: 'overlays' }, { do: 'key-image' }, { do: 'tags' }] as const satisfies readonly Command[];

export const CINE_COMMANDS = [
  { word: 'faster', command: { do: 'faster' } },
  { word: 'slower', command: { do: 'slower' } },
] as const satisfies readonly { word: string; command: Command }[];

export const UNDO_COMMANDS = ['undo', 'redo', 'reset', 'reset-all'] as const;

export const GO_COMMANDS: readonly Command[] = [
  { do: 'slice', by: -1 },
  { do: 'slice', by: 1 },
  { do: 'first' },
  { do: 'last' },
  { do: 'previous-series' },
  { do: 'next-series' },
  { do: 'volume', by: -1 },
  { do: 'volume', by: 1 },
  { do: 'pane', by: -1 },
  { do: 'pane', by: 1 },
];

export const VIEW_COMMANDS: readonly Command[] = [
  { do: 'chrome' },
  { do: 'full-pane' },
  { do: 'split', direction: 'row' },
  { do: 'split', direction: 'column' },
  { do: 'close-pane' },
  { do: 'delete' },
];
