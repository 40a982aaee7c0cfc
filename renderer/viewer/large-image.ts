import { type EnabledElement, setToPixelCoordinateSystem } from 'cornerstone-core';
import { type ColourMap, colourWords } from './colour-maps.ts';
import type { GreyFrame, GreyLevel, GreySamples } from './decode-messages.ts';

/**
 * A renderer for `image.render` of cornerstone that computes only the pixels on the screen: for each one the value between its four
 * neighbours in the level of the pyramid next above the screen's resolution, then the look-up table. A mammogram thus costs what the
 * pane costs, and nothing aliases when minified. `map`: a colour map, or the pixels of the 256 grey levels.
 */
export function renderLarge(frame: GreyFrame, map: ColourMap | Uint32Array = 'grey'): (enabledElement: EnabledElement) => void {
  return renderVisible(frame, ({ toCanvas, area, table, pixels }) => {
    const entries = entriesOf(frame, toCanvas, area);
    const colour = colours(table, map);
    for (let y = 0, from = 0; y < area.height; y++) {
      const end = from + area.width;
      for (let to = y * pixels.image.width; from < end; to++, from++) pixels.words[to] = colour[entries[from] as number] as number;
    }
  });
}

/** Pixels as wide as the canvas, and the same as RGBA in words. */
interface PixelBuffer {
  readonly image: ImageData;
  readonly words: Uint32Array;
}

/** What of an image is on the canvas, and where its pixels go. */
interface Visible {
  readonly toCanvas: DOMMatrix;
  readonly area: Area;
  /** Of cornerstone, for the window as it stands. */
  readonly table: Uint8ClampedArray;
  readonly pixels: PixelBuffer;
}

/** A renderer for `image.render` that clears the canvas and has the pixels filled that the image covers on it. */
export function renderVisible(size: Size, fill: (visible: Visible) => void): (enabledElement: EnabledElement) => void {
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
    const area = visibleArea(toCanvas, size, canvas);
    if (area.width <= 0 || area.height <= 0) return;
    const pixels = pixelBuffer(canvas);
    fill({ toCanvas, area, table, pixels });
    context.putImageData(pixels.image, area.x, area.y, 0, 0, area.width, area.height);
  };
}

/** The entry of the look-up table for each pixel of the area: what another window leaves as it is. */
interface Resampled {
  readonly samples: WeakRef<GreySamples>;
  readonly place: string;
  readonly entries: Uint16Array;
}

/** Of the last pictures drawn, latest first: as many as hang beside each other when breasts are read. */
const resampled: Resampled[] = [];
const MAX_RESAMPLED = 4;

