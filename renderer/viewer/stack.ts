import { nativeFrameBits } from '../../shared/codecs/native.ts';
import type { ImageModule, ManifestInstance, SeriesManifest } from '../../shared/contract/index.ts';
import { imageOfFrame } from './frame-module.ts';
import { type Sorted, sortStack, type Unsorted } from './stack-order.ts';

/** One step of a stack: a 0-based frame of an instance, or an instance that has nothing to draw (`instance.reason` may say why). */
export interface StackFrame extends Sorted {
  /** Stays the same while the stack grows around it. */
  readonly key: string;
}

/** Where a frame's bytes are: pieces in file order, [offset, length]. */
export type Ranges = readonly (readonly [offset: number, length: number])[];

/** A stack longer than this is cut; a 4D series of 100 volumes of 1,000 slices still fits. */
const MAX_FRAMES = 200_000;

/**
 * Frames by orientation, volume and position (see sortStack), else in the manifest's order, by instance number; from the end that the scanner
 * numbered first, which is where people expect a stack to begin.
 */
export function buildStack(manifest: Pick<SeriesManifest, 'instances'>): StackFrame[] {
  const frames: Unsorted[] = [];
  for (const instance of asNumbered(manifest.instances)) {
    const count = instance.image === undefined ? 1 : Math.max(1, availableFrames(instance, instance.image));
    for (let frame = 0; frame < count && frames.length < MAX_FRAMES; frame++) {
      frames.push({ instance, frame, image: instance.image === undefined ? undefined : imageOfFrame(instance.image, frame) });
    }
  }
  return sortStack(frames).map((sorted) => ({ ...sorted, key: `${sorted.instance.sopInstanceUID}#${sorted.frame}` }));
}

/** Positions say which slices are neighbours, not at which end to begin: turned around where the numbers clearly run the other way. */
function asNumbered(instances: readonly ManifestInstance[]): readonly ManifestInstance[] {
  let up = 0;
  let down = 0;
  for (let i = 1; i < instances.length; i++) {
    const step = (instances[i]?.instanceNumber ?? 0) - (instances[i - 1]?.instanceNumber ?? 0);
    if (step > 0) up += 1;
    else if (step < 0) down += 1;
  }
  return down > 3 * up ? [...instances].reverse() : instances;
}

/** Number of Frames may say more than the file holds. */
export function availableFrames(instance: Pick<ManifestInstance, 'numberOfFrames'>, image: ImageModule): number {
  const { pixelData } = image;
  if (pixelData.encoding === 'encapsulated') return Math.min(instance.numberOfFrames, pixelData.frames.length);
  // A film is one step: it has a player of its own.
  if (pixelData.encoding === 'video') return 1;
  const bits = nativeFrameBits(image);
  return bits === 0 ? 1 : Math.min(instance.numberOfFrames, Math.max(1, Math.floor((pixelData.length * 8) / bits)));
}

/** The pieces of the file (or of the inflated data set) that hold a frame, and the bit of the first byte at which it starts. */
export function frameRanges(image: ImageModule, frame: number): { ranges: Ranges; bitOffset: number } {
  const { pixelData } = image;
  if (pixelData.encoding === 'encapsulated') return { ranges: pixelData.frames[frame] ?? [], bitOffset: 0 };
  if (pixelData.encoding === 'video') return { ranges: pixelData.fragments, bitOffset: 0 };
  const bits = nativeFrameBits(image);
  const start = Math.floor((bits * frame) / 8);
  const end = Math.ceil((bits * (frame + 1)) / 8);
  // The pad byte of an odd frame comes along where it is the last one: swapped words need it.
  const length = Math.min(end - start + ((end - start) % 2), Math.max(0, pixelData.length - start));
  return { ranges: length === 0 ? [] : [[pixelData.offset + start, length]], bitOffset: (bits * frame) % 8 };
}

/** Bytes that may be fetched in vain between two fragments of a frame rather than in a request of their own. */
const MAX_GAP = 64 * 1024;

/** Fragments of a frame lie behind each other with 8 bytes between: one request fetches them all. */
export function joinRanges(ranges: Ranges): [offset: number, length: number][] {
  const joined: [number, number][] = [];
  for (const [offset, length] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (last !== undefined && offset - (last[0] + last[1]) <= MAX_GAP) last[1] = Math.max(last[1], offset + length - last[0]);
    else joined.push([offset, length]);
  }
  return joined;
}

/** Bytes that a frame takes in the cache once decoded, near enough to plan with. */
export function decodedBytes(image: ImageModule): number {
  const pixels = image.rows * image.columns;
  if (image.samplesPerPixel > 1 || image.photometricInterpretation === 'PALETTE COLOR')
    return isLarge(image) ? Math.ceil((pixels * 16) / 3) : pixels * 4;
  const sample = image.bitsAllocated <= 8 ? 1 : 2;
  return isLarge(image) ? Math.ceil((pixels * sample * 4) / 3) : pixels * sample;
}

/** Images of more pixels than a pane shows are drawn by our own renderer from a pyramid of halved copies. */
export function isLarge(image: { readonly rows: number; readonly columns: number }): boolean {
  return image.rows * image.columns > 1_310_720;
}

/** The frame to show for a whole stack: the middle one with pixels. */
export function middleFrame(frames: readonly StackFrame[]): StackFrame | undefined {
  const drawable = frames.filter((frame) => frame.image !== undefined);
  return drawable[Math.floor(drawable.length / 2)];
}
