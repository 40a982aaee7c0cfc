import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import type { LocalStudy } from '../../shared/contract/index.ts';
import { contentOf, formatDate } from '../app/format.ts';
import type { ColourFrame } from './decode-messages.ts';
import type { FrameStore } from './frame-store.ts';
import { SERIES_DRAG } from './layout/Stage.tsx';
import { useSession, useSessionState } from './layout/use-session.ts';
import { ObjectIcon } from './objects/ObjectIcon.tsx';
import { openSeries } from './objects/overlays/open-series.ts';
import type { OpenSeries, OpenStudy } from './open-study.ts';
import { planeOf } from './orientation.ts';
import { PRIORITY } from './scheduler.ts';
import { middleFrame, type StackFrame } from './stack.ts';
import { say } from './words.ts';

/** The series of the open studies, each with its middle slice, and the patient's other studies. */
export function SeriesStrip() {
  const session = useSession();
  const { store } = session;
  const list = useRef<HTMLDivElement>(null);
  const studies = useSessionState((state) => state.studies);
  const priors = useSessionState((state) => state.priors);
  const active = useSessionState((state) => state.contents[state.active]?.seriesInstanceUID);
  const contents = useSessionState((state) => state.contents);
  const shown = useMemo(() => new Set(Object.values(contents).map((content) => content?.seriesInstanceUID)), [contents]);
  useEffect(() => {
    const wanted = studies
      .flatMap(({ series }) => series)
      .map(({ frames }) => middleFrame(frames))
      .filter((frame): frame is StackFrame => frame !== undefined);
    store.want('strip', PRIORITY.thumbnail, wanted);
  }, [store, studies]);
  // Hidden, the strip wants nothing any more; a growing study must not stop and restart what is loading.
  useEffect(() => () => store.want('strip', PRIORITY.thumbnail, []), [store]);
  useEffect(() => {
    if (active !== undefined) list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  const closed = priors.filter(({ studyInstanceUID }) => !studies.some((study) => study.studyInstanceUID === studyInstanceUID));

  return (
    <div className="viewer-strip" role="listbox" aria-label={say('series')} ref={list}>
      {studies.map((study, index) => (
        <StudyCards
          key={study.studyInstanceUID}
          study={study}
          heading={index > 0 || closed.length > 0 || studies.length > 1}
          active={active}
          shown={shown}
        />
      ))}
      {closed.map((study) => (
        <PriorLine key={study.studyInstanceUID} study={study} open={() => session.openPrior(study.studyInstanceUID)} />
      ))}
    </div>
  );
}

function StudyCards(props: { study: OpenStudy; heading: boolean; active: string | undefined; shown: ReadonlySet<string | undefined> }) {
  const { study, heading, active, shown } = props;
  const session = useSession();
  return (
    <>
      {heading && study.study !== undefined && (
        <p className="viewer-strip-study numbers">{formatDate(study.study.studyDate) || say('noStudyDate')}</p>
      )}
      {study.series.map((entry) => (
        <SeriesCard
          key={entry.series.seriesInstanceUID}
          store={session.store}
          entry={entry}
          studyInstanceUID={study.studyInstanceUID}
          selected={entry.series.seriesInstanceUID === active}
          shown={shown.has(entry.series.seriesInstanceUID)}
        />
      ))}
    </>
  );
}

/** A study of the same patient ID that is not open yet. */
function PriorLine({ study, open }: { study: LocalStudy; open(): void }) {
  return (
    <button type="button" className="viewer-prior" onClick={open} title={say('openPrior')}>
      <span className="numbers">{formatDate(study.studyDate) || say('noStudyDate')}</span>
      <bdi className="quiet">{contentOf(study)}</bdi>
    </button>
  );
}

interface SeriesCardProps {
  readonly store: FrameStore;
  readonly entry: OpenSeries;
  readonly studyInstanceUID: string;
  readonly selected: boolean;
  readonly shown: boolean;
}

function SeriesCard({ store, entry, studyInstanceUID, selected, shown }: SeriesCardProps) {
  const session = useSession();
  const { series, frames } = entry;
  const { seriesInstanceUID } = series;
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
      data-shown={shown}
      title={name}
      data-series-uid={seriesInstanceUID}
      draggable
      onDragStart={(event) => {
        event.dataTransfer.setData(SERIES_DRAG, `${studyInstanceUID}\n${seriesInstanceUID}`);
        event.dataTransfer.effectAllowed = 'copy';
      }}
      onClick={() => openSeries(session, session.state.getState().active, { studyInstanceUID, seriesInstanceUID })}
    >
      <span className="viewer-thumbnail">
        {middle === undefined && frames[0] !== undefined && <ObjectIcon sopClassUID={frames[0].instance.sopClassUID} />}
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
