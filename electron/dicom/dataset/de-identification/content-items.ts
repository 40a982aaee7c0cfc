import type { Dataset } from '../dataset.ts';
import type { Tag } from '../dictionary.ts';
import { dummyContentItem } from './dummy-values.ts';
import type { DeIdentificationOptions } from './options.ts';
import { actionOf, contentItemRowOf, type Row } from './table.ts';

/** The row of table E.3.4-1 that speaks of a content item. */
export interface ItemContext {
  readonly row: Row | undefined;
}

export interface CleanedItems {
  readonly kept: readonly Dataset[];
  readonly removed: number;
  readonly contexts: ReadonlyMap<Dataset, ItemContext>;
}

/**
 * Clean Structured Content (PS3.15 E.3.4): which content items stay, each with what its concept name says of its value. Where items refer to others by
 * their position (PS3.3 C.17.3.2.4), a removed one leaves an empty comment in its place.
 */
export function cleanedItems(items: readonly Dataset[], options: DeIdentificationOptions, root: Dataset): CleanedItems {
  const contexts = new Map<Dataset, ItemContext>();
  const kept: Dataset[] = [];
  let removed = 0;
  let byPosition: boolean | undefined;
  for (const item of items) {
    const row = rowOfItem(item);
    if (row !== undefined && isRemoved(row, options)) {
      removed += 1;
      byPosition ??= refersByPosition(root);
      if (byPosition) kept.push(dummyContentItem());
      continue;
    }
    contexts.set(item, { row });
    kept.push(item);
  }
  return { kept, removed, contexts };
}

/** Attributes that hold a content item's own value (PS3.3 table C.17.3-7); references and measured values have rows or sequences of their own. */
export function isItemValue(tag: Tag): boolean {
  return VALUES.has(tag);
}

const VALUES: ReadonlySet<Tag> = new Set([0x0040a120, 0x0040a121, 0x0040a122, 0x0040a123, 0x0040a124, 0x0040a160]);

function rowOfItem(item: Dataset): Row | undefined {
  const concept = item.items(0x0040a043)[0];
  if (concept === undefined) return undefined;
  return contentItemRowOf(concept.string(0x00080100), concept.string(0x00080102), item.string(0x0040a040));
}

/** X, and X/D: no template that is known here makes the item mandatory. */
function isRemoved(row: Row, options: DeIdentificationOptions): boolean {
  return actionOf(row, options).startsWith('X');
}

const REFERENCED_CONTENT_ITEM = 0x0040db73;

function refersByPosition(root: Dataset): boolean {
  const stack = [root];
  for (let dataset = stack.pop(); dataset !== undefined; dataset = stack.pop()) {
    if (dataset.has(REFERENCED_CONTENT_ITEM)) return true;
    for (const { tag, vr } of dataset) if (vr === 'SQ') stack.push(...dataset.items(tag));
  }
  return false;
}
