import type { Point, Size } from './geometry.ts';

/** x' = a·x + c·y + e, y' = b·x + d·y + f */
export interface Affine {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
}

export interface Placement {
  readonly rows: number;
  readonly columns: number;
  /** Width of a pixel relative to its height. */
  readonly aspect: number;
  /** Canvas pixels for the shorter side of an image pixel. */
  readonly scale: number;
  /** Degrees clockwise, a multiple of 90; after the flips. */
  readonly rotation: number;
  readonly flippedHorizontally: boolean;
  readonly flippedVertically: boolean;
  /** From the centre of the canvas. */
  readonly pan: Point;
  readonly canvas: Size;
}

/** Canvas pixels of a whole image pixel's width and height. */
export function pixelSize(aspect: number, scale: number): { width: number; height: number } {
  return { width: scale * Math.max(1, aspect), height: scale * Math.max(1, 1 / aspect) };
}

/** From image coordinates (0\0 is the outer corner of the first pixel, PS3.3 C.18.6.1.2) to pixels of the canvas. */
export function imageToCanvas(placement: Placement): Affine {
  const { width, height } = pixelSize(placement.aspect, placement.scale);
  const x = placement.flippedHorizontally ? -width : width;
  const y = placement.flippedVertically ? -height : height;
  const quarters = (((placement.rotation / 90) % 4) + 4) % 4;
  const cos = [1, 0, -1, 0][quarters] ?? 1;
  const sin = [0, 1, 0, -1][quarters] ?? 0;
  const [a, b, c, d] = [cos * x, sin * x, -sin * y, cos * y];
  const [halfColumns, halfRows] = [placement.columns / 2, placement.rows / 2];
  return {
    a,
    b,
    c,
    d,
    e: placement.canvas.width / 2 + placement.pan.x - a * halfColumns - c * halfRows,
    f: placement.canvas.height / 2 + placement.pan.y - b * halfColumns - d * halfRows,
  };
}

export function apply({ a, b, c, d, e, f }: Affine, { x, y }: Point): Point {
  return { x: a * x + c * y + e, y: b * x + d * y + f };
}

export function inverse({ a, b, c, d, e, f }: Affine): Affine {
  const determinant = a * d - b * c;
  return {
    a: d / determinant,
    b: -b / determinant,
    c: -c / determinant,
    d: a / determinant,
    e: (c * f - d * e) / determinant,
    f: (b * e - a * f) / determinant,
  };
}

export function scaled({ a, b, c, d, e, f }: Affine, by: number): Affine {
  return { a: a * by, b: b * by, c: c * by, d: d * by, e: e * by, f: f * by };
}
