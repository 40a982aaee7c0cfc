/** What a key does in the viewer. */
export type Command =
  | { readonly do: 'tool'; readonly tool: Tool }
  | { readonly do: 'slice'; readonly by: number }
  | { readonly do: 'first' | 'last' | 'next-series' | 'previous-series' }
  | { readonly do: 'preset'; readonly index: number }
  | {
      readonly do:
        | 'auto'
        | 'invert'
        | 'flip-horizontal'
        | 'flip-vertical'
        | 'cine'
        | 'reset'
        | 'chrome'
        | 'full-pane'
        | 'close'
        | 'fit'
        | 'one-to-one';
    }
  | { readonly do: 'rotate'; readonly by: 90 | -90 };

export type Tool = 'window' | 'zoom' | 'pan' | 'scroll';

/** One table: the dispatcher, the tooltips and the key help read it. Names as in KeyboardEvent.key; letters match either case. */
export const KEYS: readonly { readonly key: string; readonly command: Command }[] = [
  { key: 'w', command: { do: 'tool', tool: 'window' } },
  { key: 'z', command: { do: 'tool', tool: 'zoom' } },
  { key: 'p', command: { do: 'tool', tool: 'pan' } },
  { key: 's', command: { do: 'tool', tool: 'scroll' } },
  { key: 'ArrowUp', command: { do: 'slice', by: -1 } },
  { key: 'ArrowDown', command: { do: 'slice', by: 1 } },
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
  { key: 'Backspace', command: { do: 'reset' } },
  { key: 'Tab', command: { do: 'chrome' } },
  { key: 'f', command: { do: 'full-pane' } },
  { key: 'Escape', command: { do: 'close' } },
];

interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** The command of a key event; undefined with Ctrl, Alt or Meta, which belong to the window. */
export function commandOf(event: Pressed): Command | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return KEYS.find(({ key }) => key === pressed)?.command;
}

/** The key of a command as a tooltip shows it. */
export function keyName(command: Command): string {
  const found = KEYS.find((entry) => JSON.stringify(entry.command) === JSON.stringify(command));
  if (found === undefined) return '';
  return DISPLAYED[found.key] ?? (found.key.length === 1 ? found.key.toUpperCase() : found.key);
}

const DISPLAYED: Readonly<Partial<Record<string, string>>> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  PageUp: 'PgUp',
  PageDown: 'PgDn',
  Escape: 'Esc',
};
