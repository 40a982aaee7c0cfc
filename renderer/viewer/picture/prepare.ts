import { calibrationAt } from '../../../shared/marks/index.ts';
import { pixelAspect } from '../geometry.ts';
import type { Content, ViewerSession } from '../layout/session.ts';
import { Pane } from '../pane.ts';
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
    pane.setSeries(wanted.seriesInstanceUID, frames);
    pane.followTo(index);
    await this.#shown(frame);
    const like = this.#session.panes().find((one) => one.view.seriesUID === wanted.seriesInstanceUID);
    if (like !== undefined) {
      const { window, rotation, flippedHorizontally, flippedVertically, invert, colourMap, filter } = like.presentation;
      pane.change({ window, rotation, flippedHorizontally, flippedVertically, invert, colourMap, filter });
    }
    pane.fit();
    if (!trueSize) return undefined;
    const { image } = frame;
    const middle = [{ x: image.columns / 2, y: image.rows / 2 }];
    const scale = calibrationAt(image, middle, this.#session.annotations.calibrationOf(wanted.sopInstanceUID));
    if (scale.kind !== 'mm') return 'notCalibrated';
    pane.scaleTo((pixelAspect(image) >= 1 ? scale.y : scale.x) * PER_MILLIMETRE);
    return 'isTrueSize';
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
  return URL.createObjectURL(await pngOf(paintPane(element, { patient })));
}

function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => resolve());
  });
}
