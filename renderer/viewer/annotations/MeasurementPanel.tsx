import { IconStarFilled, IconTrash } from '@tabler/icons-react';
import { useState, useSyncExternalStore } from 'react';
import { useStore } from 'zustand';
import type { Annotation, RoiStatistics } from '../../../shared/marks/index.ts';
import { linesOf, measure } from '../../../shared/marks/index.ts';
import { IconButton } from '../../ui/IconButton.tsx';
import { useSession, useSessionState } from '../layout/use-session.ts';
import { KeepingLine } from '../reports/KeepingLine.tsx';
import { ReportList } from '../reports/ReportList.tsx';
import { SavePanel } from '../reports/SavePanel.tsx';
import { say } from '../words.ts';

/** All marks of the open studies: jump to one by clicking it, rename it by double click or F2, delete it. */
export function MeasurementPanel() {
  const { annotations, keeper } = useSession();
  const unsaved = useStore(keeper.state, (state) => state.unsaved);
  useSyncExternalStore(annotations.subscribe, () => annotations.version);
  const list = annotations.snapshot();
  return (
    <aside className="viewer-panel" aria-label={say('measurements')} data-unsaved={unsaved}>
      <h2 className="panel-title">{say('measurements')}</h2>
      <KeepingLine />
      {list.length === 0 && <p className="quiet viewer-panel-empty">{say('noMeasurements')}</p>}
      <ul>
        {list.map((annotation) => (
          <Line key={annotation.id} annotation={annotation} selected={annotations.selected === annotation.id} />
        ))}
      </ul>
      <ReportList />
      <SavePanel />
    </aside>
  );
}

function Line({ annotation, selected }: { annotation: Annotation; selected: boolean }) {
  const session = useSession();
  const { annotations } = session;
  const [renaming, setRenaming] = useState(false);
  const found = useSessionState((state) =>
    state.studies.flatMap(({ series }) => series).find(({ series }) => series.seriesInstanceUID === annotation.seriesInstanceUID),
  );
  const at = found?.frames.findIndex(
    ({ instance, frame }) => instance.sopInstanceUID === annotation.sopInstanceUID && frame === annotation.frame,
  );
  const frame = at === undefined ? undefined : found?.frames[at];
  const byHand = annotations.calibrationOf(annotation.sopInstanceUID);
  const measurement =
    frame?.image === undefined
      ? undefined
      : measure(annotation, frame.image, found?.series.modality ?? '', session.store.get(frame), { byHand });
  const values = measurement === undefined ? [] : linesOf({ ...annotation, name: '' }, measurement, say);
  const kind = annotation.kind === 'key-image' ? say('keyImage') : say(`kind.${annotation.kind}`);
  return (
    <li className="viewer-measurement" data-selected={selected} data-measurement={annotation.kind}>
      {renaming ? (
        <input
          className="viewer-rename"
          defaultValue={annotation.name}
          aria-label={say('rename')}
          maxLength={200}
          ref={(field) => field?.focus()}
          onBlur={(event) => {
            setRenaming(false);
            const name = event.currentTarget.value.trim();
            if (name !== annotation.name) annotations.put({ ...annotation, name });
          }}
          onKeyDown={(event) => {
            event.stopPropagation();
            if (event.key === 'Enter') event.currentTarget.blur();
            if (event.key === 'Escape') setRenaming(false);
          }}
        />
      ) : (
        <button
          type="button"
          className="viewer-measurement-line"
          title={say('jump')}
          onClick={() => session.jumpTo(annotation)}
          onDoubleClick={() => setRenaming(true)}
          onKeyDown={(event) => {
            if (event.key === 'F2') setRenaming(true);
            else if (event.key === 'Delete') annotations.remove([annotation.id]);
            else return;
            event.preventDefault();
            event.stopPropagation();
          }}
        >
          <span className="viewer-measurement-values numbers">
            {annotation.kind === 'key-image' && <IconStarFilled size={12} className="viewer-star" aria-hidden="true" />}
            {values[0] ?? (annotation.name || kind)}
          </span>
          <span className="quiet numbers">{at === undefined ? '' : say('imageShort', { number: at + 1 })}</span>
          <span className="soft viewer-measurement-name">
            <bdi>{annotation.name || kind}</bdi>
            {values.length > 1 && <span className="quiet numbers"> {values.slice(1).join(' · ')}</span>}
          </span>
        </button>
      )}
      <IconButton small label={say('deleteMark')} keys="Del" onClick={() => annotations.remove([annotation.id])}>
        <IconTrash size={14} stroke={1.5} aria-hidden="true" />
      </IconButton>
      {selected && measurement?.statistics !== undefined && <Histogram statistics={measurement.statistics} />}
    </li>
  );
}

const BAR_HEIGHT = 36;

function Histogram({ statistics }: { statistics: RoiStatistics }) {
  const { histogram, count } = statistics;
  const most = Math.max(1, ...histogram);
  return (
    <svg
      className="viewer-histogram"
      viewBox={`0 0 ${histogram.length} ${BAR_HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={say('histogram', { count })}
    >
      {histogram.map((pixels, index) => {
        const height = (pixels / most) * BAR_HEIGHT;
        // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place
        return <rect key={index} x={index} y={BAR_HEIGHT - height} width={0.9} height={height} />;
      })}
    </svg>
  );
}
