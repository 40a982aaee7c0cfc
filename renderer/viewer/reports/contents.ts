import type { ComposeContent, ImageReference } from '../../../shared/contract/index.ts';
import { type Annotation, isArea, measure } from '../../../shared/marks/index.ts';
import type { FrameStore } from '../frame-store.ts';
import type { ViewerSession } from '../layout/session.ts';
import type { OpenSeries, OpenStudy } from '../open-study.ts';
import { PRIORITY } from '../scheduler.ts';
import type { StackFrame } from '../stack.ts';
import { say } from '../words.ts';
import { groupOf } from './groups.ts';
import { sayReport } from './words.ts';

/** What is to be made of the marks of one study. */
export interface ToMake {
  readonly studyInstanceUID: string;
  readonly content: ComposeContent;
  /** Marks that it holds. */
  readonly count: number;
}

/** Where a frame stands among the open studies. */
export interface Place {
  readonly study: OpenStudy;
  readonly series: OpenSeries;
  readonly frame: StackFrame;
  readonly index: number;
}

const places = new WeakMap<readonly OpenStudy[], Map<string, Place>>();

/** The place of a frame (0-based) of an instance; undefined where it is not among the open studies. */
export function placeOf(studies: readonly OpenStudy[], sopInstanceUID: string, frame: number): Place | undefined {
  let known = places.get(studies);
  if (known === undefined) {
    known = new Map();
    for (const study of studies)
      for (const series of study.series)
        for (const [index, one] of series.frames.entries()) known.set(one.key, { study, series, frame: one, index });
    places.set(studies, known);
  }
  return known.get(`${sopInstanceUID}#${frame}`);
}

/** Reports of all that is measured and marked, one for each study; `left`: marks whose image is not here. */
export async function measurementContents(session: ViewerSession): Promise<{ contents: ToMake[]; left: number }> {
  const { annotations, store } = session;
  const { studies } = session.state.getState();
  const marks = annotations.snapshot().filter(({ kind }) => kind !== 'key-image');
  const placed = marks.flatMap((annotation) => {
    const place = placeOf(studies, annotation.sopInstanceUID, annotation.frame);
    return place?.frame.image === undefined ? [] : [{ annotation, place, image: place.frame.image }];
  });
  await loaded(
    store,
    placed.filter(({ annotation: { kind } }) => isArea(kind) || kind === 'probe').map(({ place }) => place.frame),
  );
  const groups = placed.flatMap(({ annotation, place, image }) => {
    const options = { byHand: annotations.calibrationOf(annotation.sopInstanceUID) };
    const measurement = measure(annotation, image, place.series.series.modality, store.get(place.frame), options);
    const word = annotation.kind === 'key-image' ? say('keyImage') : say(`kind.${annotation.kind}`);
    const group = groupOf(annotation, measurement, referenceOf(place.frame), word);
    return group === undefined ? [] : [{ studyInstanceUID: annotation.studyInstanceUID, group }];
  });
  const contents = byStudy(groups).map(([studyInstanceUID, entries]) => ({
    studyInstanceUID,
    count: entries.length,
    content: { kind: 'measurements' as const, title: sayReport('title.measurements'), groups: entries.map(({ group }) => group) },
  }));
  return { contents, left: marks.length - placed.length };
}

/** Selections of the key images, one for each study. */
export function keyImageContents(session: ViewerSession): { contents: ToMake[]; left: number } {
  const { studies } = session.state.getState();
  const marks = session.annotations.snapshot().filter(({ kind }) => kind === 'key-image');
  const placed = marks.flatMap((annotation: Annotation) => {
    const place = placeOf(studies, annotation.sopInstanceUID, annotation.frame);
    return place === undefined ? [] : [{ studyInstanceUID: annotation.studyInstanceUID, image: referenceOf(place.frame) }];
  });
  const contents = byStudy(placed).map(([studyInstanceUID, entries]) => ({
    studyInstanceUID,
    count: entries.length,
    content: { kind: 'key-images' as const, title: sayReport('title.key-images'), images: entries.map(({ image }) => image) },
  }));
  return { contents, left: marks.length - placed.length };
}

/** The picture of the active pane, in so many pixels; undefined where nothing is shown in it. */
export function captureContent(session: ViewerSession, { width, height }: { width: number; height: number }): ToMake | undefined {
  const { contents, active } = session.state.getState();
  const { shown } = session.active.view;
  const studyInstanceUID = contents[active]?.studyInstanceUID;
  if (shown === undefined || studyInstanceUID === undefined) return undefined;
  const content = {
    kind: 'capture' as const,
    title: sayReport('title.capture'),
    image: referenceOf(shown),
    columns: width,
    rows: height,
  };
  return { studyInstanceUID, content, count: 1 };
}

/** An image of several frames is referred to by its frame. */
function referenceOf({ instance, frame }: StackFrame): ImageReference {
  const { sopInstanceUID, numberOfFrames } = instance;
  return numberOfFrames > 1 ? { sopInstanceUID, frameNumber: frame + 1 } : { sopInstanceUID };
}

function byStudy<T extends { readonly studyInstanceUID: string }>(entries: readonly T[]): [string, T[]][] {
  const studies = new Map<string, T[]>();
  for (const entry of entries) studies.set(entry.studyInstanceUID, [...(studies.get(entry.studyInstanceUID) ?? []), entry]);
  return [...studies];
}

/** Figures without the values of their pixels are saved after this long. */
const PATIENCE_MS = 20_000;

/** Resolves when the pixels are here, cannot be had, or take too long. */
function loaded(store: FrameStore, frames: readonly StackFrame[]): Promise<void> {
  const isMissing = () => frames.some((frame) => store.state(frame) === 'missing');
  if (!isMissing()) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(late);
      end();
      store.want('reports', PRIORITY.near, []);
      resolve();
    };
    const late = setTimeout(done, PATIENCE_MS);
    const end = store.subscribe(() => {
      if (!isMissing()) done();
    });
    store.want('reports', PRIORITY.near, frames);
  });
}
