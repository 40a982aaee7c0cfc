import { PhosphorError } from '../../../../shared/contract/phosphor-error.ts';
import type { Dataset } from '../dataset.ts';
import { Tag as T } from '../tags.ts';

/** Of the image, in pixels from its upper left corner; the same in every frame. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Run {
  readonly start: number;
  readonly end: number;
  readonly fill: Uint8Array;
}

const MAX_RUNS_PER_FRAME = 4_000_000;

/** Makes rectangles of native pixel data black while their bytes pass by (Clean Pixel Data, PS3.15 E.3.1). */
export class Blanking {
  readonly #frameBytes: number;
  readonly #runs: readonly Run[];

  /** Throws `unsupported` for samples that are not whole bytes, or share chroma; `limit-exceeded` for too many rectangles. */
  constructor(dataset: Dataset, rectangles: readonly Rectangle[], bigEndian: boolean) {
    const number = (tag: number): number => dataset.number(tag) ?? 0;
    const [rows, columns, samples] = [number(T.Rows), number(T.Columns), dataset.number(T.SamplesPerPixel) ?? 1];
    const bits = number(T.BitsAllocated);
    const photometric = dataset.string(T.PhotometricInterpretation);
    if (bits % 8 !== 0 || bits === 0 || rows * columns === 0 || photometric.endsWith('_422') || photometric.endsWith('_420')) {
      throw new PhosphorError('unsupported', 'rectangles of such pixels cannot be blanked');
    }
    const bytes = bits / 8;
    const isPlanar = samples > 1 && dataset.number(T.PlanarConfiguration) === 1;
    const blacks = Array.from({ length: samples }, (_, sample) => blackOf(dataset, photometric, sample, bytes, bigEndian));
    const runs: Run[] = [];
    for (const rectangle of rectangles) {
      const left = Math.max(0, Math.min(columns, Math.floor(rectangle.x)));
      const right = Math.max(left, Math.min(columns, Math.ceil(rectangle.x + rectangle.width)));
      const bottom = Math.min(rows, Math.ceil(rectangle.y + rectangle.height));
      for (let row = Math.max(0, Math.floor(rectangle.y)); row < bottom && right > left; row += 1) {
        if (isPlanar) {
          blacks.forEach((fill, plane) => {
            const start = ((plane * rows + row) * columns + left) * bytes;
            runs.push({ start, end: start + (right - left) * bytes, fill });
          });
        } else {
          const start = (row * columns + left) * samples * bytes;
          runs.push({ start, end: start + (right - left) * samples * bytes, fill: joined(blacks) });
        }
      }
      if (runs.length > MAX_RUNS_PER_FRAME) throw new PhosphorError('limit-exceeded', 'there are too many rectangles');
    }
    this.#frameBytes = rows * columns * samples * bytes;
    this.#runs = runs.sort((a, b) => a.start - b.start);
  }

  /** A copy of bytes that begin at `offset` of the pixel data, black where a rectangle is. */
  apply(piece: Uint8Array, offset: number): Uint8Array {
    const copy = piece.slice();
    const last = Math.floor((offset + piece.length - 1) / this.#frameBytes);
    for (let frame = Math.floor(offset / this.#frameBytes); frame <= last; frame += 1) {
      const base = frame * this.#frameBytes - offset;
      for (const { start, end, fill } of this.#runs) {
        const from = Math.max(0, base + start);
        const to = Math.min(copy.length, base + end);
        for (let at = from; at < to; at += 1) copy[at] = fill[(at - base - start) % fill.length] ?? 0;
      }
    }
    return copy;
  }
}

/** One sample of black: the largest value of MONOCHROME1, the middle of chroma, the smallest value otherwise. */
function blackOf(dataset: Dataset, photometric: string, sample: number, bytes: number, bigEndian: boolean): Uint8Array {
  const stored = dataset.number(T.BitsStored) ?? bytes * 8;
  const isSigned = dataset.number(T.PixelRepresentation) === 1;
  let value = isSigned ? 2 ** (bytes * 8) - 2 ** (stored - 1) : 0;
  if (photometric === 'MONOCHROME1') value = 2 ** (isSigned ? stored - 1 : stored) - 1;
  else if (photometric.startsWith('YBR') && sample > 0) value = 2 ** (stored - 1);
  const little = Uint8Array.from({ length: bytes }, (_, index) => Math.floor(value / 256 ** index) % 256);
  return bigEndian ? little.reverse() : little;
}

function joined(fills: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(fills.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const fill of fills) {
    all.set(fill, at);
    at += fill.length;
  }
  return all;
}
