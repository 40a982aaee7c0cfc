import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { type ByteSource, SourceReader } from './byte-source.ts';
import type { PixelDataLocation } from './part10.ts';
import { Tag as T } from './tags.ts';

/** [offset, length] of a fragment's bytes, absolute in the source. */
export type FragmentRange = [offset: number, length: number];

export interface FrameFragments {
  /** For each frame its fragments; frames that could not be found are empty. As long as the number of frames. */
  readonly frames: FragmentRange[][];
  /** How frames were told apart. */
  readonly by: 'basic-offset-table' | 'extended-offset-table' | 'fragment-per-frame' | 'single-frame' | 'stream-starts' | 'none';
  /** The sequence of fragments ends before its delimiter. */
  readonly truncated: boolean;
}

export interface FrameOptions {
  /** Value of (7FE0,0001), little endian 64-bit, where the data set has one. */
  readonly extendedOffsetTable?: Uint8Array;
  /** Of frames too. Default 1,000,000. */
  readonly maxFragments?: number;
}

/**
 * Finds the frames of encapsulated pixel data (PS3.5 A.4, tables A.4-1 and A.4-2). Trusts an offset table only when every entry points at a
 * fragment; else one fragment is one frame, one frame takes all fragments, or frames begin where a JPEG family stream begins.
 * Throws `damaged` when there is no offset table item, `limit-exceeded` for too many fragments or frames: their number is whatever a file says.
 */
export function readFrameFragments(
  source: ByteSource,
  pixelData: Pick<PixelDataLocation, 'offset' | 'length'>,
  numberOfFrames: number,
  options: FrameOptions = {},
): FrameFragments {
  const { maxFragments = 1_000_000 } = options;
  if (numberOfFrames > maxFragments) throw new PhosphorError('limit-exceeded', 'the pixel data are said to have too many frames');
  const { table, fragments, truncated } = readFragments(source, pixelData, maxFragments);
  const frames = Math.max(1, numberOfFrames);
  const first = (fragments[0]?.[0] ?? 0) - 8;
  const found =
    byOffsets(fragments, extendedOffsets(options.extendedOffsetTable, first), frames, 'extended-offset-table') ??
    byOffsets(fragments, basicOffsets(table, first), frames, 'basic-offset-table') ??
    byCount(fragments, frames) ??
    byStreamStarts(source, fragments, frames);
  return { ...found, truncated };
}

interface Items {
  readonly table: Uint8Array;
  readonly fragments: FragmentRange[];
  readonly truncated: boolean;
}

function readFragments(source: ByteSource, { offset, length }: { offset: number; length: number }, maxFragments: number): Items {
  const reader = new SourceReader(source);
  const end = Math.min(source.size, offset + length);
  const fragments: FragmentRange[] = [];
  let table: Uint8Array | undefined;
  let at = offset;
  while (at + 8 <= end) {
    const tag = reader.uint16(at, true) * 0x10000 + reader.uint16(at + 2, true);
    const size = reader.uint32(at + 4, true);
    at += 8;
    if (tag === T.SequenceDelimitationItem) return { table: table ?? new Uint8Array(0), fragments, truncated: false };
    if (tag !== T.Item) break;
    const there = Math.min(size, end - at);
    if (table === undefined) table = there > 4 * 1024 * 1024 ? new Uint8Array(0) : reader.keep(at, there);
    else fragments.push([at, there]);
    if (fragments.length > maxFragments) throw new PhosphorError('limit-exceeded', 'the pixel data have too many fragments');
    at += size;
  }
  if (table === undefined) throw new PhosphorError('damaged', 'the encapsulated pixel data have no items');
  return { table, fragments, truncated: true };
}

function basicOffsets(table: Uint8Array, first: number): number[] {
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  return Array.from({ length: Math.floor(table.length / 4) }, (_, index) => first + view.getUint32(index * 4, true));
}

function extendedOffsets(table: Uint8Array | undefined, first: number): number[] {
  if (table === undefined) return [];
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  return Array.from({ length: Math.floor(table.length / 8) }, (_, index) => first + Number(view.getBigUint64(index * 8, true)));
}

type Found = Omit<FrameFragments, 'truncated'>;

/** Offsets count from the first fragment's item. Undefined when the table is not one offset per frame, rising, each at an item. */
function byOffsets(fragments: FragmentRange[], offsets: number[], frames: number, by: FrameFragments['by']): Found | undefined {
  if (offsets.length !== frames || offsets[0] !== (fragments[0]?.[0] ?? -1) - 8) return undefined;
  const starts = new Map(fragments.map(([offset], index) => [offset - 8, index]));
  const indices = offsets.map((offset) => starts.get(offset) ?? -1);
  const rising = indices.every((index, frame) => index >= 0 && index > (indices[frame - 1] ?? -1));
  if (!rising) return undefined;
  return { by, frames: indices.map((index, frame) => fragments.slice(index, indices[frame + 1] ?? fragments.length)) };
}

function byCount(fragments: FragmentRange[], frames: number): Found | undefined {
  if (frames === 1) return { by: 'single-frame', frames: [fragments] };
  if (fragments.length !== frames) return undefined;
  return { by: 'fragment-per-frame', frames: fragments.map((fragment) => [fragment]) };
}

/**
 * More fragments than frames and no usable table: a frame begins at a fragment that begins with SOI (JPEG, JPEG-LS), SOC
 * (JPEG 2000) or a JP2 box. Too few fragments: what is there, and empty frames for the rest.
 */
function byStreamStarts(source: ByteSource, fragments: FragmentRange[], frames: number): Found {
  const grouped: FragmentRange[][] = [];
  for (const fragment of fragments) {
    if (beginsStream(source.read(fragment[0], 8))) grouped.push([fragment]);
    else if (grouped.length > 0) grouped.at(-1)?.push(fragment);
  }
  if (grouped.length === frames) return { by: 'stream-starts', frames: grouped };
  const known = fragments.length < frames ? fragments.map((fragment): FragmentRange[] => [fragment]) : [];
  const missing = Array.from({ length: frames - known.length }, (): FragmentRange[] => []);
  return { by: known.length > 0 ? 'fragment-per-frame' : 'none', frames: [...known, ...missing] };
}

function beginsStream(head: Uint8Array): boolean {
  const [a, b, c, d] = head;
  if (a === 0xff && (b === 0xd8 || b === 0x4f)) return true;
  return a === 0 && b === 0 && c === 0 && d === 0x0c && head[4] === 0x6a && head[5] === 0x50;
}
