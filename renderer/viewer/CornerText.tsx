import { IconAlertTriangle } from '@tabler/icons-react';
import { memo } from 'react';
import type { LocalSeries, LocalStudy } from '../../shared/contract/index.ts';
import { ageInYears, formatDate, formatName, formatTime } from '../app/format.ts';
import { formatLength, pixelAspect, scaleBar, usableSpacing } from './geometry.ts';
import { edgeLetters, planeOf } from './orientation.ts';
import type { PaneView } from './pane-view.ts';
import type { Arrival, OpenStudy } from './study.ts';
import { formatWindowValue } from './voi.ts';
import { say } from './words.ts';

interface CornerTextProps {
  readonly view: PaneView;
  readonly study: OpenStudy;
  readonly series: LocalSeries | undefined;
}

/** Who and what is on the screen, and everything about it that a reader must know: on every image, with the tools hidden too. */
export function CornerText({ view, study, series }: CornerTextProps) {
  const image = view.shown?.image;
  const turn = view.presentation;
  const letters = edgeLetters(image?.imageOrientationPatient, turn);
  return (
    <div className="viewer-corners numbers">
      <Who study={study.study} />
      <div className="viewer-corner viewer-tr">
        {series !== undefined && (
          <>
            <bdi>{seriesName(series)}</bdi>
            <span>{[planeOf(image?.imageOrientationPatient), thickness(view)].filter(Boolean).join(' · ')}</span>
            <Warnings view={view} arrival={study.arrival} />
          </>
        )}
      </div>
      <div className="viewer-corner viewer-bl">
        {image !== undefined && view.window !== undefined && (
          <>
            {turn.invert && <span>{say('inverted')}</span>}
            <span>{say('zoom', { percent: Math.round((view.scale / view.pixelRatio) * 100) })}</span>
            {view.drawn?.kind === 'grey' && (
              <span>{say('window', { width: formatWindowValue(view.window.width), center: formatWindowValue(view.window.center) })}</span>
            )}
            <strong>{counter(view)}</strong>
          </>
        )}
      </div>
      <ScaleBar view={view} />
      <span className="viewer-letter viewer-edge-top">{letters.top}</span>
      <span className="viewer-letter viewer-edge-bottom">{letters.bottom}</span>
      <span className="viewer-letter viewer-edge-left">{letters.left}</span>
      <span className="viewer-letter viewer-edge-right">{letters.right}</span>
    </div>
  );
}

const Who = memo(function Who({ study }: { study: LocalStudy | undefined }) {
  if (study === undefined) return null;
  const age = ageInYears(study.patientBirthDate, study.studyDate);
  const sexAndAge = [study.patientSex, age === undefined ? '' : say('age', { years: age })].filter(Boolean).join(' · ');
  return (
    <div className="viewer-corner viewer-tl" data-testid="who">
      <strong>
        <bdi>{formatName(study.patientName) || say('noName')}</bdi>
      </strong>
      <bdi>{study.patientID || say('noID')}</bdi>
      <span>
        {study.patientBirthDate === '' ? say('noBirthDate') : `* ${formatDate(study.patientBirthDate)}`}
        {sexAndAge !== '' && ` · ${sexAndAge}`}
      </span>
      <span>{study.studyDate === '' ? say('noStudyDate') : `${formatDate(study.studyDate)} ${formatTime(study.studyTime)}`}</span>
      <bdi className="soft">{study.studyDescription}</bdi>
    </div>
  );
});

function Warnings({ view, arrival }: { view: PaneView; arrival: Arrival | undefined }) {
  const image = view.shown?.image;
  const warnings: string[] = [];
  if (image?.lossy === true) warnings.push(say('lossy'));
  if (image !== undefined && usableSpacing(image) === undefined) warnings.push(say('uncalibrated'));
  // An image with a reason is one that is shown although something about its file is wrong.
  if (image !== undefined && view.shown?.instance.reason !== undefined) warnings.push(view.shown.instance.reason);
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
  const image = view.shown?.image;
  if (image === undefined) return null;
  const spacing = usableSpacing(image);
  const aspect = pixelAspect(image);
  // `scale` counts canvas pixels for the shorter side of an image pixel.
  const shorter = spacing === undefined ? undefined : aspect >= 1 ? spacing[0] : spacing[1];
  const bar = scaleBar(shorter === undefined ? undefined : (shorter / view.scale) * view.pixelRatio, 120);
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
  const text = say('image', { number: shownIndex + 1, count: frames.length });
  const ofOneInstance = shown !== undefined && shown.instance.numberOfFrames > 1 && frames.length > shown.instance.numberOfFrames;
  return ofOneInstance ? `${text} · ${say('frame', { number: shown.frame + 1, count: shown.instance.numberOfFrames })}` : text;
}

function thickness(view: PaneView): string {
  const value = view.shown?.image?.sliceThickness;
  return value !== undefined && value > 0 && Number.isFinite(value) ? say('thickness', { millimetres: Number(value.toPrecision(3)) }) : '';
}

function seriesName({ modality, seriesNumber, seriesDescription }: LocalSeries): string {
  return [modality, seriesNumber === undefined ? '' : String(seriesNumber), seriesDescription].filter(Boolean).join(' · ');
}
