import { Buffer } from 'node:buffer';
import { decodeText, encodeText } from './character-sets.ts';
import type { DataElement, ElementValue } from './dataset.ts';
import { traitsOf, type VR } from './vr.ts';

/**
 * Turns the bytes of a value into what a Dataset holds (see ElementValue). Bytes that do not make up whole numbers are left out; byte
 * VRs come in little endian order. A CS, DS … value keeps its inner spaces, text its padding: getters trim.
 */
export function decodeValue(bytes: Uint8Array, vr: VR, bigEndian: boolean, characterSet: string): ElementValue {
  const traits = traitsOf(vr);
  if (traits === undefined || traits.kind === 'bytes') return bigEndian ? swapped(bytes, traits?.unit ?? 1) : bytes;
  if (traits.kind === 'text') {
    const end = trimmedLength(bytes);
    return end === 0 ? [] : decodeText(bytes.subarray(0, end), characterSet, vr);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = !bigEndian;
  if (traits.kind === 'big') {
    return readAll(bytes.length, 8, (at) => (vr === 'SV' ? view.getBigInt64(at, little) : view.getBigUint64(at, little)));
  }
  if (vr === 'AT') return readAll(bytes.length, 4, (at) => view.getUint16(at, little) * 0x10000 + view.getUint16(at + 2, little));
  const read = NUMBER_READERS[vr];
  return read === undefined ? bytes : readAll(bytes.length, traits.unit, (at) => read(view, at, little));
}

/**
 * The value field of an element, padded to even length (PS3.5 §7.1.1). Sequences, bulk and fragments have no bytes here and give undefined.
 */
export function encodeValue(element: DataElement, bigEndian: boolean, characterSet: string): Uint8Array | undefined {
  const { value, vr } = element;
  const traits = traitsOf(vr);
  if (value instanceof Uint8Array) return padded(bigEndian ? swapped(value, traits?.unit ?? 1) : value, traits?.pad ?? 0);
  if (!Array.isArray(value) || traits === undefined || traits.kind === 'sequence') return undefined;
  const values: readonly unknown[] = value;
  if (traits.kind === 'text') return padded(encodeText(values.map(String), characterSet, vr), traits.pad);
  const size = vr === 'AT' ? 4 : traits.unit;
  const bytes = new Uint8Array(values.length * size + ((values.length * size) % 2));
  const view = new DataView(bytes.buffer);
  const little = !bigEndian;
  values.forEach((one, index) => {
    if (typeof one === 'bigint' && vr === 'SV') view.setBigInt64(index * size, one, little);
    else if (typeof one === 'bigint') view.setBigUint64(index * size, one, little);
    else if (typeof one === 'number') writeNumber(view, index * size, one, vr, little);
  });
  return bytes;
}

type Read = (view: DataView, at: number, little: boolean) => number;

const NUMBER_READERS: Readonly<Partial<Record<VR, Read>>> = {
  US: (view, at, little) => view.getUint16(at, little),
  SS: (view, at, little) => view.getInt16(at, little),
  UL: (view, at, little) => view.getUint32(at, little),
  SL: (view, at, little) => view.getInt32(at, little),
  FL: (view, at, little) => view.getFloat32(at, little),
  FD: (view, at, little) => view.getFloat64(at, little),
};

function writeNumber(view: DataView, at: number, value: number, vr: VR, little: boolean): void {
  if (vr === 'US') view.setUint16(at, value, little);
  else if (vr === 'SS') view.setInt16(at, value, little);
  else if (vr === 'UL') view.setUint32(at, value, little);
  else if (vr === 'SL') view.setInt32(at, value, little);
  else if (vr === 'FL') view.setFloat32(at, value, little);
  else if (vr === 'FD') view.setFloat64(at, value, little);
  else if (vr === 'AT') {
    view.setUint16(at, Math.floor(value / 0x10000), little);
    view.setUint16(at + 2, value % 0x10000, little);
  }
}

function readAll<One>(length: number, size: number, read: (at: number) => One): One[] {
  const all: One[] = [];
  for (let at = 0; at + size <= length; at += size) all.push(read(at));
  return all;
}

/** Without the padding at the very end; spaces inside and NULs before other values stay. */
function trimmedLength(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0 || bytes[end - 1] === 0x20)) end -= 1;
  return end;
}

function padded(bytes: Uint8Array, pad: number): Uint8Array {
  if (bytes.length % 2 === 0) return bytes;
  const even = new Uint8Array(bytes.length + 1);
  even.set(bytes);
  even[bytes.length] = pad;
  return even;
}

function swapped(bytes: Uint8Array, unit: 1 | 2 | 4 | 8): Uint8Array {
  if (unit === 1) return bytes;
  const whole = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % unit)));
  if (unit === 2) whole.swap16();
  else if (unit === 4) whole.swap32();
  else whole.swap64();
  return whole;
}
