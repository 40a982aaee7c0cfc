import { Buffer } from 'node:buffer';
import iconv from 'iconv-lite';

/** A character set as ISO 2022 sees it (PS3.3 tables C.12-2 to C.12-4): side 0 is G0 (bytes 0x21–0x7E), side 1 is G1 (0xA1–0xFE). */
export interface CodeElement {
  readonly name: string;
  readonly side: 0 | 1;
  /** Bytes per character. */
  readonly width: 1 | 2;
  /** What follows ESC to designate it. */
  readonly designation: string;
  /** Table that decodes it in its G1 form (high bits set), with a lead byte where the table wants one. */
  readonly table: string;
  readonly lead?: number;
}

/** The sets that a defined term makes active from the start of a value (and after delimiters). */
export function codeElementsOf(term: string): { g0: CodeElement; g1: CodeElement | undefined } {
  const number = /(\d+)$/.exec(term)?.[1] ?? '6';
  const found = BY_NUMBER.get(Number(number));
  if (found === undefined) return { g0: ASCII, g1: undefined };
  const g0 = found.find((element) => element.side === 0) ?? ASCII;
  return { g0, g1: found.find((element) => element.side === 1) };
}

/** Whether a term names a character set beyond ASCII that is known here. */
export function isKnownTerm(term: string): boolean {
  const [, number] = /^ISO(?:_IR| 2022 IR) (\d+)$/.exec(term) ?? [];
  return WHOLE.has(term) || (number !== undefined && number !== '6' && BY_NUMBER.has(Number(number)));
}

/** iconv-lite's name of an encoding that stands alone, without code extensions (PS3.3 table C.12-5). */
export function wholeEncodingOf(term: string): 'utf8' | 'gb18030' | 'gbk' | undefined {
  return WHOLE.get(term);
}

const WHOLE: ReadonlyMap<string, 'utf8' | 'gb18030' | 'gbk'> = new Map([
  ['ISO_IR 192', 'utf8'],
  ['ISO 2022 IR 192', 'utf8'],
  ['GB18030', 'gb18030'],
  ['GBK', 'gbk'],
]);

/** Decodes bytes[start, end): runs below 0x80 by G0, above by G1. Half a character at the end becomes U+FFFD. */
export function decodeSegment(bytes: Buffer, start: number, end: number, g0: CodeElement, g1: CodeElement | undefined): string {
  let text = '';
  let at = start;
  while (at < end) {
    const high = (bytes[at] ?? 0) >= 0x80;
    let stop = at;
    while (stop < end && (bytes[stop] ?? 0) >= 0x80 === high) stop += 1;
    const run = bytes.subarray(at, stop);
    text += high ? decodeHigh(run, g1) : decodeLow(run, g0);
    at = stop;
  }
  return text;
}

/** Bytes of one character in a set, in the set's own form, or undefined when the set does not have it. */
export function encodeCharacter(character: string, element: CodeElement): Uint8Array | undefined {
  const code = character.codePointAt(0) ?? 0;
  if (element === ASCII) return code < 0x80 ? Uint8Array.of(code) : undefined;
  if (element === JIS_ROMAN) return encodeRoman(code);
  if (element === KATAKANA) return code >= 0xff61 && code <= 0xff9f ? Uint8Array.of(code - 0xff61 + 0xa1) : undefined;
  if (code < 0xa0) return undefined;
  const encoded = iconv.encode(character, element.table);
  const body = element.lead === undefined ? encoded : encoded.subarray(1);
  if (element.lead !== undefined && encoded[0] !== element.lead) return undefined;
  if (body.length !== element.width || body.some((byte) => byte < 0xa0)) return undefined;
  if (iconv.decode(encoded, element.table) !== character) return undefined;
  return element.side === 0 ? body.map((byte) => byte - 0x80) : body;
}

function encodeRoman(code: number): Uint8Array | undefined {
  if (code === 0xa5) return Uint8Array.of(0x5c);
  if (code === 0x203e) return Uint8Array.of(0x7e);
  return code < 0x80 && code !== 0x5c && code !== 0x7e ? Uint8Array.of(code) : undefined;
}

