import type { ImageModule } from '../../shared/contract/index.ts';
import { type Dataset, Tag } from '../dicom/dataset/index.ts';

type Palette = NonNullable<ImageModule['palette']>;

/** Palette Color Lookup Tables (PS3.3 C.7.6.3.1.5, .6); undefined when one is missing or damaged. */
export function paletteOf(dataset: Dataset): Palette | undefined {
  const [red, green, blue] = COLORS.map(([descriptor, data]) => tableOf(dataset, descriptor, data));
  return red === undefined || green === undefined || blue === undefined ? undefined : { red, green, blue };
}

const COLORS = [
  [Tag.RedPaletteColorLookupTableDescriptor, Tag.RedPaletteColorLookupTableData],
  [Tag.GreenPaletteColorLookupTableDescriptor, Tag.GreenPaletteColorLookupTableData],
  [Tag.BluePaletteColorLookupTableDescriptor, Tag.BluePaletteColorLookupTableData],
] as const;

function tableOf(dataset: Dataset, descriptor: number, data: number): Palette['red'] | undefined {
  const [length, firstMapped, bits] = dataset.numbers(descriptor);
  if (length === undefined || firstMapped === undefined || (bits !== 8 && bits !== 16)) return undefined;
  const entries = length === 0 ? 65_536 : length;
  const bytes = dataset.bytes(data) ?? asBytes(dataset.numbers(data));
  if (entries < 1 || entries > 65_536 || bytes.length === 0) return undefined;
  const table = widened(bytes, entries);
  return table === undefined ? undefined : { firstMapped, bits, data: table.toString('base64') };
}

function asBytes(numbers: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(numbers.length * 2);
  numbers.forEach((value, i) => {
    bytes.writeUInt16LE(value & 0xffff, i * 2);
  });
  return bytes;
}

/** One entry in 16 bits, whatever the table's: 8-bit entries are packed two to a word, and some writers give each a word anyway. */
function widened(bytes: Uint8Array, entries: number): Buffer | undefined {
  if (bytes.length >= entries * 2) return Buffer.from(bytes.subarray(0, entries * 2));
  if (bytes.length < entries) return undefined;
  const wide = Buffer.alloc(entries * 2);
  for (let i = 0; i < entries; i += 1) wide.writeUInt16LE(bytes[i] ?? 0, i * 2);
  return wide;
}
