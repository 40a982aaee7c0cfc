import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { isPrivate, isSignDependent, type Tag, vrOf } from './dictionary.ts';
import { Tag as T } from './tags.ts';
import { traitsOf, type VR } from './vr.ts';

/** What a data set says of its own values; an item inherits what encloses it. */
export interface Facts {
  pixelRepresentation?: number;
  bitsAllocated?: number;
  waveformBitsAllocated?: number;
  /** Data Value Representation of the curve (50xx,0103) that was read last. */
  curveValues?: number;
}

const WAVEFORM_BITS_ALLOCATED = 0x54001004;
const WAVEFORM_DATA = 0x54001010;
const LONGEST_SHORT = 0xfffe;

/** Which fact an element of VR US tells, if any. */
export function factOf(tag: Tag): keyof Facts | undefined {
  if (tag === T.BitsAllocated) return 'bitsAllocated';
  if (tag === T.PixelRepresentation) return 'pixelRepresentation';
  if (tag === WAVEFORM_BITS_ALLOCATED) return 'waveformBitsAllocated';
  return isOfCurve(tag, 0x0103) ? 'curveValues' : undefined;
}

/**
 * The VR of an element that came without one (PS3.5 §6.2.2, A.1, A.2): by the dictionary; private elements UN, their creators LO; `US or SS` by Pixel
 * Representation; `OB or OW` OW, but OB for pixels and waveforms of at most 8 bits; `US or OW` OW.
 */
export function impliedVR(tag: Tag, facts: Facts): VR {
  if (isSignDependent(tag)) return facts.pixelRepresentation === 1 ? 'SS' : 'US';
  if (tag === T.PixelData && (facts.bitsAllocated ?? 16) <= 8) return 'OB';
  if (tag === WAVEFORM_DATA && facts.waveformBitsAllocated === 8) return 'OB';
  return vrOf(tag);
}

/** UN where the value is too long for the length field that the VR has in explicit form (PS3.5 §6.2.2 note). */
export function fittingVR(vr: VR, length: number): VR {
  return length > LONGEST_SHORT && traitsOf(vr)?.long !== true ? 'UN' : vr;
}

/**
 * Bytes of the words that change their order with the byte order of the data set. Throws PhosphorError `unsupported` where those who write the value
 * do not agree on them, so that a guess could spoil it: cells wider than the words of OW, wide cells in OB, curves of anything but 16-bit values; and
 * where the value is not made of whole words. UN has none: its value is little endian whatever the transfer syntax (PS3.5 §6.2.2).
 */
export function wordBytes(tag: Tag, vr: VR, length: number, facts: Facts): 1 | 2 | 4 | 8 {
  const unit = traitsOf(vr)?.unit ?? 1;
  const cell = tag === T.PixelData ? facts.bitsAllocated : tag === WAVEFORM_DATA ? facts.waveformBitsAllocated : undefined;
  if (cell !== undefined && ((vr === 'OW' && cell > 16) || (vr === 'OB' && cell > 8))) {
    throw unordered(`samples of ${cell} bits in ${vr}`);
  }
  if (isOfCurve(tag, 0x3000) && !(vr === 'OW' && (facts.curveValues === 0 || facts.curveValues === 1))) throw unordered('curve data');
  // The pad byte makes the last word of OW whole.
  if (length % unit !== 0 && vr !== 'OW') throw unordered(`a ${vr} value of ${length} bytes`);
  return unit;
}

function isOfCurve(tag: Tag, element: number): boolean {
  return Math.floor(tag / 0x1000000) === 0x50 && tag % 0x10000 === element && !isPrivate(tag);
}

function unordered(what: string): PhosphorError {
  return new PhosphorError('unsupported', `the byte order of ${what} cannot be changed without guessing`);
}
