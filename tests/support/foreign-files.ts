import { crc32, deflateSync } from 'node:zlib';

/** A PNG of any colour type and depth, every line with the next filter; `interlaced`: Adam7. `sample(x, y, channel)` is 0 to 2^depth - 1. */
export function png(
  {
    columns,
    rows,
    depth,
    colour,
    interlaced = false,
    palette,
    alpha,
  }: {
    columns: number;
    rows: number;
    depth: number;
    colour: 0 | 2 | 3 | 4 | 6;
    interlaced?: boolean;
    palette?: readonly number[];
    alpha?: readonly number[];
  },
  sample: (x: number, y: number, channel: number) => number,
): Buffer {
  const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[colour];
  const passes = interlaced ? ADAM7 : [[0, 0, 1, 1]];
  const lines: Buffer[] = [];
  for (const [x0 = 0, y0 = 0, dx = 1, dy = 1] of passes) {
    const width = Math.ceil((columns - x0) / dx);
    let above = Buffer.alloc(Math.ceil((width * channels * depth) / 8));
    for (let y = y0; y < rows && width > 0; y += dy) {
      const line = Buffer.alloc(above.length);
      for (let index = 0; index < width * channels; index += 1) {
        const value = sample(x0 + Math.floor(index / channels) * dx, y, index % channels);
        if (depth === 16) line.writeUInt16BE(value, index * 2);
        else line[(index * depth) >> 3] = (line[(index * depth) >> 3] ?? 0) | (value << (8 - depth - ((index * depth) & 7)));
      }
      lines.push(filtered(line, above, lines.length % 5, Math.max(1, (channels * depth) / 8)));
      above = line;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(columns, 0);
  header.writeUInt32BE(rows, 4);
  header.set([depth, colour, 0, 0, interlaced ? 1 : 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    ...(palette === undefined ? [] : [chunk('PLTE', Buffer.from(palette))]),
    ...(alpha === undefined ? [] : [chunk('tRNS', Buffer.from(alpha))]),
    chunk('IDAT', deflateSync(Buffer.concat(lines))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

function filtered(line: Buffer, above: Buffer, filter: number, step: number): Buffer {
  const out = Buffer.alloc(line.length + 1);
  out[0] = filter;
  line.forEach((value, index) => {
    const left = line[index - step] ?? 0;
    const up = above[index] ?? 0;
    const corner = index >= step ? (above[index - step] ?? 0) : 0;
    const guess = left + up - corner;
    const [toLeft, toUp, toCorner] = [left, up, corner].map((one) => Math.abs(guess - one)) as [number, number, number];
    const paeth = toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
    out[index + 1] = (value - ([0, left, up, (left + up) >> 1, paeth][filter] ?? 0)) & 0xff;
  });
  return out;
}

function chunk(type: string, data: Buffer): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, 'latin1');
  data.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

/** Markers of a JPEG up to its scan: enough for whoever does not decode it. */
export function jpegHeader({ marker = 0xc0, bits = 8, rows = 16, columns = 24, factors = [0x22, 0x11, 0x11] } = {}): Buffer {
  const frame = Buffer.alloc(10 + 3 * factors.length);
  frame.set([0xff, marker], 0);
  frame.writeUInt16BE(8 + 3 * factors.length, 2);
  frame[4] = bits;
  frame.writeUInt16BE(rows, 5);
  frame.writeUInt16BE(columns, 7);
  frame[9] = factors.length;
  for (const [index, factor] of factors.entries()) frame.set([index + 1, factor, 0], 10 + 3 * index);
  return Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0]), frame, Buffer.from([0xff, 0xda, 0, 2, 0xff, 0xd9])]);
}

function box(type: string, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}

/** The boxes of an MP4 that describe one film; its samples are not there. */
export function mp4({
  codec = 'avc1',
  profile = 100,
  constraints = 0,
  level = 41,
  rows = 48,
  columns = 64,
  frames = 50,
  timescale = 1000,
  duration = 2000,
} = {}): Buffer {
  const [mdhd, hdlr, stsz] = [Buffer.alloc(24), Buffer.alloc(24), Buffer.alloc(12)];
  mdhd.writeUInt32BE(timescale, 12);
  mdhd.writeUInt32BE(duration, 16);
  hdlr.write('vide', 8, 'latin1');
  stsz.writeUInt32BE(frames, 8);
  const visual = Buffer.alloc(78);
  visual.writeUInt16BE(columns, 24);
  visual.writeUInt16BE(rows, 26);
  const configuration =
    codec === 'avc1'
      ? box('avcC', Buffer.from([1, profile, constraints, level]))
      : box('hvcC', Buffer.from([1, profile, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, level]));
  const stsd = box('stsd', Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]), box(codec, visual, configuration));
  const media = box('mdia', box('mdhd', mdhd), box('hdlr', hdlr), box('minf', box('stbl', stsd, box('stsz', stsz))));
  return Buffer.concat([box('ftyp', Buffer.from('isom0000')), box('moov', box('trak', media)), box('mdat', Buffer.alloc(100, 1))]);
}

/** An MPEG-2 elementary stream of so many empty pictures. */
export function mpeg2({ columns = 720, rows = 576, frames = 10, mpeg1 = false } = {}): Buffer {
  const sequence = Buffer.from([0, 0, 1, 0xb3, columns >> 4, ((columns & 15) << 4) | (rows >> 8), rows & 0xff, 0x33, 0xff, 0xff, 0xe0, 0]);
  const extension = mpeg1 ? Buffer.alloc(0) : Buffer.from([0, 0, 1, 0xb5, 0x14, 0x8a, 0, 1, 0, 0]);
  const picture = Buffer.from([0, 0, 1, 0, 0, 0x0f, 0xff, 0xf8, 0, 0, 1, 1, 0x22, 0x33, 0x44, 0x55]);
  return Buffer.concat([
    sequence,
    extension,
    ...Array.from({ length: frames }, () => picture),
    Buffer.from([0, 0, 1, 0xb7, 0, 0, 0, 0, 0, 0, 0, 0]),
  ]);
}

export const PDF = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n');
