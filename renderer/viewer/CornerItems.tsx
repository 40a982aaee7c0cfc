import type { ReactNode } from 'react';
import type { CornerItem, LocalSeries, LocalStudy } from '../../shared/contract/index.ts';
import { calibrationAt } from '../../shared/marks/index.ts';
import { ageInYears, formatDate, formatName, formatTime } from '../app/format.ts';
import { formatLength, pixelAspect, scaleBar } from './geometry.ts';
import { useSession } from './layout/use-session.ts';
import { planeOf } from './orientation.ts';
import type { PaneView } from './pane-view.ts';
import { ABOUT_THE_PATIENT } from './preferences/corner-layout.ts';
import { formatWindowValue } from './voi.ts';
import { say } from './words.ts';

interface ItemsProps {
  readonly items: readonly CornerItem[];
  readonly view: PaneView;
  readonly study: LocalStudy | undefined;
  readonly series: LocalSeries | undefined;
}

/** The chosen lines of a corner; where the slice lies is one line. */
export function CornerItems(props: ItemsProps) {
  const { items, ...shown } = props;
  const lines: CornerItem[][] = [];
  for (const item of items) {
    const last = lines.at(-1);
    if (last !== undefined && ON_ONE_LINE.has(item) && ON_ONE_LINE.has(last[0] ?? item)) last.push(item);
    else lines.push([item]);
  }
  return lines.map((line) => {
    const [first = 'series'] = line;
    if (first === 'scale-bar') return <ScaleBar key={first} view={props.view} />;
    const text = line.map((item) => textOf(item, shown)).filter(Boolean);
    if (text.length === 0) return null;
    return (
      <Line key={first} item={first}>
        {text.join(' · ')}
      </Line>
    );
  });
}

const ON_ONE_LINE = new Set<CornerItem>(['plane', 'thickness', 'position']);
/** Stay in small panes too. */
const STRONG = new Set<CornerItem>(['view', 'counter']);

function Line({ item, children }: { item: CornerItem; children: ReactNode }) {
  if (STRONG.has(item)) return <strong data-item={item}>{children}</strong>;
  return (
    <bdi className="viewer-more" data-item={item} data-about-patient={ABOUT_THE_PATIENT.has(item)}>
      {children}
    </bdi>
  );
}

function textOf(item: CornerItem, { view, study, series }: Omit<ItemsProps, 'items'>): string {
  const image = view.shown?.image;
  switch (item) {
    case 'sex-age':
      return study === undefined ? '' : sexAge(study);
    case 'study-time':
      return formatTime(study?.studyTime ?? '');
    case 'study-description':
      return study?.studyDescription ?? '';
    case 'accession-number':
      return study?.accessionNumber ?? '';
    case 'referring-physician':
      return study === undefined ? '' : formatName(study.referringPhysicianName);
    case 'series':
      return series === undefined ? '' : seriesName(series);
    case 'series-date':
      return formatDate(series?.seriesDate ?? '');
    case 'body-part':
      return series?.bodyPartExamined ?? '';
    case 'view':
      return [image?.reading?.laterality, image?.reading?.viewPosition].filter(Boolean).join(' ');
    case 'plane':
      return planeOf(image?.imageOrientationPatient) ?? '';
    case 'thickness':
      return thickness(view);
    case 'position':
      return position(view);
    case 'image-size':
      return image === undefined ? '' : `${image.columns} × ${image.rows}`;
    case 'playing':
      return view.playing ? say('playing', { rate: view.rate }) : '';
    case 'zoom':
      return view.window === undefined ? '' : say('zoom', { percent: Math.round((view.scale / view.pixelRatio) * 100) });
    case 'window':
      return view.drawn?.kind !== 'grey' || view.window === undefined
        ? ''
        : say('window', { width: formatWindowValue(view.window.width), center: formatWindowValue(view.window.center) });
    case 'counter':
      return image === undefined ? '' : counter(view);
    case 'scale-bar':
      return '';
  }
}

export function sexAge(study: LocalStudy): string {
  const age = ageInYears(study.patientBirthDate, study.studyDate);
  return [study.patientSex, age === undefined ? '' : say('age', { years: age })].filter(Boolean).join(' · ');
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
    <span className="viewer-scale" data-item="scale-bar">
      <span>{formatLength(bar.millimetres)}</span>
      <i style={{ width: bar.pixels }} />
    </span>
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
