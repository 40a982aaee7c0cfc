import { readFile } from 'node:fs/promises';
import { type Font, type PathCommand, parse } from 'opentype.js/dist/opentype.mjs';
import type { CornerText, Picture } from './picture.ts';

/** Noto Sans (SIL Open Font License): Latin, Greek and Cyrillic letters. What has no glyph is drawn as a question mark. */
const FONT_URLS: readonly string[] = [
  import.meta.resolve('@fontsource/noto-sans/files/noto-sans-latin-400-normal.woff'),
  import.meta.resolve('@fontsource/noto-sans/files/noto-sans-latin-ext-400-normal.woff'),
  import.meta.resolve('@fontsource/noto-sans/files/noto-sans-greek-400-normal.woff'),
  import.meta.resolve('@fontsource/noto-sans/files/noto-sans-cyrillic-400-normal.woff'),
  import.meta.resolve('@fontsource/noto-sans/files/noto-sans-vietnamese-400-normal.woff'),
];

let loading: Promise<Font[]> | undefined;

const LONGEST_LINE = 80;
const MOST_LINES = 8;
/** Samples per pixel and direction: edges get 16 steps of grey. */
const FINE = 4;

/** Writes lines of text into the corners of a picture, white with a dark edge, as large as a thirtieth of its height. False where a letter has no glyph. */
export async function drawCornerText(picture: Picture, text: CornerText): Promise<boolean> {
  loading ??= Promise.all(FONT_URLS.map(async (url) => parse(arrayBufferOf(await readFile(new URL(url))))));
  const fonts = await loading;
  const size = Math.max(9, Math.min(48, Math.round(Math.min(picture.height, picture.width) / 30)));
  const [margin, leading] = [size / 2, size * 1.3];
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
      const glyphs = outlineOf([...line].slice(0, LONGEST_LINE), fonts, size);
      isWhole &&= glyphs.isWhole;
      const x = right ? picture.width - margin - glyphs.width : margin;
      const y = bottom ? picture.height - margin - (shown.length - 1 - index) * leading - size * 0.2 : margin + size + index * leading;
      draw(picture, glyphs.commands, x, y);
    }
  }
  return isWhole;
}

function arrayBufferOf(bytes: Buffer): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return copy;
}

function outlineOf(
  characters: readonly string[],
  fonts: readonly Font[],
  size: number,
): { commands: PathCommand[]; width: number; isWhole: boolean } {
  const commands: PathCommand[] = [];
  let width = 0;
  let isWhole = true;
  for (const character of characters) {
    const has = (font: Font, one: string): boolean => font.charToGlyphIndex(one) > 0;
    const own = fonts.find((font) => has(font, character));
    const font = own ?? fonts[0];
    isWhole &&= own !== undefined;
    if (font === undefined) continue;
    const glyph = font.charToGlyph(own === undefined ? '?' : character);
    commands.push(...glyph.getPath(width, 0, size).commands);
    width += ((glyph.advanceWidth ?? 0) * size) / font.unitsPerEm;
  }
  return { commands, width, isWhole };
}

type Edge = readonly [x0: number, y0: number, x1: number, y1: number];

function draw(picture: Picture, commands: readonly PathCommand[], x: number, y: number): void {
  const coverage = covered(picture, edgesOf(commands, x, y));
  if (coverage === undefined) return;
  const { left, top, width, height, values } = coverage;
  const at = (column: number, row: number): number =>
    column < 0 || row < 0 || column >= width || row >= height ? 0 : (values[row * width + column] ?? 0);
  const white = picture.data.BYTES_PER_ELEMENT === 2 ? 65_535 : 255;
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      let edge = 0;
      for (let dy = -1; dy <= 1; dy += 1) for (let dx = -1; dx <= 1; dx += 1) edge = Math.max(edge, at(column + dx, row + dy));
      if (edge === 0) continue;
      const ink = at(column, row);
      const pixel = ((top + row) * picture.width + left + column) * picture.channels;
      for (let channel = 0; channel < picture.channels; channel += 1) {
        const under = (picture.data[pixel + channel] ?? 0) * (1 - edge);
        picture.data[pixel + channel] = Math.round(under * (1 - ink) + white * ink);
      }
    }
  }
}

/** The outline as straight edges; curves in eight pieces. */
function edgesOf(commands: readonly PathCommand[], dx: number, dy: number): Edge[] {
  const edges: Edge[] = [];
  let [x, y, startX, startY] = [0, 0, 0, 0];
  const to = (nextX: number, nextY: number): void => {
    edges.push([x + dx, y + dy, nextX + dx, nextY + dy]);
    [x, y] = [nextX, nextY];
  };
  for (const command of commands) {
    if (command.type === 'M') [x, y, startX, startY] = [command.x, command.y, command.x, command.y];
    else if (command.type === 'L') to(command.x, command.y);
    else if (command.type === 'Z') to(startX, startY);
    else {
      const [fromX, fromY] = [x, y];
      for (let i = 1; i <= 8; i += 1) {
        const [t, u] = [i / 8, 1 - i / 8];
        if (command.type === 'Q') {
          to(u * u * fromX + 2 * u * t * command.x1 + t * t * command.x, u * u * fromY + 2 * u * t * command.y1 + t * t * command.y);
        } else {
          const cubic = (a: number, b: number, c: number, d: number): number =>
            u ** 3 * a + 3 * u * u * t * b + 3 * u * t * t * c + t ** 3 * d;
          to(cubic(fromX, command.x1, command.x2, command.x), cubic(fromY, command.y1, command.y2, command.y));
        }
      }
    }
  }
  return edges;
}

interface Coverage {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** 0 … 1 for each pixel. */
  readonly values: Float32Array;
}

/** How much of each pixel lies inside the outline (non-zero winding), within the picture. */
function covered({ width: across, height: down }: Picture, edges: readonly Edge[]): Coverage | undefined {
  if (edges.length === 0) return undefined;
  const xs = edges.flatMap(([x0, , x1]) => [x0, x1]);
  const ys = edges.flatMap(([, y0, , y1]) => [y0, y1]);
  const [left, top] = [Math.max(0, Math.floor(Math.min(...xs)) - 1), Math.max(0, Math.floor(Math.min(...ys)) - 1)];
  const [right, bottom] = [Math.min(across, Math.ceil(Math.max(...xs)) + 1), Math.min(down, Math.ceil(Math.max(...ys)) + 1)];
  const [width, height] = [right - left, bottom - top];
  if (width <= 0 || height <= 0) return undefined;
  const values = new Float32Array(width * height);
  for (let line = 0; line < height * FINE; line += 1) {
    const y = top + (line + 0.5) / FINE;
    const crossings: [x: number, winding: number][] = [];
    for (const [x0, y0, x1, y1] of edges) {
      if (y0 <= y === y1 <= y) continue;
      crossings.push([x0 + ((y - y0) / (y1 - y0)) * (x1 - x0), y1 > y0 ? 1 : -1]);
    }
    crossings.sort((a, b) => a[0] - b[0]);
    let winding = 0;
    for (const [index, [x, direction]] of crossings.entries()) {
      winding += direction;
      const next = crossings[index + 1];
      if (winding === 0 || next === undefined) continue;
      const from = Math.max(0, Math.round((x - left) * FINE));
      const until = Math.min(width * FINE, Math.round((next[0] - left) * FINE));
      const row = Math.floor(line / FINE) * width;
      for (let sub = from; sub < until; sub += 1) {
        const pixel = row + Math.floor(sub / FINE);
        values[pixel] = (values[pixel] ?? 0) + 1 / (FINE * FINE);
      }
    }
  }
  return { left, top, width, height, values };
}
