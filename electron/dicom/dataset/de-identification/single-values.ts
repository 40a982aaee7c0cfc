const DAY_MS = 86_400_000;

/** A DA or DT value (PS3.5 §6.2) some whole days earlier; undefined where it has no full date. Time and offset from UTC stay. */
export function shiftedDate(value: string, days: number): string | undefined {
  const match = /^(\d{4})[.-]?(\d{2})[.-]?(\d{2})(\d{0,6}(?:\.\d{1,6})?(?:[+-]\d{4})?)$/.exec(value.trim());
  if (match === null) return undefined;
  const [, year, month, day, rest = ''] = match;
  const time = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const date = new Date(time);
  if (Number(year) < 1000 || date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  return `${new Date(time - days * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')}${rest}`;
}

/** UIDs of the standard itself: classes, transfer syntaxes, coding schemes, well-known instances and frames of reference. */
export function isClassUID(uid: string): boolean {
  return uid.startsWith('1.2.840.10008.');
}
