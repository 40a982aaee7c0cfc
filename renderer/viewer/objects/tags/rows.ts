import type { Item } from '../../dataset/item.ts';

/** A line of the tag table: an element, or the head of a sequence's item. */
export interface TagRow {
  /** Unique in the table: tags and item numbers from the outermost in, `00400275/1/00080100`. */
  readonly path: string;
  readonly depth: number;
  /** `GGGGEEEE`; of an item's head that of its sequence. */
  readonly tag: string;
  readonly vr: string;
  /** '' for an item's head, whose number `item` is. */
  readonly keyword: string;
  readonly item: number | undefined;
  readonly value: string;
  /** Bytes that are not shown in `value`. */
  readonly bytes: number | undefined;
  readonly holds: 'items' | 'elements' | 'nothing';
  readonly isPrivate: boolean;
}

const MAX_ROWS = 500_000;
const MAX_VALUE = 4_000;

/** All elements of a data set in order, items and what is in them beneath their sequence. */
export function tagRows(dataset: Item, names: Readonly<Record<string, string>>): TagRow[] {
  const rows: TagRow[] = [];
  add(dataset, names, '', 0, rows);
  return rows;
}

function add(dataset: Item, names: Readonly<Record<string, string>>, above: string, depth: number, rows: TagRow[]): void {
  for (const tag of dataset.tags()) {
    if (rows.length >= MAX_ROWS) return;
    const items = dataset.sequence(tag);
    const path = above + tag;
    const isPrivate = Number.parseInt(tag.charAt(3), 16) % 2 === 1;
    rows.push({ path, depth, tag, keyword: names[tag] ?? '', item: undefined, isPrivate, ...shownValue(dataset, tag, items.length) });
    for (const [index, item] of items.entries()) {
      const own = `${path}/${index + 1}`;
      const isEmpty = item.tags().length === 0;
      rows.push({
        path: own,
        depth: depth + 1,
        tag,
        vr: '',
        keyword: '',
        item: index + 1,
        value: '',
        bytes: undefined,
        holds: isEmpty ? 'nothing' : 'elements',
        isPrivate,
      });
      add(item, names, `${own}/`, depth + 2, rows);
    }
  }
}

function shownValue(dataset: Item, tag: string, items: number): Pick<TagRow, 'vr' | 'value' | 'bytes' | 'holds'> {
  const vr = dataset.attribute(tag)?.vr ?? '';
  if (vr === 'SQ') return { vr, value: String(items), bytes: undefined, holds: items > 0 ? 'items' : 'nothing' };
  const ranges = dataset.ranges(tag);
  if (ranges.length > 0) {
    return { vr, value: '', bytes: ranges.reduce((sum, { length }) => sum + length, 0), holds: 'nothing' };
  }
  const inline = dataset.inlineBytes(tag);
  if (inline !== undefined) return { vr, value: hex(inline.subarray(0, 256)), bytes: inline.length, holds: 'nothing' };
  const names = dataset.nameGroups(tag);
  const value =
    names === undefined ? dataset.strings(tag).join('\\') : [names.Alphabetic, names.Ideographic, names.Phonetic].filter(Boolean).join('=');
  return { vr, value: value.slice(0, MAX_VALUE), bytes: undefined, holds: 'nothing' };
}

/** Bytes as pairs of hexadecimal digits; text beside them where they are all printable. */
export function hex(bytes: Uint8Array): string {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const end = bytes.findLastIndex((byte) => byte !== 0 && byte !== 0x20) + 1;
  const readable = end > 1 && bytes.subarray(0, end).every((byte) => byte >= 0x20 && byte < 0x7f);
  return readable ? `${digits}  "${String.fromCharCode(...bytes.subarray(0, end))}"` : digits;
}

/** Rows to show: those of closed sequences and items are left out; while something is searched, what holds it and the way to it. */
export function visibleRows(rows: readonly TagRow[], closed: ReadonlySet<string>, search: string): TagRow[] {
  const wanted = search.trim().toLowerCase();
  if (wanted !== '') return found(rows, wanted);
  const visible: TagRow[] = [];
  let skipBelow: number | undefined;
  for (const row of rows) {
    if (skipBelow !== undefined && row.depth > skipBelow) continue;
    skipBelow = closed.has(row.path) ? row.depth : undefined;
    visible.push(row);
  }
  return visible;
}

function found(rows: readonly TagRow[], wanted: string): TagRow[] {
  const digits = wanted.replace(/[(),\s]/g, '');
  const isTag = /^[0-9a-f]{2,8}$/.test(digits);
  const keep = new Set<string>();
  for (const row of rows) {
    const hit =
      row.keyword.toLowerCase().includes(wanted.replace(/\s/g, '')) ||
      row.value.toLowerCase().includes(wanted) ||
      (isTag && row.item === undefined && row.tag.toLowerCase().startsWith(digits));
    if (!hit) continue;
    const parts = row.path.split('/');
    for (let i = 1; i <= parts.length; i++) keep.add(parts.slice(0, i).join('/'));
  }
  return rows.filter(({ path }) => keep.has(path));
}

/** A row of the difference between two data sets. */
export interface DiffRow {
  readonly path: string;
  readonly left: TagRow | undefined;
  readonly right: TagRow | undefined;
}

/** Rows that differ, in the order of their paths. Bytes are compared by their number only where they were left in the files. */
export function differences(left: readonly TagRow[], right: readonly TagRow[]): DiffRow[] {
  const others = new Map(right.map((row) => [row.path, row]));
  const rows: DiffRow[] = [];
  for (const row of left) {
    const other = others.get(row.path);
    others.delete(row.path);
    if (other === undefined || other.vr !== row.vr || other.value !== row.value || other.bytes !== row.bytes) {
      rows.push({ path: row.path, left: row, right: other });
    }
  }
  for (const row of others.values()) rows.push({ path: row.path, left: undefined, right: row });
  return rows.sort((a, b) => comparePaths(a.path, b.path));
}

function comparePaths(a: string, b: string): number {
  const [one, other] = [a.split('/'), b.split('/')];
  for (let i = 0; i < Math.min(one.length, other.length); i++) {
    const [x = '', y = ''] = [one[i], other[i]];
    if (x === y) continue;
    // Items count in decimals, tags have always eight digits.
    return x.length === 8 && y.length === 8 ? (x < y ? -1 : 1) : Number(x) - Number(y);
  }
  return one.length - other.length;
}

/** `(0010,0020)` */
export function writtenTag(tag: string): string {
  return `(${tag.slice(0, 4)},${tag.slice(4)})`;
}

/** A row as it is copied. */
export function rowText({ tag, vr, keyword, value, bytes, item, depth }: TagRow): string {
  const indent = '  '.repeat(depth);
  if (item !== undefined) return `${indent}[${item}]`;
  const shown = value === '' && bytes !== undefined ? `${bytes} bytes` : value;
  return [`${indent}${writtenTag(tag)}`, vr, keyword, shown].join('\t');
}
