import type { ImportedItem } from './actions.ts';

/** How a report of an import is written: a beginning, a line for each file, an end. */
export interface ReportForm {
  readonly begin: string;
  row(item: ImportedItem, isFirst: boolean): string;
  readonly end: string;
}

const COLUMNS = ['file', 'result', 'SOP Instance UID', 'truncated', 'reason', 'message'] as const;

export const REPORT_FORMS: Readonly<Record<'csv' | 'json', ReportForm>> = {
  csv: {
    begin: `${COLUMNS.join(',')}\r\n`,
    row: ({ path, result, sopInstanceUID = '', truncated, error }) =>
      `${[path, result, sopInstanceUID, truncated === true ? 'yes' : '', error?.kind ?? '', error?.message ?? ''].map(cell).join(',')}\r\n`,
    end: '',
  },
  json: {
    begin: '[',
    row: (item, isFirst) => `${isFirst ? '' : ','}\n${JSON.stringify(item)}`,
    end: '\n]\n',
  },
};

/** RFC 4180; what a spreadsheet would take for a formula begins with an apostrophe. */
function cell(value: string): string {
  const safe = /^[\s]*[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