function decodeLow(run: Buffer, g0: CodeElement): string {
  if (g0 === ASCII) return run.toString('latin1');
  if (g0 === JIS_ROMAN) return run.toString('latin1').replace(/[\\~]/g, (one) => (one === '\\' ? '¥' : '‾'));
  return decodePairs(run, g0);
}

function decodeHigh(run: Buffer, g1: CodeElement | undefined): string {
  if (g1 === undefined) return decodeUndeclared(run);
  if (g1 === KATAKANA) {
    return Array.from(run, (byte) => (byte >= 0xa1 && byte <= 0xdf ? String.fromCharCode(byte - 0xa1 + 0xff61) : '\ufffd')).join('');
  }
  if (g1.width === 2) return decodePairs(run, g1);
  return iconv.decode(run, g1.table);
}

function decodePairs(run: Buffer, element: CodeElement): string {
  let text = '';
  for (let i = 0; i < run.length; i += 2) {
    const a = run[i] ?? 0;
    const b = run[i + 1];
    if (a < 0x21 || (a > 0x7f && element.side === 0)) text += String.fromCharCode(a);
    else if (b === undefined) text += '\ufffd';
    else {
      const pair = [a | 0x80, b | 0x80];
      text += iconv.decode(Buffer.from(element.lead === undefined ? pair : [element.lead, ...pair]), element.table);
    }
  }
  return text;
}

/** High bytes although no set was declared for them. */
function decodeUndeclared(run: Buffer): string {
  try {
    return STRICT_UTF8.decode(run);
  } catch {
    return run.toString('latin1');
  }
}

const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true });

const g0 = (name: string, width: 1 | 2, designation: string, table: string, lead?: number): CodeElement => ({
  name,
  side: 0,
  width,
  designation,
  table,
  ...(lead === undefined ? {} : { lead }),
});
const g1 = (name: string, width: 1 | 2, designation: string, table: string): CodeElement => ({ name, side: 1, width, designation, table });

const ASCII = g0('ISO-IR 6', 1, '(B', 'ascii');
const JIS_ROMAN = g0('ISO-IR 14', 1, '(J', 'ascii');
const KATAKANA = g1('ISO-IR 13', 1, ')I', '');
const JIS_X_0208 = g0('ISO-IR 87', 2, '$B', 'eucjp');
const JIS_X_0212 = g0('ISO-IR 159', 2, '$(D', 'eucjp', 0x8f);
const KS_X_1001 = g1('ISO-IR 149', 2, '$)C', 'euckr');
const GB_2312 = g1('ISO-IR 58', 2, '$)A', 'gb2312');

const BY_NUMBER: ReadonlyMap<number, readonly CodeElement[]> = new Map([
  [6, [ASCII]],
  [13, [JIS_ROMAN, KATAKANA]],
  [58, [GB_2312]],
  [87, [JIS_X_0208]],
  [100, [g1('ISO-IR 100', 1, '-A', 'iso-8859-1')]],
  [101, [g1('ISO-IR 101', 1, '-B', 'iso-8859-2')]],
  [109, [g1('ISO-IR 109', 1, '-C', 'iso-8859-3')]],
  [110, [g1('ISO-IR 110', 1, '-D', 'iso-8859-4')]],
  [126, [g1('ISO-IR 126', 1, '-F', 'iso-8859-7')]],
  [127, [g1('ISO-IR 127', 1, '-G', 'iso-8859-6')]],
  [138, [g1('ISO-IR 138', 1, '-H', 'iso-8859-8')]],
  [144, [g1('ISO-IR 144', 1, '-L', 'iso-8859-5')]],
  [148, [g1('ISO-IR 148', 1, '-M', 'iso-8859-9')]],
  [149, [KS_X_1001]],
  [159, [JIS_X_0212]],
  [166, [g1('ISO-IR 166', 1, '-T', 'tis620')]],
  [203, [g1('ISO-IR 203', 1, '-b', 'iso-8859-15')]],
]);

/** What may follow ESC. `$@` is the 1978 edition of JIS X 0208, which its table reads well enough. */
export const ESCAPES: ReadonlyMap<string, CodeElement> = new Map([
  ...[ASCII, ...[...BY_NUMBER.values()].flat()].map((element) => [element.designation, element] as const),
  ['$@', JIS_X_0208] as const,
]);
