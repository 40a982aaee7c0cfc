import { type EnabledElement, setToPixelCoordinateSystem } from 'cornerstone-core';
import { type ColourMap, colourWords } from './colour-maps.ts';
import type { GreyFrame, GreyLevel } from './decode-messages.ts';

/**
 * A renderer for `image.render` of cornerstone that computes only the pixels on the screen: for each one the value between its four
 * neighbours in the level of the pyramid next above the screen's resolution, then the look-up table. A mammogram thus costs what the
 * pane costs, and nothing aliases when minified.
 */
export function renderLarge(frame: GreyFrame, map: ColourMap = 'grey'): (enabledElement: EnabledElement) => void {
  return (enabledElement) => {
    const { canvas, image } = enabledElement;
    const context = canvas.getContext('2d', { desynchronized: true });
    const table = image?.cachedLut?.lutArray;
    if (context === null || table === undefined) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = 'black';
    context.fillRect(0, 0, canvas.width, canvas.height);
    setToPixelCoordinateSystem(enabledElement, context);
    const toCanvas = context.getTransform();
    context.setTransform(1, 0, 0, 1, 0, 0);
    const area = visibleArea(toCanvas, frame, canvas);
    if (area.width <= 0 || area.height <= 0) return;

    const pixels = pixelBuffer(area.width, area.height);
    resample(frame, toCanvas, area, colours(table, map), Math.min(frame.first, 0), pixels.words);
    context.putImageData(pixels.image, area.x, area.y, 0, 0, area.width, area.height);
  };
}

export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The rectangle of the canvas that the image covers. */
export function visibleArea(toCanvas: DOMMatrix, frame: Size, canvas: HTMLCanvasElement): Area {
  const a = toCanvas.transformPoint({ x: 0, y: 0 });
  const b = toCanvas.transformPoint({ x: frame.columns, y: frame.rows });
  const x = Math.max(0, Math.round(Math.min(a.x, b.x)));
  const y = Math.max(0, Math.round(Math.min(a.y, b.y)));
  const right = Math.min(canvas.width, Math.round(Math.max(a.x, b.x)));
  const bottom = Math.min(canvas.height, Math.round(Math.max(a.y, b.y)));
  return { x, y, width: right - x, height: bottom - y };
}

function resample(frame: GreyFrame, toCanvas: DOMMatrix, area: Area, colour: Uint32Array, origin: number, target: Uint32Array): void {
  const level = frame.levels[levelAt(toCanvas, frame.levels.length)] as GreyLevel;
  const { samples } = level;
  const { across, down } = sampling(frame, level, toCanvas, area);
  const { near, far, share } = across;
  for (let y = 0, to = 0; y < area.height; y++) {
    const top = down.near[y] as number;
    const bottom = down.far[y] as number;
    const weight = down.share[y] as number;
    for (let x = 0; x < area.width; x++, to++) {
      const left = near[x] as number;
      const right = far[x] as number;
      const part = share[x] as number;
      const a = samples[top + left] as number;
      const b = samples[bottom + left] as number;
      const upper = a + ((samples[top + right] as number) - a) * part;
      const lower = b + ((samples[bottom + right] as number) - b) * part;
      target[to] = colour[(upper + (lower - upper) * weight - origin + 0.5) | 0] as number;
    }
  }
}

/** The level next above the screen's resolution. */
export function levelAt(toCanvas: DOMMatrix, levels: number): number {
  const scale = Math.sqrt(Math.abs(toCanvas.a * toCanvas.d - toCanvas.b * toCanvas.c));
  return Math.min(levels - 1, Math.max(0, Math.floor(Math.log2(1 / scale))));
}

/** Where the pixels of the screen lie in a level, along its lines and down its columns of the screen. */
export function sampling(frame: Size, level: Size, toCanvas: DOMMatrix, area: Area): { across: Positions; down: Positions } {
  const inverse = toCanvas.inverse();
  const turned = Math.abs(inverse.a) + Math.abs(inverse.d) < Math.abs(inverse.b) + Math.abs(inverse.c);
  const ratioX = level.columns / frame.columns;
  const ratioY = level.rows / frame.rows;
  // Turned by 90 or 270 degrees, going along a line of the screen goes down a column of the image.
  const across = turned
    ? positions(area.x, area.width, inverse.b * ratioY, inverse.f * ratioY, level.rows, level.columns)
    : positions(area.x, area.width, inverse.a * ratioX, inverse.e * ratioX, level.columns, 1);
  const down = turned
    ? positions(area.y, area.height, inverse.c * ratioX, inverse.e * ratioX, level.columns, 1)
    : positions(area.y, area.height, inverse.d * ratioY, inverse.f * ratioY, level.rows, level.columns);
  return { across, down };
}

interface Positions {
  /** Index (times stride) of the neighbours on either side, and the share of the far one. */
  readonly near: Int32Array;
  readonly far: Int32Array;
  readonly share: Float32Array;
}

function positions(start: number, count: number, step: number, offset: number, length: number, stride: number): Positions {
  const near = new Int32Array(count);
  const far = new Int32Array(count);
  const share = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const at = Math.min(length - 1, Math.max(0, (start + i + 0.5) * step + offset - 0.5));
    const floor = Math.floor(at);
    near[i] = floor * stride;
    far[i] = Math.min(length - 1, floor + 1) * stride;
    share[i] = at - floor;
  }
  return { near, far, share };
}

const colourTables = new WeakMap<Uint8ClampedArray, { map: ColourMap; words: Uint32Array }>();

/** The table's grey levels as pixels. */
function colours(table: Uint8ClampedArray, map: ColourMap): Uint32Array {
  const known = colourTables.get(table);
  if (known?.map === map) return known.words;
  const colour = colourWords(map);
  const words = Uint32Array.from(table, (grey) => colour[grey] ?? 0);
  colourTables.set(table, { map, words });
  return words;
}

let buffer: { image: ImageData; words: Uint32Array } | undefined;

/** One buffer for all panes: drawing is synchronous. It is made anew only when the drawn area changes. */
export function pixelBuffer(width: number, height: number): { image: ImageData; words: Uint32Array } {
  if (buffer?.image.width !== width || buffer.image.height !== height) {
    const image = new ImageData(width, height);
    buffer = { image, words: new Uint32Array(image.data.buffer) };
  }
  return buffer;
}
