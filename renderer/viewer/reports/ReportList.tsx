import './reports.css';
import { IconCopyPlus, IconStarFilled } from '@tabler/icons-react';
import { useSyncExternalStore } from 'react';
import type { Annotation } from '../../../shared/marks/index.ts';
import { formatDate } from '../../app/format.ts';
import { IconButton } from '../../ui/IconButton.tsx';
import type { ViewerSession } from '../layout/session.ts';
import { useSession, useSessionState } from '../layout/use-session.ts';
import type { OpenStudy } from '../open-study.ts';
import { say } from '../words.ts';
import { placeOf } from './contents.ts';
import { idOfTracking } from './groups.ts';
import type { ToldFigure, ToldMark } from './read-measurements.ts';
import type { ToldReport } from './told-reports.ts';
import { sayReport } from './words.ts';

/** Marks of a report that the panel shows at once. */
const SHOWN = 200;

/** What stored reports and key object selections tell: read only until it is taken over. */
export function ReportList() {
  const { told } = useSession();
  const reports = useSyncExternalStore(told.subscribe, told.snapshot);
  return reports.map((report) => <Report key={report.sopInstanceUID} report={report} />);
}

function Report({ report }: { report: ToldReport }) {
  const session = useSession();
  const { annotations } = session;
  const studies = useSessionState((state) => state.studies);
  const list = useSyncExternalStore(annotations.subscribe, annotations.snapshot);
  const { title, date, kind, marks } = report;
  const open = marks.filter((mark) => !isHere(list, mark));
  const drawable = open.flatMap((mark) => annotationOf(studies, mark) ?? []);
  const heading = sayReport(kind === 'key-images' ? 'fromKeyImages' : 'fromReport');
  return (
    <section className="report-told" data-report={kind} aria-label={`${heading} ${title}`}>
      <h3 className="report-heading">
        <span>
          {heading} <bdi>{title || sayReport('unnamed')}</bdi>
        </span>
        <span className="quiet numbers">{formatDate(date)}</span>
        {drawable.length > 1 && (
          <button type="button" className="report-all" onClick={() => adopt(session, drawable)}>
            {sayReport('adoptAll')}
          </button>
        )}
      </h3>
      {open.length < marks.length && <p className="report-said quiet">{sayReport('adopted', { count: marks.length - open.length })}</p>}
      <ul>
        {open.slice(0, SHOWN).map((mark, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: reports may name a mark twice, or none at all
          <ToldLine key={index} mark={mark} />
        ))}
      </ul>
    </section>
  );
}

function ToldLine({ mark }: { mark: ToldMark }) {
  const session = useSession();
  const studies = useSessionState((state) => state.studies);
  const { image, name, comment, figures } = mark;
  const place = image === undefined ? undefined : placeOf(studies, image.sopInstanceUID, image.frame);
  const annotation = annotationOf(studies, mark);
  const [first, ...others] = figures.map(wordsOf);
  const isKey = mark.drawn?.kind === 'key-image';
  const what = isKey ? say('keyImage') : name || comment;
  return (
    <li className="viewer-measurement report-line" data-told={mark.drawn?.kind ?? 'values'}>
      <button
        type="button"
        className="viewer-measurement-line"
        title={sayReport(place === undefined ? 'noImage' : 'jump')}
        disabled={place === undefined}
        onClick={() => {
          if (place !== undefined && image !== undefined) jump(session, mark, studies);
        }}
      >
        <span className="report-values numbers">
          {isKey && <IconStarFilled size={12} className="viewer-star" aria-hidden="true" />}
          {first ?? (comment || what || sayReport('unnamed'))}
        </span>
        <span className="quiet numbers">{place === undefined ? '' : say('imageShort', { number: place.index + 1 })}</span>
        <span className="soft viewer-measurement-name">
          <bdi>{what === first ? '' : what}</bdi>
          {others.length > 0 && <span className="quiet numbers"> {others.join(' · ')}</span>}
        </span>
      </button>
      {annotation !== undefined && (
        <IconButton small label={sayReport('adopt')} onClick={() => adopt(session, [annotation])}>
          <IconCopyPlus size={14} stroke={1.5} aria-hidden="true" />
        </IconButton>
      )}
    </li>
  );
}

function wordsOf({ what, meaning, words }: ToldFigure): string {
  const label = what === undefined ? meaning : what === 'length' || what === 'value' ? '' : sayReport(`figure.${what}`);
  return label === '' ? words : `${label} ${words}`;
}

function jump(session: ViewerSession, mark: ToldMark, studies: readonly OpenStudy[]): void {
  const { image } = mark;
  const place = image === undefined ? undefined : placeOf(studies, image.sopInstanceUID, image.frame);
  if (image === undefined || place === undefined) return;
  session.jumpTo({
    id: '',
    kind: 'key-image',
    studyInstanceUID: place.study.studyInstanceUID,
    seriesInstanceUID: place.series.series.seriesInstanceUID,
    ...image,
    points: [],
    name: '',
  });
}

function adopt(session: ViewerSession, annotations: readonly Annotation[]): void {
  for (const annotation of annotations) session.annotations.put(annotation);
}

/** Taken over already, or ours from the beginning. */
function isHere(list: readonly Annotation[], { trackingUID, image, drawn }: ToldMark): boolean {
  const id = idOfTracking(trackingUID);
  if (id !== undefined) return list.some((annotation) => annotation.id === id);
  if (drawn === undefined || image === undefined) return false;
  return list.some(
    ({ kind, sopInstanceUID, frame, points }) =>
      kind === drawn.kind &&
      sopInstanceUID === image.sopInstanceUID &&
      frame === image.frame &&
      points.length === drawn.points.length &&
      points.every(({ x, y }, index) => {
        const other = drawn.points[index];
        return other !== undefined && Math.abs(other.x - x) < 0.01 && Math.abs(other.y - y) < 0.01;
      }),
  );
}

/** The mark as one of the reader's own; undefined where it cannot be drawn on an image that is open. */
function annotationOf(studies: readonly OpenStudy[], { drawn, image, name, comment, trackingUID }: ToldMark): Annotation | undefined {
  const place = image === undefined ? undefined : placeOf(studies, image.sopInstanceUID, image.frame);
  if (drawn === undefined || image === undefined || place === undefined) return undefined;
  const { kind, points } = drawn;
  const word = kind === 'key-image' ? name : say(`kind.${kind}`);
  return {
    id: idOfTracking(trackingUID) ?? crypto.randomUUID(),
    kind,
    studyInstanceUID: place.study.studyInstanceUID,
    seriesInstanceUID: place.series.series.seriesInstanceUID,
    ...image,
    points,
    name: (comment || (name === word ? '' : name)).slice(0, 200),
  };
}
