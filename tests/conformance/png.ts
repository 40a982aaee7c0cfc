import { inflateSync } from 'node:zlib';

/** A picture of 8 bits: samples of a pixel side by side. */
export interface Picture {
  readonly columns: number;
  readonly rows: number;
  readonly samplesPerPixel: 1 | 3;
  readonly samples: Uint8Array;
}

/** Reads a PNG of 8 bits, grey or RGB, not interlaced: what the references are written as. Throws for anything else. */
export function readPNG(file: Uint8Array): Picture {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (view.getUint32(0) !== 0x89504e47) throw new Error('no PNG');
  let columns = 0;
  let rows = 0;
  let samplesPerPixel: 1 | 3 = 1;
  const data: Uint8Array[] = [];
  for (let at = 8; at + 12 <= file.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    if (type === 'IHDR') {
      columns = view.getUint32(at + 8);
      rows = view.getUint32(at + 12);
      const [depth, colour, , , interlaced] = file.subarray(at + 16, at + 21);
      if (depth !== 8 || (colour !== 0 && colour !== 2) || interlaced !== 0) throw new Error('a PNG of another form');
      samplesPerPixel = colour === 0 ? 1 : 3;
    }
    if (type === 'IDAT') data.push(file.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return {
    columns,
    rows,
    samplesPerPixel,
    samples: unfilter(inflateSync(Buffer.concat(data)), columns * samplesPerPixel, rows, samplesPerPixel),
  };
}

/** PNG specification §9: each line begins with the number of its filter. */
function unfilter(lines: Uint8Array, width: number, rows: number, step: number): Uint8Array {
  const samples = new Uint8Array(width * rows);
  for (let row = 0; row < rows; row += 1) {
    const filter = lines[row * (width + 1)];
    const from = row * (width + 1) + 1;
    const to = row * width;
    for (let i = 0; i < width; i += 1) {
      const left = i >= step ? (samples[to + i - step] ?? 0) : 0;
      const up = row > 0 ? (samples[to + i - width] ?? 0) : 0;
      const corner = row > 0 && i >= step ? (samples[to + i - width - step] ?? 0) : 0;
      const guess = filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1 : filter === 4 ? paeth(left, up, corner) : 0;
      samples[to + i] = (lines[from + i] ?? 0) + guess;
    }
  }
  return samples;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
