import { IconAlertTriangle, IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { memo } from 'react';
import type { ActionComplete } from '../../shared/contract/index.ts';
import { progressFraction, progressWords } from '../actions/words.ts';
import { ageInYears, formatCount, formatDate, formatName, formatTime, otherNameGroups } from '../app/format.ts';
import { loadSeries } from '../app/series.ts';
import type { RunningAction } from '../app/state.ts';
import { app, useApp } from '../app/store.ts';
import { openStudy } from '../app/study-commands.ts';
import { imageCount, type StudyEntry } from '../app/study-list.ts';
import { t } from '../i18n/index.ts';
import { Cell } from './Cell.tsx';
import { domId } from './dom.ts';
import { WhereMark } from './WhereMark.tsx';

interface StudyRowProps {
  readonly entry: StudyEntry;
  readonly index: number;
  readonly top: number;
  readonly selected: boolean;
  readonly running: RunningAction | undefined;
  readonly failed: ActionComplete | undefined;
}

/** One study. While it arrives, its progress stands in its own line; when it failed, the reason does. */
export const StudyRowView = memo(function StudyRowView({ entry, index, top, selected, running, failed }: StudyRowProps) {
  const { study } = entry;
  const expanded = useApp((state) => state.expanded[entry.uid] === true);
  const opens = useApp((state) => state.opensOnArrival === entry.uid);
  const name = formatName(study.patientName);
  const groups = otherNameGroups(study.patientName);
  const age = ageInYears(study.patientBirthDate, study.studyDate);
  const images = imageCount(entry);
  return (
    // biome-ignore lint/a11y/useSemanticElements: part of a virtualised grid
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus and names the active row
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid handles the keys
    <div
      id={domId(entry.uid)}
      className="row columns study-row"
      role="row"
      data-row={entry.uid}
      aria-rowindex={index + 3}
      aria-selected={selected}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => app.set({ selected: entry.uid })}
      onDoubleClick={() => openStudy(entry)}
    >
      <button
        type="button"
        className="expander"
        tabIndex={-1}
        aria-label={expanded ? t('table.collapse') : t('table.expand')}
        aria-expanded={expanded}
        onClick={(event) => toggle(event, entry, expanded)}
        onDoubleClick={(event) => event.stopPropagation()}
      >
        {expanded ? <IconChevronDown className="icon" aria-hidden /> : <IconChevronRight className="icon" aria-hidden />}
      </button>
      <Cell title={[name, ...groups].join('\n')} className={name === '' ? 'quiet' : 'strong'}>
        {name === '' ? t('table.noName') : name}
      </Cell>
      <Cell title={study.patientID}>{study.patientID}</Cell>
      <Cell className="soft born">
        {formatDate(study.patientBirthDate)}
        {age !== undefined && <span className="age">{t('table.years', { count: age })}</span>}
      </Cell>
      <Cell title={[formatDate(study.studyDate), formatTime(study.studyTime)].join(' ').trim()}>{formatDate(study.studyDate)}</Cell>
      <Cell title={study.modalities.join(', ')}>{study.modalities.join(' ')}</Cell>
      {running !== undefined ? (
        <Arriving running={running} opens={opens} />
      ) : failed !== undefined ? (
        <Failed failed={failed} images={images} />
      ) : (
        <>
          <Cell title={study.studyDescription} className="soft">
            {study.studyDescription}
          </Cell>
          <Cell className="end">{images === undefined ? '' : formatCount(images)}</Cell>
        </>
      )}
      <WhereMark entry={entry} />
      {running !== undefined && (
        <span className="row-progress" aria-hidden style={{ transform: `scaleX(${progressFraction(running) ?? 0})` }} />
      )}
    </div>
  );
});

function Arriving({ running, opens }: { running: RunningAction; opens: boolean }) {
  const words = progressWords(running).join(' · ');
  const all = opens ? `${words} · ${t('arriving.opens')}` : words;
  return (
    // biome-ignore lint/a11y/useSemanticElements: part of a virtualised grid
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus
    <div role="gridcell" className="arriving numbers" title={all}>
      {all}
    </div>
  );
}

function Failed({ failed, images }: { failed: ActionComplete; images: number | undefined }) {
  const sentence = failed.diagnosis?.sentence ?? t('actions.noReason');
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: part of a virtualised grid */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus */}
      <div role="gridcell" className="failed-cell" title={[sentence, failed.diagnosis?.nextStep].filter(Boolean).join('\n')}>
        <IconAlertTriangle className="icon" aria-hidden />
        <button type="button" tabIndex={-1} onClick={() => app.set({ drawerOpen: true })}>
          {t(`actions.outcome.${failed.outcome}`)}: {sentence}
        </button>
      </div>
      <Cell className="end">{images === undefined ? '' : formatCount(images)}</Cell>
    </>
  );
}

function toggle(event: React.MouseEvent, entry: StudyEntry, expanded: boolean): void {
  event.stopPropagation();
  app.set((state) => ({ expanded: { ...state.expanded, [entry.uid]: !expanded }, selected: entry.uid }));
  if (!expanded) void loadSeries(entry);
}
