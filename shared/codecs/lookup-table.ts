import { PhosphorError } from '../contract/phosphor-error.ts';

/** LUT Descriptor (PS3.3 C.11.1.1, C.7.6.3.1.5): number of entries, first stored value mapped, bits of an entry. */
export interface TableDescription {
  readonly entries: number;
  readonly firstMapped: number;
  readonly bits: number;
  /** The bytes are segments (PS3.3 C.7.9.2). */
  readonly segmented: boolean;
}

/** A lookup table ready to be indexed. */
export interface ValueTable {
  readonly firstMapped: number;
  readonly bits: number;
  readonly values: Uint16Array;
}

/** Number of entries that the first value of a LUT Descriptor means: 0 stands for 65,536, and it is never negative, whatever VR was written. */
export function entriesOf(stored: number): number {
  return stored === 0 ? 65_536 : stored < 0 ? stored + 65_536 : stored;
}

/**
 * A lookup table from its little-endian bytes: words of 16 bits, or bytes where there are too few for that. More bits than are announced, and a
 * table of which nothing uses the bits announced, are taken as written. Throws PhosphorError `damaged` where bytes are missing.
 */
export function readTable(description: TableDescription, bytes: Uint8Array): ValueTable {
  const { entries, firstMapped, segmented } = description;
  if (!Number.isInteger(entries) || entries < 1 || entries > 65_536)
    throw new PhosphorError('damaged', `lookup table of ${entries} entries`);
  const values = segmented ? expandSegments(description, bytes) : plainValues(entries, bytes);
  let highest = 0;
  for (const value of values) if (value > highest) highest = value;
  const used = highest === 0 ? 1 : Math.floor(Math.log2(highest)) + 1;
  return { firstMapped, bits: Math.max(description.bits, used), values };
}

/** Entry of an input value; values before the first and after the last mapped one take those (PS3.3 C.11.1.1, C.11.2.1.1). */
export function valueAt({ firstMapped, values }: ValueTable, input: number): number {
  const index = Math.round(input) - firstMapped;
  const last = values.length - 1;
  return values[index < 0 ? 0 : index > last ? last : index] ?? 0;
}

function plainValues(entries: number, bytes: Uint8Array): Uint16Array {
  if (bytes.length < entries) throw new PhosphorError('damaged', 'a lookup table is cut off');
  const values = new Uint16Array(entries);
  const wide = bytes.length >= entries * 2;
  for (let i = 0; i < entries; i++) values[i] = wide ? (bytes[2 * i] ?? 0) | ((bytes[2 * i + 1] ?? 0) << 8) : (bytes[i] ?? 0);
  return values;
}

/** Discrete, linear and indirect segments (PS3.3 C.7.9.2.1 to .3); an indirect one repeats earlier segments with the values of now. */
function expandSegments({ entries, bits }: TableDescription, bytes: Uint8Array): Uint16Array {
  const wide = bits > 8;
  const cells = wide ? bytes.length >> 1 : bytes.length;
  const cell = (at: number) => (wide ? (bytes[2 * at] ?? 0) | ((bytes[2 * at + 1] ?? 0) << 8) : (bytes[at] ?? 0));
  const values = new Uint16Array(entries);
  let filled = 0;
  const put = (value: number) => {
    if (filled < entries) values[filled++] = value;
  };

  /** Expands up to `count` segments from cell `from`; returns the cell after the last. */
  const expand = (from: number, count: number, isRepeat: boolean): number => {
    let at = from;
    for (let done = 0; done < count && at + 1 < cells && filled < entries; done++) {
      const opcode = cell(at);
      const length = cell(at + 1);
      if (opcode === 0) {
        for (let i = 0; i < length; i++) put(cell(at + 2 + i));
        at += 2 + length;
      } else if (opcode === 1) {
        const start = filled === 0 ? 0 : (values[filled - 1] ?? 0);
        const end = cell(at + 2);
        for (let i = 1; i <= length; i++) put(Math.round(start + ((end - start) * i) / length));
        at += 3;
      } else if (opcode === 2 && !isRepeat) {
        // The offset is one of bytes, in two cells, least significant first.
        const offset = wide
          ? cell(at + 2) + cell(at + 3) * 65_536
          : [2, 3, 4, 5].reduce((sum, i, power) => sum + cell(at + i) * 256 ** power, 0);
        expand(wide ? offset >> 1 : offset, length, true);
        at += wide ? 4 : 6;
      } else {
        throw new PhosphorError('damaged', 'a segmented lookup table holds an unknown segment');
      }
    }
    return at;
  };
  expand(0, cells, false);
  if (filled < entries) throw new PhosphorError('damaged', 'a segmented lookup table is cut off');
  return values;
}
