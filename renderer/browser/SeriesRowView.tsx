import { memo } from 'react';
import { formatCount, formatDate } from '../app/format.ts';
import type { SeriesEntry } from '../app/series.ts';
import { app } from '../app/store.ts';
import { openStudy } from '../app/study-commands.ts';
import type { StudyEntry } from '../app/study-list.ts';
import { t } from '../i18n/index.ts';
import { domId } from './dom.ts';

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
  const id = `${study.uid} ${entry.uid}`;
  return (
    // biome-ignore lint/a11y/useSemanticElements: part of a virtualised grid
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus and names the active row
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid handles the keys
    <div
      id={domId(id)}
      className="row series-row"
      role="row"
      aria-rowindex={index + 3}
      aria-selected={selected}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => app.set({ selected: id })}
      onDoubleClick={() => openStudy(study)}
    >
      {CELLS.map(({ name, words }) => (
        // biome-ignore lint/a11y/useSemanticElements: part of a virtualised grid
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus
        <div key={name} role="gridcell" className={name} title={words(entry)}>
          <bdi>{words(entry)}</bdi>
        </div>
      ))}
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: as above */}
      <div role="gridcell" className="series-date soft">
        {formatDate(series.seriesDate)}
      </div>
    </div>
  );
});

const CELLS: readonly { name: string; words: (entry: SeriesEntry) => string }[] = [
  { name: 'series-number', words: ({ series }) => (series.seriesNumber === undefined ? '' : String(series.seriesNumber)) },
  { name: 'series-modality', words: ({ series }) => series.modality },
  { name: 'series-description', words: ({ series }) => series.seriesDescription || series.bodyPartExamined || t('table.seriesUnnamed') },
  { name: 'series-count end', words: seriesCount },
];

/** "500", "312 of 500", or nothing while nobody knows. */
export function seriesCount({ here, there }: SeriesEntry): string {
  if (there === undefined) return here === 0 ? '' : formatCount(here);
  if (here === 0 || here >= there) return formatCount(Math.max(here, there));
  return t('table.ofImages', { here: formatCount(here), there: formatCount(there) });
}
