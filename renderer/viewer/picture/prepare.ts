import { calibrationAt } from '../../../shared/marks/index.ts';
import { pixelAspect } from '../geometry.ts';
import type { Content, ViewerSession } from '../layout/session.ts';
import { Pane } from '../pane.ts';
import { stateOf } from '../presentation/state-of-view.ts';
import type { StackFrame } from '../stack.ts';
import { pngOf } from './copy.ts';
import { paintPane } from './paint.ts';
import type { SheetSize } from './sheets.ts';

/** One image to be printed: which, and on which pane it stands, if on one. */
export interface Wanted extends Content {
  readonly sopInstanceUID: string;
  readonly frame: number;
  readonly pane?: string;
}

/** Ready for paper. `width`: mm on paper, where the picture has to have that width. */
export interface Prepared extends Wanted {
  readonly url: string;
  readonly width?: number;
  readonly note?: 'isTrueSize' | 'notCalibrated';
  readonly caption?: string;
}

/** Pixels of the hidden pane for each millimetre of paper: 127 dots per inch, at which marks and texts are of a size to read. */
const PER_MILLIMETRE = 5;
const WAIT_MS = 30_000;

/** Images on the screen, or those that the reader has marked in all open studies. */
export function wantedOf(session: ViewerSession, what: 'panes' | 'keyImages' | 'marked'): Wanted[] {
  if (what === 'panes') {
    return session.panes().flatMap((pane) => {
      const { shown } = pane.view;
      const content = session.state.getState().contents[pane.id];
      if (shown?.image === undefined || content === undefined) return [];
      return [{ ...content, sopInstanceUID: shown.instance.sopInstanceUID, frame: shown.frame, pane: pane.id }];
    });
  }
  const marks = session.annotations.snapshot().filter(({ kind }) => what === 'marked' || kind === 'key-image');
  const found = new Map<string, Wanted>();
  for (const { studyInstanceUID, seriesInstanceUID, sopInstanceUID, frame } of marks) {
    const wanted = { studyInstanceUID, seriesInstanceUID, sopInstanceUID, frame };
    if (session.find(wanted) !== undefined) found.set(`${sopInstanceUID}#${frame}`, wanted);
  }
  const order = session.state.getState().studies.flatMap(({ series }) => series.flatMap(({ frames }) => frames));
  const place = new Map(order.map(({ key }, index) => [key, index]));
  return [...found].sort(([a], [b]) => (place.get(a) ?? 0) - (place.get(b) ?? 0)).map(([, wanted]) => wanted);
}

/** A pane that nobody sees, as large as `area` is on paper, for images that are not on the screen or not in the size they are to have. */
export class HiddenPane {
  readonly pane: Pane;
  readonly #session: ViewerSession;

  constructor(session: ViewerSession) {
    this.#session = session;
    this.pane = new Pane(session.store, 'print');
  }

  /** CSS pixels of the pane for an area on paper. */
  static sizeOf(area: SheetSize): SheetSize {
    return {
      width: Math.round((area.width * PER_MILLIMETRE) / devicePixelRatio),
      height: Math.round((area.height * PER_MILLIMETRE) / devicePixelRatio),
    };
  }

  /** Shows an image as the pane does that has its series; in true size where `trueSize` and the image allow it. */
  async show(wanted: Wanted, trueSize: boolean): Promise<'isTrueSize' | 'notCalibrated' | undefined> {
    const { pane } = this;
    const frames = this.#session.find(wanted)?.frames ?? [];
    const index = frames.findIndex((frame) => frame.instance.sopInstanceUID === wanted.sopInstanceUID && frame.frame === wanted.frame);
    const frame = frames[index];
    if (frame?.image === undefined) throw new Error('no such image');
    const like = this.#like(wanted);
    const state = like?.presentation.state;
    // What it shows of another series or under another state is not to be taken for the wanted picture.
    if (pane.view.seriesUID !== wanted.seriesInstanceUID || pane.presentation.state !== state) pane.setSeries(wanted.seriesInstanceUID, []);
    pane.present(state);
    pane.setSeries(wanted.seriesInstanceUID, frames);
    pane.followTo(index);
    await this.#shown(frame);
    if (like !== undefined) {
      const { window, rotation, flippedHorizontally, flippedVertically, invert, colourMap, filter, overlays } = like.presentation;
      pane.change({ window, rotation, flippedHorizontally, flippedVertically, invert, colourMap, filter, overlays });
    }
    // A state has put the image where it wants it.
    if (stateOf(pane.view) === undefined) pane.fit();
    if (!trueSize) return undefined;
    const { image } = frame;
    const middle = [{ x: image.columns / 2, y: image.rows / 2 }];
    const scale = calibrationAt(image, middle, this.#session.annotations.calibrationOf(wanted.sopInstanceUID));
    if (scale.kind !== 'mm') return 'notCalibrated';
    pane.scaleTo((pixelAspect(image) >= 1 ? scale.y : scale.x) * PER_MILLIMETRE);
    return 'isTrueSize';
  }

  /** The pane on which the image stands, else one that has its series. */
  #like({ pane, seriesInstanceUID }: Wanted): Pane | undefined {
    const panes = this.#session.panes().filter(({ view }) => view.seriesUID === seriesInstanceUID);
    return panes.find(({ id }) => id === pane) ?? panes[0];
  }

  close(): void {
    this.pane.close();
  }

  #shown(frame: StackFrame): Promise<void> {
    const { pane } = this;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => end(new Error('the image did not come')), WAIT_MS);
      const end = (error?: Error) => {
        clearTimeout(late);
        unsubscribe();
        if (error === undefined) resolve();
        else reject(error);
      };
      const look = () => {
        if (pane.view.shown?.key === frame.key) end();
        else if (this.#session.store.error(frame) !== undefined) end(new Error('the image cannot be shown'));
      };
      const unsubscribe = pane.subscribe(look);
      look();
    });
  }
}

/** The picture of a pane as an address that an image element takes; `URL.revokeObjectURL` when done. */
export async function pictureOf(element: HTMLElement, patient: boolean): Promise<string> {
  // What React and the canvas still have to draw stands on the screen after the second frame.
  await nextFrame();
  await nextFrame();
  // What lies over the image may still be on its way.
  const late = performance.now() + WAIT_MS;
  while (element.querySelector('[data-waiting="true"]') !== null && performance.now() < late) await nextFrame();
  return URL.createObjectURL(await pngOf(paintPane(element, { patient })));
}

function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => resolve());
  });
}
