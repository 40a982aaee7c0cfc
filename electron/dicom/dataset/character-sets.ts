import { Buffer } from 'node:buffer';
import iconv from 'iconv-lite';
import {
  type CodeElement,
  codeElementsOf,
  decodeSegment,
  ESCAPES,
  encodeCharacter,
  isKnownTerm,
  wholeEncodingOf,
} from './code-elements.ts';
import { traitsOf, type VR } from './vr.ts';

/**
 * Decodes a text value under a Specific Character Set (0008,0005; PS3.3 C.12.1.1.2, PS3.5 §6.1.2). Gives the values that backslashes
 * separate, one for VRs that have a single value; padding is kept. Never throws: what cannot be decoded becomes U+FFFD, and bytes above 0x7F
 * under the default repertoire are read as UTF-8 where they are valid UTF-8, else as ISO 8859-1, as archives without the attribute hold them.
 */
export function decodeText(bytes: Uint8Array, specificCharacterSet: string, vr: VR): string[] {
  const traits = traitsOf(vr);
  const multiple = traits?.multiple ?? true;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (traits?.characterSet !== true) return split(buffer.toString('latin1'), multiple);
  return split(decodeWhole(buffer, specificCharacterSet, vr), multiple);
}

/**
 * Encodes values for writing, backslash-joined, unpadded. Characters outside the character set become `?`: choose the set with
 * `characterSetFor` first. With ISO 2022 terms the needed escape sequences are put in and undone before delimiters (PS3.5 §6.1.2.5).
 */
export function encodeText(values: readonly string[], specificCharacterSet: string, vr: VR): Uint8Array {
  const text = values.join('\\');
  const traits = traitsOf(vr);
  if (isPlain(text) || traits?.characterSet !== true) return Buffer.from(text, 'latin1');
  const terms = termsOf(specificCharacterSet);
  const whole = wholeEncodingOf(terms[0] ?? '');
  if (whole !== undefined) return iconv.encode(text, whole);
  return encodeIso2022(text, terms, vr);
}

/** The narrowest Specific Character Set that holds all texts: '' (default repertoire), ISO_IR 100, else ISO_IR 192. */
export function characterSetFor(texts: Iterable<string>): '' | 'ISO_IR 100' | 'ISO_IR 192' {
  let latin = false;
  for (const text of texts) {
    if (isPlain(text)) continue;
    if (/[^\x20-\x7e\xa0-\xff\r\n\t\f]/.test(text)) return 'ISO_IR 192';
    latin = true;
  }
  return latin ? 'ISO_IR 100' : '';
}

/** Terms of a Specific Character Set value, normalised: padding and common misspellings (`ISO-IR 100`, `ISO_IR_100`, `UTF-8`) undone. */
export function termsOf(specificCharacterSet: string): string[] {
  return specificCharacterSet.split('\\').slice(0, 16).map(normalise);
}

/** What text is read by: what is declared, or `fallback` ('': none) where nothing beyond ASCII is declared or nothing that is known. */
export function characterSetOr(declared: string, fallback: string): string {
  return fallback === '' || termsOf(declared).some(isKnownTerm) ? declared : fallback;
}

function decodeWhole(buffer: Buffer, specificCharacterSet: string, vr: VR): string {
  const first = specificCharacterSet.charCodeAt(0);
  const plain = buffer.toString('latin1');
  // ISO_IR 13 alone reads 0x5C and 0x7E differently from ASCII; every other first set agrees with it below 0x80.
  if (isPlain(plain) && !(first === 0x49 && specificCharacterSet.includes('13'))) return plain;
  // By far the commonest, and the same as what was just read.
  if (specificCharacterSet === 'ISO_IR 100' && !plain.includes('\x1b')) return plain;
  const terms = termsOf(specificCharacterSet);
  const whole = wholeEncodingOf(terms[0] ?? '');
  if (whole === 'utf8') return buffer.toString('utf8');
  if (whole !== undefined) return iconv.decode(buffer, whole);
  return decodeIso2022(buffer, terms, vr);
}

