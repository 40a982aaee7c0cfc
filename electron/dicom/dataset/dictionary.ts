import { DICTIONARY_LINES } from './dictionary-data.ts';
import type { VR } from './vr.ts';

/** A data element tag as one unsigned number: group × 65,536 + element. */
export type Tag = number;

export interface DictionaryEntry {
  readonly tag: Tag;
  readonly vr: VR;
  readonly keyword: string;
}

/** The entry of PS3.6 (or PS3.7 annex E) for a tag, repeating groups (50xx, 60xx, 7Fxx) included. Private tags have none. */
export function entryOf(tag: Tag): DictionaryEntry | undefined {
  return byTag().get(tag) ?? repeating(tag);
}

/** Tag of a keyword as spelled in the standard; undefined when the standard has no such keyword. */
export function tagOf(keyword: string): Tag | undefined {
  byTag();
  return tagsByKeyword.get(keyword);
}

/**
 * VR that an implicit VR data set implies for a tag (PS3.5 §6.2.2 and annex A.1): group lengths are UL, private creators LO, everything
 * the dictionary does not know UN. `US or SS` is US, `OB or OW` is OW: a reader that knows Pixel Representation corrects the first.
 */
export function vrOf(tag: Tag): VR {
  const element = tag % 0x10000;
  if (element === 0) return 'UL';
  if (isPrivate(tag)) return element >= 0x10 && element <= 0xff ? 'LO' : 'UN';
  return entryOf(tag)?.vr ?? 'UN';
}

/** Tags whose VR is US or SS by Pixel Representation (0028,0103). */
export function isSignDependent(tag: Tag): boolean {
  byTag();
  return signDependent.has(tag);
}

/** Odd group, and not one of the reserved ones (PS3.5 §7.8). */
export function isPrivate(tag: Tag): boolean {
  const group = Math.floor(tag / 0x10000);
  return group % 2 === 1 && group > 0x0008 && group !== 0xffff;
}

/** `ggggeeee` in lower-case hex. */
export function tagToHex(tag: Tag): string {
  return tag.toString(16).padStart(8, '0');
}

function repeating(tag: Tag): DictionaryEntry | undefined {
  const group = Math.floor(tag / 0x10000);
  const family = group >>> 8;
  if (group % 2 === 1 || (family !== 0x50 && family !== 0x60 && family !== 0x7f)) return undefined;
  const first = byTag().get(family * 0x1000000 + (tag % 0x10000));
  return first === undefined ? undefined : { ...first, tag };
}

const AMBIGUOUS: Readonly<Record<string, VR>> = { ox: 'OW', xs: 'US', lt: 'OW' };
const tagsByKeyword = new Map<string, Tag>();
const signDependent = new Set<Tag>();
let entries: Map<Tag, DictionaryEntry> | undefined;

/** Parsed at first use, so that a thread that only walks explicit VR headers never pays for it. */
function byTag(): Map<Tag, DictionaryEntry> {
  if (entries !== undefined) return entries;
  entries = new Map();
  for (const line of DICTIONARY_LINES.split('\n')) {
    const base = Number.parseInt(line.slice(0, 4), 16) * 0x10000;
    for (const text of line.slice(5).split(' ')) {
      if (text === '') continue;
      const tag = base + Number.parseInt(text.slice(0, 4), 16);
      const code = text.slice(4, 6);
      const keyword = text.slice(6);
      entries.set(tag, { tag, vr: AMBIGUOUS[code] ?? (code as VR), keyword });
      tagsByKeyword.set(keyword, tag);
      if (code === 'xs') signDependent.add(tag);
    }
  }
  return entries;
}
