import { Menu } from '@mantine/core';
import {
  IconAdjustments,
  IconArrowBackUp,
  IconArrowsMove,
  IconBrightness,
  IconChevronDown,
  IconContrastFilled,
  IconFlipHorizontal,
  IconFlipVertical,
  IconPlayerPause,
  IconPlayerPlay,
  IconRotate,
  IconRotateClockwise,
  IconStack2,
  IconX,
  IconZoomIn,
} from '@tabler/icons-react';
import { memo } from 'react';
import type { LocalSeries, LocalStudy } from '../../shared/contract/index.ts';
import { ageInYears, contentOf, formatDate, formatName } from '../app/format.ts';
import { IconButton } from '../ui/IconButton.tsx';
import { type Command, keyName, type Tool } from './keys.ts';
import type { PaneView } from './pane-view.ts';
import { presetsOf } from './presets.ts';
import { formatWindowValue, type Window } from './voi.ts';
import { say, sayOr, type ViewerWord } from './words.ts';

interface ToolbarProps {
  readonly tool: Tool;
  readonly view: PaneView;
  readonly study: LocalStudy | undefined;
  readonly series: LocalSeries | undefined;
  run(command: Command): void;
  setWindow(window: Window | 'file' | 'auto'): void;
}

const TOOLS: readonly { readonly tool: Tool; readonly Icon: typeof IconBrightness }[] = [
  { tool: 'window', Icon: IconBrightness },
  { tool: 'zoom', Icon: IconZoomIn },
  { tool: 'pan', Icon: IconArrowsMove },
  { tool: 'scroll', Icon: IconStack2 },
];

interface Action {
  readonly word: ViewerWord;
  readonly command: Command;
  readonly Icon: typeof IconBrightness;
  pressed?(view: PaneView): boolean;
}

const ACTIONS: readonly Action[] = [
  { word: 'invert', command: { do: 'invert' }, Icon: IconContrastFilled, pressed: (view) => view.presentation.invert },
  { word: 'flipHorizontal', command: { do: 'flip-horizontal' }, Icon: IconFlipVertical },
  { word: 'flipVertical', command: { do: 'flip-vertical' }, Icon: IconFlipHorizontal },
  { word: 'rotateLeft', command: { do: 'rotate', by: -90 }, Icon: IconRotate },
  { word: 'rotateRight', command: { do: 'rotate', by: 90 }, Icon: IconRotateClockwise },
];

/** The one bar of the viewer: what the left button does, what can be done to the image, and whose images these are. */
export function Toolbar({ tool, view, study, series, run, setWindow }: ToolbarProps) {
  return (
    <div className="viewer-toolbar" role="toolbar" aria-label={say('toolbar')}>
      {TOOLS.map(({ tool: name, Icon }) => {
        const command: Command = { do: 'tool', tool: name };
        return (
          <IconButton
            key={name}
            label={say(`toolHelp.${name}`)}
            keys={keyName(command)}
            pressed={tool === name}
            onClick={() => run(command)}
          >
            <Icon className="icon" aria-hidden="true" />
          </IconButton>
        );
      })}
      <span className="viewer-divider" />
      <Presets modality={series?.modality ?? ''} view={view} run={run} setWindow={setWindow} />
      <span className="viewer-divider" />
      {ACTIONS.map(({ word, command, Icon, pressed }) => (
        <IconButton
          key={word}
          label={say(word)}
          keys={keyName(command)}
          {...(pressed === undefined ? {} : { pressed: pressed(view) })}
          onClick={() => run(command)}
        >
          <Icon className="icon" aria-hidden="true" />
        </IconButton>
      ))}
      <span className="viewer-divider" />
      <IconButton
        label={say(view.playing ? 'pause' : 'play')}
        keys={keyName({ do: 'cine' })}
        pressed={view.playing}
        onClick={() => run({ do: 'cine' })}
      >
        {view.playing ? <IconPlayerPause className="icon" aria-hidden="true" /> : <IconPlayerPlay className="icon" aria-hidden="true" />}
      </IconButton>
      <IconButton label={say('reset')} keys={keyName({ do: 'reset' })} onClick={() => run({ do: 'reset' })}>
        <IconArrowBackUp className="icon" aria-hidden="true" />
      </IconButton>
      <Patient study={study} />
      <IconButton label={say('close')} keys={keyName({ do: 'close' })} onClick={() => run({ do: 'close' })}>
        <IconX className="icon" aria-hidden="true" />
      </IconButton>
    </div>
  );
}

function Presets({ modality, view, run, setWindow }: Pick<ToolbarProps, 'view' | 'run' | 'setWindow'> & { modality: string }) {
  const presets = presetsOf(modality);
  const stored = view.shown?.image?.windows ?? [];
  const grey = view.drawn?.kind !== 'colour';
  return (
    <Menu position="bottom-start" disabled={!grey}>
      <Menu.Target>
        <button type="button" className="viewer-menu" disabled={!grey} aria-label={say('presets')}>
          <IconAdjustments className="icon" aria-hidden="true" />
          <span>{say('presets')}</span>
          <IconChevronDown size={12} aria-hidden="true" />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {presets.map(({ label, center, width }, index) => (
          <Menu.Item key={label} rightSection={<kbd className="key">{index + 1}</kbd>} onClick={() => run({ do: 'preset', index })}>
            {sayOr(`preset.${label}`, 'presets')} <WindowText center={center} width={width} />
          </Menu.Item>
        ))}
        {presets.length > 0 && stored.length > 0 && <Menu.Divider />}
        {stored.slice(0, 9).map((window, index) => (
          <Menu.Item
            key={`${window.center} ${window.width} ${window.function}`}
            rightSection={presets.length === 0 ? <kbd className="key">{index + 1}</kbd> : undefined}
            onClick={() => setWindow(index === 0 ? 'file' : window)}
          >
            <bdi>{window.label || (index === 0 ? say('filePreset') : say('filePresetNumber', { number: index + 1 }))}</bdi>{' '}
            <WindowText center={window.center} width={window.width} />
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item rightSection={<kbd className="key">0</kbd>} onClick={() => setWindow('auto')}>
          {say('autoPreset')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function WindowText({ center, width }: { center: number; width: number }) {
  return <span className="quiet numbers">{say('window', { width: formatWindowValue(width), center: formatWindowValue(center) })}</span>;
}

const Patient = memo(function Patient({ study }: { study: LocalStudy | undefined }) {
  if (study === undefined) return <span className="spacer" />;
  const age = ageInYears(study.patientBirthDate, study.studyDate);
  const born = [study.patientSex, formatDate(study.patientBirthDate), age === undefined ? '' : `(${say('age', { years: age })})`]
    .filter(Boolean)
    .join(' ');
  const what = [contentOf(study), formatDate(study.studyDate)].filter(Boolean).join(' ');
  return (
    <div className="viewer-patient numbers">
      <strong>
        <bdi>{formatName(study.patientName) || say('noName')}</bdi>
      </strong>
      <bdi>{study.patientID || say('noID')}</bdi>
      <span>{born}</span>
      <bdi className="soft">{what}</bdi>
    </div>
  );
});
