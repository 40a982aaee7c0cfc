import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { type ActionItem, type ImportedItem, PhosphorError } from '../../../shared/contract/index.ts';
import { UsageError } from './parse-command-line.ts';

/** A list of every file of an import, written while it runs. */
export interface ImportReport {
  add(items: readonly ActionItem[]): Promise<void>;
  /** Rejects with PhosphorError `storage` when it could not be written. */
  end(): Promise<void>;
}

const COLUMNS = ['file', 'result', 'SOP Instance UID', 'truncated', 'reason', 'message'] as const;

/** Opens a report; the ending of its name decides on the form. An existing file is replaced. Throws UsageError. */
export function openReport(file: string): ImportReport {
  const form = /\.csv$/i.test(file) ? CSV : /\.json$/i.test(file) ? JSON_ARRAY : undefined;
  if (form === undefined) throw new UsageError('--report names a file that ends in .csv or .json.');
  const stream = createWriteStream(file, { mode: 0o600 });
  const done = finished(stream).catch((thrown: unknown) => {
    throw new PhosphorError('storage', 'the report cannot be written', {}, { cause: thrown });
  });
  done.catch(() => undefined);
  let count = 0;
  const write = async (text: string): Promise<void> => {
    if (!stream.destroyed && !stream.write(text)) await Promise.race([once(stream, 'drain'), done]);
  };
  const begun = write(form.begin);
  return {
    async add(items) {
      await begun;
      for (const item of items) {
        if (item.kind !== 'file') continue;
        await write(form.row(item, count === 0));
        count += 1;
      }
    },
    async end() {
      await begun;
      stream.end(form.end);
      await done;
    },
  };
}

interface Form {
  readonly begin: string;
  row(item: ImportedItem, isFirst: boolean): string;
  readonly end: string;
}

const CSV: Form = {
  begin: `${COLUMNS.join(',')}\r\n`,
  row: ({ path, result, sopInstanceUID = '', truncated, error }) =>
    `${[path, result, sopInstanceUID, truncated === true ? 'yes' : '', error?.kind ?? '', error?.message ?? ''].map(cell).join(',')}\r\n`,
  end: '',
};

const JSON_ARRAY: Form = {
  begin: '[',
  row: (item, isFirst) => `${isFirst ? '' : ','}\n${JSON.stringify(item)}`,
  end: '\n]\n',
};

/** RFC 4180; what a spreadsheet would take for a formula begins with an apostrophe. */
function cell(value: string): string {
  const safe = /^[\s]*[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
