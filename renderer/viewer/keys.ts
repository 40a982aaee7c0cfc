import type { ViewerSettings } from '../../shared/contract/index.ts';
import { withOwnKeys } from './preferences/own-keys.ts';
import { TOOL_NAMES, type Tool } from './tools/names.ts';

/** What a key does in the viewer. */
export type Command =
  | { readonly do: 'tool'; readonly tool: Tool }
  | { readonly do: 'slice' | 'pane' | 'volume'; readonly by: 1 | -1 }
  | { readonly do: 'preset'; readonly index: number }
  | { readonly do: 'rotate'; readonly by: 90 | -90 }
  | { readonly do: 'split'; readonly direction: 'row' | 'column' }
  | { readonly do: ImageCommand }
  | { readonly do: ViewerCommand };

/** Changes how the image is shown. */
export type ImageCommand =
  | 'auto'
  | 'invert'
  | 'flip-horizontal'
  | 'flip-vertical'
  | 'reset'
  | 'reset-all'
  | 'fit'
  | 'one-to-one'
  | 'true-size';

type ViewerCommand =
  | 'first'
  | 'last'
  | 'next-series'
  | 'previous-series'
  | 'cine'
  | 'faster'
  | 'slower'
  | 'chrome'
  | 'full-pane'
  | 'layout'
  | 'close-pane'
  | 'link'
  | 'key-image'
  | 'delete'
  | 'measurements'
  | 'overlays'
  | 'tags'
  | 'close'
  | 'undo'
  | 'redo'
  | 'copy'
  | 'copy-without-patient'
  | 'print'
  | 'pop-out'
  | 'preferences'
  | 'keys';

export interface Binding {
  /** As in KeyboardEvent.key; letters match either case. */
  readonly key: string;
  readonly shift?: boolean;
  readonly ctrl?: boolean;
  readonly command: Command;
}

/** One table: the dispatcher, the tooltips and the key help read it. */
export const KEYS: readonly Binding[] = [
  { key: 'w', command: { do: 'tool', tool: 'window' } },
  { key: 'z', command: { do: 'tool', tool: 'zoom' } },
  { key: 'p', command: { do: 'tool', tool: 'pan' } },
  { key: 's', command: { do: 'tool', tool: 'scroll' } },
  { key: 'l', command: { do: 'tool', tool: 'length' } },
  { key: 'a', command: { do: 'tool', tool: 'angle' } },
  { key: 'e', command: { do: 'tool', tool: 'ellipse' } },
  { key: 'r', command: { do: 'tool', tool: 'rectangle' } },
  { key: 't', command: { do: 'tool', tool: 'text' } },
  { key: 'b', command: { do: 'tool', tool: 'probe' } },
  { key: 'm', command: { do: 'tool', tool: 'magnify' } },
  { key: 'x', command: { do: 'tool', tool: 'crosshair' } },
  { key: 'ArrowUp', command: { do: 'slice', by: -1 } },
  { key: 'ArrowDown', command: { do: 'slice', by: 1 } },
  { key: 'ArrowLeft', command: { do: 'pane', by: -1 } },
  { key: 'ArrowRight', command: { do: 'pane', by: 1 } },
  { key: ',', command: { do: 'volume', by: -1 } },
  { key: '.', command: { do: 'volume', by: 1 } },
  { key: 'Home', command: { do: 'first' } },
  { key: 'End', command: { do: 'last' } },
  { key: 'PageUp', command: { do: 'previous-series' } },
  { key: 'PageDown', command: { do: 'next-series' } },
  ...Array.from({ length: 9 }, (_, index) => ({ key: String(index + 1), command: { do: 'preset', index } as const })),
  { key: '0', command: { do: 'auto' } },
  { key: 'i', command: { do: 'invert' } },
  { key: 'h', command: { do: 'flip-horizontal' } },
  { key: 'v', command: { do: 'flip-vertical' } },
  { key: '[', command: { do: 'rotate', by: -90 } },
  { key: ']', command: { do: 'rotate', by: 90 } },
  { key: 'c', command: { do: 'cine' } },
  { key: '+', command: { do: 'faster' } },
  { key: '-', command: { do: 'slower' } },
  { key: 'g', command: { do: 'layout' } },
  { key: 'y', command: { do: 'link' } },
  { key: 'k', command: { do: 'key-image' } },
  { key: 'd', command: { do: 'measurements' } },
  { key: 'u', command: { do: 'overlays' } },
  { key: 't', shift: true, command: { do: 'tags' } },
  { key: 'o', command: { do: 'one-to-one' } },
  { key: 'o', shift: true, command: { do: 'fit' } },
  { key: 'Delete', command: { do: 'delete' } },
  { key: 'Backspace', command: { do: 'reset' } },
  { key: 'Backspace', shift: true, command: { do: 'reset-all' } },
  { key: 'Tab', command: { do: 'chrome' } },
  { key: 'f', command: { do: 'full-pane' } },
  { key: 'Escape', command: { do: 'close' } },
  { key: 'z', ctrl: true, command: { do: 'undo' } },
  { key: 'z', ctrl: true, shift: true, command: { do: 'redo' } },
  { key: 'y', ctrl: true, command: { do: 'redo' } },
  { key: 'c', ctrl: true, command: { do: 'copy' } },
  { key: 'c', ctrl: true, shift: true, command: { do: 'copy-without-patient' } },
  { key: 'p', ctrl: true, command: { do: 'print' } },
  { key: 'n', command: { do: 'pop-out' } },
  { key: ',', ctrl: true, command: { do: 'preferences' } },
  { key: 'F1', command: { do: 'keys' } },
];

