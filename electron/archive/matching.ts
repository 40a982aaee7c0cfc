import type { Query } from '../../shared/contract/index.ts';

/**
 * Text as it is searched: case, accents and width folded, the same for what is stored and what is asked. Only the combining marks of
 * European scripts are dropped: the voicing marks of Japanese make another syllable.
 */
export function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .toLowerCase()
    .trim();
}

/** A Person Name's group as it is searched: trailing empty components do not count (PS3.5 §6.2.1.1). */
export function foldName(group: string): string {
  return fold(group).replace(/[\^\s]+$/, '');
}

/** Letters of scripts that are written without spaces: each is a word of its own, and a run of them a phrase. */
const SPACELESS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/gu;

/** Text as it goes into the index of words. */
export function words(text: string): string {
  return fold(text).replace(SPACELESS, ' $& ');
}

const MAX_WORDS = 16;

/**
 * What a person types into a search field, as an FTS5 expression over the index of words: all words, each as the beginning of one. Undefined
 * when there is no word in it.
 */
export function wordsMatch(text: string): string | undefined {
  const wanted = fold(text).match(/[\p{L}\p{N}\p{M}\p{Co}]+/gu) ?? [];
  const terms = wanted.slice(0, MAX_WORDS).map((word) => {
    const parts = words(word).trim().replace(/\s+/g, ' ');
    // One letter is too little for the beginning of a word: nearly everything has it. In a spaceless script it is a word.
    return `"${parts}"${[...word].length > 1 && parts === word ? '*' : ''}`;
  });
  return terms.length === 0 ? undefined : terms.join(' ');
}

/** A matching key as a condition on one folded column. */
export interface TextMatch {
  /** Equal to this, when there is no wildcard. */
  readonly equals?: string;
  /** SQLite GLOB pattern, when there is one. */
  readonly glob?: string;
  /** Literal beginning of the pattern, for a range on an index. */
  readonly prefix?: string;
  /** Longest literal run inside the pattern: what a trigram index can look for when it has at least 3 characters. */
  readonly longest?: string;
}

/** Wild card and single value matching (PS3.4 §C.2.2.2.1, §C.2.2.2.4). Undefined matches everything (universal matching, §C.2.2.2.3). */
export function textMatch(key: string, folding: (text: string) => string = fold): TextMatch | undefined {
  const text = folding(key);
  if (text === '' || /^\*+$/.test(text)) return undefined;
  if (!/[*?]/.test(text)) return { equals: text };
  const glob = text.replace(/\[/g, '[[]').replace(/\*+/g, '*');
  const runs = text.split(/[*?]+/);
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  return { glob, prefix: runs[0] ?? '', longest };
}

/** Exclusive upper end of all texts that begin with `prefix`. */
export function afterPrefix(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}

/** Range matching of dates (PS3.4 §C.2.2.2.5), inclusive ends; an empty value in the index never matches. */
export function dateMatch(range: NonNullable<Query['studyDate']>): { from: string; to: string } {
  const dash = range.indexOf('-');
  if (dash < 0) return { from: range, to: range };
  return { from: range.slice(0, dash) || '00000000', to: range.slice(dash + 1) || '99999999' };
}

/** List of UID matching (PS3.4 §C.2.2.2.2); bounded. */
export function uidList(key: string): string[] {
  return key
    .split('\\')
    .map((uid) => uid.trim())
    .filter((uid) => uid !== '')
    .slice(0, 10_000);
}
