import { writtenName } from '../../dataset/item.ts';
import type { Code, ContentItem, ContentValue } from './content.ts';

/** A content item's value as a person writes it; '' for containers and for references, which are shown otherwise. */
export function writtenValue(value: ContentValue, valueType: string): string {
  switch (value.kind) {
    case 'text':
      return writtenText(value.text, valueType);
    case 'name':
      return [writtenName(value.name), value.name.Ideographic].filter(Boolean).join(' ');
    case 'code':
      return value.code.meaning || value.code.value;
    case 'number':
      return [value.values.join(' '), unitOf(value.unit), value.qualifier?.meaning ?? ''].filter(Boolean).join(' ');
    case 'times':
      return `${value.range} ${value.values.join(', ')}`;
    default:
      return '';
  }
}

/** A unit as it is written behind a number: UCUM's "1" is nothing at all. */
function unitOf(unit: Code | undefined): string {
  if (unit === undefined || unit.value === '1') return '';
  return unit.value.startsWith('{') || unit.scheme !== 'UCUM' ? unit.meaning || unit.value : unit.value;
}

/** Dates and times with their separators. */
function writtenText(text: string, valueType: string): string {
  const [, year, month, day, hour, minute, second] =
    /^(?:(\d{4})(\d\d)(\d\d))?(?:(\d\d)(\d\d)(\d\d)?(?:\.\d+)?)?$/.exec(valueType === 'DATETIME' ? text.replace(/[+-]\d{4}$/, '') : text) ??
    [];
  if (valueType !== 'DATE' && valueType !== 'TIME' && valueType !== 'DATETIME') return text;
  const date = year === undefined ? '' : `${year}-${month}-${day}`;
  const time = hour === undefined ? '' : [hour, minute, second].filter((part) => part !== undefined).join(':');
  return [date, time].filter(Boolean).join(' ') || text;
}

/** The whole document as plain text, two spaces for each level. */
export function reportText(root: ContentItem): string {
  const lines: string[] = [];
  const write = (item: ContentItem, depth: number): void => {
    const value = writtenValue(item.value, item.valueType) || (item.value.kind === 'reference' ? item.value.reference.sopInstanceUID : '');
    const concept = item.concept?.meaning ?? '';
    lines.push('  '.repeat(depth) + [concept, value].filter(Boolean).join(': '));
    for (const child of item.children) write(child, depth + 1);
  };
  write(root, 0);
  return `${lines.filter((line) => line.trim() !== '').join('\n')}\n`;
}
