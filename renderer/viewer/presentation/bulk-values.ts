import type { DicomJsonAttribute } from '../../../shared/contract/dicom-json.ts';
import type { Item } from '../dataset/item.ts';
import type { StoredObject } from '../dataset/stored-object.ts';
import { blendingItems } from './read-blending.ts';
import { OVERLAY_GROUPS, overlayTag, PALETTE_TAGS, StateTag as T } from './tags.ts';

/** Little-endian bytes of a long value; undefined where there are none, or where they could not be had. */
export type Bytes = (item: Item, tag: string) => Uint8Array | undefined;

/** Bytes that all states of a study may keep in the window together. */
export interface Room {
  left: number;
}

/** 65,536 entries of 16 bits. */
const MAX_TABLE = 131_072;
/** 8,192 × 8,192 pixels. */
const MAX_OVERLAY = 8 * 1024 * 1024;
const MAX_PROFILE = 8 * 1024 * 1024;
const MAX_VALUES = 256;

/** Fetches the tables, overlays and the profile of a state, in the header or left in the file. One that cannot be had is left out. */
export async function readBulk(object: StoredObject, room: Room): Promise<Bytes> {
  const values = new Map<DicomJsonAttribute, Uint8Array>();
  for (const { item, tag, most } of longValues(object.root).slice(0, MAX_VALUES)) {
    const attribute = item.attribute(tag);
    if (attribute === undefined) continue;
    const announced = item.ranges(tag).reduce((sum, { length }) => sum + length, 0);
    if (announced > Math.min(most, room.left)) continue;
    // The others are worth having without one that the file does not hold.
    const bytes = await object.bytes(item, tag).catch(() => undefined);
    const known = bytes === undefined || bytes.length > 0 ? bytes : wordsOf(item.numbers(tag));
    if (known === undefined || known.length > Math.min(most, room.left)) continue;
    room.left -= known.length;
    values.set(attribute, known);
  }
  return (item, tag) => {
    const attribute = item.attribute(tag);
    return attribute === undefined ? undefined : values.get(attribute);
  };
}

interface LongValue {
  readonly item: Item;
  readonly tag: string;
  readonly most: number;
}

function longValues(dataset: Item): LongValue[] {
  const lookup = (item: Item): LongValue[] => {
    const tables = [
      item.first(T.ModalityLUTSequence),
      ...item.sequence(T.SoftcopyVOILUTSequence).map((voi) => voi.first(T.VOILUTSequence)),
      item.first(T.PresentationLUTSequence),
    ];
    return tables.flatMap((table) => (table === undefined ? [] : [{ item: table, tag: T.LUTData, most: MAX_TABLE }]));
  };
  const palettes = PALETTE_TAGS.flatMap(({ data, segmented }) => [data, segmented]);
  return [
    ...lookup(dataset),
    ...blendingItems(dataset).flatMap(lookup),
    ...palettes.map((tag) => ({ item: dataset, tag, most: MAX_TABLE })),
    { item: dataset, tag: T.ICCProfile, most: MAX_PROFILE },
    ...OVERLAY_GROUPS.map((group) => ({ item: dataset, tag: overlayTag(group, '3000'), most: MAX_OVERLAY })),
  ].filter(({ item, tag }) => item.has(tag));
}

/** Typed arrays are little endian on everything that Chromium runs on. */
function wordsOf(numbers: readonly number[]): Uint8Array | undefined {
  return numbers.length === 0 ? undefined : new Uint8Array(Uint16Array.from(numbers).buffer);
}
