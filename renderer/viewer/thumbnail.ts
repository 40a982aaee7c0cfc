import type { ImageModule } from '../../shared/contract/index.ts';
import type { ColourFrame, DrawableFrame, GreyFrame, Planes } from './decode-messages.ts';
import { SHUTTER } from './planes.ts';
import { greyTable, isInverse, storedWindows } from './voi.ts';

/** A frame shrunk to at most `size` pixels in either direction, drawn with its first window. */
export function shrink(frame: DrawableFrame, size: number, image: ImageModule): ColourFrame {
  const scale = Math.min(1, size / Math.max(frame.columns, frame.rows));
  const columns = Math.max(1, Math.round(frame.columns * scale));
  const rows = Math.max(1, Math.round(frame.rows * scale));
  const rgba = new Uint8ClampedArray(columns * rows * 4);
  const colourAt = frame.kind === 'grey' ? greyReader(frame, image) : colourReader(frame);
  const span = Math.max(1, Math.floor(1 / scale));
  for (let y = 0, to = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, to += 4) {
      colourAt(rgba, to, Math.floor((x * frame.columns) / columns), Math.floor((y * frame.rows) / rows), span);
    }
  }
  if (frame.planes !== undefined) coverThumbnail({ columns, rows, rgba }, frame, frame.planes);
  return { kind: 'colour', columns, rows, rgba };
}

/** Shutter and overlays by the share of a thumbnail's pixel that they cover. */
function coverThumbnail(
  { columns, rows, rgba }: Pick<ColourFrame, 'columns' | 'rows' | 'rgba'>,
  frame: DrawableFrame,
  planes: Planes,
): void {
  const [across, down] = [frame.columns / columns, frame.rows / rows];
  for (let y = 0, to = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, to += 4) {
      let [shut, white, count] = [0, 0, 0];
      for (let v = Math.floor(y * down); v < Math.max(Math.floor(y * down) + 1, Math.floor((y + 1) * down)); v++) {
        for (let u = Math.floor(x * across); u < Math.max(Math.floor(x * across) + 1, Math.floor((x + 1) * across)); u++, count++) {
          const bits = planes.cover[v * frame.columns + u] ?? 0;
          if (bits > SHUTTER) white += 1;
          else if (bits === SHUTTER) shut += 1;
        }
      }
      if (shut + white === 0) continue;
      const below = 1 - (shut + white) / count;
      for (let channel = 0; channel < 3; channel++) {
        rgba[to + channel] = (rgba[to + channel] ?? 0) * below + (shut * planes.shutterGrey + white * 255) / count;
      }
    }
  }
}

type Reader = (rgba: Uint8ClampedArray, to: number, x: number, y: number, span: number) => void;

function greyReader(frame: GreyFrame, image: ImageModule): Reader {
  const { first } = frame;
  const table = greyTable({ ...frame, invert: isInverse(image), window: storedWindows(image)[0] ?? frame.autoWindow });
  const origin = Math.min(first, 0);
  const { samples } = frame.levels[0] ?? { samples: new Uint8Array() };
  return (rgba, to, x, y, span) => {
    let sum = 0;
    let count = 0;
    for (let dy = 0; dy < span && y + dy < frame.rows; dy++) {
      for (let dx = 0; dx < span && x + dx < frame.columns; dx++, count++) {
        sum += table[(samples[(y + dy) * frame.columns + x + dx] ?? 0) - origin] ?? 0;
      }
    }
    const grey = count === 0 ? 0 : sum / count;
    const colour = frame.colours?.[Math.round(grey)];
    if (colour === undefined) rgba.fill(grey, to, to + 3);
    else for (let i = 0; i < 3; i++) rgba[to + i] = (colour >> (8 * i)) & 0xff;
    rgba[to + 3] = 255;
  };
}

function colourReader(frame: ColourFrame): Reader {
  return (rgba, to, x, y) => {
    const from = (y * frame.columns + x) * 4;
    for (let i = 0; i < 4; i++) rgba[to + i] = frame.rgba[from + i] ?? 0;
  };
}
