import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { SecretInput } from './read-secret.ts';

export interface Streams {
  /** Where secrets are read from. */
  readonly stdin?: SecretInput;
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
}

/** What a command prints. Data goes to stdout; progress, diagnosis and hints to stderr. */
export interface Output {
  readonly json: boolean;
  /** One line of JSON (only with --json). Resolves when the reader keeps up. */
  record(value: unknown): Promise<void>;
  /** Rows below the table's header (only without --json). */
  rows(columns: readonly Column[], rows: readonly (readonly string[])[]): Promise<void>;
  /** A sentence on stdout (only without --json). */
  say(line: string): void;
  /** A sentence on stderr, always. */
  warn(line: string): void;
  /** Replaces the progress line, where a person watches. '' removes it. */
  progress(line: string): void;
}

export interface Column {
  readonly title: string;
  /** Smallest width in characters; a wider value pushes its row only. */
  readonly width: number;
  readonly right?: boolean;
}

export function createOutput({ stdout, stderr }: Streams, json: boolean): Output {
  let header: readonly Column[] | undefined;
  let shown = false;

  const write = async (text: string): Promise<void> => {
    if (!stdout.write(text) && !stdout.destroyed) await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]);
  };
  const clear = (): void => {
    if (shown) stderr.write('\r\x1b[2K');
    shown = false;
  };

  return {
    json,
    async record(value) {
      if (json) await write(`${JSON.stringify(value)}\n`);
    },
    async rows(columns, rows) {
      if (json) return;
      clear();
      let text = '';
      if (header !== columns) {
        header = columns;
        text = `${line(
          columns,
          columns.map((column) => column.title),
        )}\n`;
      }
      for (const row of rows) text += `${line(columns, row)}\n`;
      await write(text);
    },
    say(text) {
      if (json) return;
      clear();
      stdout.write(`${text}\n`);
    },
    warn(text) {
      clear();
      stderr.write(`${plain(text)}\n`);
    },
    progress(text) {
      if (json || stderr.isTTY !== true) return;
      clear();
      if (text === '') return;
      stderr.write(text.slice(0, (stderr.columns ?? 80) - 1));
      shown = true;
    },
  };
}

/** Text from outside without what a terminal would obey. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, ' ');
}

function line(columns: readonly Column[], cells: readonly string[]): string {
  return columns
    .map((column, index) => {
      const cell = plain(cells[index] ?? '');
      const gap = ' '.repeat(Math.max(0, column.width - columnsOf(cell)));
      return column.right === true ? gap + cell : cell + gap;
    })
    .join('  ')
    .trimEnd();
}

/** Terminal columns of a text: East Asian wide characters take two, combining marks none. */
function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue;
    columns += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(character) ? 2 : 1;
  }
  return columns;
}

/** `12.3 MB`: decimal units, as disks and networks count. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${units[power] ?? 'B'}`;
}
