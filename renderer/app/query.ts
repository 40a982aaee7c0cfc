import type { Query } from '../../shared/contract/index.ts';
import { toDicomDate } from './format.ts';

export type StudyQuery = Omit<Query, 'level'>;

/** What stands in the fields under the table's heads. */
export interface ColumnFilters {
  readonly patientName: string;
  readonly patientID: string;
  readonly studyDate: string;
  readonly modality: string;
  readonly studyDescription: string;
}

export const NO_FILTERS: ColumnFilters = { patientName: '', patientID: '', studyDate: '', modality: '', studyDescription: '' };

export interface ParsedSearch {
  readonly query: StudyQuery;
  /** Words that could not be understood (`date:banana`); the search runs without them and says so. */
  readonly ignored: readonly string[];
}

/**
 * The search field and the column filters as matching keys. Free words search the patient's name, words with a digit the patient ID;
 * `name: id: mod: date: desc: acc:` say it outright, with quotes around values that hold spaces. A column filter wins over the search
 * field. Values without a wildcard match anywhere in the text (PS3.4 C.2.2.2.4).
 */
export function parseSearch(text: string, filters: ColumnFilters, today: Date): ParsedSearch {
  const found: { -readonly [K in keyof StudyQuery]: StudyQuery[K] } = {};
  const ignored: string[] = [];
  const nameWords: string[] = [];
  for (const { key, value } of tokens(text)) {
    if (key === '') (/\d/.test(value) && found.patientID === undefined ? takeID : takeName)(value);
    else if (!assign(found, key, value, today)) ignored.push(`${key}:${value}`);
  }
  if (nameWords.length > 0 && found.patientName === undefined) found.patientName = anywhere(nameWords.join('*'), 324);
  for (const [column, key] of FILTER_KEYS) {
    const value = filters[column].trim();
    if (value !== '' && !assign(found, key, value, today)) ignored.push(`${key}:${value}`);
  }
  return { query: found, ignored };

  function takeID(value: string): void {
    found.patientID = anywhere(value, 64);
  }
  function takeName(value: string): void {
    nameWords.push(...value.split(',').filter(Boolean));
  }
}

/** Whether anything at all is asked for; a PACS is not asked for everything unless a person insists. */
export function isBlank(query: StudyQuery): boolean {
  return Object.values(query).every((value) => value === undefined);
}

const FILTER_KEYS = [
  ['patientName', 'name'],
  ['patientID', 'id'],
  ['studyDate', 'date'],
  ['modality', 'mod'],
  ['studyDescription', 'desc'],
] as const satisfies readonly (readonly [keyof ColumnFilters, string])[];

type Mutable = { -readonly [K in keyof StudyQuery]: StudyQuery[K] };

const ASSIGN: Readonly<Record<string, (target: Mutable, value: string, today: Date) => boolean>> = {
  name: (target, value) => {
    target.patientName = anywhere(
      value
        .split(/[\s,]+/)
        .filter(Boolean)
        .join('*'),
      324,
    );
    return true;
  },
  id: (target, value) => {
    target.patientID = anywhere(value, 64);
    return true;
  },
  mod: (target, value) => {
    if (!/^[A-Za-z0-9*?_ ]{1,16}$/.test(value)) return false;
    target.modality = value.toUpperCase();
    return true;
  },
  date: (target, value, today) => {
    const range = parseDateRange(value, today);
    if (range === undefined) return false;
    target.studyDate = range;
    return true;
  },
  born: (target, value, today) => {
    const range = parseDateRange(value, today);
    if (range === undefined) return false;
    target.patientBirthDate = range;
    return true;
  },
  desc: (target, value) => {
    target.studyDescription = anywhere(value, 64);
    return true;
  },
  acc: (target, value) => {
    target.accessionNumber = value.slice(0, 64);
    return true;
  },
};

function assign(target: Mutable, key: string, value: string, today: Date): boolean {
  return value === '' ? true : (ASSIGN[key]?.(target, value, today) ?? false);
}

function anywhere(value: string, longest: number): string {
  const clean = value.replaceAll('\\', '').trim();
  return /[*?]/.test(clean) && !clean.slice(1, -1).includes('*') ? clean.slice(0, longest) : `*${clean.slice(0, longest - 2)}*`;
}

function* tokens(text: string): Generator<{ key: string; value: string }> {
  const known = Object.keys(ASSIGN).join('|');
  const pattern = new RegExp(`(?:(${known}):)?(?:"([^"]*)"?|([^\\s"]+))|(?:(${known}):)(?=\\s|$)`, 'giu');
  for (const match of text.slice(0, 1024).matchAll(pattern)) {
    const value = (match[2] ?? match[3] ?? '').trim();
    const key = (match[1] ?? match[4] ?? '').toLowerCase();
    if (value === '' || new RegExp(`^(${known}):$`, 'iu').test(value)) continue;
    yield { key, value };
  }
}

/**
 * A day or span as people write it, as a DICOM range: `today`, `yesterday`, `7d`, `2w`, `3m`, `1y` (that long back until now), `2026`,
 * `2026-11`, `2026-11-18`, and two of them with `..` or `–` between. Undefined where it cannot be read.
 */
export function parseDateRange(written: string, today: Date): string | undefined {
  const text = written.trim().toLowerCase();
  const [from, to, ...more] = text.includes('..') ? text.split('..') : text.split(/\s*–\s*|\s+-\s+/);
  if (more.length > 0 || from === undefined) return undefined;
  if (to === undefined)
    return (
      span(from, today)
        ?.join('-')
        .replace(/^(\d{8})-\1$/, '$1') ?? undefined
    );
  const first = from === '' ? [''] : span(from, today);
  const last = to === '' ? ['', ''] : span(to, today);
  if (first === undefined || last === undefined || (from === '' && to === '')) return undefined;
  return `${first[0]}-${last[1]}`;
}

function span(text: string, today: Date): [string, string] | undefined {
  const day = (offset: number) => toDicomDate(new Date(today.getFullYear(), today.getMonth(), today.getDate() + offset));
  if (text === 'today') return [day(0), day(0)];
  if (text === 'yesterday') return [day(-1), day(-1)];
  const back = /^(\d{1,4})([dwmy])$/.exec(text);
  if (back !== null) return [stepBack(today, Number(back[1]), back[2] ?? 'd'), day(0)];
  const parts = /^(\d{4})(?:-?(\d{2})(?:-?(\d{2}))?)?$/.exec(text);
  if (parts === null) return undefined;
  const [, year = '', month, dayOfMonth] = parts;
  if (month === undefined) return [`${year}0101`, `${year}1231`];
  const length = new Date(Number(year), Number(month), 0).getDate();
  if (Number(month) < 1 || Number(month) > 12) return undefined;
  if (dayOfMonth === undefined) return [`${year}${month}01`, `${year}${month}${length}`];
  if (Number(dayOfMonth) < 1 || Number(dayOfMonth) > length) return undefined;
  return [`${year}${month}${dayOfMonth}`, `${year}${month}${dayOfMonth}`];
}

function stepBack(today: Date, amount: number, unit: string): string {
  const [year, month, day] = [today.getFullYear(), today.getMonth(), today.getDate()];
  const start: Record<string, () => Date> = {
    d: () => new Date(year, month, day - amount),
    w: () => new Date(year, month, day - amount * 7),
    m: () => new Date(year, month - amount, Math.min(day, new Date(year, month - amount + 1, 0).getDate())),
    y: () => new Date(year - amount, month, day),
  };
  return toDicomDate((start[unit] ?? start.d ?? (() => today))());
}
