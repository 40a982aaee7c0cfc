import { memo } from 'react';
import { formatCount, formatDate } from '../app/format.ts';
import type { SeriesEntry } from '../app/series.ts';
import { app } from '../app/store.ts';
import { openStudy } from '../app/study-commands.ts';
import type { StudyEntry, Whereabouts } from '../app/study-list.ts';
import { t } from '../i18n/index.ts';
import { Cell } from './Cell.tsx';
import { domId } from './dom.ts';
import { WhereGlyph } from './WhereMark.tsx';

interface SeriesRowProps {
  readonly study: StudyEntry;
  readonly entry: SeriesEntry;
  readonly index: number;
  readonly top: number;
  readonly selected: boolean;
}

/** One series below its study: number, description, modality and how many of its images are here. */
export const SeriesRowView = memo(function SeriesRowView({ study, entry, index, top, selected }: SeriesRowProps) {
  const { series } = entry;
  const where = whereOf(entry);
  const words = series.seriesDescription || series.bodyPartExamined || t('table.seriesUnnamed');
  const id = `${study.uid} ${entry.uid}`;
  return (
    // biome-ignore lint/a11y/useSemanticElements: part of a virtualised grid
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus and names the active row
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid handles the keys
    <div
      id={domId(id)}
      className="row columns series-row"
      role="row"
      data-row={id}
      aria-rowindex={index + 3}
      aria-selected={selected}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => app.set({ selected: id })}
      onDoubleClick={() => openStudy(study)}
    >
      <Cell className="series-name" title={[words, series.bodyPartExamined].filter(Boolean).join('\n')}>
        <span>{series.seriesNumber}</span>
        <bdi>{words}</bdi>
      </Cell>
      <Cell className="series-date">{formatDate(series.seriesDate)}</Cell>
      <Cell>{series.modality}</Cell>
      <Cell className="series-count end">{seriesCount(entry)}</Cell>
      <Cell className="where" where={where} title={t(`where.word.${where}`)}>
        <WhereGlyph where={where} />
      </Cell>
    </div>
  );
});

/** Where the images of a series are, like those of its study. */
function whereOf({ here, there }: SeriesEntry): Whereabouts {
  return here === 0 ? 'remote' : here < (there ?? 0) ? 'part' : 'local';
}

/** "500", "312 of 500", or nothing while nobody knows. */
export function seriesCount({ here, there }: SeriesEntry): string {
  if (there === undefined) return here === 0 ? '' : formatCount(here);
  if (here === 0 || here >= there) return formatCount(Math.max(here, there));
  return t('table.ofImages', { here: formatCount(here), there: formatCount(there) });
}
