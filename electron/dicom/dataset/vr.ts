/** Value Representations of PS3.5 §6.2, with what reading and writing needs to know of each. */
export type TextVR = 'AE' | 'AS' | 'CS' | 'DA' | 'DS' | 'DT' | 'IS' | 'LO' | 'LT' | 'PN' | 'SH' | 'ST' | 'TM' | 'UC' | 'UI' | 'UR' | 'UT';
export type NumberVR = 'AT' | 'FD' | 'FL' | 'SL' | 'SS' | 'UL' | 'US';
export type BigVR = 'SV' | 'UV';
export type BytesVR = 'OB' | 'OD' | 'OF' | 'OL' | 'OV' | 'OW' | 'UN';
export type VR = TextVR | NumberVR | BigVR | BytesVR | 'SQ';

export interface VRTraits {
  readonly kind: 'text' | 'number' | 'big' | 'bytes' | 'sequence';
  /** Explicit form with 2 reserved bytes and a 32-bit length (PS3.5 §7.1.2). */
  readonly long: boolean;
  /** Bytes per value for binary VRs, and the unit of byte swapping; 1 for text. */
  readonly unit: 1 | 2 | 4 | 8;
  /** Specific Character Set applies (PS3.5 §6.1.2.3). */
  readonly characterSet: boolean;
  /** Backslash separates values. */
  readonly multiple: boolean;
  /** Padding byte to even length. */
  readonly pad: 0x00 | 0x20;
}

/** Traits of a VR; undefined for two letters that are none. */
export function traitsOf(vr: string): VRTraits | undefined {
  return TRAITS.get(vr);
}

export function isVR(text: string): text is VR {
  return TRAITS.has(text);
}

const text = (flags: string): VRTraits => ({
  kind: 'text',
  long: flags.includes('l'),
  unit: 1,
  characterSet: flags.includes('c'),
  multiple: flags.includes('m'),
  pad: flags.includes('0') ? 0x00 : 0x20,
});

const binary = (kind: 'number' | 'big' | 'bytes' | 'sequence', unit: 1 | 2 | 4 | 8): VRTraits => ({
  kind,
  long: kind !== 'number',
  unit,
  characterSet: false,
  multiple: true,
  pad: 0x00,
});

/** Text flags: `m` several values, `c` character set applies, `l` long form, `0` padded with NUL. */
const TRAITS: ReadonlyMap<string, VRTraits> = new Map<VR, VRTraits>([
  ['AE', text('m')],
  ['AS', text('m')],
  ['CS', text('m')],
  ['DA', text('m')],
  ['DS', text('m')],
  ['DT', text('m')],
  ['IS', text('m')],
  ['TM', text('m')],
  ['UI', text('m0')],
  ['LO', text('mc')],
  ['SH', text('mc')],
  ['PN', text('mc')],
  ['UC', text('mcl')],
  ['LT', text('c')],
  ['ST', text('c')],
  ['UT', text('cl')],
  ['UR', text('l')],
  ['AT', binary('number', 2)],
  ['SS', binary('number', 2)],
  ['US', binary('number', 2)],
  ['FL', binary('number', 4)],
  ['SL', binary('number', 4)],
  ['UL', binary('number', 4)],
  ['FD', binary('number', 8)],
  ['SV', binary('big', 8)],
  ['UV', binary('big', 8)],
  ['OB', binary('bytes', 1)],
  ['UN', binary('bytes', 1)],
  ['OW', binary('bytes', 2)],
  ['OF', binary('bytes', 4)],
  ['OL', binary('bytes', 4)],
  ['OD', binary('bytes', 8)],
  ['OV', binary('bytes', 8)],
  ['SQ', binary('sequence', 1)],
]);
