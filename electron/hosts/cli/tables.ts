import type { ArchiveStats, ImageRow, LocalStudy, MatchRow, PacsNode, PersonName } from '../../../shared/contract/index.ts';
import { bytesText, type Column } from './output.ts';

export const PATIENT_COLUMNS: readonly Column[] = [
  { title: 'Patient', width: 28 },
  { title: 'ID', width: 14 },
  { title: 'Born', width: 10 },
  { title: 'Sex', width: 3 },
  { title: 'Studies', width: 7, right: true },
];
export const STUDY_COLUMNS: readonly Column[] = [
  { title: 'Patient', width: 28 },
  { title: 'ID', width: 14 },
  { title: 'Born', width: 10 },
  { title: 'Date', width: 10 },
  { title: 'Mod', width: 6 },
  { title: 'Description', width: 24 },
  { title: 'Images', width: 6, right: true },
  { title: 'Study Instance UID', width: 20 },
];
export const SERIES_COLUMNS: readonly Column[] = [
  { title: 'No', width: 5, right: true },
  { title: 'Mod', width: 4 },
  { title: 'Description', width: 28 },
  { title: 'Body part', width: 12 },
  { title: 'Images', width: 6, right: true },
  { title: 'Series Instance UID', width: 20 },
];
export const IMAGE_COLUMNS: readonly Column[] = [
  { title: 'No', width: 6, right: true },
  { title: 'SOP Instance UID', width: 44 },
  { title: 'SOP Class UID', width: 28 },
];
export const NODE_COLUMNS: readonly Column[] = [
  { title: 'Name', width: 16 },
  { title: 'AE title', width: 16 },
  { title: 'Host', width: 24 },
  { title: 'Port', width: 5, right: true },
  { title: 'Method', width: 6 },
];
export const FILE_COLUMNS: readonly Column[] = [
  { title: 'Result', width: 9 },
  { title: 'Reason', width: 16 },
  { title: 'File', width: 40 },
];
export const EXPORT_COLUMNS: readonly Column[] = [
  { title: 'Level', width: 9 },
  { title: 'Reason', width: 16 },
  { title: 'Not exported', width: 40 },
];
export const TLS_COLUMNS: readonly Column[] = [
  { title: 'Severity', width: 8 },
  { title: 'About', width: 12 },
  { title: 'What, and what to do', width: 40 },
];
export const PROBLEM_COLUMNS: readonly Column[] = [
  { title: 'Problem', width: 12 },
  { title: 'SOP Instance UID', width: 44 },
  { title: 'File', width: 40 },
];

/** Columns and cells of one match, by its level. */
export function matchTable(row: MatchRow | LocalStudy): { columns: readonly Column[]; cells: string[] } {
  switch (row.level) {
    case 'patient':
      return {
        columns: PATIENT_COLUMNS,
        cells: [nameText(row.patientName), row.patientID, dateText(row.patientBirthDate), row.patientSex, countText(row.numberOfStudies)],
      };
    case 'study':
      return {
        columns: STUDY_COLUMNS,
        cells: [
          nameText(row.patientName),
          row.patientID,
          dateText(row.patientBirthDate),
          dateText(row.studyDate),
          row.modalities.join('\\'),
          row.studyDescription,
          countText(row.numberOfInstances),
          row.studyInstanceUID,
        ],
      };
    case 'series':
      return {
        columns: SERIES_COLUMNS,
        cells: [
          countText(row.seriesNumber),
          row.modality,
          row.seriesDescription,
          row.bodyPartExamined,
          countText(row.numberOfInstances),
          row.seriesInstanceUID,
        ],
      };
    case 'image':
      return { columns: IMAGE_COLUMNS, cells: imageCells(row) };
  }
}

export function nodeCells(node: PacsNode): string[] {
  return [node.name, node.aeTitle, node.host, String(node.port), node.method];
}

export function statsLines(stats: ArchiveStats): string[] {
  return [
    `patients   ${stats.patients}`,
    `studies    ${stats.studies}`,
    `series     ${stats.series}`,
    `instances  ${stats.instances}`,
    `size       ${bytesText(stats.bytes)}`,
    `conflicts  ${stats.conflicts}`,
    `free       ${bytesText(stats.freeBytes)}`,
  ];
}

function imageCells(row: ImageRow): string[] {
  return [countText(row.instanceNumber), row.sopInstanceUID, row.sopClassUID ?? ''];
}

/** A name as a person writes it: `Doe, Jane`, the ideographic group behind it. */
export function nameText(name: PersonName): string {
  const [family = '', given = '', middle = ''] = name.alphabetic.split('^');
  const rest = [given, middle].filter((part) => part !== '').join(' ');
  const written = rest === '' ? family : `${family}, ${rest}`;
  if (name.ideographic === undefined || name.ideographic === '') return written;
  return `${written} (${name.ideographic.split('^').join(' ')})`;
}

export function dateText(date: string): string {
  return /^\d{8}$/.test(date) ? `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}` : date;
}

function countText(count: number | undefined): string {
  return count === undefined ? '' : String(count);
}
