import { colourWords } from '../colour-maps.ts';
import { cachedLut } from '../cornerstone-image.ts';
import type { Point } from '../geometry.ts';
import type { PaneView } from '../pane-view.ts';
import { coloursOf } from '../presentation/apply-state.ts';
import { apply, inverse } from '../transform.ts';
import type { At, ToolDefinition } from './tool.ts';

export const LENS_SIZE = 220;
const FACTOR = 2.5;

export const MAGNIFY: ToolDefinition = {
  cursor: 'none',
  begin: (context, at) => {
    const show = ({ screen }: At) => context.lens(screen);
    show(at);
    return {
      move: show,
      up: () => {
        context.lens(undefined);
        return false;
      },
      cancel: () => context.lens(undefined),
    };
  },
};

/** Draws what lies around a point of the pane, from the pixels of the image rather than from those of the screen. */
export function drawLens(canvas: HTMLCanvasElement, view: PaneView, centre: Point): void {
  const context = canvas.getContext('2d');
  const { presented, toScreen, shown, window, pixelRatio } = view;
  const drawn = presented?.frame;
  const side = Math.round(LENS_SIZE * pixelRatio);
  canvas.width = side;
  canvas.height = side;
  if (context === null || drawn === undefined || toScreen === undefined || shown?.image === undefined || window === undefined) return;
  const toImage = inverse(toScreen);
  const image = context.createImageData(side, side);
  const words = new Uint32Array(image.data.buffer);
  const colourOf = drawn.kind === 'grey' ? greyReader(view) : undefined;
  const rgba = drawn.kind === 'colour' ? new Uint32Array(drawn.rgba.buffer, drawn.rgba.byteOffset, drawn.columns * drawn.rows) : undefined;
  const step = 1 / (FACTOR * pixelRatio);
  for (let y = 0, to = 0; y < side; y++) {
    for (let x = 0; x < side; x++, to++) {
      const point = apply(toImage, { x: centre.x + (x - side / 2) * step, y: centre.y + (y - side / 2) * step });
      if (point.x < 0 || point.y < 0 || point.x >= drawn.columns || point.y >= drawn.rows) words[to] = 0xff000000;
      else words[to] = colourOf?.(point) ?? rgba?.[Math.floor(point.y) * drawn.columns + Math.floor(point.x)] ?? 0xff000000;
    }
  }
  context.putImageData(image, 0, 0);
}

/** Colour of the pixel between its four neighbours. */
function greyReader({ presented, shown, window, presentation }: PaneView): (point: Point) => number {
  const drawn = presented?.frame;
  if (presented === undefined || drawn?.kind !== 'grey' || shown?.image === undefined || window === undefined) return () => 0;
  const { lutArray } = cachedLut(drawn, presented.image, window, presentation.invert);
  const map = coloursOf(presentation.colourMap, presented);
  const colours = typeof map === 'string' ? colourWords(map) : map;
  const origin = Math.min(drawn.first, 0);
  const samples = drawn.levels[0]?.samples ?? new Uint8Array();
  const { columns, rows } = drawn;
  return ({ x, y }) => {
    const [u, v] = [Math.max(0, Math.min(columns - 1, x - 0.5)), Math.max(0, Math.min(rows - 1, y - 0.5))];
    const [left, top] = [Math.floor(u), Math.floor(v)];
    const right = Math.min(columns - 1, left + 1);
    const bottom = Math.min(rows - 1, top + 1);
    const at = (column: number, row: number) => samples[row * columns + column] ?? 0;
    const upper = at(left, top) + (at(right, top) - at(left, top)) * (u - left);
    const lower = at(left, bottom) + (at(right, bottom) - at(left, bottom)) * (u - left);
    return colours[lutArray[Math.round(upper + (lower - upper) * (v - top)) - origin] ?? 0] ?? 0;
  };
}
