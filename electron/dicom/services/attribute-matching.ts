import { type DataElement, type Dataset, Tag, tagOf } from '../dataset/index.ts';

/** A date attribute and the time attribute that goes with it: their ranges mean one span of time (PS3.4 table K.6-1). */
export type DateTimePair = readonly [date: string, time: string];

/**
 * Whether an entry matches every key of an identifier (PS3.4 C.2.2.2): universal, single value, list of UIDs, wildcard, range, sequence.
 *
 * @param pairs dates and times that are matched together where both are ranges
 */
export function matches(entry: Dataset, identifier: Dataset, pairs: readonly DateTimePair[] = []): boolean {
  const together = new Set<number>();
  for (const [dateKeyword, timeKeyword] of pairs) {
    const [date, time] = [tagOf(dateKeyword) ?? 0, tagOf(timeKeyword) ?? 0];
    if (!identifier.string(date).includes('-') || !identifier.string(time).includes('-')) continue;
    together.add(date).add(time);
    if (!isInSpan(entry, identifier, date, time)) return false;
  }
  for (const key of identifier) {
    if (key.tag === Tag.SpecificCharacterSet || key.tag === Tag.QueryRetrieveLevel || together.has(key.tag)) continue;
    if (!elementMatches(entry, identifier, key, pairs)) return false;
  }
  return true;
}

function elementMatches(entry: Dataset, identifier: Dataset, { tag, vr }: DataElement, pairs: readonly DateTimePair[]): boolean {
  if (vr === 'SQ') {
    const [wanted] = identifier.items(tag);
    return wanted === undefined || wanted.size === 0 || entry.items(tag).some((item) => matches(item, wanted, pairs));
  }
  const keys = identifier.strings(tag).filter((value) => value !== '');
  if (keys.length === 0 || keys.every((key) => /^\*+$/.test(key))) return true;
  const values = entry.strings(tag);
  if (vr === 'UI') return values.some((value) => keys.includes(value));
  const key = keys.join('\\');
  if (vr === 'DA' || vr === 'TM' || vr === 'DT') return values.some((value) => value !== '' && isInRange(value, key));
  if (vr === 'PN') return values.some((value) => nameMatches(value, key));
  return values.some((value) => textMatches(value, key));
}

/** Names match without regard to case (PS3.4 C.2.2.2.1 leaves that to the SCP); a key of one group may be any of the three. */
function nameMatches(value: string, key: string): boolean {
  const groups = value.split('=').map(tidyName);
  const wanted = key.split('=').map(tidyName);
  const [only = ''] = wanted;
  if (wanted.length === 1) return groups.some((group) => textMatches(group, only));
  return wanted.every((part, index) => part === '' || textMatches(groups[index] ?? '', part));
}

const tidyName = (group: string) => group.trim().replace(/\^+$/, '').toLowerCase();

/** `*` any text, `?` any character. At most value × key steps, whatever a peer puts into a key. */
function textMatches(value: string, key: string): boolean {
  let at = 0;
  let inKey = 0;
  let star = -1;
  let resume = 0;
  while (at < value.length) {
    if (key[inKey] === '*') {
      star = inKey;
      inKey += 1;
      resume = at;
    } else if (inKey < key.length && (key[inKey] === '?' || key[inKey] === value[at])) {
      at += 1;
      inKey += 1;
    } else if (star >= 0) {
      // The last star takes one character more.
      resume += 1;
      at = resume;
      inKey = star + 1;
    } else return false;
  }
  return /^\**$/.test(key.slice(inKey));
}

/** `A-B`, `A-`, `-B` or one value; a shorter end stands for all that begins with it: `08-10` ends at 10:59:59. */
function isInRange(value: string, key: string): boolean {
  const plain = whole(value);
  const [from = '', to] = key.split('-', 2);
  if (to === undefined) return plain === whole(from);
  return (from === '' || plain >= whole(from)) && isUpTo(plain, to);
}

/** A time to the second without separators; dates are longer anyway. */
function whole(value: string): string {
  return value
    .replaceAll(':', '')
    .replace(/\.\d*$/, '')
    .padEnd(6, '0');
}

function isUpTo(plain: string, to: string): boolean {
  const end = to.replaceAll(':', '').replace(/\.\d*$/, '');
  return plain.slice(0, end.length) <= end;
}

function isInSpan(entry: Dataset, identifier: Dataset, date: number, time: number): boolean {
  const [fromDate = '', toDate = ''] = identifier.string(date).split('-', 2);
  const [fromTime = '', toTime = ''] = identifier.string(time).split('-', 2);
  const day = entry.string(date);
  const clock = whole(entry.string(time));
  if (day === '') return false;
  const isAfter = fromDate === '' || day > fromDate || (day === fromDate && (fromTime === '' || clock >= whole(fromTime)));
  const isBefore = toDate === '' || day < toDate || (day === toDate && isUpTo(clock, toTime));
  return isAfter && isBefore;
}