/** Splits at escape sequences and delimiters by hand and decodes each run with its own table. */
function decodeIso2022(bytes: Buffer, terms: readonly string[], vr: VR): string {
  const initial = codeElementsOf(terms[0] ?? '');
  let { g0, g1 } = initial;
  let text = '';
  let start = 0;
  let at = 0;
  const flush = (): void => {
    if (at > start) text += decodeSegment(bytes, start, at, g0, g1);
  };
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x1b) {
      flush();
      const sequence = escapeAt(bytes, at);
      if (sequence?.element.side === 0) g0 = sequence.element;
      if (sequence?.element.side === 1) g1 = sequence.element;
      at += sequence?.length ?? 1;
      start = at;
    } else if (byte < 0x20 || (g0.width === 1 && isDelimiter(byte, vr))) {
      flush();
      text += String.fromCharCode(byte);
      ({ g0, g1 } = initial);
      at += 1;
      start = at;
    } else {
      at += byte < 0x80 ? g0.width : (g1?.width ?? 1);
    }
  }
  at = Math.min(at, bytes.length);
  flush();
  return text;
}

function encodeIso2022(text: string, terms: readonly string[], vr: VR): Buffer {
  const initial = codeElementsOf(terms[0] ?? '');
  const choices = terms.flatMap((term) => {
    const { g0, g1 } = codeElementsOf(term);
    return g1 === undefined ? [g0] : [g0, g1];
  });
  const bytes: number[] = [];
  let { g0, g1 } = initial;
  const designate = (element: CodeElement): void => {
    bytes.push(0x1b, ...Buffer.from(element.designation, 'latin1'));
    if (element.side === 0) g0 = element;
    else g1 = element;
  };
  for (const character of text) {
    const code = character.charCodeAt(0);
    if (code < 0x20 || (code < 0x80 && isDelimiter(code, vr))) {
      if (g0 !== initial.g0) designate(initial.g0);
      ({ g0, g1 } = initial);
      bytes.push(code);
      continue;
    }
    const active = g1 === undefined ? [g0] : [g0, g1];
    const found = firstThatEncodes(character, [...active, ...choices]);
    if (found === undefined) {
      if (g0.width !== 1) designate(initial.g0);
      bytes.push(0x3f);
      continue;
    }
    if (found.element !== g0 && found.element !== g1) designate(found.element);
    bytes.push(...found.bytes);
  }
  if (g0 !== initial.g0) designate(initial.g0);
  return Buffer.from(bytes);
}

function firstThatEncodes(character: string, elements: readonly CodeElement[]): { element: CodeElement; bytes: Uint8Array } | undefined {
  for (const element of elements) {
    const bytes = encodeCharacter(character, element);
    if (bytes !== undefined) return { element, bytes };
  }
  return undefined;
}

function escapeAt(bytes: Buffer, at: number): { element: CodeElement; length: number } | undefined {
  for (let length = 2; length <= 3; length += 1) {
    const element = ESCAPES.get(bytes.toString('latin1', at + 1, at + 1 + length));
    if (element !== undefined) return { element, length: length + 1 };
  }
  return undefined;
}

/** Before these the first value's character set is active again (PS3.5 §6.1.2.5.3). */
function isDelimiter(byte: number, vr: VR): boolean {
  if (byte === 0x5c) return traitsOf(vr)?.multiple === true;
  return vr === 'PN' && (byte === 0x5e || byte === 0x3d);
}

function split(text: string, multiple: boolean): string[] {
  return multiple && text.includes('\\') ? text.split('\\') : [text];
}

function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code >= 0x7f || code === 0x1b) return false;
  }
  return true;
}

function normalise(term: string): string {
  const text = term
    .replace(/[\0 ]+$/, '')
    .trim()
    .toUpperCase();
  const iso = /^ISO[ _-]?(IR|2022)?[ _-]*(?:IR)?[ _-]*(\d{1,3})$/.exec(text);
  if (iso !== null) return iso[1] === '2022' ? `ISO 2022 IR ${iso[2]}` : `ISO_IR ${iso[2]}`;
  const part = /^ISO[ _-]?8859[ _-]?(\d{1,2})$/.exec(text);
  if (part !== null) return ISO_8859[Number(part[1])] ?? text;
  if (text === 'UTF-8' || text === 'UTF8') return 'ISO_IR 192';
  return text;
}

/** Parts of ISO 8859 that some devices name instead of the registration number. */
const ISO_8859: Readonly<Record<number, string>> = {
  1: 'ISO_IR 100',
  2: 'ISO_IR 101',
  3: 'ISO_IR 109',
  4: 'ISO_IR 110',
  5: 'ISO_IR 144',
  6: 'ISO_IR 127',
  7: 'ISO_IR 126',
  8: 'ISO_IR 138',
  9: 'ISO_IR 148',
  11: 'ISO_IR 166',
  15: 'ISO_IR 203',
};
