import { Menu } from '@mantine/core';
import {
  IconAdjustments,
  IconAngle,
  IconArrowBackUp,
  IconArrowsMove,
  IconBrightness,
  IconChevronDown,
  IconColorPicker,
  IconContrastFilled,
  IconFocus2,
  IconLink,
  IconLinkOff,
  IconListDetails,
  IconOval,
  IconPhoto,
  IconPlayerPause,
  IconPlayerPlay,
  IconRectangle,
  IconRuler2,
  IconStack2,
  IconTypography,
  IconX,
  IconZoomIn,
  IconZoomScan,
} from '@tabler/icons-react';
import { memo, type ReactNode } from 'react';
import type { LocalStudy } from '../../shared/contract/index.ts';
import { ageInYears, contentOf, formatDate, formatName } from '../app/format.ts';
import { IconButton } from '../ui/IconButton.tsx';
import { DRAWN_KINDS } from './annotations/model.ts';
import { CINE_MODES } from './cine.ts';
import { COLOUR_MAPS } from './colour-maps.ts';
import { runCommand } from './commands.ts';
import { FILTERS } from './filters.ts';
import { type Command, keyName } from './keys.ts';
import { LayoutPicker } from './layout/LayoutPicker.tsx';
import { usePaneView, useSession, useSessionState } from './layout/use-session.ts';
import { presetsOf } from './presets.ts';
import { ScreenSize } from './ScreenSize.tsx';
import { FREE, type Links } from './sync/follow.ts';
import type { Tool } from './tools/names.ts';
import { formatWindowValue, storedWindows, type Window } from './voi.ts';
import { say, sayOr } from './words.ts';

type Icon = typeof IconBrightness;

const TOOLS: readonly (readonly { readonly tool: Tool; readonly Icon: Icon }[])[] = [
  [
    { tool: 'window', Icon: IconBrightness },
    { tool: 'zoom', Icon: IconZoomIn },
    { tool: 'pan', Icon: IconArrowsMove },
    { tool: 'scroll', Icon: IconStack2 },
    { tool: 'magnify', Icon: IconZoomScan },
    { tool: 'crosshair', Icon: IconFocus2 },
  ],
  [
    { tool: 'length', Icon: IconRuler2 },
    { tool: 'angle', Icon: IconAngle },
    { tool: 'ellipse', Icon: IconOval },
    { tool: 'rectangle', Icon: IconRectangle },
    { tool: 'probe', Icon: IconColorPicker },
    { tool: 'text', Icon: IconTypography },
  ],
];

const ON_THE_BAR = new Set<Tool>(TOOLS.flat().map(({ tool }) => tool));

