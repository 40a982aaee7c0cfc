import type { Point } from '../../geometry.ts';

/** Straight pieces of a line, [from, to]. */
export type Piece = readonly [Point, Point];

/** Bounds of what one picture may be made of. */
const MAX_PIECES = 40_000;

/**
 * The line on which a dose plane of `columns` × `rows` points has a value, in points (0\\0 is the centre of the first one): straight within each cell
 * between four points (marching squares). Cells at the edge of the dose (NaN) have none.
 */
export function isodose(dose: Float32Array, columns: number, rows: number, level: number): Piece[] {
  const pieces: Piece[] = [];
  for (let y = 0; y + 1 < rows; y++) {
    for (let x = 0; x + 1 < columns; x++) {
      const at = y * columns + x;
      const a = dose[at] ?? Number.NaN;
      const b = dose[at + 1] ?? Number.NaN;
      const c = dose[at + columns + 1] ?? Number.NaN;
      const d = dose[at + columns] ?? Number.NaN;
      const inside = [a >= level, b >= level, c >= level, d >= level].filter(Boolean).length;
      if (inside === 0 || inside === 4 || Number.isNaN(a + b + c + d)) continue;
      if (pieces.length >= MAX_PIECES) return pieces;
      pieces.push(...piecesOf([a, b, c, d], level, x, y));
    }
  }
  return pieces;
}

type Corners = readonly [number, number, number, number];

/** The corners go round the cell: where two neighbours lie on either side of the level, the line crosses between them. */
function piecesOf(corners: Corners, level: number, x: number, y: number): Piece[] {
  const crossings: Point[] = [];
  for (const [i, from] of corners.entries()) {
    const to = corners[(i + 1) % 4] ?? from;
    if (from >= level === to >= level) continue;
    const share = (level - from) / (to - from);
    const [sx, sy] = CORNER[i] ?? [0, 0];
    const [ex, ey] = CORNER[(i + 1) % 4] ?? [0, 0];
    crossings.push({ x: x + sx + (ex - sx) * share, y: y + sy + (ey - sy) * share });
  }
  const [p, q, r, s] = crossings;
  if (p === undefined || q === undefined) return [];
  if (r === undefined || s === undefined) return [[p, q]];
  // Of a saddle, the middle says which corners belong together.
  const middle = corners.reduce((sum, value) => sum + value, 0) / 4 >= level;
  return middle === corners[0] >= level
    ? [
        [p, q],
        [r, s],
      ]
    : [
        [q, r],
        [s, p],
      ];
}

const CORNER = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
] as const;
