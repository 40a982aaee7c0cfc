import type { Item } from '../dataset/item.ts';
import { StateTag as T } from './tags.ts';

/** The items of Blending Sequence (PS3.3 C.11.14): the images below, then those over them. */
export function blendingItems(dataset: Item): Item[] {
  const items = dataset.sequence(T.BlendingSequence);
  const at = (position: string) => items.find((item) => item.string(T.BlendingPosition) === position);
  const [under, over] = [at('UNDERLYING'), at('SUPERIMPOSED')];
  return under === undefined || over === undefined ? [] : [under, over];
}
