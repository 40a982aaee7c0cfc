import type { PathCommand } from 'opentype.js/dist/opentype.mjs';

/** Straight edges around what is filled. */
export type Edge = readonly [x0: number, y0: number, x1: number, y1: number];

/** How much of each pixel of a part of a picture is covered. */
export interface Coverage {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** 0 … 1 for each pixel. */
  readonly values: Float32Array;
}

/** Samples per pixel and direction: edges get 16 steps of grey. */
const FINE = 4;

/** The outline of glyphs as straight edges, moved by dx\dy; curves in eight pieces. */
export function edgesOf(commands: readonly PathCommand[], dx: number, dy: number): Edge[] {
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

/** How much of each pixel lies inside the outline (non-zero winding), within a picture of this size. */
export function covered(
  { width: across, height: down }: { readonly width: number; readonly height: number },
  edges: readonly Edge[],
): Coverage | undefined {
  if (edges.length === 0) return undefined;
  const span = { left: across, top: down, right: 0, bottom: 0 };
  for (const [x0, y0, x1, y1] of edges) {
    span.left = Math.min(span.left, x0, x1);
    span.right = Math.max(span.right, x0, x1);
    span.top = Math.min(span.top, y0, y1);
    span.bottom = Math.max(span.bottom, y0, y1);
  }
  const [left, top] = [Math.max(0, Math.floor(span.left) - 1), Math.max(0, Math.floor(span.top) - 1)];
  const [right, bottom] = [Math.min(across, Math.ceil(span.right) + 1), Math.min(down, Math.ceil(span.bottom) + 1)];
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
