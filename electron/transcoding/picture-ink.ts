import type { Point } from '../../shared/marks/index.ts';
import type { Picture } from './picture.ts';
import { covered, type Edge } from './picture-outline.ts';

/** How dark the edge around lines and letters is, as on the screen. */
const HALO = 0.6;

/** Lines and letters over a picture, gathered first and laid on at once: where they cross nothing is drawn twice. */
export class Ink {
  readonly #width: number;
  readonly #height: number;
  /** 0 … 255 for each pixel. */
  readonly #ink: Uint8Array;
  readonly #halo: Uint8Array;

  constructor({ width, height }: Picture) {
    this.#width = width;
    this.#height = height;
    this.#ink = new Uint8Array(width * height);
    this.#halo = new Uint8Array(width * height);
  }

  /** Lines from point to point with round ends. `thick` and `edge`: width of the line, and with its dark edge, in pixels. */
  line(points: readonly Point[], thick: number, edge: number): void {
    for (const [index, to] of points.entries()) {
      const from = points[index - 1] ?? (points.length === 1 ? to : undefined);
      if (from !== undefined) this.#stroke(from, to, thick / 2, edge / 2);
    }
  }

  /** Letters. `edge`: how far their dark edge reaches. */
  fill(edges: readonly Edge[], edge: number): void {
    const coverage = covered({ width: this.#width, height: this.#height }, edges);
    if (coverage === undefined) return;
    const { left, top, width, height, values } = coverage;
    const reach = Math.max(1, Math.round(edge));
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        const value = Math.round(Math.min(1, values[row * width + column] ?? 0) * 255);
        if (value === 0) continue;
        const [x, y] = [left + column, top + row];
        raise(this.#ink, y * this.#width + x, value);
        for (let dy = -reach; dy <= reach; dy += 1) {
          for (let dx = -reach; dx <= reach; dx += 1) {
            const [toX, toY] = [x + dx, y + dy];
            if (toX < 0 || toY < 0 || toX >= this.#width || toY >= this.#height || dx * dx + dy * dy > reach * reach + 1) continue;
            raise(this.#halo, toY * this.#width + toX, value);
          }
        }
      }
    }
  }

  /** `colour`: red, green, blue of 255; a grey picture takes its first. */
  lay({ channels, data }: Picture, colour: readonly number[]): void {
    const deep = data.BYTES_PER_ELEMENT === 2 ? 257 : 1;
    for (let at = 0; at < this.#ink.length; at += 1) {
      const [ink, halo] = [(this.#ink[at] ?? 0) / 255, (this.#halo[at] ?? 0) / 255];
      if (ink === 0 && halo === 0) continue;
      for (let channel = 0; channel < channels; channel += 1) {
        const under = (data[at * channels + channel] ?? 0) * (1 - halo * HALO);
        data[at * channels + channel] = Math.round(under * (1 - ink) + (colour[channel] ?? 0) * deep * ink);
      }
    }
  }

  #stroke(from: Point, to: Point, half: number, halfEdge: number): void {
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const length = Math.hypot(dx, dy);
    const reach = Math.max(half, halfEdge) + 1;
    const top = Math.max(0, Math.floor(Math.min(from.y, to.y) - reach));
    const bottom = Math.min(this.#height - 1, Math.ceil(Math.max(from.y, to.y) + reach));
    const [left, right] = [Math.min(from.x, to.x) - reach, Math.max(from.x, to.x) + reach];
    for (let row = top; row <= bottom; row += 1) {
      const y = row + 0.5;
      // How far to both sides of the line its ink can reach in this row.
      const wide = Math.abs(dy) < 1e-6 ? Number.POSITIVE_INFINITY : (reach * length) / Math.abs(dy);
      const middle = Math.abs(dy) < 1e-6 ? from.x : from.x + ((y - from.y) / dy) * dx;
      const first = Math.max(0, Math.floor(Math.max(left, middle - wide)));
      const last = Math.min(this.#width - 1, Math.ceil(Math.min(right, middle + wide)));
      for (let column = first; column <= last; column += 1) {
        const x = column + 0.5;
        const along = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - from.x) * dx + (y - from.y) * dy) / (length * length)));
        const distance = Math.hypot(x - from.x - along * dx, y - from.y - along * dy);
        const at = row * this.#width + column;
        raise(this.#ink, at, coverageAt(distance, half));
        raise(this.#halo, at, coverageAt(distance, halfEdge));
      }
    }
  }
}

function raise(values: Uint8Array, at: number, value: number): void {
  if (value > (values[at] ?? 255)) values[at] = value;
}

/** Of a pixel so far from the middle of a line. */
function coverageAt(distance: number, half: number): number {
  return Math.round(Math.max(0, Math.min(1, half + 0.5 - distance)) * 255);
}
