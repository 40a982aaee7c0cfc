import { readFile } from 'node:fs/promises';
import { type Font, type PathCommand, parse } from 'opentype.js/dist/opentype.mjs';

/** Noto Sans (SIL Open Font License): Latin, Greek and Cyrillic letters. */
const FONT_URLS: readonly string[] = [
  import.meta.resolve('@fontsource/noto-sans/files/noto-sans-latin-400-normal.woff'),
  import.meta.resolve('@fontsource/noto-sans/files/noto-sans-latin-ext-400-normal.woff'),
  import.meta.resolve('@fontsource/noto-sans/files/noto-sans-greek-400-normal.woff'),
  import.meta.resolve('@fontsource/noto-sans/files/noto-sans-cyrillic-400-normal.woff'),
  import.meta.resolve('@fontsource/noto-sans/files/noto-sans-vietnamese-400-normal.woff'),
];

/** Loaded when a line holds such letters; of several the first that has all of them, so that a word is of one hand. */
const FURTHER: readonly { readonly letters: RegExp; readonly url: URL }[] = [
  { letters: /\p{Script=Hebrew}/u, url: new URL('./fonts/noto-sans-hebrew.woff', import.meta.url) },
  { letters: /\p{Script=Thai}/u, url: new URL('./fonts/noto-sans-thai.woff', import.meta.url) },
  { letters: /\p{Script=Hangul}/u, url: new URL('./fonts/noto-sans-kr.woff', import.meta.url) },
  { letters: /[\p{Script=Hiragana}\p{Script=Katakana}]/u, url: new URL('./fonts/noto-sans-jp.woff', import.meta.url) },
  { letters: /\p{Script=Han}/u, url: new URL('./fonts/noto-sans-sc.woff', import.meta.url) },
  { letters: /\p{Script=Han}/u, url: new URL('./fonts/noto-sans-tc.woff', import.meta.url) },
  { letters: /[\p{Script=Han}\u3000-\u303F\uFF00-\uFFEF]/u, url: new URL('./fonts/noto-sans-jp.woff', import.meta.url) },
];

const loaded = new Map<string, Promise<Font>>();

const LONGEST_LINE = 80;

/** Glyphs of a line, from 0\0 on its base line, `size` pixels high. */
export interface TextOutline {
  readonly commands: readonly PathCommand[];
  readonly width: number;
  /** False where a letter has no glyph and a question mark stands for it. */
  readonly isWhole: boolean;
}

/** The first 80 letters of a line. Letters are not joined: Arabic and the scripts of India are not drawn. */
export async function textOutline(line: string, size: number): Promise<TextOutline> {
  const characters = [...asWritten([...line.normalize('NFC')].slice(0, LONGEST_LINE).join(''))];
  const fonts = await fontsFor(characters);
  const commands: PathCommand[] = [];
  let width = 0;
  let isWhole = true;
  for (const character of characters) {
    const own = fonts.find((font) => font.charToGlyphIndex(character) > 0);
    const font = own ?? fonts[0];
    isWhole &&= own !== undefined;
    if (font === undefined) continue;
    const glyph = font.charToGlyph(own === undefined ? '?' : character);
    commands.push(...glyph.getPath(width, 0, size).commands);
    width += ((glyph.advanceWidth ?? 0) * size) / font.unitsPerEm;
  }
  return { commands, width, isWhole };
}

async function fontsFor(characters: readonly string[]): Promise<Font[]> {
  const fonts = await Promise.all(FONT_URLS.map(fontAt));
  const lacking = characters.filter((character) => !fonts.some((font) => font.charToGlyphIndex(character) > 0));
  if (lacking.length === 0) return fonts;
  const further: Font[] = [];
  for (const { letters, url } of FURTHER) {
    if (!lacking.some((character) => letters.test(character))) continue;
    const font = await fontAt(url.href);
    if (lacking.every((character) => font.charToGlyphIndex(character) > 0)) return [...fonts, font];
    further.push(font);
  }
  return [...fonts, ...further];
}

function fontAt(url: string): Promise<Font> {
  const known = loaded.get(url);
  if (known !== undefined) return known;
  const font = readFile(new URL(url)).then((bytes) => parse(arrayBufferOf(bytes)));
  loaded.set(url, font);
  return font;
}

/** Hebrew runs from right to left; figures and other letters within it do not. */
function asWritten(line: string): string {
  return line.replace(/\p{Script=Hebrew}+(?:[\s'"^.-]+\p{Script=Hebrew}+)*/gu, (run) => [...run].reverse().join(''));
}

function arrayBufferOf(bytes: Buffer): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return copy;
}
