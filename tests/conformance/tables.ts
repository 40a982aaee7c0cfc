import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Row = Readonly<Record<string, string>>;

/** Rows of a tab-separated table with a head; lines that begin with # are remarks. [] where there is no such table. */
export function readTable(folder: string, name: string): Row[] {
  const path = join(folder, name);
  if (!existsSync(path)) return [];
  const [head = '', ...lines] = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const names = head.split('\t');
  return lines.map((line) => Object.fromEntries(line.split('\t').map((value, i) => [names[i] ?? '', value])));
}
