import type { CornerText, Picture } from './picture.ts';
import { textOutline } from './picture-fonts.ts';
import { Ink } from './picture-ink.ts';
import { textSize } from './picture-marks.ts';
import { edgesOf } from './picture-outline.ts';

const MOST_LINES = 8;
const WHITE = [255, 255, 255] as const;

/** Writes lines of text into the corners of a picture, white with a dark edge. False where a letter has no glyph. */
export async function drawCornerText(picture: Picture, text: CornerText): Promise<boolean> {
  const size = textSize(picture);
  const [margin, leading] = [size / 2, size * 1.3];
  const ink = new Ink(picture);
  let isWhole = true;
  const corners = [
    { lines: text.topLeft, right: false, bottom: false },
    { lines: text.topRight, right: true, bottom: false },
    { lines: text.bottomLeft, right: false, bottom: true },
    { lines: text.bottomRight, right: true, bottom: true },
  ];
  for (const { lines, right, bottom } of corners) {
    const shown = lines.filter((line) => line !== '').slice(0, MOST_LINES);
    for (const [index, line] of shown.entries()) {
      const glyphs = await textOutline(line, size);
      isWhole &&= glyphs.isWhole;
      const x = right ? picture.width - margin - glyphs.width : margin;
      const y = bottom ? picture.height - margin - (shown.length - 1 - index) * leading - size * 0.2 : margin + size + index * leading;
      ink.fill(edgesOf(glyphs.commands, x, y), 1);
    }
  }
  ink.lay(picture, WHITE);
  return isWhole;
}
