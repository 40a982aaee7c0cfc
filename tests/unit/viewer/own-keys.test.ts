import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { bindings, COMMANDS, commandOf, displayed, KEYS, keyName, takeOwnKeys } from '../../../renderer/viewer/keys.ts';
import {
  CINE_COMMANDS,
  GO_COMMANDS,
  IMAGE_COMMANDS,
  SIZE_COMMANDS,
  TURN_COMMANDS,
  UNDO_COMMANDS,
  VIEW_COMMANDS,
} from '../../../renderer/viewer/menu-commands.ts';
import { commandName } from '../../../renderer/viewer/preferences/command-name.ts';
import { commandId, conflictsOf, isReserved, pressedCombination } from '../../../renderer/viewer/preferences/own-keys.ts';
import { keyCombination, viewerSettings } from '../../../shared/contract/index.ts';
import '../../../renderer/viewer/words.ts';

const pressed = { key: '', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
const press = (key: string, more = {}) => commandOf({ ...pressed, key, ...more });

afterEach(() => takeOwnKeys({}));

describe('the reader’s own keys', () => {
  it('take the place of the program’s, in the dispatcher and in tooltips', () => {
    takeOwnKeys({ 'tool:arrow': ['Q', 'Ctrl+Shift+A'], invert: [] });
    expect(press('q')).toEqual({ do: 'tool', tool: 'arrow' });
    expect(press('A', { ctrlKey: true, shiftKey: true })).toEqual({ do: 'tool', tool: 'arrow' });
    expect(press('i')).toBeUndefined();
    expect(keyName({ do: 'tool', tool: 'arrow' })).toBe('Q');
    expect(keyName({ do: 'invert' })).toBe('');
  });

  it('win where a command of the program has the same key, and the two are named', () => {
    takeOwnKeys({ 'tool:arrow': ['I'] });
    expect(press('i')).toEqual({ do: 'tool', tool: 'arrow' });
    expect([...conflictsOf(bindings())].map(([key, commands]) => [key, commands.map(commandId)])).toEqual([
      ['I', ['tool:arrow', 'invert']],
    ]);
  });

  it('do nothing for commands that this version does not know', () => {
    takeOwnKeys({ 'no-such-command': ['I'], 'preset:3': ['F7'] });
    expect(press('i')).toEqual({ do: 'invert' });
    expect(press('F7')).toEqual({ do: 'preset', index: 2 });
  });

  it('are read off the keyboard as the settings take them; those of the system are left to it', () => {
    for (const [key, more, expected] of [
      ['q', {}, 'Q'],
      ['Q', { shiftKey: true }, 'Shift+Q'],
      ['+', { shiftKey: true }, '+'],
      ['?', { shiftKey: true }, '?'],
      ['ä', {}, 'Ä'],
      ['F8', { ctrlKey: true }, 'Ctrl+F8'],
      ['PageDown', { shiftKey: true }, 'Shift+PageDown'],
    ] as const) {
      const combination = pressedCombination({ ...pressed, key, ...more });
      expect(combination).toBe(expected);
      expect(keyCombination.safeParse(combination).success, expected).toBe(true);
    }
    expect(pressedCombination({ ...pressed, key: 'Shift', shiftKey: true })).toBeUndefined();
    expect(pressedCombination({ ...pressed, key: 'F4', altKey: true })).toBeUndefined();
    expect(isReserved('Ctrl+R')).toBe(true);
  });

  it('can be given to every command, and every command has a name', () => {
    expect(new Set(COMMANDS.map(commandId)).size).toBe(COMMANDS.length);
    expect(conflictsOf(KEYS).size).toBe(0);
    for (const command of COMMANDS) {
      expect(viewerSettings.shape.keys.safeParse({ [commandId(command)]: ['Q'] }).success, commandId(command)).toBe(true);
      // Esc is nobody's to give away, and not in the list.
      if (command.do !== 'close') expect(commandName(command), commandId(command)).not.toBe(commandId(command));
    }
  });

  it('are not the only way: every command stands in a menu too, or has a button', () => {
    const inMenus = new Set([
      ...[...TURN_COMMANDS, ...SIZE_COMMANDS, ...CINE_COMMANDS].map(({ command }) => commandId(command)),
      ...[...IMAGE_COMMANDS, ...GO_COMMANDS, ...VIEW_COMMANDS].map(commandId),
      ...UNDO_COMMANDS,
    ]);
    // Buttons of the bar, and entries of menus that name no table: tools, windows, and what is done with the picture.
    const drawn = [
      'layout',
      'link',
      'cine',
      'measurements',
      'close',
      'auto',
      'copy',
      'copy-without-patient',
      'print',
      'pop-out',
      'preferences',
      'keys',
    ];
    const without = COMMANDS.map(commandId).filter((id) => !inMenus.has(id) && !drawn.includes(id) && !/^(tool|preset):/.test(id));
    expect(without).toEqual([]);
    for (const id of inMenus) expect(COMMANDS.map(commandId), id).toContain(id);
  });

  it('are all in the guide', async () => {
    const guide = (await Promise.all(['README', 'reading'].map((page) => readFile(`docs/user-guide/${page}.md`, 'utf8')))).join('\n');
    const words: Readonly<Record<string, string>> = { PgUp: 'Page Up', PgDn: 'Page Down', Del: 'Delete' };
    const named = (key: string) =>
      guide.includes(`\`${key}\``) || new RegExp(`(^|[\\s|(])${literal(words[key] ?? key)}([\\s|,.;:)]|$)`, 'm').test(guide);
    const missing = KEYS.map(displayed).filter((key) => !/^[2-8]$/.test(key) && !named(key));
    expect(missing).toEqual([]);
  });

  it('are refused in the settings where they are none', () => {
    for (const wrong of ['', 'ctrl+q', 'q', 'Ctrl+', 'Alt+Q', 'A B', 'Ctrl+Shift+Q+W', 'x'.repeat(40)]) {
      expect(keyCombination.safeParse(wrong).success, wrong).toBe(false);
    }
    expect(viewerSettings.safeParse({ presets: { CT: [{ label: 'x', center: 0, width: 0 }] }, corners: {}, keys: {} }).success).toBe(false);
    expect(viewerSettings.safeParse({ presets: { '../x': [] }, corners: {}, keys: {} }).success).toBe(false);
  });
});

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
