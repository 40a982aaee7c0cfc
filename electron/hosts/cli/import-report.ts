import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { type ActionItem, PhosphorError, REPORT_FORMS } from '../../../shared/contract/index.ts';
import { UsageError } from './parse-command-line.ts';

/** A list of every file of an import, written while it runs. */
export interface ImportReport {
  add(items: readonly ActionItem[]): Promise<void>;
  /** Rejects with PhosphorError `storage` when it could not be written. */
  end(): Promise<void>;
}

/** Opens a report; the ending of its name decides on the form. An existing file is replaced. Throws UsageError. */
export function openReport(file: string): ImportReport {
  const form = /\.csv$/i.test(file) ? REPORT_FORMS.csv : /\.json$/i.test(file) ? REPORT_FORMS.json : undefined;
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
