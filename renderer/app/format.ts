import type { PersonName, StudyRow } from '../../shared/contract/index.ts';

/**
 * A person name as a person writes it: `Doe^Jane^Mary^Dr^Jr` becomes "Doe, Jane Mary, Dr, Jr" (PS3.5 §6.2.1.1). Falls back to the
 * ideographic and phonetic groups; empty when there is no name at all.
 */
export function formatName(name: PersonName): string {
  return writeGroup(name.alphabetic) || writeGroup(name.ideographic ?? '') || writeGroup(name.phonetic ?? '');
}

/** The groups that {@link formatName} left out, one per line of a tooltip. */
export function otherNameGroups(name: PersonName): string[] {
  const shown = formatName(name);
  return [name.alphabetic, name.ideographic ?? '', name.phonetic ?? ''].map(writeGroup).filter((group) => group !== '' && group !== shown);
}

function writeGroup(group: string): string {
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = group.split('^').map((part) => part.trim());
  const givenNames = [given, middle].filter(Boolean).join(' ');
  return [family, givenNames, prefix, suffix].filter(Boolean).join(', ');
}

/** `20261118` as 2026-11-18; the retired form `2026.11.18` too; anything else as it is. */
export function formatDate(dicomDate: string): string {
  const parts = /^(\d{4})[.]?(\d{2})[.]?(\d{2})$/.exec(dicomDate.trim());
  return parts === null ? dicomDate.trim() : `${parts[1]}-${parts[2]}-${parts[3]}`;
}

/** `081500.000` as 08:15; empty where there is none. */
export function formatTime(dicomTime: string): string {
  const parts = /^(\d{2}):?(\d{2})/.exec(dicomTime.trim());
  return parts === null ? '' : `${parts[1]}:${parts[2]}`;
}

/** Completed years between a birth date and a day, both DICOM dates; undefined where either is not a date or the order is wrong. */
export function ageInYears(birthDate: string, onDate: string): number | undefined {
  const birth = dateParts(birthDate);
  const day = dateParts(onDate);
  if (birth === undefined || day === undefined) return undefined;
  const beforeBirthday = day.month < birth.month || (day.month === birth.month && day.day < birth.day);
  const age = day.year - birth.year - (beforeBirthday ? 1 : 0);
  return age < 0 || age > 150 ? undefined : age;
}

function dateParts(dicomDate: string): { year: number; month: number; day: number } | undefined {
  const parts = /^(\d{4})[.]?(\d{2})[.]?(\d{2})$/.exec(dicomDate.trim());
  return parts === null ? undefined : { year: Number(parts[1]), month: Number(parts[2]), day: Number(parts[3]) };
}

/** A day of the local calendar as a DICOM date. */
export function toDicomDate(day: Date): string {
  const pad = (value: number) => String(value).padStart(2, '0');
  return `${String(day.getFullYear()).padStart(4, '0')}${pad(day.getMonth() + 1)}${pad(day.getDate())}`;
}

const wholeNumbers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 1204 as "1,204". */
export function formatCount(value: number): string {
  return wholeNumbers.format(value);
}

/** Bytes in the decimal units that people see elsewhere: "263 MB", "1.2 GB". */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit >= 2 && value < 10 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** Seconds as a person says them: "3 s", "2 min 05 s", "1 h 12 min". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}

/** 0.4 → "< 1 ms", 12.3 → "12 ms". */
export function formatMilliseconds(milliseconds: number): string {
  return milliseconds < 1 ? '< 1 ms' : `${Math.round(milliseconds)} ms`;
}

/** Clock time of a moment, 08:15:02, and the date in front of it when it was another day. */
export function formatMoment(timestamp: number, now: number = Date.now()): string {
  const moment = new Date(timestamp);
  const time = moment.toTimeString().slice(0, 8);
  const day = toDicomDate(moment);
  return day === toDicomDate(new Date(now)) ? time : `${formatDate(day)} ${time}`;
}

/** "CT Thorax", also where the description says "CT Thorax" itself. */
export function contentOf({ modalities, studyDescription }: Pick<StudyRow, 'modalities' | 'studyDescription'>): string {
  const said = studyDescription.toLowerCase().split(/[\s,;/]+/);
  return [...modalities.filter((modality) => !said.includes(modality.toLowerCase())), studyDescription].filter(Boolean).join(' ');
}
