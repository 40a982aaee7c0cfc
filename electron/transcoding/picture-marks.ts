import type { ImageModule } from '../../shared/contract/index.ts';
import {
  type Annotation,
  labelPlace,
  linesOf,
  type MeasuredImage,
  measure,
  outlineOf,
  type Pixels,
  sayInEnglish,
} from '../../shared/marks/index.ts';
import type { Picture } from './picture.ts';
import { textOutline } from './picture-fonts.ts';
import { Ink } from './picture-ink.ts';
import { edgesOf } from './picture-outline.ts';

/** Marks of a frame, as the viewer keeps them, and what their figures are made of. */
export interface PictureMarks {
  readonly marks: readonly Annotation[];
  /** The reader's own calibration of the image. */
  readonly byHand?: Annotation | undefined;
  readonly image: MeasuredImage & Pick<ImageModule, 'pixelPaddingValue' | 'pixelPaddingRangeLimit'>;
  readonly modality: string;
}

/** Lines are as thick, and letters as large, as on a pane in which the image takes so much of a screen. */
const LETTERS = 12;
const [LINE, EDGE, LETTER_EDGE, LEADING] = [1.5, 4, 1.5, 15] as const;
/** The viewer's --measure. */
const COLOUR = [0xff, 0xd1, 0x66] as const;

/** The picture with marks as the viewer draws them: in colour, so that a grey picture becomes one of three channels; whether all letters could be drawn. */
export async function drawMarks(
  picture: Picture,
  pixels: Pixels,
  { marks, byHand, image, modality }: PictureMarks,
): Promise<{ drawn: Picture; textIsWhole: boolean }> {
  const drawn = inColour(picture);
  const ink = new Ink(drawn);
  const unit = textSize(picture) / LETTERS;
  let textIsWhole = true;
  for (const mark of marks) {
    for (const line of outlineOf(mark, (point) => point, unit)) ink.line(line, LINE * unit, EDGE * unit);
    const lines = linesOf(mark, measure(mark, image, modality, pixels, { byHand }), sayInEnglish);
    if (lines.length === 0 || mark.points.length === 0) continue;
    const texts = await Promise.all(lines.map((line) => textOutline(line, LETTERS * unit)));
    const at = labelPlace(mark, mark.points, unit);
    const wide = Math.max(...texts.map(({ width }) => width));
    const left = Math.max(4 * unit, Math.min(picture.width - wide - 4 * unit, at.x));
    const lowest = picture.height - lines.length * LEADING * unit;
    const top = Math.max(LEADING * unit, Math.min(lowest, at.y - ((lines.length - 1) * LEADING * unit) / 2 + 4 * unit));
    for (const [index, { commands, isWhole }] of texts.entries()) {
      textIsWhole &&= isWhole;
      ink.fill(edgesOf(commands, left, top + index * LEADING * unit), LETTER_EDGE * unit);
    }
  }
  ink.lay(drawn, COLOUR);
  return { drawn, textIsWhole };
}

/** Height of letters on a picture, in pixels: a thirtieth of its shorter side. */
export function textSize({ width, height }: Pick<Picture, 'width' | 'height'>): number {
  return Math.max(9, Math.min(48, Math.round(Math.min(height, width) / 30)));
}

function inColour(picture: Picture): Picture {
  if (picture.channels === 3) return picture;
  const { width, height, data } = picture;
  const coloured = data instanceof Uint16Array ? new Uint16Array(data.length * 3) : new Uint8Array(data.length * 3);
  for (let at = 0; at < data.length; at += 1) coloured.fill(data[at] ?? 0, 3 * at, 3 * at + 3);
  return { width, height, channels: 3, data: coloured };
}
