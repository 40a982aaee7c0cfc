import type { ColourFrame, ColourLevel } from './decode-messages.ts';

/** Smaller copies of a colour picture: each has half the size of the one before, every colour the mean of four; down to a few hundred pixels. */
export function colourPyramid(frame: ColourFrame): ColourLevel[] {
  const levels: ColourLevel[] = [];
  let last: ColourLevel = frame;
  while (last.columns > 512 || last.rows > 512) {
    last = halve(last);
    levels.push(last);
  }
  return levels;
}

function halve({ columns, rows, rgba }: ColourLevel): ColourLevel {
  const width = Math.max(1, columns >> 1);
  const height = Math.max(1, rows >> 1);
  const halved = new Uint8ClampedArray(width * height * 4);
  const right = columns > 1 ? 4 : 0;
  const below = rows > 1 ? columns * 4 : 0;
  for (let y = 0, to = 0; y < height; y++) {
    let from = 2 * y * columns * 4;
    for (let x = 0; x < width; x++, from += 8) {
      for (let channel = 0; channel < 4; channel++, to++) {
        const at = from + channel;
        halved[to] = ((rgba[at] ?? 0) + (rgba[at + right] ?? 0) + (rgba[at + below] ?? 0) + (rgba[at + below + right] ?? 0) + 2) >> 2;
      }
    }
  }
  return { columns: width, rows: height, rgba: halved };
}
