import { BulkReference, type DataElement, Dataset, Fragments } from '../dataset.ts';
import { entryOf } from '../dictionary.ts';

/** What became of an attribute. */
export type ChangeKind = 'removed' | 'emptied' | 'replaced' | 'cleaned' | 'mapped' | 'shifted' | 'kept';

/** How many attributes each happened to; no patient data. */
export interface DeIdentificationReport {
  readonly counts: Readonly<Record<ChangeKind, number>>;
}

/** One attribute before and after, for the person who decides. Patient data. */
export interface Change {
  /** `(gggg,eeee)[item]…(gggg,eeee)`. */
  readonly path: string;
  readonly keyword: string;
  readonly kind: ChangeKind;
  readonly before: string;
  /** Absent where the attribute is removed. */
  readonly after?: string;
}

const LONGEST_SHOWN = 256;

export function changeOf(path: string, kind: ChangeKind, before: DataElement, after: DataElement | undefined): Change {
  const hex = before.tag.toString(16).padStart(8, '0');
  const keyword = entryOf(before.tag)?.keyword ?? '';
  const change = { path: `${path}(${hex.slice(0, 4)},${hex.slice(4)})`, keyword, kind, before: shown(before) };
  return after === undefined ? change : { ...change, after: shown(after) };
}

function shown({ value }: DataElement): string {
  if (value instanceof BulkReference) return `${value.length} bytes`;
  if (value instanceof Fragments) return `${value.items.length} fragments`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const values: readonly unknown[] = value;
  if (values[0] instanceof Dataset) return values.length === 1 ? '1 item' : `${values.length} items`;
  return values.slice(0, LONGEST_SHOWN).join('\\').trim().slice(0, LONGEST_SHOWN);
}
