import { Buffer } from 'node:buffer';
import zlib from 'node:zlib';
import type { Picture } from './picture.ts';

/** A PNG file (ISO/IEC 15948): 8 or 16 bits, grey or true colour, each row as differences from pixel to pixel. */
export function encodePNG({ width, height, channels, data }: Picture): Uint8Array {
  const sampleBytes = data.BYTES_PER_ELEMENT;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([sampleBytes * 8, channels === 1 ? 0 : 2, 0, 0, 0], 8);
  const bytes = Buffer.from(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
  if (sampleBytes === 2) bytes.swap16();
  const [row, step] = [width * channels * sampleBytes, channels * sampleBytes];
  const filtered = Buffer.alloc((row + 1) * height);
  for (let y = 0; y < height; y += 1) {
    const [from, to] = [y * row, y * (row + 1)];
    filtered[to] = 1;
    for (let x = 0; x < row; x += 1) filtered[to + 1 + x] = (bytes[from + x] ?? 0) - (x < step ? 0 : (bytes[from + x - step] ?? 0));
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', zlib.deflateSync(filtered)), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, content: Buffer): Buffer {
  const bytes = Buffer.alloc(content.length + 12);
  bytes.writeUInt32BE(content.length, 0);
  bytes.write(type, 4, 'latin1');
  content.copy(bytes, 8);
  bytes.writeUInt32BE(zlib.crc32(bytes.subarray(4, 8 + content.length)), 8 + content.length);
  return bytes;
}

/** A baseline TIFF file (TIFF 6.0), little endian, uncompressed, in one strip. */
export function encodeTIFF({ width, height, channels, data }: Picture): Uint8Array {
  const bits = data.BYTES_PER_ELEMENT * 8;
  const short = 3;
  const long = 4;
  const rational = 5;
  const entries: readonly (readonly [tag: number, type: number, count: number, value: number])[] = [
    [256, long, 1, width],
    [257, long, 1, height],
    [258, short, channels, channels === 1 ? bits : BITS_AT],
    [259, short, 1, 1],
    [262, short, 1, channels === 1 ? 1 : 2],
    [273, long, 1, PIXELS_AT],
    [277, short, 1, channels],
    [278, long, 1, height],
    [279, long, 1, data.byteLength],
    [282, rational, 1, RESOLUTION_AT],
    [283, rational, 1, RESOLUTION_AT],
    [296, short, 1, 2],
  ];
  const file = Buffer.alloc(PIXELS_AT + data.byteLength);
  file.write('II*\0', 0, 'latin1');
  file.writeUInt32LE(8, 4);
  file.writeUInt16LE(entries.length, 8);
  for (const [index, [tag, type, count, value]] of entries.entries()) {
    const at = 10 + index * 12;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(count, at + 4);
    file.writeUInt32LE(value, at + 8);
  }
  for (let i = 0; i < 3; i += 1) file.writeUInt16LE(bits, BITS_AT + 2 * i);
  file.writeUInt32LE(96, RESOLUTION_AT);
  file.writeUInt32LE(1, RESOLUTION_AT + 4);
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).copy(file, PIXELS_AT);
  return file;
}

/** Behind 12 directory entries. */
const BITS_AT = 160;
const RESOLUTION_AT = 168;
const PIXELS_AT = 256;