function entriesOf(frame: GreyFrame, toCanvas: DOMMatrix, area: Area): Uint16Array {
  const level = frame.levels[levelAt(toCanvas, frame.levels.length)] as GreyLevel;
  const { samples } = level;
  const { a, b, c, d, e, f } = toCanvas;
  const place = [a, b, c, d, e, f, area.x, area.y, area.width, area.height, frame.first].join();
  const at = resampled.findIndex((one) => one.samples.deref() === samples && one.place === place);
  const [known] = at < 0 ? [] : resampled.splice(at, 1);
  const spare = known === undefined && resampled.length >= MAX_RESAMPLED ? resampled.pop()?.entries : undefined;
  const count = area.width * area.height;
  const entries = known?.entries ?? (spare !== undefined && spare.length >= count ? spare : new Uint16Array(count));
  if (known === undefined) resample(level, sampling(frame, level, toCanvas, area), Math.min(frame.first, 0), entries);
  resampled.unshift(known ?? { samples: new WeakRef(samples), place, entries });
  return entries;
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
function visibleArea(toCanvas: DOMMatrix, frame: Size, canvas: HTMLCanvasElement): Area {
  const a = toCanvas.transformPoint({ x: 0, y: 0 });
  const b = toCanvas.transformPoint({ x: frame.columns, y: frame.rows });
  const x = Math.max(0, Math.round(Math.min(a.x, b.x)));
  const y = Math.max(0, Math.round(Math.min(a.y, b.y)));
  const right = Math.min(canvas.width, Math.round(Math.max(a.x, b.x)));
  const bottom = Math.min(canvas.height, Math.round(Math.max(a.y, b.y)));
  return { x, y, width: right - x, height: bottom - y };
}

/** Each line of the level is interpolated along itself once, however many lines of the screen it lies beside. */
function resample({ samples }: GreyLevel, { across, down }: Sampling, origin: number, target: Uint16Array): void {
  const width = across.near.length;
  const height = down.near.length;
  let upper = lineBuffer(0, width);
  let lower = lineBuffer(1, width);
  let upperFrom = -1;
  let lowerFrom = -1;
  for (let y = 0, to = 0; y < height; y++) {
    const top = down.near[y] as number;
    const bottom = down.far[y] as number;
    const weight = down.share[y] as number;
    if (top === lowerFrom) {
      [upper, lower] = [lower, upper];
      [upperFrom, lowerFrom] = [lowerFrom, upperFrom];
    }
    if (top !== upperFrom) interpolateLine(samples, top, across, upper);
    upperFrom = top;
    if (weight === 0) {
      for (let x = 0; x < width; x++, to++) target[to] = ((upper[x] as number) - origin + 0.5) | 0;
      continue;
    }
    if (bottom !== lowerFrom) interpolateLine(samples, bottom, across, lower);
    lowerFrom = bottom;
    for (let x = 0; x < width; x++, to++) {
      const above = upper[x] as number;
      target[to] = (above + ((lower[x] as number) - above) * weight - origin + 0.5) | 0;
    }
  }
}

function interpolateLine(samples: GreySamples, line: number, { near, far, share, whole }: Positions, target: Float64Array): void {
  const width = near.length;
  if (whole) {
    for (let x = 0; x < width; x++) target[x] = samples[line + (near[x] as number)] as number;
    return;
  }
  for (let x = 0; x < width; x++) {
    const left = samples[line + (near[x] as number)] as number;
    target[x] = left + ((samples[line + (far[x] as number)] as number) - left) * (share[x] as number);
  }
}

const lines: Float64Array[] = [];

function lineBuffer(which: 0 | 1, width: number): Float64Array {
  let line = lines[which];
  if (line === undefined || line.length < width) {
    line = new Float64Array(width);
    lines[which] = line;
  }
  return line;
}

/** The level next above the screen's resolution. */
export function levelAt(toCanvas: DOMMatrix, levels: number): number {
  const scale = Math.sqrt(Math.abs(toCanvas.a * toCanvas.d - toCanvas.b * toCanvas.c));
  return Math.min(levels - 1, Math.max(0, Math.floor(Math.log2(1 / scale))));
}

/** Where the pixels of the screen lie in a level, along its lines and down its columns of the screen. */
export function sampling(frame: Size, level: Size, toCanvas: DOMMatrix, area: Area): Sampling {
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

interface Sampling {
  readonly across: Positions;
  readonly down: Positions;
}

interface Positions {
  /** Index (times stride) of the neighbours on either side, and the share of the far one. */
  readonly near: Int32Array;
  readonly far: Int32Array;
  readonly share: Float64Array;
  /** All shares are 0: pixels of the screen lie on those of the level. */
  readonly whole: boolean;
}

function positions(start: number, count: number, step: number, offset: number, length: number, stride: number): Positions {
  const near = new Int32Array(count);
  const far = new Int32Array(count);
  const share = new Float64Array(count);
  let whole = true;
  for (let i = 0; i < count; i++) {
    const at = Math.min(length - 1, Math.max(0, (start + i + 0.5) * step + offset - 0.5));
    const floor = Math.floor(at);
    near[i] = floor * stride;
    far[i] = Math.min(length - 1, floor + 1) * stride;
    share[i] = Math.fround(at - floor);
    whole &&= share[i] === 0;
  }
  return { near, far, share, whole };
}

const colourTables = new WeakMap<Uint8ClampedArray, { map: ColourMap | Uint32Array; words: Uint32Array }>();

/** The table's grey levels as pixels. */
function colours(table: Uint8ClampedArray, map: ColourMap | Uint32Array): Uint32Array {
  const known = colourTables.get(table);
  if (known?.map === map) return known.words;
  const colour = typeof map === 'string' ? colourWords(map) : map;
  const words = new Uint32Array(table.length);
  for (let i = 0; i < table.length; i++) words[i] = colour[table[i] as number] as number;
  colourTables.set(table, { map, words });
  return words;
}

let buffer: { image: ImageData; words: Uint32Array } | undefined;

/** One buffer for all panes: drawing is synchronous. Its lines are as long as those of the canvas, so that a zoomed picture needs no other. */
function pixelBuffer({ width, height }: HTMLCanvasElement): PixelBuffer {
  if (buffer?.image.width !== width || buffer.image.height < height) {
    const image = new ImageData(width, height);
    buffer = { image, words: new Uint32Array(image.data.buffer) };
  }
  return buffer;
}
