import type { ColumnFilters } from '../app/query.ts';
import type { SortColumn } from '../app/study-list.ts';

export interface Column {
  readonly key: 'patientName' | 'patientID' | 'patientBirthDate' | 'studyDate' | 'modality' | 'studyDescription' | 'images' | 'where';
  readonly sort?: SortColumn;
  readonly filter?: keyof ColumnFilters;
  readonly align?: 'end' | 'center';
}

/** The table from left to right; widths are in browser.css. */
export const COLUMNS: readonly Column[] = [
  { key: 'patientName', sort: 'patientName', filter: 'patientName' },
  { key: 'patientID', sort: 'patientID', filter: 'patientID' },
  { key: 'patientBirthDate' },
  { key: 'studyDate', sort: 'studyDate', filter: 'studyDate' },
  { key: 'modality', sort: 'modality', filter: 'modality' },
  { key: 'studyDescription', sort: 'studyDescription', filter: 'studyDescription' },
  { key: 'images', align: 'end' },
  { key: 'where', align: 'center' },
];
