import { IconAlertTriangle, IconStarFilled } from '@tabler/icons-react';
import { memo, useSyncExternalStore } from 'react';
import type { LocalSeries, LocalStudy } from '../../shared/contract/index.ts';
import { ageInYears, formatDate, formatName, formatTime } from '../app/format.ts';
import { calibrationAt } from './annotations/calibration.ts';
import { formatLength, pixelAspect, scaleBar } from './geometry.ts';
import { useSession, useSessionState } from './layout/use-session.ts';
import type { Arrival, OpenStudy } from './open-study.ts';
import { type EdgeLetters, edgeLetters, planeOf } from './orientation.ts';
import type { PaneView } from './pane-view.ts';
import { isSamePatient } from './patient.ts';
import { gapsOf } from './stack-order.ts';
import { formatWindowValue } from './voi.ts';
import { say } from './words.ts';

interface CornerTextProps {
  readonly view: PaneView;
  readonly study: OpenStudy | undefined;
  readonly series: LocalSeries | undefined;
}

/** Who and what is on the screen, and everything about it that a reader must know: on every image, with the tools hidden too. */
export function CornerText({ view, study, series }: CornerTextProps) {
  const image = view.shown?.image;
  const { rotation, flippedHorizontally, flippedVertically } = view.presentation;
  const orientation = image?.imageOrientationPatient;
  const turn = { rotation, flippedHorizontally, flippedVertically };
  const letters = edgeLetters(orientation, turn);
  return (
    <div className="viewer-corners numbers">
      <div className="viewer-corner viewer-tl">
        <Who study={study?.study} />
      </div>
      <div className="viewer-corner viewer-tr">
        {series !== undefined && (
          <>
            <bdi className="viewer-more">{seriesName(series)}</bdi>
            <strong>{[image?.reading?.laterality, image?.reading?.viewPosition].filter(Boolean).join(' ')}</strong>
            <span className="viewer-more">{[planeOf(orientation), thickness(view), position(view)].filter(Boolean).join(' · ')}</span>
            <Warnings view={view} arrival={study?.arrival} />
          </>
        )}
      </div>
      <div className="viewer-corner viewer-bl">
        {image !== undefined && view.window !== undefined && (
          <>
            {view.presentation.invert && <span>{say('inverted')}</span>}
            {view.presentation.filter !== 'none' && <span>{say(`filter.${view.presentation.filter}`)}</span>}
            {view.playing && <span>{say('playing', { rate: view.rate })}</span>}
            <span className="viewer-more">{say('zoom', { percent: Math.round((view.scale / view.pixelRatio) * 100) })}</span>
            {view.drawn?.kind === 'grey' && (
              <span className="viewer-more">
                {say('window', { width: formatWindowValue(view.window.width), center: formatWindowValue(view.window.center) })}
              </span>
            )}
            <strong>
              <KeyMark view={view} />
              {counter(view)}
            </strong>
          </>
        )}
      </div>
      <ScaleBar view={view} />
      <Letters top={letters.top} bottom={letters.bottom} left={letters.left} right={letters.right} />
    </div>
  );
}

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
const Who = memo(function Who({ study }: { study: LocalStudy | undefined }) {
  const opened = useSessionState((state) => state.studies[0]?.study);
  const several = useSessionState((state) => new Set(Object.values(state.contents).map((content) => content?.studyInstanceUID)).size > 1);
  if (study === undefined) return null;
  const age = ageInYears(study.patientBirthDate, study.studyDate);
  const sexAndAge = [study.patientSex, age === undefined ? '' : say('age', { years: age })].filter(Boolean).join(' · ');
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
        <span className="viewer-more"> {formatTime(study.studyTime)}</span>
      </span>
      <bdi className="soft viewer-more">{study.studyDescription}</bdi>
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

function ScaleBar({ view }: { view: PaneView }) {
  const { annotations } = useSession();
  const { shown, size } = view;
  const image = shown?.image;
  if (image === undefined || shown === undefined || size.height < 180) return null;
  const middle = [{ x: image.columns / 2, y: image.rows / 2 }];
  const scale = calibrationAt(image, middle, annotations.calibrationOf(shown.instance.sopInstanceUID));
  if (scale.kind !== 'mm') return null;
  // The view's scale counts canvas pixels for the shorter side of an image pixel.
  const shorter = pixelAspect(image) >= 1 ? scale.y : scale.x;
  const bar = scaleBar((shorter / view.scale) * view.pixelRatio, Math.min(120, size.width / 4));
  if (bar === undefined) return null;
  return (
    <div className="viewer-corner viewer-br viewer-scale">
      <span>{formatLength(bar.millimetres)}</span>
      <i style={{ width: bar.pixels }} />
    </div>
  );
}

function counter(view: PaneView): string {
  const { shown, shownIndex, frames } = view;
  const parts = [say('image', { number: shownIndex + 1, count: frames.length })];
  if (shown !== undefined && shown.instance.numberOfFrames > 1 && frames.length > shown.instance.numberOfFrames) {
    parts.push(say('frame', { number: shown.frame + 1, count: shown.instance.numberOfFrames }));
  }
  if (shown?.volume !== undefined) {
    parts.push([say('volume', { number: shown.volume + 1 }), shown.volumeLabel].filter(Boolean).join(' '));
  }
  return parts.join(' · ');
}

function thickness(view: PaneView): string {
  const value = view.shown?.image?.sliceThickness;
  return value !== undefined && value > 0 && Number.isFinite(value) ? say('thickness', { millimetres: Number(value.toPrecision(3)) }) : '';
}

/** Where the slice lies along its stack. */
function position(view: PaneView): string {
  const { shown } = view;
  const plane = planeOf(shown?.image?.imageOrientationPatient);
  const axis = { SAG: 0, COR: 1, AX: 2 }[plane as 'SAG' | 'COR' | 'AX'] as 0 | 1 | 2 | undefined;
  const at = axis === undefined ? undefined : shown?.plane?.origin[axis];
  return at === undefined ? '' : say('position', { millimetres: at.toFixed(1) });
}

function seriesName({ modality, seriesNumber, seriesDescription }: LocalSeries): string {
  return [modality, seriesNumber === undefined ? '' : String(seriesNumber), seriesDescription].filter(Boolean).join(' · ');
}
