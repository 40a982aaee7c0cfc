import type { Item } from '../dataset/item.ts';
import type { ImageReference } from './state.ts';
import { StateTag as T } from './tags.ts';

/** Referenced Image Sequence; undefined where there is none: what stands beside it concerns all images. */
export function referencesOf(item: Item): ImageReference[] | undefined {
  const references = item.sequence(T.ReferencedImageSequence);
  if (references.length === 0) return undefined;
  return references.map((reference) => {
    const frames = reference.numbers(T.ReferencedFrameNumber).map((number) => number - 1);
    return { sopInstanceUID: reference.string(T.ReferencedSOPInstanceUID), frames: frames.length === 0 ? undefined : frames };
  });
}