/** Every command that can have a key, those of the table first. */
export const COMMANDS: readonly Command[] = [
  ...new Map(
    [
      ...KEYS.map(({ command }) => command),
      ...TOOL_NAMES.map((tool) => ({ do: 'tool', tool }) as const),
      ...(['row', 'column'] as const).map((direction) => ({ do: 'split', direction }) as const),
      ...(['true-size', 'close-pane'] as const).map((what) => ({ do: what })),
    ].map((command): [string, Command] => [JSON.stringify(command), command]),
  ).values(),
];

let inForce: readonly Binding[] = KEYS;

/** From now on the reader's own keys hold, in the dispatcher and in every tooltip. */
export function takeOwnKeys(own: ViewerSettings['keys']): void {
  inForce = withOwnKeys(KEYS, COMMANDS, own);
}

/** The keys as they are now. */
export function bindings(): readonly Binding[] {
  return inForce;
}

interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey?: boolean;
}

/** The command of a key event; undefined with Alt, and with Ctrl or Meta for all but a few: those belong to the window. */
export function commandOf(event: Pressed): Command | undefined {
  if (event.altKey) return undefined;
  const ctrl = event.ctrlKey || event.metaKey;
  const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const fitting = inForce.filter(({ key, ctrl: wanted = false }) => key === pressed && wanted === ctrl);
  // Shift decides only where both ways mean something: "+" needs it on some keyboards and not on others.
  const exact = fitting.find(({ shift = false }) => shift === (event.shiftKey ?? false));
  return (exact ?? (ctrl ? undefined : fitting[0]))?.command;
}

/** The key of a command as a tooltip shows it. */
export function keyName(command: Command): string {
  const found = inForce.find((entry) => JSON.stringify(entry.command) === JSON.stringify(command));
  if (found === undefined) return '';
  return displayed(found);
}

/** A key as people read it: ↑, PgUp, Ctrl+Shift+Z. */
export function displayed({ key, ctrl = false, shift = false }: Omit<Binding, 'command'>): string {
  const name = DISPLAYED[key] ?? (key.length === 1 ? key.toUpperCase() : key);
  return `${ctrl ? 'Ctrl+' : ''}${shift ? 'Shift+' : ''}${name}`;
}

const DISPLAYED: Readonly<Partial<Record<string, string>>> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  PageUp: 'PgUp',
  PageDown: 'PgDn',
  Escape: 'Esc',
  Delete: 'Del',
};
