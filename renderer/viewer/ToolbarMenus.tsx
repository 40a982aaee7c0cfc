import { Menu } from '@mantine/core';
import {
  IconAdjustments,
  IconArrowBackUp,
  IconChevronDown,
  IconContrastFilled,
  IconLink,
  IconLinkOff,
  IconPhoto,
  IconPlayerPause,
  IconPlayerPlay,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { DRAWN_KINDS } from '../../shared/marks/index.ts';
import { IconButton } from '../ui/IconButton.tsx';
import { CINE_MODES } from './cine.ts';
import { COLOUR_MAPS } from './colour-maps.ts';
import { runCommand } from './commands.ts';
import { openDialog } from './dialogs.ts';
import { FILTERS } from './filters.ts';
import { type Command, keyName } from './keys.ts';
import type { ViewerSession } from './layout/session.ts';
import { usePaneView, useSession, useSessionState } from './layout/use-session.ts';
import { CINE_COMMANDS, IMAGE_COMMANDS, SIZE_COMMANDS, TURN_COMMANDS, UNDO_COMMANDS } from './menu-commands.ts';
import { sayObject } from './objects/words.ts';
import { sayVideo } from './picture/video-words.ts';
import { commandName } from './preferences/command-name.ts';
import { sayPreference } from './preferences/words.ts';
import { presetName, presetsOf } from './presets.ts';
import { ScreenSize } from './ScreenSize.tsx';
import { FREE, type Links } from './sync/follow.ts';
import type { Tool } from './tools/names.ts';
import { formatWindowValue, storedWindows, type Window } from './voi.ts';
import { say } from './words.ts';

function MenuButton(props: { label: string; icon?: ReactNode; text?: string; pressed?: boolean; disabled?: boolean; children: ReactNode }) {
  const { label, icon, text, pressed = false, disabled = false, children } = props;
  return (
    <Menu position="bottom-start" disabled={disabled}>
      <Menu.Target>
        <button type="button" className="viewer-menu" disabled={disabled} aria-label={label} title={label} data-pressed={pressed}>
          {icon}
          {text !== undefined && <span>{text}</span>}
          <IconChevronDown size={12} aria-hidden="true" />
        </button>
      </Menu.Target>
      <Menu.Dropdown className="viewer-dropdown">{children}</Menu.Dropdown>
    </Menu>
  );
}

function Key({ command }: { command: Command }) {
  const name = keyName(command);
  return name === '' ? null : <kbd className="key">{name}</kbd>;
}

/** The tools that have no button of their own. */
export function MoreTools({ tool, onTheBar }: { tool: Tool; onTheBar: ReadonlySet<Tool> }) {
  const session = useSession();
  const others = DRAWN_KINDS.filter((kind) => !onTheBar.has(kind));
  const current = others.find((kind) => kind === tool);
  return (
    <MenuButton label={say('moreTools')} text={current === undefined ? '' : say(`kind.${current}`)} pressed={current !== undefined}>
      {others.map((kind) => (
        <Menu.Item key={kind} onClick={() => runCommand(session, { do: 'tool', tool: kind })} data-pressed={kind === tool}>
          {say(`kind.${kind}`)} <span className="quiet">{say(`toolHelp.${kind}`)}</span>
        </Menu.Item>
      ))}
    </MenuButton>
  );
}

export function Presets() {
  const session = useSession();
  const active = useSessionState((state) => state.active);
  const pane = session.pane(active);
  const grey = usePaneView(pane, (view) => view.drawn?.kind !== 'colour');
  return (
    <MenuButton
      label={say('presets')}
      icon={<IconAdjustments className="icon" aria-hidden="true" />}
      text={say('presets')}
      disabled={!grey}
    >
      <PresetItems />
    </MenuButton>
  );
}

function PresetItems() {
  const session = useSession();
  const content = useSessionState((state) => state.contents[state.active]);
  const pane = session.active;
  const presets = presetsOf((content === undefined ? undefined : session.find(content)?.series.modality) ?? '');
  const image = pane.view.shown?.image;
  const stored = image === undefined ? [] : storedWindows(image);
  const set = (window: Window | 'file' | 'auto') => {
    const end = session.editing(pane);
    pane.setWindow(window);
    end();
  };
  return (
    <>
      {presets.map(({ label, center, width }, index) => (
        <Menu.Item
          key={`${label} ${center} ${width}`}
          rightSection={<Key command={{ do: 'preset', index }} />}
          onClick={() => runCommand(session, { do: 'preset', index })}
        >
          <bdi>{presetName(label)}</bdi> <WindowText center={center} width={width} />
        </Menu.Item>
      ))}
      {presets.length > 0 && stored.length > 0 && <Menu.Divider />}
      {stored.slice(0, 9).map((window, index) => (
        <Menu.Item
          key={`${window.center} ${window.width} ${window.function} ${window.voiLUT ?? ''}`}
          rightSection={presets.length === 0 ? <Key command={{ do: 'preset', index }} /> : undefined}
          onClick={() => set(index === 0 ? 'file' : window)}
        >
          <bdi>{window.label || (index === 0 ? say('filePreset') : say('filePresetNumber', { number: index + 1 }))}</bdi>{' '}
          <WindowText center={window.center} width={window.width} />
        </Menu.Item>
      ))}
      <Menu.Divider />
      <Menu.Item rightSection={<Key command={{ do: 'auto' }} />} onClick={() => set('auto')}>
        {say('autoPreset')}
      </Menu.Item>
      <Menu.Item onClick={() => session.windowFromSelection()}>{say('roiPreset')}</Menu.Item>
      <Menu.Divider />
      <Menu.Item onClick={() => openDialog('presets')}>{sayPreference('presets.edit')}</Menu.Item>
    </>
  );
}

function WindowText({ center, width }: { center: number; width: number }) {
  return <span className="quiet numbers">{say('window', { width: formatWindowValue(width), center: formatWindowValue(center) })}</span>;
}

/** The encoders are loaded when they are wanted. */
async function saveCine(session: ViewerSession): Promise<void> {
  const { saveVideo } = await import('./picture/video.ts');
  await saveVideo(session);
}

/** How the image is shown: turned, sized, coloured, filtered. */
export function ImageMenu() {
  const session = useSession();
  const pane = session.pane(useSessionState((state) => state.active));
  const invert = usePaneView(pane, (view) => view.presentation.invert);
  const colourMap = usePaneView(pane, (view) => view.presentation.colourMap);
  const filter = usePaneView(pane, (view) => view.presentation.filter);
  const overlays = usePaneView(pane, (view) => view.presentation.overlays);
  const item = ({ word, command }: (typeof TURN_COMMANDS | typeof SIZE_COMMANDS)[number]) => (
    <Menu.Item key={word} rightSection={<Key command={command} />} onClick={() => runCommand(session, command)}>
      {say(word)}
    </Menu.Item>
  );
  const change = (what: Parameters<typeof pane.change>[0]) => {
    const end = session.editing(pane);
    pane.change(what);
    end();
  };
  return (
    <>
      <IconButton
        label={say('invert')}
        keys={keyName({ do: 'invert' })}
        pressed={invert}
        onClick={() => runCommand(session, { do: 'invert' })}
      >
        <IconContrastFilled className="icon" aria-hidden="true" />
      </IconButton>
      <MenuButton
        label={say('imageMenu')}
        icon={<IconPhoto className="icon" aria-hidden="true" />}
        pressed={colourMap !== 'grey' || filter !== 'none'}
      >
        {TURN_COMMANDS.map(item)}
        <Menu.Divider />
        {SIZE_COMMANDS.map(item)}
        <ScreenSize />
        <Menu.Divider />
        {IMAGE_COMMANDS.map((command) => (
          <Menu.Item
            key={command.do}
            data-pressed={command.do === 'overlays' ? overlays : undefined}
            rightSection={<Key command={command} />}
            onClick={() => runCommand(session, command)}
          >
            {command.do === 'tags' ? sayObject('tags') : commandName(command)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        {COLOUR_MAPS.map((map) => (
          <Menu.Item key={map} data-pressed={map === colourMap} onClick={() => change({ colourMap: map })}>
            {say(`colourMap.${map}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        {FILTERS.map((kind) => (
          <Menu.Item key={kind} data-pressed={kind === filter} onClick={() => change({ filter: kind })}>
            {say(`filter.${kind}`)}
          </Menu.Item>
        ))}
      </MenuButton>
    </>
  );
}

export function LinkMenu() {
  const session = useSession();
  const links = useSessionState((state) => state.links);
  const linked = links !== FREE;
  const set = (change: Partial<Links>) => {
    const next = { ...links, ...change };
    session.setLinks(next.scroll === 'off' && !next.window && !next.view ? FREE : next);
  };
  const scroll = (how: Links['scroll']) => set({ scroll: links.scroll === how ? 'off' : how });
  const Shown = linked ? IconLink : IconLinkOff;
  return (
    <>
      <IconButton label={say('link')} keys={keyName({ do: 'link' })} pressed={linked} onClick={() => runCommand(session, { do: 'link' })}>
        <Shown className="icon" aria-hidden="true" />
      </IconButton>
      <MenuButton label={say('linkMenu')}>
        <Menu.Item data-pressed={links.scroll === 'position'} onClick={() => scroll('position')}>
          {say('linkPosition')}
        </Menu.Item>
        <Menu.Item data-pressed={links.scroll === 'offset'} onClick={() => scroll('offset')}>
          {say('linkOffset')}
        </Menu.Item>
        <Menu.Item data-pressed={links.window} onClick={() => set({ window: !links.window })}>
          {say('linkWindow')}
        </Menu.Item>
        <Menu.Item data-pressed={links.view} onClick={() => set({ view: !links.view })}>
          {say('linkView')}
        </Menu.Item>
      </MenuButton>
    </>
  );
}

export function CineMenu() {
  const session = useSession();
  const pane = session.pane(useSessionState((state) => state.active));
  const playing = usePaneView(pane, (view) => view.playing);
  const rate = usePaneView(pane, (view) => view.rate);
  return (
    <>
      <IconButton
        label={say(playing ? 'pause' : 'play')}
        keys={keyName({ do: 'cine' })}
        pressed={playing}
        onClick={() => runCommand(session, { do: 'cine' })}
      >
        {playing ? <IconPlayerPause className="icon" aria-hidden="true" /> : <IconPlayerPlay className="icon" aria-hidden="true" />}
      </IconButton>
      <MenuButton label={say('cineMenu')}>
        <Menu.Label>{say('playing', { rate })}</Menu.Label>
        {CINE_COMMANDS.map(({ word, command }) => (
          <Menu.Item
            key={word}
            closeMenuOnClick={false}
            rightSection={<Key command={command} />}
            onClick={() => runCommand(session, command)}
          >
            {say(word)}
          </Menu.Item>
        ))}
        <Menu.Item onClick={() => pane.setCine({ rate: undefined })}>{say('fileRate')}</Menu.Item>
        <Menu.Divider />
        {CINE_MODES.map((mode) => (
          <Menu.Item key={mode} data-pressed={pane.cineMode === mode} onClick={() => pane.setCine({ mode })}>
            {say(`cineMode.${mode}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => void saveCine(session)}>{sayVideo('save')}</Menu.Item>
      </MenuButton>
    </>
  );
}

export function Reset() {
  const session = useSession();
  return (
    <>
      <IconButton label={say('reset')} keys={keyName({ do: 'reset' })} onClick={() => runCommand(session, { do: 'reset' })}>
        <IconArrowBackUp className="icon" aria-hidden="true" />
      </IconButton>
      <MenuButton label={say('undoMenu')}>
        {UNDO_COMMANDS.map((command) => (
          <Menu.Item key={command} rightSection={<Key command={{ do: command }} />} onClick={() => runCommand(session, { do: command })}>
            {say(`commandName.${command}`)}
          </Menu.Item>
        ))}
      </MenuButton>
    </>
  );
}
