import { describe, expect, it } from 'vitest';
import { isBlank, NO_FILTERS, parseDateRange, parseSearch } from '../../../renderer/app/query.ts';
import { query } from '../../../shared/contract/index.ts';

const TODAY = new Date(2026, 10, 21);
const ask = (text: string, filters = {}) => parseSearch(text, { ...NO_FILTERS, ...filters }, TODAY);

describe('the search field', () => {
  it.each([
    ['doe', { patientName: '*doe*' }],
    ['doe, jane', { patientName: '*doe*jane*' }],
    ['doe,jane', { patientName: '*doe*jane*' }],
    ['doe*', { patientName: 'doe*' }],
    ['004711', { patientID: '*004711*' }],
    ['doe 004711 mod:ct', { patientName: '*doe*', patientID: '*004711*', modality: 'CT' }],
    ['name:"doe, jane" date:7d', { patientName: '*doe*jane*', studyDate: '20261114-20261121' }],
    ['ID:abc', { patientID: '*abc*' }],
    ['desc:thorax acc:A1', { studyDescription: '*thorax*', accessionNumber: 'A1' }],
    ['山田', { patientName: '*山田*' }],
    ['mod:', {}],
    ['', {}],
  ])('%j asks for the right keys', (text, expected) => {
    expect(ask(text)).toEqual({ query: expected, ignored: [] });
  });

  it('says which words it could not use and searches without them', () => {
    expect(ask('doe date:banana')).toEqual({ query: { patientName: '*doe*' }, ignored: ['date:banana'] });
  });

  it('lets a column filter win over the field', () => {
    expect(ask('doe', { patientName: 'miller', studyDate: 'today' }).query).toEqual({ patientName: '*miller*', studyDate: '20261121' });
  });

  it('never makes a query that the contract refuses, whatever is typed', () => {
    for (const text of [
      '\\\\',
      '"',
      'name:"',
      `${'x'.repeat(600)} ${'1'.repeat(600)}`,
      'mod:ct\\mr',
      'date:..',
      'date:99991399',
      'a:b:c',
      '* ?',
    ]) {
      expect(query.safeParse({ ...ask(text).query, level: 'study' }).success, text).toBe(true);
    }
  });

  it('knows when nothing is asked for', () => {
    expect(isBlank(ask('  ').query)).toBe(true);
    expect(isBlank(ask('mod:mr').query)).toBe(false);
  });
});

describe('dates as people write them', () => {
  it.each([
    ['today', '20261121'],
    ['yesterday', '20261120'],
    ['7d', '20261114-20261121'],
    ['2w', '20261107-20261121'],
    ['1y', '20251121-20261121'],
    ['2026', '20260101-20261231'],
    ['2026-02', '20260201-20260228'],
    ['2026-11-18', '20261118'],
    ['20261118', '20261118'],
    ['2026-01..2026-06', '20260101-20260630'],
    ['2026-11-01 - 2026-11-18', '20261101-20261118'],
    ['2025..', '20250101-'],
    ['..2025', '-20251231'],
  ])('%s', (written, range) => {
    expect(parseDateRange(written, TODAY)).toBe(range);
  });

  it.each(['banana', '2026-13', '2026-02-30', '..', '1..2..3'])('%s is not a date', (written) => {
    expect(parseDateRange(written, TODAY)).toBeUndefined();
  });

  it('steps back a month from a long month into a short one without overshooting', () => {
    expect(parseDateRange('1m', new Date(2026, 2, 31))).toBe('20260228-20260331');
  });
});
