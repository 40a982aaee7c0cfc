import type { PersonName } from '../../../shared/contract/index.ts';

const LONGEST_GROUP = 1024;

/**
 * The component groups of a decoded PN value (PS3.5 §6.2.1.2): alphabetic `=` ideographic `=` phonetic, each still with its `^`
 * components; trailing separators, spaces and NULs taken off. Never throws; overlong groups are cut at 1,024 characters.
 */
export function parsePersonName(text: string): PersonName {
  const [alphabetic = '', ideographic = '', phonetic = ''] = text.split('=', 3).map(tidy);
  return {
    alphabetic,
    ...(ideographic === '' ? {} : { ideographic }),
    ...(phonetic === '' ? {} : { phonetic }),
  };
}

/** The PN value of groups, without trailing separators. */
export function formatPersonName(name: PersonName): string {
  return [name.alphabetic, name.ideographic ?? '', name.phonetic ?? ''].join('=').replace(/=+$/, '');
}

function tidy(group: string): string {
  return group
    .slice(0, LONGEST_GROUP)
    .replace(/[\0 ^]+$/, '')
    .replace(/^ +/, '');
}
