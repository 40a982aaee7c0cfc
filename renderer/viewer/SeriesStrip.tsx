import { useEffect, useRef, useSyncExternalStore } from 'react';
import type { ColourFrame } from './decode-messages.ts';
import type { FrameStore } from './frame-store.ts';
import { planeOf } from './orientation.ts';
import { PRIORITY } from './scheduler.ts';
import { middleFrame, type StackFrame } from './stack.ts';
import type { OpenSeries } from './study.ts';
import { say } from './words.ts';

interface SeriesStripProps {
  readonly store: FrameStore;
  readonly series: readonly OpenSeries[];
  readonly open: string | undefined;
  readonly arriving: boolean;
  onOpen(seriesInstanceUID: string): void;
}

/** The series of the study, each with its middle slice. */
export function SeriesStrip({ store, series, open, onOpen }: SeriesStripProps) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const wanted = series.map(({ frames }) => middleFrame(frames)).filter((frame): frame is StackFrame => frame !== undefined);
    store.want('strip', PRIORITY.thumbnail, wanted);
  }, [store, series]);
  // Hidden, the strip wants nothing any more; a growing study must not stop and restart what is loading.
  useEffect(() => () => store.want('strip', PRIORITY.thumbnail, []), [store]);
  useEffect(() => {
    if (open !== undefined) list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [open]);

  return (
    <div className="viewer-strip" role="listbox" aria-label={say('series')} ref={list}>
      {series.map((entry) => (
        <SeriesCard
          key={entry.series.seriesInstanceUID}
          store={store}
          entry={entry}
          selected={entry.series.seriesInstanceUID === open}
          onOpen={onOpen}
        />
      ))}
    </div>
  );
}

interface SeriesCardProps extends Pick<SeriesStripProps, 'store' | 'onOpen'> {
  readonly entry: OpenSeries;
  readonly selected: boolean;
}

function SeriesCard({ store, entry, selected, onOpen }: SeriesCardProps) {
  const { series, frames } = entry;
  const middle = middleFrame(frames);
  const picture = useSyncExternalStore(
    (changed) => store.subscribe(changed),
    () => (middle === undefined ? undefined : store.thumbnail(middle)),
  );
  const plane = planeOf(middle?.image?.imageOrientationPatient);
  const name = series.seriesDescription || say('unnamedSeries');
  return (
    <button
      type="button"
      className="viewer-card"
      role="option"
      aria-selected={selected}
      title={name}
      data-series-uid={series.seriesInstanceUID}
      onClick={() => onOpen(series.seriesInstanceUID)}
    >
      <span className="viewer-thumbnail">
        <Thumbnail picture={picture} />
        <span className="viewer-card-modality">{[series.modality, plane].filter(Boolean).join(' ')}</span>
        <span className="viewer-card-count numbers">{frames.length > 0 ? frames.length : series.numberOfInstances}</span>
      </span>
      <span className="viewer-card-name">
        {series.seriesNumber !== undefined && <span className="quiet numbers">{series.seriesNumber} </span>}
        <bdi>{name}</bdi>
      </span>
    </button>
  );
}

function Thumbnail({ picture }: { picture: ColourFrame | undefined }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (element === null || picture === undefined) return;
    element.width = picture.columns;
    element.height = picture.rows;
    element.getContext('2d')?.putImageData(new ImageData(picture.rgba, picture.columns, picture.rows), 0, 0);
  }, [picture]);
  return <canvas ref={canvas} data-ready={picture !== undefined} />;
}
