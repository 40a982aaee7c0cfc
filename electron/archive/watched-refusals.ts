import fs from 'node:fs/promises';
import type { ImportedItem } from '../../shared/contract/index.ts';

/** Lines of a report; more are counted. */
const MOST_LINES = 10_000;

interface Refusals {
  readonly lines: string[];
  count: number;
  /** Something that may be over at the next look. */
  passes: boolean;
}

/** What was refused of the files that stand in a watched folder, and of what those hold (ZIPs). */
export class WatchedRefusals {
  readonly #own = new Map<string, string>();
  readonly #inside = new Map<string, Refusals>();
  readonly #files: ReadonlySet<string>;
  readonly #passing: ReadonlySet<string>;

  constructor(files: readonly string[], passing: ReadonlySet<string>) {
    this.#files = new Set(files);
    this.#passing = passing;
  }

  take({ path, result, error }: ImportedItem): void {
    if (result !== 'refused' && result !== 'missing' && result !== 'media-directory') return;
    const kind = error?.kind ?? '';
    if (this.#files.has(path)) {
      // A medium's own directory stays where it is: it is no original that was taken in.
      if (result !== 'missing') this.#own.set(path, kind);
      return;
    }
    const file = [...holdersOf(path)].find((holder) => this.#files.has(holder));
    // A text beside the images, or the medium's own directory, is nothing that is lost.
    if (file === undefined || kind === 'not-dicom' || result === 'media-directory') return;
    const refusals = this.#inside.get(file) ?? { lines: [], count: 0, passes: false };
    this.#inside.set(file, refusals);
    refusals.count += 1;
    if (this.#passing.has(kind)) refusals.passes = true;
    if (refusals.lines.length < MOST_LINES) refusals.lines.push(`${path.slice(file.length + SEPARATOR.length)}: ${error?.message ?? kind}`);
  }

  isRefused(file: string): boolean {
    return this.#own.has(file);
  }

  passes(file: string): boolean {
    return this.#passing.has(this.#own.get(file) ?? '') || this.#inside.get(file)?.passes === true;
  }

  hasInside(file: string): boolean {
    return this.#inside.has(file);
  }

  /** One line for each, as the person reads it who looks where the file has gone. Throws the system's error. */
  async writeReport(file: string, report: string): Promise<void> {
    const { lines, count } = this.#inside.get(file) ?? { lines: [], count: 0 };
    const more = count > lines.length ? [`… and ${count - lines.length} more`] : [];
    const head = `Not taken in, of ${count === 1 ? 'one file' : `${count} files`} in it; everything else was.`;
    await fs.writeFile(report, `${[head, '', ...lines, ...more].join('\n')}\n`, { mode: 0o600, flag: 'wx' });
  }
}

/** As import-zip.ts shows what a ZIP holds. */
const SEPARATOR = ' › ';

function* holdersOf(path: string): Generator<string> {
  for (let at = path.indexOf(SEPARATOR); at >= 0; at = path.indexOf(SEPARATOR, at + 1)) yield path.slice(0, at);
}
