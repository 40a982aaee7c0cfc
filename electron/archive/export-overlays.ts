import type { ImageModule, Overlay } from '../../shared/contract/index.ts';
import type { EncodedOverlay } from '../transcoding/index.ts';

/** Reads bytes of the data set, as its bulk data are counted. */
export type ReadBytes = (offset: number, length: number) => Promise<Uint8Array>;

/**
 * The overlays that cover a frame (PS3.3 C.9.2), as they are drawn into its picture. One in unused bits of the pixels is read out of `cells`, the
 * frame's little-endian bytes. What cannot be read is left out, as the viewer does.
 */
export async function overlaysOfFrame(
  { overlays = [], bitsAllocated }: Pick<ImageModule, 'overlays' | 'bitsAllocated'>,
  frame: number,
  cells: Uint8Array | undefined,
  read: ReadBytes,
): Promise<EncodedOverlay[]> {
  const found: EncodedOverlay[] = [];
  for (const overlay of overlays) {
    if (frame < overlay.firstFrame || frame >= overlay.firstFrame + overlay.frames) continue;
    const { rows, columns, origin, source } = overlay;
    if ('embeddedBit' in source) {
      if (cells !== undefined) found.push({ rows, columns, origin, bytes: cells, firstBit: source.embeddedBit, bitsApart: bitsAllocated });
    } else {
      const plane = await planeOf(source.data, overlay, frame, read).catch(() => undefined);
      if (plane !== undefined) found.push({ rows, columns, origin, ...plane, bitsApart: 1 });
    }
  }
  return found;
}

type Data = Extract<Overlay['source'], { data: unknown }>['data'];

async function planeOf(data: Data, { rows, columns, firstFrame }: Overlay, frame: number, read: ReadBytes) {
  const from = rows * columns * (frame - firstFrame);
  if ('inline' in data) return { bytes: Uint8Array.from(Buffer.from(data.inline, 'base64')), firstBit: from };
  const start = Math.floor(from / 16) * 2;
  const end = Math.min(data.length, Math.ceil((from + rows * columns) / 16) * 2);
  const bytes = Uint8Array.from(await read(data.offset + start, Math.max(0, end - start)));
  if (data.bigEndian) Buffer.from(bytes.buffer, 0, bytes.length - (bytes.length % 2)).swap16();
  return { bytes, firstBit: from % 16 };
}
