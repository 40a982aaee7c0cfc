import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const STATEMENT = fileURLToPath(new URL('../../docs/conformance.md', import.meta.url));

/**
 * Compares a table of docs/conformance.md, between `<!-- name -->` and `<!-- end -->`, with what a test has seen. With UPDATE_CONFORMANCE=1 the statement is
 * written from it instead.
 *
 * @param rows the first one is the head
 */
export async function checkConformanceTable(name: string, rows: readonly (readonly string[])[]): Promise<void> {
  const [head = [], ...body] = rows;
  const lines = [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`);
  const seen = lines.join('\n');
  const text = await readFile(STATEMENT, 'utf8');
  const start = `<!-- ${name} -->\n`;
  const from = text.indexOf(start);
  const to = text.indexOf('\n<!-- end -->', from);
  if (from < 0 || to < 0) throw new Error(`docs/conformance.md has no table "${name}"`);
  const stated = text.slice(from + start.length, to);
  if (process.env.UPDATE_CONFORMANCE === '1') {
    await writeFile(STATEMENT, `${text.slice(0, from + start.length)}${seen}${text.slice(to)}`);
  } else expect(seen).toBe(stated);
}
