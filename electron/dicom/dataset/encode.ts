import { Buffer } from 'node:buffer';
import zlib from 'node:zlib';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { type DataElement, Dataset } from './dataset.ts';
import type { Encoding } from './element-header.ts';
import { Tag as T } from './tags.ts';
import { dataSetEncodingOf } from './transfer-syntaxes.ts';
import { encodeValue } from './values.ts';
import { traitsOf, type VR } from './vr.ts';

/**
 * Writes a data set (PS3.5 §7) in ascending tag order, values padded to even length, sequences and items with defined lengths. Group
 * lengths are left out, except those of groups 0000 and 0002, which are computed. Text is encoded under the data set's own Specific
 * Character Set. Throws `invalid-arguments` for bulk references, fragments and values too long for their VR's length field.
 */
export function encodeDataset(dataset: Dataset, transferSyntaxUID: string): Uint8Array {
  const encoding = dataSetEncodingOf(transferSyntaxUID);
  const chunks = encodeElements(dataset, encoding, '', 0);
  const bytes = Buffer.concat(chunks);
  return encoding.deflated ? deflate(bytes) : bytes;
}

const DEEPEST = 256;

function encodeElements(dataset: Dataset, encoding: Encoding, inherited: string, depth: number): Uint8Array[] {
  if (depth > DEEPEST) throw new PhosphorError('limit-exceeded', 'the data set has too many levels');
  const characterSet = dataset.has(T.SpecificCharacterSet) ? dataset.strings(T.SpecificCharacterSet).join('\\') : inherited;
  const chunks: Uint8Array[] = [];
  let counted: { group: number; at: number; bytes: number } | undefined;
  const close = (): void => {
    if (counted !== undefined) chunks[counted.at] = groupLength(counted.group, counted.bytes, encoding);
    counted = undefined;
  };
  for (const element of dataset) {
    const group = Math.floor(element.tag / 0x10000);
    if (counted !== undefined && counted.group !== group) close();
    if (element.tag % 0x10000 === 0) continue;
    if (counted === undefined && (group === 0 || group === 2)) {
      counted = { group, at: chunks.length, bytes: 0 };
      chunks.push(new Uint8Array(0));
    }
    const value = valueField(element, encoding, characterSet, depth);
    const header = elementHeader(element.tag, element.vr, value.length, encoding);
    chunks.push(header, value);
    if (counted !== undefined) counted.bytes += header.length + value.length;
  }
  close();
  return chunks;
}

function valueField(element: DataElement, encoding: Encoding, characterSet: string, depth: number): Uint8Array {
  if (element.vr === 'SQ') return encodeItems(element, encoding, characterSet, depth);
  const value = encodeValue(element, encoding.bigEndian, characterSet);
  if (value === undefined) throw new PhosphorError('invalid-arguments', 'an element holds a reference instead of its value');
  return value;
}

function encodeItems(element: DataElement, encoding: Encoding, characterSet: string, depth: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  const items: readonly unknown[] = Array.isArray(element.value) ? element.value : [];
  for (const item of items) {
    if (!(item instanceof Dataset)) throw new PhosphorError('invalid-arguments', 'a sequence holds something that is not an item');
    const content = Buffer.concat(encodeElements(item, encoding, characterSet, depth + 1));
    chunks.push(itemHeader(content.length, encoding), content);
  }
  return Buffer.concat(chunks);
}

/** The header of an element (PS3.5 §7.1.2, §7.1.3). `length` may be 0xFFFFFFFF. Throws `invalid-arguments` when it does not fit. */
export function elementHeader(tag: number, vr: VR, length: number, encoding: Encoding): Uint8Array {
  const long = encoding.explicitVR && traitsOf(vr)?.long === true;
  const bytes = new Uint8Array(long ? 12 : 8);
  const view = new DataView(bytes.buffer);
  const little = !encoding.bigEndian;
  view.setUint16(0, Math.floor(tag / 0x10000), little);
  view.setUint16(2, tag % 0x10000, little);
  if (!encoding.explicitVR) {
    view.setUint32(4, length, little);
    return bytes;
  }
  bytes[4] = vr.charCodeAt(0);
  bytes[5] = vr.charCodeAt(1);
  if (long) view.setUint32(8, length, little);
  else if (length > 0xffff) throw new PhosphorError('invalid-arguments', `a ${vr} value is longer than its length field can say`);
  else view.setUint16(6, length, little);
  return bytes;
}

function itemHeader(length: number, encoding: Encoding): Uint8Array {
  return elementHeader(T.Item, 'UN', length, { explicitVR: false, bigEndian: encoding.bigEndian });
}

function groupLength(group: number, bytes: number, encoding: Encoding): Uint8Array {
  const element: DataElement = { tag: group * 0x10000, vr: 'UL', value: [bytes] };
  return Buffer.concat([elementHeader(element.tag, 'UL', 4, encoding), encodeValue(element, encoding.bigEndian, '') ?? new Uint8Array(0)]);
}

/** Raw deflate, padded to even length (PS3.5 A.5). */
function deflate(bytes: Uint8Array): Uint8Array {
  const deflated = zlib.deflateRawSync(bytes);
  return deflated.length % 2 === 0 ? deflated : Buffer.concat([deflated, Uint8Array.of(0)]);
}
