import { Buffer } from 'node:buffer';
import type { DataElement, Dataset } from '../dataset.ts';
import { isPrivate } from '../dictionary.ts';
import { parsePersonName } from '../person-name.ts';
import type { DeIdentificationOptions } from './options.ts';
import type { ProjectKey } from './project-key.ts';
import { actionOf, rowOf } from './table.ts';

const MAX_IDENTIFIERS = 5000;
const BIRTH_DATE = 0x00100030;

/**
 * Finds what identifies in text that is kept. Made of one data set: every name, ID, address and date that the profile takes out of its own attribute must not stand
 * in another one either (PS3.15 E.1.1 note 1).
 */
export class Identifiers {
  readonly #words: RegExp | undefined;
  readonly #codes: RegExp | undefined;
  readonly #key: ProjectKey;
  readonly #retainUIDs: boolean;

  constructor(dataset: Dataset, options: DeIdentificationOptions, key: ProjectKey) {
    const { words, codes } = collect(dataset, options);
    this.#words = alternatives(words, '(?<![\\p{L}\\p{N}])', '(?![\\p{L}\\p{N}])');
    this.#codes = alternatives(codes, '', '');
    this.#key = key;
    this.#retainUIDs = options.retainUIDs;
  }

  /** The text without identifiers, UIDs of instances mapped; the same text where there is nothing. */
  scrubbed(text: string): string {
    let clean = text;
    if (!this.#retainUIDs) clean = clean.replace(UIDS, (uid) => (uid.startsWith(STANDARD_ROOT) ? uid : this.#key.uid(uid)));
    if (this.#codes !== undefined) clean = clean.replace(this.#codes, '');
    if (this.#words !== undefined) clean = clean.replace(this.#words, '');
    return clean === text ? text : tidy(clean);
  }

  /** Clean Descriptors (E.3.5): besides the above, whatever looks like a number of a person, a date, an age, an address or a titled name. */
  cleaned(text: string): string {
    return tidy(DESCRIPTOR_RULES.reduce((rest, rule) => rest.replace(rule, ' '), this.scrubbed(text)));
  }

  /** Whether bytes hold an identifier as text. */
  isIn(bytes: Uint8Array): boolean {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    return ['latin1', 'utf8', 'utf16le'].some((encoding) => {
      const text = buffer.toString(encoding as BufferEncoding);
      return [this.#words, this.#codes].some((pattern) => pattern !== undefined && text.search(pattern) >= 0);
    });
  }
}

const STANDARD_ROOT = '1.2.840.10008.';
const UIDS = /(?<![\d.])[012](?:\.(?:0|[1-9]\d*)){5,}(?![\d.]*\d)/g;

const DESCRIPTOR_RULES: readonly RegExp[] = [
  /\S*@\S*/gu,
  /(?<!\p{L})(?:dr|prof|mr|mrs|ms|miss|herr|frau|mme|mlle|monsieur|madame|sr|sra|dott|dra)\.?\s+\p{L}+(?:[ -]\p{Lu}\p{L}+)?/giu,
  /(?<![\p{L}\d])\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?!\d)/gu,
  /(?<![\p{L}\d])\d{1,3}\s?(?:yo|y\/o|yrs?|years?|[yfmwj])(?:\s?[mfw])?(?![\p{L}\d])/giu,
  /\S*\d{4,}\S*/gu,
];

function collect(root: Dataset, options: DeIdentificationOptions): { words: Set<string>; codes: Set<string> } {
  const found = { words: new Set<string>(), codes: new Set<string>() };
  const stack = [root];
  for (let dataset = stack.pop(); dataset !== undefined; dataset = stack.pop()) {
    for (const element of dataset) {
      if (element.vr === 'SQ') stack.push(...dataset.items(element.tag));
      else if (found.words.size + found.codes.size < MAX_IDENTIFIERS) take(element, dataset, options, found);
    }
  }
  return found;
}

function take(
  { tag, vr }: DataElement,
  dataset: Dataset,
  options: DeIdentificationOptions,
  { words, codes }: { words: Set<string>; codes: Set<string> },
): void {
  if (vr === 'PN') {
    for (const value of dataset.strings(tag)) for (const word of wordsOfName(value)) words.add(word);
    return;
  }
  const row = isPrivate(tag) ? undefined : rowOf(tag);
  if (row === undefined || row.options.includes('c') || actionOf(row, options) === 'K') return;
  for (const value of dataset.strings(tag)) {
    if (vr === 'DA' && (tag === BIRTH_DATE || options.dates !== 'retain') && /^\d{8}$/.test(value)) codes.add(value);
    else if (IDENTIFYING.has(vr) && value.length >= 4) (/\d/.test(value) && value.length >= 6 ? codes : words).add(value);
  }
}

const IDENTIFYING: ReadonlySet<string> = new Set(['LO', 'SH', 'UC', 'ST', 'LT', 'AE']);
/** Parts of names shorter than this stand in other words by chance; ideographic names are short. */
const SHORTEST_WORD = 3;

function wordsOfName(value: string): string[] {
  const { alphabetic, ideographic = '', phonetic = '' } = parsePersonName(value);
  return [alphabetic, ideographic, phonetic]
    .flatMap((group) => group.split(/[\^\s,;.]+/u))
    .filter((word) => [...word].length >= (/[\u0250-\u{10ffff}]/u.test(word) ? 2 : SHORTEST_WORD) && /[\p{L}\p{N}]/u.test(word));
}

function alternatives(texts: ReadonlySet<string>, before: string, after: string): RegExp | undefined {
  if (texts.size === 0) return undefined;
  const longestFirst = [...texts].sort((a, b) => b.length - a.length);
  return new RegExp(`${before}(?:${longestFirst.map(escaped).join('|')})${after}`, 'giu');
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

function tidy(text: string): string {
  return text.replace(/[ \t]{2,}/g, ' ').replace(/^[\s,;:^-]+|[\s,;:^-]+$/gu, '');
}
