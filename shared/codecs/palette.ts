import { PhosphorError } from '../contract/phosphor-error.ts';

/** One colour of a palette (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6), ready to be indexed: 8 bits per entry. */
export interface PaletteTable {
  readonly firstMapped: number;
  readonly entries: Uint8Array;
}

/**
 * A palette's colour with 16-bit little-endian entries of which `bits` (8 or 16) are used. Some writers fill only the low byte of
 * 16-bit entries: recognised by no entry being above 255. Throws PhosphorError `damaged` for an empty table.
 */
export function readPaletteTable(data: Uint8Array, firstMapped: number, bits: number): PaletteTable {
  const count = data.length >> 1;
  if (count === 0) throw new PhosphorError('damaged', 'the palette is empty');
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let highest = 0;
  for (let i = 0; i < count; i++) highest = Math.max(highest, view.getUint16(2 * i, true));
  const shift = bits > 8 && highest > 255 ? 8 : 0;
  const entries = new Uint8Array(count);
  for (let i = 0; i < count; i++) entries[i] = view.getUint16(2 * i, true) >> shift;
  return { firstMapped, entries };
}

/** Values below the first mapped one take its entry, values past the table the last one (PS3.3 C.7.6.3.1.5). */
export function lookUp(table: PaletteTable, value: number): number {
  const last = table.entries.length - 1;
  const index = value - table.firstMapped;
  return table.entries[index < 0 ? 0 : index > last ? last : index] ?? 0;
}
