import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import type { SourceReader } from './byte-source.ts';
import { type Tag, vrOf } from './dictionary.ts';
import { isVR, traitsOf, type VR } from './vr.ts';

export const UNDEFINED_LENGTH = 0xffffffff;

export interface Encoding {
  readonly explicitVR: boolean;
  readonly bigEndian: boolean;
}

export const IMPLICIT_LITTLE: Encoding = { explicitVR: false, bigEndian: false };

export interface ElementHeader {
  readonly tag: Tag;
  readonly vr: VR;
  /** Value length in bytes, or UNDEFINED_LENGTH. */
  readonly length: number;
  /** Where the value begins. */
  readonly valueOffset: number;
}

/**
 * Reads the header of the element at `offset` (PS3.5 §7.1). In an explicit VR data set, an element without a VR is read in its implicit
 * form when that makes sense, because devices write such mixtures. Throws `damaged` at the end of the data.
 */
export function readElementHeader(reader: SourceReader, offset: number, end: number, encoding: Encoding): ElementHeader {
  const little = !encoding.bigEndian;
  const tag = readTag(reader, offset, little);
  if (!encoding.explicitVR || Math.floor(tag / 0x10000) === 0xfffe) {
    const length = reader.uint32(offset + 4, little);
    return { tag, vr: encoding.explicitVR ? 'UN' : vrOf(tag), length, valueOffset: offset + 8 };
  }
  const letters = reader.bytes(offset + 4, 2);
  const vr = String.fromCharCode(letters[0] ?? 0, letters[1] ?? 0);
  if (isVR(vr)) {
    if (traitsOf(vr)?.long === true) return { tag, vr, length: reader.uint32(offset + 8, little), valueOffset: offset + 12 };
    return { tag, vr, length: reader.uint16(offset + 6, little), valueOffset: offset + 8 };
  }
  return readIrregular(reader, { tag, offset, end, little, letters: /^[A-Z]{2}$/.test(vr) });
}

export function readTag(reader: SourceReader, offset: number, little: boolean): Tag {
  return reader.uint16(offset, little) * 0x10000 + reader.uint16(offset + 2, little);
}

interface Irregular {
  readonly tag: Tag;
  readonly offset: number;
  readonly end: number;
  readonly little: boolean;
  readonly letters: boolean;
}

/** Two letters we do not know are a newer VR in the long form (PS3.5 §6.2 note); anything else is an implicit element, or a blank VR. */
function readIrregular(reader: SourceReader, { tag, offset, end, little, letters }: Irregular): ElementHeader {
  if (letters && reader.uint16(offset + 6, little) === 0) {
    const length = reader.uint32(offset + 8, little);
    if (length === UNDEFINED_LENGTH || offset + 12 + length <= end) return { tag, vr: 'UN', length, valueOffset: offset + 12 };
  }
  const implicit = reader.uint32(offset + 4, little);
  if (implicit === UNDEFINED_LENGTH || offset + 8 + implicit <= end)
    return { tag, vr: vrOf(tag), length: implicit, valueOffset: offset + 8 };
  const short = reader.uint16(offset + 6, little);
  if (offset + 8 + short <= end) return { tag, vr: vrOf(tag), length: short, valueOffset: offset + 8 };
  throw new PhosphorError('damaged', 'an element has neither a VR nor a length that fits');
}
