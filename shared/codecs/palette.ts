import type { ValueTable } from './lookup-table.ts';

/** One colour of a palette (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6), ready to be indexed: 8 bits per entry. */
export interface PaletteTable {
  readonly firstMapped: number;
  readonly entries: Uint8Array;
}

/** A palette's colour of which the screen shows the upper 8 bits. Some writers fill only the low byte of 16-bit entries: recognised by no entry being above 255. */
export function toPaletteTable({ firstMapped, bits, values }: ValueTable): PaletteTable {
  let highest = 0;
  for (const value of values) if (value > highest) highest = value;
  const shift = highest > 255 ? Math.max(8, bits) - 8 : 0;
  return { firstMapped, entries: Uint8Array.from(values, (value) => value >> shift) };
}

/** Values below the first mapped one take its entry, values past the table the last one (PS3.3 C.7.6.3.1.5). */
export function lookUp(table: PaletteTable, value: number): number {
  const last = table.entries.length - 1;
  const index = value - table.firstMapped;
  return table.entries[index < 0 ? 0 : index > last ? last : index] ?? 0;
}
