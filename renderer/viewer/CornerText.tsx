import { IconAlertTriangle, IconStarFilled } from '@tabler/icons-react';
import { memo, useSyncExternalStore } from 'react';
import type { Corner, CornerItem, LocalSeries, LocalStudy } from '../../shared/contract/index.ts';
import { calibrationAt } from '../../shared/marks/index.ts';
import { formatDate, formatName, formatTime } from '../app/format.ts';
import { CornerItems, sexAge } from './CornerItems.tsx';
import { useSession, useSessionState } from './layout/use-session.ts';
import type { Arrival, OpenStudy } from './open-study.ts';
import { type EdgeLetters, edgeLetters } from './orientation.ts';
import type { PaneView } from './pane-view.ts';
import { isSamePatient } from './patient.ts';
import { cornersOf } from './preferences/corner-layout.ts';
import { onPreferences, preferences } from './preferences/preferences.ts';
import { StateText } from './presentation/StateText.tsx';
import { gapsOf } from './stack-order.ts';
import { say } from './words.ts';

interface CornerTextProps {
  readonly view: PaneView;
  readonly study: OpenStudy | undefined;
  readonly series: LocalSeries | undefined;
}

/** Who and what is on the screen, and everything about it that a reader must know: on every image, with the tools hidden too. */
export function CornerText({ view, study, series }: CornerTextProps) {
  const image = view.shown?.image;
  useSyncExternalStore(onPreferences, preferences);
  const corners = cornersOf(series?.modality ?? '');
  const { rotation, flippedHorizontally, flippedVertically } = view.presentation;
  const orientation = image?.imageOrientationPatient;
  const turn = { rotation, flippedHorizontally, flippedVertically };
  const letters = edgeLetters(orientation, turn);
  const items = (corner: Corner, but: readonly CornerItem[] = NOTHING) => (
    <CornerItems items={corners[corner].filter((item) => !but.includes(item))} view={view} study={study?.study} series={series} />
  );
  return (
    <div className="viewer-corners numbers">
      <div className="viewer-corner viewer-tl">
        <Who study={study?.study} beside={corners.topLeft} />
        {items('topLeft', BESIDE_WHO)}
      </div>
      <div className="viewer-corner viewer-tr">
        {items('topRight')}
        {series !== undefined && <Warnings view={view} arrival={study?.arrival} />}
      </div>
      <div className="viewer-corner viewer-bl">
        {image !== undefined && view.window !== undefined && (
          <>
            {view.presentation.invert && <span>{say('inverted')}</span>}
            <StateText view={view} />
            {view.presentation.filter !== 'none' && <span>{say(`filter.${view.presentation.filter}`)}</span>}
            <KeyMark view={view} />
          </>
        )}
        {items('bottomLeft')}
      </div>
      <div className="viewer-corner viewer-br">{items('bottomRight')}</div>
      <Letters top={letters.top} bottom={letters.bottom} left={letters.left} right={letters.right} />
    </div>
  );
}

const NOTHING: readonly CornerItem[] = [];
/** At the top left these stand on the lines of birth date and study date. */
const BESIDE_WHO: readonly CornerItem[] = ['sex-age', 'study-time', 'study-description'];

const Letters = memo(function Letters({ top, bottom, left, right }: EdgeLetters) {
  return (
    <>
      <span className="viewer-letter viewer-edge-top">{top}</span>
      <span className="viewer-letter viewer-edge-bottom">{bottom}</span>
      <span className="viewer-letter viewer-edge-left">{left}</span>
      <span className="viewer-letter viewer-edge-right">{right}</span>
    </>
  );
});

/** Name, ID, birth date and study date, in every pane; what contradicts the study that was opened is marked. */
const Who = memo(function Who({ study, beside }: { study: LocalStudy | undefined; beside: readonly CornerItem[] }) {
  const opened = useSessionState((state) => state.studies[0]?.study);
  const several = useSessionState((state) => new Set(Object.values(state.contents).map((content) => content?.studyInstanceUID)).size > 1);
  if (study === undefined) return null;
  const sexAndAge = beside.includes('sex-age') ? sexAge(study) : '';
  const other = opened !== undefined && !isSamePatient(opened, study);
  const isOpened = opened?.studyInstanceUID === study.studyInstanceUID;
  const date = study.studyDate === '' ? say('noStudyDate') : formatDate(study.studyDate);
  return (
    <div className="viewer-who" data-testid="who">
      {other && (
        <span className="viewer-other-patient" role="alert">
          <IconAlertTriangle size={14} aria-hidden="true" />
          {say('otherPatient')}
        </span>
      )}
      <strong>
        <bdi>{formatName(study.patientName) || say('noName')}</bdi>
      </strong>
      <bdi>{study.patientID || say('noID')}</bdi>
      <span>
        {study.patientBirthDate === '' ? say('noBirthDate') : `* ${formatDate(study.patientBirthDate)}`}
        {sexAndAge !== '' && <span className="viewer-more"> · {sexAndAge}</span>}
      </span>
      <span>
        {several && <span className="viewer-which">{say(isOpened ? 'current' : 'prior')} </span>}
        {date}
        {beside.includes('study-time') && <span className="viewer-more"> {formatTime(study.studyTime)}</span>}
      </span>
      {beside.includes('study-description') && <bdi className="soft viewer-more">{study.studyDescription}</bdi>}
    </div>
  );
});

function KeyMark({ view }: { view: PaneView }) {
  const { annotations } = useSession();
  useSyncExternalStore(annotations.subscribe, () => annotations.version);
  const { shown } = view;
  const marked = shown !== undefined && annotations.of(shown.instance.sopInstanceUID, shown.frame).some(({ kind }) => kind === 'key-image');
  return marked ? <IconStarFilled size={12} className="viewer-star" aria-label={say('keyImage')} /> : null;
}

function Warnings({ view, arrival }: { view: PaneView; arrival: Arrival | undefined }) {
  const { annotations } = useSession();
  const { shown } = view;
  const image = shown?.image;
  const warnings: string[] = [];
  if (image?.lossy === true) {
    const ratio = image.reading?.lossyRatio;
    warnings.push(ratio === undefined ? say('lossy') : say('lossyRatio', { ratio: Number(ratio.toPrecision(3)) }));
  }
  if (image !== undefined && shown !== undefined) {
    const middle = [{ x: image.columns / 2, y: image.rows / 2 }];
    const scale = calibrationAt(image, middle, annotations.calibrationOf(shown.instance.sopInstanceUID));
    if (scale.kind !== 'mm' && image.reading?.ultrasoundRegions === undefined) warnings.push(say('uncalibrated'));
    else if (scale.note === 'detector') warnings.push(say('detectorScale'));
    // An image with a reason is one that is shown although something about its file is wrong.
    if (shown.instance.reason !== undefined) warnings.push(shown.instance.reason);
  }
  const missing = gapsOf(view.frames).reduce((sum, gap) => sum + gap.missing, 0);
  if (missing > 0 && arrival?.state !== 'arriving') warnings.push(say('missingSlices', { count: missing }));
  if (arrival !== undefined) warnings.push(arrivalText(arrival));
  return warnings.map((warning) => (
    <span key={warning} className="viewer-warning">
      <IconAlertTriangle size={12} aria-hidden="true" />
      {warning}
    </span>
  ));
}

function arrivalText({ state, received, expected }: Arrival): string {
  if (expected === undefined) return say('arrivingUnknown', { count: received });
  return say(state === 'arriving' ? 'arriving' : 'incomplete', { received, expected });
}
