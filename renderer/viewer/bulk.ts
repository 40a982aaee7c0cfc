import type { BulkBytes, ImageModule, LookupTable, Overlay } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';

/** A run of bytes that a frame needs beside its pixels, as `pixelData` counts them. */
export type BulkRange = readonly [offset: number, length: number];

/** Tables and overlay planes of a frame that are not in the manifest itself. */
export function bulkRanges(image: ImageModule, frame: number): BulkRange[] {
  const tables = tablesOf(image).map(({ data }) => data);
  const planes = overlaysOfFrame(image, frame).flatMap((overlay) =>
    'data' in overlay.source ? [partOf(overlay.source.data, overlay, frame)] : [],
  );
  const profile = image.iccProfile === undefined ? [] : [image.iccProfile];
  return [...tables, ...planes, ...profile].flatMap((bulk) => ('inline' in bulk ? [] : [[bulk.offset, bulk.length] as const]));
}

/** Little-endian bytes of a table or plane, cut out of what was fetched. Throws PhosphorError `damaged` where they are not in it. */
export function bulkBytes(bulk: BulkBytes, fetched: (range: BulkRange) => Uint8Array): Uint8Array {
  if ('inline' in bulk) return Uint8Array.from(atob(bulk.inline), (character) => character.charCodeAt(0));
  const bytes = fetched([bulk.offset, bulk.length]);
  if (bytes.length < bulk.length) throw new PhosphorError('damaged', 'a lookup table or overlay is cut off');
  return bulk.bigEndian ? swapWords(bytes) : bytes;
}

/** Overlays that cover a frame (PS3.3 C.9.2.1.4). */
export function overlaysOfFrame(image: ImageModule, frame: number): Overlay[] {
  return (image.overlays ?? []).filter(({ firstFrame, frames }) => frame >= firstFrame && frame < firstFrame + frames);
}

/** The bytes of one frame of an overlay, from an even byte on, and the bit at which it begins there. */
export function partOf(data: BulkBytes, overlay: Overlay, frame: number): BulkBytes {
  if ('inline' in data) return data;
  const [from, to] = bitsOf(overlay, frame);
  const start = Math.floor(from / 16) * 2;
  const end = Math.min(data.length, Math.ceil(to / 16) * 2);
  return { offset: data.offset + start, length: Math.max(0, end - start), bigEndian: data.bigEndian };
}

/** First bit of an overlay's frame in what `partOf` names. */
export function firstBitOf(data: BulkBytes, overlay: Overlay, frame: number): number {
  const [from] = bitsOf(overlay, frame);
  return 'inline' in data ? from : from % 16;
}

function bitsOf(overlay: Overlay, frame: number): [from: number, to: number] {
  const size = overlay.rows * overlay.columns;
  const index = frame - overlay.firstFrame;
  return [size * index, size * (index + 1)];
}

function tablesOf({ modalityLUT, voiLUTs, palette }: ImageModule): LookupTable[] {
  return [
    ...(modalityLUT === undefined ? [] : [modalityLUT]),
    ...(voiLUTs ?? []),
    ...(palette === undefined ? [] : [palette.red, palette.green, palette.blue]),
  ];
}

function swapWords(bytes: Uint8Array): Uint8Array {
  const swapped = new Uint8Array(bytes.length - (bytes.length % 2));
  for (let i = 0; i < swapped.length; i += 2) {
    swapped[i] = bytes[i + 1] ?? 0;
    swapped[i + 1] = bytes[i] ?? 0;
  }
  return swapped;
}
