import {
  IconAngle,
  IconArrowsMove,
  IconBrightness,
  IconColorPicker,
  IconFocus2,
  IconListDetails,
  IconOval,
  IconRectangle,
  IconRuler2,
  IconStack2,
  IconTypography,
  IconX,
  IconZoomIn,
  IconZoomScan,
} from '@tabler/icons-react';
import { memo } from 'react';
import type { LocalStudy } from '../../shared/contract/index.ts';
import { ageInYears, contentOf, formatDate, formatName } from '../app/format.ts';
import { IconButton } from '../ui/IconButton.tsx';
import { runCommand } from './commands.ts';
import { type Command, keyName } from './keys.ts';
import { LayoutPicker } from './layout/LayoutPicker.tsx';
import { useSession, useSessionState } from './layout/use-session.ts';
import { StateMenu } from './presentation/StateMenu.tsx';
import { CineMenu, ImageMenu, LinkMenu, MoreTools, Presets, Reset } from './ToolbarMenus.tsx';
import type { Tool } from './tools/names.ts';
import { WindowMenu } from './WindowMenu.tsx';
import { say } from './words.ts';

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
          {index === 1 && <MoreTools tool={tool} onTheBar={ON_THE_BAR} />}
        </span>
      ))}
      <span className="viewer-divider" />
      <Presets />
      <ImageMenu />
      <StateMenu />
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
      <WindowMenu />
      <IconButton label={say('close')} keys={keyName({ do: 'close' })} onClick={close}>
        <IconX className="icon" aria-hidden="true" />
      </IconButton>
    </div>
  );
});

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
