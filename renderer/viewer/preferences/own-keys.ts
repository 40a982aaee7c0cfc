import type { ViewerSettings } from '../../../shared/contract/index.ts';
import type { Binding, Command } from '../keys.ts';

/** Name of a command in the settings: `tool:length`, `preset:3`, `invert`. */
export function commandId(command: Command): string {
  const { do: verb, ...how } = command;
  const [value] = Object.values(how) as readonly (string | number)[];
  if (value === undefined) return verb;
  if (verb === 'preset') return `preset:${Number(value) + 1}`;
  return `${verb}:${typeof value === 'number' ? (value < 0 ? 'back' : 'on') : value}`;
}

/** `Ctrl+Shift+Z` as the settings write it. */
export function combinationOf({ key, ctrl = false, shift = false }: Omit<Binding, 'command'>): string {
  return `${ctrl ? 'Ctrl+' : ''}${shift ? 'Shift+' : ''}${key.length === 1 ? key.toUpperCase() : key}`;
}

function parseCombination(text: string): Omit<Binding, 'command'> {
  const ctrl = text.startsWith('Ctrl+');
  const rest = ctrl ? text.slice(5) : text;
  const shift = rest.startsWith('Shift+');
  const key = shift ? rest.slice(6) : rest;
  return { key: key.length === 1 ? key.toLowerCase() : key, ...(ctrl ? { ctrl } : {}), ...(shift ? { shift } : {}) };
}

interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

const MODIFIERS = new Set(['Control', 'Shift', 'Alt', 'Meta', 'AltGraph', 'CapsLock', 'Dead', 'Unidentified', 'Process']);

/** What was pressed, as the settings write it; undefined while only modifiers are down, and with Alt, which belongs to the system. */
export function pressedCombination({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyPress): string | undefined {
  if (altKey || MODIFIERS.has(key) || key === ' ') return undefined;
  // Where a sign needs Shift is the keyboard's affair; of letters and named keys it is the reader's choice.
  const shift = shiftKey && (key.length > 1 || key.toLowerCase() !== key.toUpperCase());
  return combinationOf({ key, ctrl: ctrlKey || metaKey, shift });
}

/** Combinations that the window or the system keeps. */
const RESERVED = new Set([
  'Ctrl+R',
  'Ctrl+W',
  'Ctrl+T',
  'Ctrl+N',
  'Ctrl+Q',
  'Ctrl+Shift+R',
  'Ctrl+Shift+W',
  'Ctrl+Shift+I',
  'F5',
  'F11',
  'F12',
  'Escape',
]);

export function isReserved(combination: string): boolean {
  return RESERVED.has(combination);
}

/** The table with the reader's own keys; they come first, so that they win where two commands have one key. */
export function withOwnKeys(table: readonly Binding[], commands: readonly Command[], own: ViewerSettings['keys']): readonly Binding[] {
  const changed = commands.filter((command) => Object.hasOwn(own, commandId(command)));
  const ids = new Set(changed.map(commandId));
  const theirs = changed.flatMap((command) => (own[commandId(command)] ?? []).map((text) => ({ ...parseCombination(text), command })));
  return [...theirs, ...table.filter(({ command }) => !ids.has(commandId(command)))];
}

/** Combinations that more than one command has, with those commands. */
export function conflictsOf(table: readonly Binding[]): ReadonlyMap<string, readonly Command[]> {
  const by = new Map<string, Command[]>();
  for (const binding of table) {
    const combination = combinationOf(binding);
    by.set(combination, [...(by.get(combination) ?? []), binding.command]);
  }
  return new Map([...by].filter(([, commands]) => new Set(commands.map(commandId)).size > 1));
}
