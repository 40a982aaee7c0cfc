/** Age at the date of a study, in completed months and in days. */
export interface Age {
  readonly months: number;
  readonly days: number;
}

const DAYS_OF = { D: 1, W: 7, M: 30.436875, Y: 365.2425 } as const;
const OLDEST_DAYS = 1000 * 366;

/** From the date of birth where both dates can be used, else from Patient's Age (PS3.5 §6.2, AS: `045Y`). Undefined where neither says it. */
export function ageOf(birthDate: string, studyDate: string, patientAge: string): Age | undefined {
  const born = dayOf(birthDate);
  const studied = dayOf(studyDate);
  if (born !== undefined && studied !== undefined) {
    const days = Math.round((studied.time - born.time) / 86_400_000);
    const months = (studied.year - born.year) * 12 + studied.month - born.month - (studied.day < born.day ? 1 : 0);
    if (days >= 0 && days <= OLDEST_DAYS) return { months, days };
  }
  const stated = /^(\d{1,3})([DWMY])$/.exec(patientAge.trim());
  if (stated === null) return undefined;
  const value = Number(stated[1]);
  const unit = stated[2] as keyof typeof DAYS_OF;
  const days = Math.floor(value * DAYS_OF[unit]);
  if (unit === 'Y' || unit === 'M') return { months: unit === 'Y' ? value * 12 : value, days };
  return { months: Math.floor(days / DAYS_OF.M), days };
}

function dayOf(date: string): { year: number; month: number; day: number; time: number } | undefined {
  const match = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(date.trim());
  if (match === null) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const time = Date.UTC(year, month - 1, day);
  return month < 1 || month > 12 || day < 1 || day > 31 || Number.isNaN(time) ? undefined : { year, month, day, time };
}

/** A range of ages as `ageRange` of the contract has it, as a condition on completed months (years, months) or on days (weeks, days). */
export function ageBounds(
  range: string,
): { readonly column: 'age_months' | 'age_days'; readonly from?: number; readonly below?: number }[] {
  const dash = range.indexOf('-');
  const [from, to] = dash < 0 ? [range, range] : [range.slice(0, dash), range.slice(dash + 1)];
  const low = bound(from);
  const high = bound(to);
  return [
    ...(low === undefined ? [] : [{ column: low.column, from: low.value }]),
    // 060Y takes in everybody who is not yet 61.
    ...(high === undefined ? [] : [{ column: high.column, below: high.value + high.step }]),
  ];
}

const UNITS = {
  Y: { column: 'age_months', step: 12 },
  M: { column: 'age_months', step: 1 },
  W: { column: 'age_days', step: 7 },
  D: { column: 'age_days', step: 1 },
} as const;

function bound(age: string): { column: 'age_months' | 'age_days'; value: number; step: number } | undefined {
  const match = /^(\d{3})([DWMY])$/.exec(age);
  if (match === null) return undefined;
  const { column, step } = UNITS[match[2] as keyof typeof UNITS];
  return { column, step, value: Number(match[1]) * step };
}
