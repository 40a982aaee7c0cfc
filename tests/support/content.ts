import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What a DICOM file says, read by pydicom: see content.py. */
export interface Content {
  readonly transferSyntaxUID: string;
  readonly elements: Readonly<Record<string, string>>;
  readonly pixels: string | null;
}

const SCRIPT = fileURLToPath(new URL('./content.py', import.meta.url));

/** By an independent reader; undefined for what it cannot read. In the order of `paths`. */
export async function contentsOf(paths: readonly string[]): Promise<(Content | undefined)[]> {
  // Debian's own, where python3-pydicom is.
  const child = spawn('/usr/bin/python3', [SCRIPT], { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.end(paths.map((path) => `${path}\n`).join(''));
  const contents: (Content | undefined)[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const answer = JSON.parse(line) as Content | { error: string };
    contents.push('error' in answer ? undefined : answer);
  }
  if (contents.length !== paths.length) throw new Error(`pydicom read ${contents.length} of ${paths.length} files`);
  return contents;
}

/** How the second differs from the first, one line each. */
export function differences(one: Content, other: Content): string[] {
  const tags = new Set([...Object.keys(one.elements), ...Object.keys(other.elements)]);
  const lines = [...tags]
    .filter((tag) => one.elements[tag] !== other.elements[tag])
    .map((tag) => `${tag}: ${one.elements[tag] ?? 'absent'} / ${other.elements[tag] ?? 'absent'}`);
  if (one.transferSyntaxUID !== other.transferSyntaxUID) lines.push(`${one.transferSyntaxUID} / ${other.transferSyntaxUID}`);
  if (one.pixels !== other.pixels) lines.push('pixel data');
  return lines;
}
