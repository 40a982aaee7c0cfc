import { paletteColours, readProfile, toPaletteTable, toSRGB } from '../../../shared/codecs/index.ts';
import { entriesOf, readTable, type ValueTable } from '../../../shared/codecs/lookup-table.ts';
import { paletteWords } from '../colour-maps.ts';
import type { Item } from '../dataset/item.ts';
import type { Bytes } from './bulk-values.ts';
import { PALETTE_TAGS, StateTag as T } from './tags.ts';

/** An item of a LUT sequence; undefined where it is damaged. */
export function lookupTableOf(item: Item, bytes: Bytes): ValueTable | undefined {
  return tableOf(item, { descriptor: T.LUTDescriptor, data: T.LUTData, segmented: false }, bytes);
}

interface TableTags {
  readonly descriptor: string;
  readonly data: string;
  readonly segmented: boolean;
}

function tableOf(item: Item, { descriptor, data, segmented }: TableTags, bytes: Bytes): ValueTable | undefined {
  const [length, first, bits] = item.numbers(descriptor);
  if (length === undefined || first === undefined || bits === undefined) return undefined;
  try {
    return readTable({ entries: entriesOf(length), firstMapped: first, bits, segmented }, bytes(item, data) ?? new Uint8Array(0));
  } catch {
    return undefined;
  }
}

/** A palette as the colours of the screen. */
export interface StatePalette {
  /** RGBA of each entry. */
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
  /** A pixel in the byte order of ImageData for each of 256 grey levels: their range goes through the whole palette. */
  readonly words: Uint32Array;
  /** Its ICC profile was applied, or it has none. */
  readonly profiled: boolean;
}

/** Palette Color Lookup Table of a state (PS3.3 C.7.9) with its ICC profile; undefined where a table is missing or damaged. */
export function paletteOf(dataset: Item, bytes: Bytes): StatePalette | undefined {
  const [red, green, blue] = PALETTE_TAGS.map(({ descriptor, data, segmented }) => {
    const plain = dataset.has(data);
    const table = tableOf(dataset, { descriptor, data: plain ? data : segmented, segmented: !plain }, bytes);
    return table === undefined ? undefined : toPaletteTable(table);
  });
  if (red === undefined || green === undefined || blue === undefined) return undefined;
  const rgba = paletteColours({ red, green, blue });
  if (!dataset.has(T.ICCProfile)) return { rgba, words: paletteWords(rgba), profiled: true };
  const conversion = readProfile(bytes(dataset, T.ICCProfile) ?? new Uint8Array(0));
  if ('profile' in conversion) toSRGB(rgba, conversion.profile);
  return { rgba, words: paletteWords(rgba), profiled: conversion.kind !== 'not-applied' };
}