/** The one bar of the viewer: what the left button does, what can be done to the image, and whose images these are. */
export const Toolbar = memo(function Toolbar({ close }: { close(): void }) {
  const session = useSession();
  const run = (command: Command) => runCommand(session, command);
  const tool = useSessionState((state) => state.tool);
  const measurements = useSessionState((state) => state.measurements);
  return (
    <div className="viewer-toolbar" role="toolbar" aria-label={say('toolbar')}>
      {TOOLS.map((group, index) => (
        <span className="viewer-group" key={index === 0 ? 'hand' : 'draw'}>
          {group.map(({ tool: name, Icon }) => (
            <IconButton
              key={name}
              label={say(`toolHelp.${name}`)}
              keys={keyName({ do: 'tool', tool: name })}
              pressed={tool === name}
              onClick={() => run({ do: 'tool', tool: name })}
            >
              <Icon className="icon" aria-hidden="true" />
            </IconButton>
          ))}
          {index === 1 && <MoreTools tool={tool} />}
        </span>
      ))}
      <span className="viewer-divider" />
      <Presets />
      <ImageMenu />
      <span className="viewer-divider" />
      <LayoutPicker />
      <LinkMenu />
      <CineMenu />
      <Reset />
      <Patients />
      <IconButton
        label={say('measurements')}
        keys={keyName({ do: 'measurements' })}
        pressed={measurements}
        onClick={() => run({ do: 'measurements' })}
      >
        <IconListDetails className="icon" aria-hidden="true" />
      </IconButton>
      <IconButton label={say('close')} keys={keyName({ do: 'close' })} onClick={close}>
        <IconX className="icon" aria-hidden="true" />
      </IconButton>
    </div>
  );
});

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
function MoreTools({ tool }: { tool: Tool }) {
  const session = useSession();
  const others = DRAWN_KINDS.filter((kind) => !ON_THE_BAR.has(kind));
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

function Presets() {
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
          key={label}
          rightSection={<Key command={{ do: 'preset', index }} />}
          onClick={() => runCommand(session, { do: 'preset', index })}
        >
          {sayOr(`preset.${label}`, 'presets')} <WindowText center={center} width={width} />
        </Menu.Item>
      ))}
      {presets.length > 0 && stored.length > 0 && <Menu.Divider />}
      {stored.slice(0, 9).map((window, index) => (
        <Menu.Item
          key={`${window.center} ${window.width} ${window.function} ${window.voiLUT ?? ''}`}
          rightSection={presets.length === 0 ? <kbd className="key">{index + 1}</kbd> : undefined}
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
    </>
  );
}

function WindowText({ center, width }: { center: number; width: number }) {
  return <span className="quiet numbers">{say('window', { width: formatWindowValue(width), center: formatWindowValue(center) })}</span>;
}

const IMAGE_COMMANDS = [
  { word: 'invert', command: { do: 'invert' } },
  { word: 'flipHorizontal', command: { do: 'flip-horizontal' } },
  { word: 'flipVertical', command: { do: 'flip-vertical' } },
  { word: 'rotateLeft', command: { do: 'rotate', by: -90 } },
  { word: 'rotateRight', command: { do: 'rotate', by: 90 } },
] as const satisfies readonly { word: string; command: Command }[];

const SIZE_COMMANDS = [
  { word: 'fit', command: { do: 'fit' } },
  { word: 'oneToOne', command: { do: 'one-to-one' } },
  { word: 'trueSize', command: { do: 'true-size' } },
] as const satisfies readonly { word: string; command: Command }[];

/** How the image is shown: turned, sized, coloured, filtered. */
function ImageMenu() {
  const session = useSession();
  const pane = session.pane(useSessionState((state) => state.active));
  const invert = usePaneView(pane, (view) => view.presentation.invert);
  const colourMap = usePaneView(pane, (view) => view.presentation.colourMap);
  const filter = usePaneView(pane, (view) => view.presentation.filter);
  const item = ({ word, command }: (typeof IMAGE_COMMANDS | typeof SIZE_COMMANDS)[number]) => (
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
        {IMAGE_COMMANDS.map(item)}
        <Menu.Divider />
        {SIZE_COMMANDS.map(item)}
        <ScreenSize />
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

function LinkMenu() {
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

function CineMenu() {
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
        <Menu.Item
          closeMenuOnClick={false}
          rightSection={<Key command={{ do: 'faster' }} />}
          onClick={() => runCommand(session, { do: 'faster' })}
        >
          {say('faster')}
        </Menu.Item>
        <Menu.Item
          closeMenuOnClick={false}
          rightSection={<Key command={{ do: 'slower' }} />}
          onClick={() => runCommand(session, { do: 'slower' })}
        >
          {say('slower')}
        </Menu.Item>
        <Menu.Item onClick={() => pane.setCine({ rate: undefined })}>{say('fileRate')}</Menu.Item>
        <Menu.Divider />
        {CINE_MODES.map((mode) => (
          <Menu.Item key={mode} data-pressed={pane.cineMode === mode} onClick={() => pane.setCine({ mode })}>
            {say(`cineMode.${mode}`)}
          </Menu.Item>
        ))}
      </MenuButton>
    </>
  );
}

function Reset() {
  const session = useSession();
  return (
    <>
      <IconButton label={say('reset')} keys={keyName({ do: 'reset' })} onClick={() => runCommand(session, { do: 'reset' })}>
        <IconArrowBackUp className="icon" aria-hidden="true" />
      </IconButton>
      <MenuButton label={say('undoMenu')}>
        {(['undo', 'redo', 'reset', 'reset-all'] as const).map((command) => (
          <Menu.Item key={command} rightSection={<Key command={{ do: command }} />} onClick={() => runCommand(session, { do: command })}>
            {say(`commandName.${command}`)}
          </Menu.Item>
        ))}
      </MenuButton>
    </>
  );
}

/** Whose images these are; in a comparison with both dates. */
function Patients() {
  const contents = useSessionState((state) => state.contents);
  const studies = useSessionState((state) => state.studies);
  const shown = new Set(Object.values(contents).map((content) => content?.studyInstanceUID));
  const open = studies.filter(({ studyInstanceUID }) => shown.has(studyInstanceUID));
  const [first] = open.length > 0 ? open : studies;
  const dates = open.map(({ study }) => formatDate(study?.studyDate ?? '') || say('noStudyDate'));
  return <Patient study={first?.study} comparison={dates.length > 1 ? dates.join(' · ') : undefined} />;
}

const Patient = memo(function Patient({ study, comparison }: { study: LocalStudy | undefined; comparison: string | undefined }) {
  if (study === undefined) return <span className="spacer" />;
  const age = ageInYears(study.patientBirthDate, study.studyDate);
  const years = age === undefined || comparison !== undefined ? '' : `(${say('age', { years: age })})`;
  const born = [study.patientSex, formatDate(study.patientBirthDate), years].filter(Boolean).join(' ');
  const what = comparison ?? [contentOf(study), formatDate(study.studyDate)].filter(Boolean).join(' ');
  return (
    <div className="viewer-patient numbers" data-comparison={comparison !== undefined}>
      <strong>
        <bdi>{formatName(study.patientName) || say('noName')}</bdi>
      </strong>
      <bdi>{study.patientID || say('noID')}</bdi>
      <span>{born}</span>
      <bdi className="soft">{what}</bdi>
    </div>
  );
});
