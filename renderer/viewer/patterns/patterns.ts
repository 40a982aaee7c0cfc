export const PATTERNS = ['smpte', 'tg18-qc', 'ramp', 'bars', 'luminance'] as const;
export type Pattern = (typeof PATTERNS)[number];

/** 8-bit grey, row by row. */
export interface Grey {
  readonly width: number;
  readonly height: number;
  readonly levels: Uint8Array;
}

/** Draws a pattern as large as the pane, pixel for pixel. `level`: of the measuring patch. */
export function drawPattern(pattern: Pattern, width: number, height: number, level = 255): Grey {
  const grey = { width, height, levels: new Uint8Array(width * height) };
  DRAW[pattern](grey, level);
  return grey;
}

/** Grey of a share of the scale, as SMPTE RP 133 names its patches: 50 % = 128. */
export function percent(share: number): number {
  return Math.round((share * 255) / 100);
}

const DRAW: Readonly<Record<Pattern, (grey: Grey, level: number) => void>> = {
  smpte: smpte,
  'tg18-qc': tg18,
  ramp: ramp,
  bars: bars,
  luminance: luminance,
};

function fill({ width, height, levels }: Grey, left: number, top: number, across: number, down: number, level: number): void {
  const [x0, x1] = [Math.max(0, Math.round(left)), Math.min(width, Math.round(left + across))];
  const [y0, y1] = [Math.max(0, Math.round(top)), Math.min(height, Math.round(top + down))];
  for (let y = y0; y < y1; y++) levels.fill(level, y * width + x0, y * width + Math.max(x0, x1));
}

/** Square part in the middle of the pane, on the background. */
function square(grey: Grey, background: number): { left: number; top: number; side: number } {
  fill(grey, 0, 0, grey.width, grey.height, background);
  const side = Math.min(grey.width, grey.height);
  return { left: Math.floor((grey.width - side) / 2), top: Math.floor((grey.height - side) / 2), side };
}

/**
 * After SMPTE RP 133-1991: 50 % grey with a grid at 75 %, a ring of patches from 0 to 100 % in tenths, 5 % inside 0 % and 95 % inside 100 %,
 * black and white bars above and below, bars of one, two and three pixels at full and low contrast in the middle and the corners.
 */
function smpte(grey: Grey): void {
  const { left, top, side } = square(grey, percent(50));
  const cell = side / 10;
  const line = percent(75);
  for (let i = 0; i <= 10; i++) {
    const at = Math.min(side - 1, Math.round(i * cell));
    fill(grey, left + at, top, 1, side, line);
    fill(grey, left, top + at, side, 1, line);
  }
  for (const [index, share] of [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100].entries()) {
    const { column, row } = RING[index] ?? { column: 0, row: 0 };
    fill(grey, left + column * cell, top + row * cell, cell, cell, percent(share));
  }
  const inset = (column: number, row: number, level: number) =>
    fill(grey, left + (column + 0.25) * cell, top + (row + 0.25) * cell, cell / 2, cell / 2, level);
  // Beside the ring: the patches that tell whether the ends of the scale are seen.
  fill(grey, left + 3 * cell, top + 6.5 * cell, cell, cell, 0);
  inset(3, 6.5, percent(5));
  fill(grey, left + 6 * cell, top + 6.5 * cell, cell, cell, 255);
  inset(6, 6.5, percent(95));
  fill(grey, left + 3 * cell, top + 0.5 * cell, 4 * cell, cell, 0);
  fill(grey, left + 4 * cell, top + 0.5 * cell, 2 * cell, cell, 255);
  fill(grey, left + 3 * cell, top + 8.5 * cell, 4 * cell, cell, 255);
  fill(grey, left + 4 * cell, top + 8.5 * cell, 2 * cell, cell, 0);
  for (const [column, row] of [
    [0.25, 0.25],
    [8.75, 0.25],
    [0.25, 8.75],
    [8.75, 8.75],
    [4.5, 4.5],
  ] as const) {
    lineBlocks(grey, left + column * cell, top + row * cell, cell);
  }
}

/** Places of the patches in the grid of ten: from 0 % at the left of the upper row round to 100 %. */
const RING = [
  { column: 2, row: 5 },
  { column: 2, row: 4 },
  { column: 2, row: 3 },
  { column: 3, row: 2 },
  { column: 4, row: 2 },
  { column: 5, row: 2 },
  { column: 6, row: 2 },
  { column: 7, row: 3 },
  { column: 7, row: 4 },
  { column: 7, row: 5 },
  { column: 7, row: 6 },
];

/** Bars of one, two and three pixels, upright and lying: above at full contrast, below at 1, 3 and 5 % about the middle grey. */
function lineBlocks(grey: Grey, left: number, top: number, size: number): void {
  const block = Math.floor(size / 3);
  for (const [index, width] of [1, 2, 3].entries()) {
    stripes(grey, left + index * block, top, block, width, 0, 255, true);
    stripes(grey, left + index * block, top + block, block, width, 0, 255, false);
    const contrast = [1, 3, 5][index] ?? 1;
    stripes(grey, left + index * block, top + 2 * block, block, 2, percent(50 - contrast), percent(50 + contrast), true);
  }
}

