import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  characterSetFor,
  decodeText,
  encodeText,
  formatPersonName,
  memorySource,
  readPart10,
} from '../../../electron/dicom/dataset/index.ts';

const decoded = (bytes: string, characterSet: string) =>
  decodeText(Buffer.from(bytes.replaceAll(' ', ''), 'hex'), characterSet, 'PN').join('\\');

describe('names in the world’s scripts', () => {
  // Bytes from the examples of PS3.5 annexes H, I, J and K.
  it.each([
    ['\\ISO 2022 IR 87', '59616d6164615e5461726f753d1b24423b3345441b28425e1b2442424 04f3a1b2842', 'Yamada^Tarou=山田^太郎'],
    [
      'ISO 2022 IR 13\\ISO 2022 IR 87',
      'd4cfc0de5edbb33d1b24423b3345441b284a5e1b244242404f3a1b284a3d1b24422464245e24401b284a5e1b2442243f246d24261b284a',
      'ﾔﾏﾀﾞ^ﾛｳ=山田^太郎=やまだ^たろう',
    ],
    [
      '\\ISO 2022 IR 149',
      '486f6e675e47696c646f6e673d1b242943fbf35e1b242943d1ced4d73d1b242943c8ab5e1b242943b1e6b5bf',
      'Hong^Gildong=洪^吉洞=홍^길동',
    ],
    ['ISO_IR 192', '57616e675e5869616f446f6e673de78e8b5ee5b08fe69db13d', 'Wang^XiaoDong=王^小東='],
    ['GB18030', '57616e675e5869616f446f6e673dcdf55ed0a1b6ab3d', 'Wang^XiaoDong=王^小东='],
    ['ISO_IR 100', '42756 35e4ae972f46d65', 'Buc^Jérôme'],
  ])('decodes %s', (characterSet, bytes, name) => {
    expect(decoded(bytes, characterSet)).toBe(name);
  });

  it.each([
    ['ISO_IR 100', 'Buc^Jérôme'],
    ['ISO_IR 101', 'Dvořák^Antonín'],
    ['ISO_IR 109', 'Ĉapek^Ŝtono'],
    ['ISO_IR 110', 'Bērziņš^Jānis'],
    ['ISO_IR 144', 'Люксембург^Роза'],
    ['ISO_IR 127', 'قباني^لنزار'],
    ['ISO_IR 126', 'Διονυσιος^Γ'],
    ['ISO_IR 138', 'שרון^דבורה'],
    ['ISO_IR 148', 'Çavuşoğlu^İğde'],
    ['ISO_IR 203', 'Œuvre^€'],
    ['ISO_IR 166', 'นาย^ไทย'],
    ['ISO_IR 13', 'ﾔﾏﾀﾞ^ﾀﾛｳ'],
    ['ISO_IR 192', 'Wang^XiaoDong=王^小東=𠮷'],
    ['GB18030', '王^小东=㐀'],
    ['GBK', '王^小东'],
    ['\\ISO 2022 IR 87', 'Yamada^Tarou=山田^太郎=やまだ^たろう'],
    ['\\ISO 2022 IR 87\\ISO 2022 IR 159', 'A=丂亜^龥B'],
    ['ISO 2022 IR 13\\ISO 2022 IR 87', 'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう'],
    ['\\ISO 2022 IR 149', 'Hong^Gildong=洪^吉洞=홍^길동'],
    ['\\ISO 2022 IR 58', 'Zhang^XiaoDong=张^小东='],
    ['ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126', 'Jérôme^Роза^Διον'],
  ])('writes and reads %s: %s', (characterSet, name) => {
    expect(decodeText(encodeText([name], characterSet, 'PN'), characterSet, 'PN')).toEqual([name]);
  });

  it('undoes escape sequences before delimiters, as PS3.5 annex H writes them', () => {
    const bytes = Buffer.from(encodeText(['Yamada^Tarou=山田^太郎'], '\\ISO 2022 IR 87', 'PN')).toString('latin1');
    expect(bytes).toBe('Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B');
  });

  it('does not split values inside a two-byte character', () => {
    // The second byte of 表 is 0x3D in JIS X 0208 and 0x5C appears in GBK: neither is a delimiter.
    for (const [characterSet, name] of [
      ['\\ISO 2022 IR 87', '昼表^乗'],
      ['GBK', '誠^俓'],
    ] as const) {
      expect(decodeText(encodeText([name, 'B'], characterSet, 'LO'), characterSet, 'LO')).toEqual([name, 'B']);
    }
  });

  it('reads yen sign and overline of ISO_IR 13, and keeps the backslash as separator', () => {
    expect(decodeText(Buffer.from('a\\b~'), 'ISO_IR 13', 'ST')).toEqual(['a¥b‾']);
    expect(decodeText(Buffer.from('a\\b'), 'ISO_IR 13', 'LO')).toEqual(['a', 'b']);
  });

  it('reads UTF-8 and Latin-1 of archives that declare nothing, and misspelled terms', () => {
    expect(decodeText(Buffer.from('Müller'), '', 'PN')).toEqual(['Müller']);
    expect(decodeText(Buffer.from('Müller', 'latin1'), '', 'PN')).toEqual(['Müller']);
    for (const term of ['ISO-IR 100', 'ISO_IR_100', 'ISO IR 100', 'ISO 8859-1', 'iso_ir 100 ']) {
      expect(decodeText(Buffer.from('Müller', 'latin1'), term, 'PN')).toEqual(['Müller']);
    }
  });

  it('never throws on half characters and unknown escapes', () => {
    for (const characterSet of [
      '\\ISO 2022 IR 87',
      '\\ISO 2022 IR 149',
      'GB18030',
      'ISO_IR 192',
      'NONSENSE',
      'ISO 2022 IR 13\\ISO 2022 IR 159',
    ]) {
      for (const bytes of ['1b', '1b24', '1b2442', '1b24423b', '1b2429', '1b242943c8', 'ff', '1b285a41', '81', '8130']) {
        expect(typeof decoded(bytes, characterSet)).toBe('string');
      }
    }
  });

  it('chooses the narrowest character set for a query', () => {
    expect(characterSetFor(['Doe*', '123'])).toBe('');
    expect(characterSetFor(['Doe', 'Müller'])).toBe('ISO_IR 100');
    expect(characterSetFor(['Müller', '山田'])).toBe('ISO_IR 192');
  });
});

const data = process.env.DICOM_TEST_DATA;
describe.runIf(data !== undefined)('names in real files', () => {
  const rows = data === undefined ? [] : readFileSync(join(data, 'CHARSETS.tsv'), 'utf8').trim().split('\n').slice(1);
  it.each(rows.map((row) => row.split('\t')))('%s (%s)', (path = '', _characterSet = '', _dcmtk = '', expected = '') => {
    const { dataset } = readPart10(memorySource(readFileSync(join(data ?? '', path))));
    expect(formatPersonName(dataset.personName(0x00100010))).toBe(expected.replace(/=+$/, ''));
  });
});
