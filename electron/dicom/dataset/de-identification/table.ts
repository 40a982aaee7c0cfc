import type { Tag } from '../dictionary.ts';
import { CONTENT_ITEM_LINES } from './content-item-data.ts';
import type { DeIdentificationOptions } from './options.ts';
import { TABLE_LINES } from './table-data.ts';

/** Action codes of PS3.15 E.1 that the Basic Profile names, the slashes left out. */
export type ActionCode = 'D' | 'Z' | 'X' | 'U' | 'ZD' | 'XZ' | 'XD' | 'XZD' | 'XZU';

/** A row of table E.1-1 or E.3.4-1. `options`: letters as in TABLE_LINES. */
export interface Row {
  readonly action: ActionCode;
  readonly options: string;
}

/** What the selected options make of a row: the Basic Profile's action, K or C. An option overrides the profile; C overrides K, because it tells less. */
export function actionOf(row: Row, options: DeIdentificationOptions): ActionCode | 'K' | 'C' {
  let keep = false;
  for (const letter of row.options) {
    const meaning = LETTERS[letter]?.(options);
    if (meaning === 'C') return 'C';
    if (meaning === 'K') keep = true;
  }
  return keep ? 'K' : row.action;
}

const LETTERS: Readonly<Record<string, (options: DeIdentificationOptions) => 'K' | 'C' | undefined>> = {
  u: ({ retainUIDs }) => (retainUIDs ? 'K' : undefined),
  d: ({ retainDeviceIdentity }) => (retainDeviceIdentity ? 'K' : undefined),
  D: ({ retainDeviceIdentity }) => (retainDeviceIdentity ? 'C' : undefined),
  i: ({ retainInstitutionIdentity }) => (retainInstitutionIdentity ? 'K' : undefined),
  p: ({ retainPatientCharacteristics }) => (retainPatientCharacteristics ? 'K' : undefined),
  P: ({ retainPatientCharacteristics }) => (retainPatientCharacteristics ? 'C' : undefined),
  t: ({ dates }) => (dates === 'retain' ? 'K' : dates === 'shift' ? 'C' : undefined),
  c: ({ cleanDescriptors }) => (cleanDescriptors ? 'C' : undefined),
  s: ({ cleanStructuredContent }) => (cleanStructuredContent ? 'C' : undefined),
  g: ({ cleanGraphics }) => (cleanGraphics ? 'C' : undefined),
};

/** The row of a standard attribute, in items of sequences as at top level; undefined where neither table E.1-1 nor we name it. */
export function rowOf(tag: Tag): Row | undefined {
  const found = rows().get(tag);
  if (found !== undefined) return found;
  const group = Math.floor(tag / 0x10000);
  const family = group >>> 8;
  if (family === 0x50) return ROW_OF_CURVES;
  // A plane without its bits is no overlay: what describes it goes with it.
  return family === 0x60 ? ROW_OF_OVERLAYS : undefined;
}

/** The row of a content item by its concept name; undefined where table E.3.4-1 has none. */
export function contentItemRowOf(codeValue: string, codingSchemeDesignator: string, valueType: string): Row | undefined {
  contentRows ??= new Map(
    CONTENT_ITEM_LINES.split('\n').map((line) => {
      const [code = '', scheme = '', type = '', text = ''] = line.split(' ');
      return [`${code} ${scheme} ${type}`, toRow(text)];
    }),
  );
  return contentRows.get(`${codeValue} ${codingSchemeDesignator} ${valueType}`);
}

/** Rows of table E.1-1 itself, repeating groups by their first one. */
export function tableRows(): ReadonlyMap<Tag, Row> {
  return new Map(parse(TABLE_LINES.split('\n').filter((line) => !line.includes('xx'))));
}

/**
 * Attributes that table E.1-1 does not name and that identify all the same: addresses of the stored object, numbers of orders and registries, dates in another
 * calendar, what a person wrote, and what an earlier de-identification encrypted.
 */
export const BEYOND_THE_TABLE = `\
0008 0401X 0402X 0407X 0408X 0409X 040bX 0418X 1190X
0010 0024X 0026X 0027X 0033X 0034X 0035X 0214X 0217X 1021X,p 1022X,p 2161X,p 2295X
0032 1031X
0038 0100X 0101X 0102X
0040 0400X,c 0556X,c 1006X 1007X 2006X 2007X 4073X a160D,c a224X a33aX a992X e001X e010X
0070 0006D,c 0068X,c 0081Z,c 0207D,c 0208X,c
0400 0500X
4008 0050X 0103X`;

const ROW_OF_CURVES: Row = { action: 'X', options: '' };
const ROW_OF_OVERLAYS: Row = { action: 'X', options: 'g' };

let table: Map<Tag, Row> | undefined;
let contentRows: Map<string, Row> | undefined;

function rows(): Map<Tag, Row> {
  table ??= new Map([...parse(BEYOND_THE_TABLE.split('\n')), ...tableRows()]);
  return table;
}

function* parse(lines: readonly string[]): Generator<[Tag, Row]> {
  for (const line of lines) {
    const group = Number.parseInt(line.slice(0, 4), 16) * 0x10000;
    for (const text of line.slice(5).split(' ')) yield [group + Number.parseInt(text.slice(0, 4), 16), toRow(text.slice(4))];
  }
}

function toRow(text: string): Row {
  const [action = '', options = ''] = text.split(',');
  return { action: action as ActionCode, options };
}
