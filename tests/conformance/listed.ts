import { readFileSync } from 'node:fs';
import type { Count } from './reference.ts';

/** Rows of a table of docs/viewer-conformance.md: `file: kind`, sorted. */
export function listedDifferences(table: string): string[] {
  const text = readFileSync(new URL('../../docs/viewer-conformance.md', import.meta.url), 'utf8');
  const from = text.indexOf(`<!-- ${table} -->`);
  const to = text.indexOf('<!-- end -->', from);
  if (from < 0 || to < 0) throw new Error(`docs/viewer-conformance.md has no table "${table}"`);
  return text
    .slice(from, to)
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| file'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, file, kind]) => `${file}: ${kind}`)
    .sort();
}

/** What differs or is refused, in the same form. */
export function namedDifferences({ different, refused }: Count): string[] {
  return [...different, ...refused].map(({ name, outcome }) => `${name}: ${outcome.kind}`).sort();
}
