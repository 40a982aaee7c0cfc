import { lookUp, readProfile, toPaletteTable, toSRGB } from '../../../shared/codecs/index.ts';
import { readTable, type ValueTable } from '../../../shared/codecs/lookup-table.ts';
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
  const entries = length === 0 ? 65_536 : length < 0 ? length + 65_536 : length;
  try {
    return readTable({ entries, firstMapped: first, bits, segmented }, bytes(item, data) ?? new Uint8Array(0));
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
    return table === undefined ? undefined : toPaletteTable({ ...table, firstMapped: 0 });
  });
  if (red === undefined || green === undefined || blue === undefined) return undefined;
  const entries = Math.max(red.entries.length, green.entries.length, blue.entries.length);
  const rgba = new Uint8ClampedArray(entries * 4);
  for (let i = 0; i < entries; i++) rgba.set([lookUp(red, i), lookUp(green, i), lookUp(blue, i), 255], i * 4);
  if (!dataset.has(T.ICCProfile)) return { rgba, words: wordsOf(rgba), profiled: true };
  const conversion = readProfile(bytes(dataset, T.ICCProfile) ?? new Uint8Array(0));
  if ('profile' in conversion) toSRGB(rgba, conversion.profile);
  return { rgba, words: wordsOf(rgba), profiled: conversion.kind !== 'not-applied' };
}

function wordsOf(rgba: Uint8ClampedArray<ArrayBuffer>): Uint32Array {
  const colours = new Uint32Array(rgba.buffer);
  return Uint32Array.from({ length: 256 }, (_, grey) => colours[Math.round((grey / 255) * (colours.length - 1))] ?? 0xff000000);
}
