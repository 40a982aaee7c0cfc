import { Menu } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { useStore } from 'zustand';
import { runCommand } from './commands.ts';
import { openDialog } from './dialogs.ts';
import { type Command, keyName } from './keys.ts';
import { useSession, useSessionState } from './layout/use-session.ts';
import { GO_COMMANDS, VIEW_COMMANDS } from './menu-commands.ts';
import { showPattern, usePatterns } from './patterns/pattern-store.ts';
import { PATTERNS } from './patterns/patterns.ts';
import { sayPattern } from './patterns/words.ts';
import { sayPicture } from './picture/words.ts';
import { commandName } from './preferences/command-name.ts';
import { commandId } from './preferences/own-keys.ts';
import { sayPreference } from './preferences/words.ts';
import { windowsLinked } from './windows/window-link.ts';
import { sayWindow } from './windows/words.ts';

/** What is done with the picture and the window, rather than with the image; and how the viewer is set up. */
export function WindowMenu() {
  const session = useSession();
  const active = useSessionState((state) => state.active);
  const linked = useStore(windowsLinked, ({ on }) => on);
  const pattern = usePatterns((state) => state.shown[active]);
  const item = (label: string, command: Command) => {
    const key = keyName(command);
    return (
      <Menu.Item
        key={commandId(command)}
        rightSection={key === '' ? undefined : <kbd className="key">{key}</kbd>}
        onClick={() => runCommand(session, command)}
      >
        {label}
      </Menu.Item>
    );
  };
  const submenu = (label: string, commands: readonly Command[]) => (
    <Menu.Sub>
      <Menu.Sub.Target>
        <Menu.Sub.Item>{label}</Menu.Sub.Item>
      </Menu.Sub.Target>
      <Menu.Sub.Dropdown className="viewer-dropdown">{commands.map((command) => item(commandName(command), command))}</Menu.Sub.Dropdown>
    </Menu.Sub>
  );
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <button type="button" className="viewer-menu" aria-label={sayPicture('menu')} title={sayPicture('menu')} data-pressed={linked}>
          <IconDots className="icon" aria-hidden="true" />
        </button>
      </Menu.Target>
      <Menu.Dropdown className="viewer-dropdown">
        {submenu(sayPicture('go'), GO_COMMANDS)}
        {submenu(sayPicture('view'), VIEW_COMMANDS)}
        <Menu.Divider />
        {item(sayPicture('copy'), { do: 'copy' })}
        {item(sayPicture('copyWithout'), { do: 'copy-without-patient' })}
        {item(sayPicture('print'), { do: 'print' })}
        <Menu.Divider />
        {item(sayWindow('popOut'), { do: 'pop-out' })}
        <Menu.Item data-pressed={linked} onClick={() => windowsLinked.setState({ on: !linked })}>
          {sayWindow('linkWindows')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Sub>
          <Menu.Sub.Target>
            <Menu.Sub.Item data-pressed={pattern !== undefined}>{sayPattern('menu')}</Menu.Sub.Item>
          </Menu.Sub.Target>
          <Menu.Sub.Dropdown className="viewer-dropdown">
            <Menu.Item data-pressed={pattern === undefined} onClick={() => showPattern(active, undefined)}>
              {sayPattern('none')}
            </Menu.Item>
            {PATTERNS.map((one) => (
              <Menu.Item key={one} data-pressed={pattern === one} onClick={() => showPattern(active, one)}>
                {sayPattern(`pattern.${one}`)}
              </Menu.Item>
            ))}
          </Menu.Sub.Dropdown>
        </Menu.Sub>
        <Menu.Item onClick={() => openDialog('gsdf')}>{sayPattern('check')}</Menu.Item>
        <Menu.Divider />
        {item(sayPreference('presets.edit'), { do: 'preferences' })}
        <Menu.Item onClick={() => openDialog('corners')}>{sayPreference('editCorners')}</Menu.Item>
        {item(sayPreference('editKeys'), { do: 'keys' })}
        <Menu.Item onClick={() => openDialog('about')}>{sayPreference('about')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