function stripes(grey: Grey, left: number, top: number, size: number, width: number, dark: number, bright: number, upright: boolean): void {
  for (let at = 0; at < size; at += width) {
    const level = (at / width) % 2 === 0 ? bright : dark;
    const thick = Math.min(width, size - at);
    if (upright) fill(grey, Math.floor(left) + at, Math.floor(top), thick, Math.floor(size), level);
    else fill(grey, Math.floor(left), Math.floor(top) + at, Math.floor(size), thick, level);
  }
}

/**
 * After TG18-QC (AAPM On-line Report 03): middle grey with a grid, 16 patches from 8 to 248 whose corners differ by 4 levels, the ends of the scale with
 * 5 % and 95 % inside, two ramps, bars of one and two pixels, and a border.
 */
function tg18(grey: Grey): void {
  const { left, top, side } = square(grey, 128);
  const cell = side / 12;
  for (let i = 0; i <= 12; i++) {
    const at = Math.min(side - 1, Math.round(i * cell));
    fill(grey, left + at, top, 1, side, 191);
    fill(grey, left, top + at, side, 1, 191);
  }
  for (let index = 0; index < 16; index++) {
    const level = 8 + index * 16;
    const [column, row] = TG18_RING[index] ?? [0, 0];
    const [x, y] = [left + column * cell, top + row * cell];
    fill(grey, x, y, cell, cell, level);
    const corner = cell / 4;
    fill(grey, x, y, corner, corner, level + 4);
    fill(grey, x + cell - corner, y + cell - corner, corner, corner, level + 4);
    fill(grey, x + cell - corner, y, corner, corner, level - 4);
    fill(grey, x, y + cell - corner, corner, corner, level - 4);
  }
  fill(grey, left + 4 * cell, top + 4.5 * cell, 1.5 * cell, 1.5 * cell, 0);
  fill(grey, left + 4.5 * cell, top + 5 * cell, cell / 2, cell / 2, percent(5));
  fill(grey, left + 6.5 * cell, top + 4.5 * cell, 1.5 * cell, 1.5 * cell, 255);
  fill(grey, left + 7 * cell, top + 5 * cell, cell / 2, cell / 2, percent(95));
  for (const [x, upward] of [
    [0.25, true],
    [11.25, false],
  ] as const) {
    const long = Math.floor(8 * cell);
    for (let y = 0; y < long; y++) {
      const level = Math.min(255, Math.floor((256 * y) / long));
      fill(grey, left + x * cell, Math.floor(top + 2 * cell) + y, cell / 2, 1, upward ? 255 - level : level);
    }
  }
  for (const [column, row] of [
    [0.5, 0.5],
    [10.5, 0.5],
    [0.5, 10.5],
    [10.5, 10.5],
    [5.5, 7],
  ] as const) {
    stripes(grey, left + column * cell, top + row * cell, cell / 2, 1, 0, 255, true);
    stripes(grey, left + (column + 0.5) * cell, top + row * cell, cell / 2, 1, 0, 255, false);
    stripes(grey, left + column * cell, top + (row + 0.5) * cell, cell / 2, 2, 0, 255, true);
    stripes(grey, left + (column + 0.5) * cell, top + (row + 0.5) * cell, cell / 2, 2, 0, 255, false);
  }
}

const TG18_RING: readonly (readonly [column: number, row: number])[] = [
  [2, 6],
  [2, 5],
  [2, 4],
  [2, 3],
  [3, 2],
  [4, 2],
  [5, 2],
  [6, 2],
  [7, 2],
  [8, 2],
  [9, 3],
  [9, 4],
  [9, 5],
  [9, 6],
  [9, 7],
  [9, 8],
];

/** All 256 levels from left to right, each as wide as the others to a pixel; below, in 32 steps. */
function ramp(grey: Grey): void {
  const { width, height } = grey;
  for (let x = 0; x < width; x++) {
    const level = Math.floor((256 * x) / width);
    fill(grey, x, 0, 1, height / 2, level);
    fill(grey, x, height / 2, 1, height, Math.floor(level / 8) * 8);
  }
}

/** Lines of one pixel side by side, upright and lying: a picture that the system stretches shows bands. */
function bars(grey: Grey): void {
  const { width, height, levels } = grey;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const upright = x < width / 2 === y < height / 2;
      levels[y * width + x] = (upright ? x : y) % 2 === 0 ? 255 : 0;
    }
  }
}

/** After TG18-LN: a patch with a tenth of the area in the middle, on level 153. */
function luminance(grey: Grey, level: number): void {
  const { width, height } = grey;
  fill(grey, 0, 0, width, height, 153);
  const side = Math.round(Math.sqrt((width * height) / 10));
  fill(grey, Math.round((width - side) / 2), Math.round((height - side) / 2), side, side, level);
}
