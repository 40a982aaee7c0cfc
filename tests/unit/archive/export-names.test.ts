import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Names, nameOf, type Owner, safeName } from '../../../electron/archive/export-names.ts';
import { DEFAULT_TEMPLATE, EXPORT_FIELDS, type ExportField, parseTemplate } from '../../../shared/contract/export-fields.ts';

const OWNER: Owner = { patient: 'p', study: 's', series: 'e', image: 'i' };
const NOTHING = Object.fromEntries(Object.keys(EXPORT_FIELDS).map((field) => [field, ''])) as Record<ExportField, string>;

function filled(template: string, values: Partial<Record<ExportField, string>>): string[] {
  const parsed = parseTemplate(template);
  if (parsed === undefined) throw new Error('no template');
  return nameOf(parsed, { ...NOTHING, ...values }, OWNER).components.map(({ name }) => name);
}

describe('a name made of what a file says', () => {
  it.each([
    ['Müller^Hans=田中', 'Müller Hans 田中'],
    ['../../etc/passwd', '_.._etc_passwd'],
    ['..', '_'],
    ['.hidden', 'hidden'],
    ['C:\\Windows\\x', 'C__Windows_x'],
    ['CON', '_CON'],
    ['lpt1.txt', '_lpt1.txt'],
    ['COM¹', '_COM¹'],
    ['trailing. . ', 'trailing'],
    ['a\0b\nc\u202egnp.exe', 'a_b_c_gnp.exe'],
    ['', '_'],
    ['e\u0301', 'é'],
    ['\ud800', '_'],
  ])('%j becomes %j', (value, name) => {
    expect(filled('{PatientName}', { PatientName: value })).toEqual([name]);
  });

  it('is safe on every system, whatever the value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.integer({ min: 16, max: 180 }), (text, limit) => {
        const name = safeName(text, limit);
        expect(name.length).toBeGreaterThan(0);
        expect(name.length).toBeLessThanOrEqual(limit + 1);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(220);
        expect(name).not.toMatch(/[<>:"/\\|?*\p{Cc}]|^\.|[. ]$/u);
        expect(name.isWellFormed()).toBe(true);
        expect(name).not.toMatch(/^(con|prn|aux|nul|(com|lpt)\d)(\.|$)/i);
      }),
    );
  });

  it('has its numbers filled up, so that files sort as they are numbered', () => {
    expect(filled('{SeriesNumber:3} {SeriesDescription}/{InstanceNumber:5}', { SeriesNumber: '7', InstanceNumber: '12' })).toEqual([
      '007',
      '00012',
    ]);
  });

  it('stays short enough for a path of 260 characters', () => {
    const long = 'x'.repeat(1024);
    const values = Object.fromEntries(Object.keys(EXPORT_FIELDS).map((field) => [field, long]));
    expect(filled(DEFAULT_TEMPLATE, values).join('/').length).toBeLessThan(200);
  });
});

it.each(['', '/', 'a//b', '{Nothing}', '{PatientName', '{constructor}', '{InstanceNumber:0}', 'a/'.repeat(9)])(
  'the template %j is refused',
  (template) => {
    expect(parseTemplate(template)).toBeUndefined();
  },
);

it('names that differ in case or form only are not given twice', () => {
  const names = new Names();
  const file = (name: string): string => names.path({ components: [{ name, owner: '' }] }, '.dcm').join('/');
  expect([file('ÄB'), file('äb'), file('A\u0308b'.normalize('NFC')), file('other')]).toEqual([
    'ÄB.dcm',
    'äb (2).dcm',
    'Äb (3).dcm',
    'other.dcm',
  ]);
});

it('a folder is shared by the files of its owner only, and one that merely groups by all', () => {
  const names = new Names();
  const path = (owner: string): string =>
    names
      .path(
        {
          components: [
            { name: 'CT', owner: '' },
            { name: 'Doe', owner },
            { name: '1', owner: '' },
          ],
        },
        '',
      )
      .join('/');
  expect([path('a'), path('b'), path('a')]).toEqual(['CT/Doe/1', 'CT/Doe (2)/1', 'CT/Doe/1 (2)']);
});
