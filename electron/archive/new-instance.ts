import { randomUUID } from 'node:crypto';
import { Dataset, Tag, tagOf } from '../dicom/dataset/index.ts';
import { ExportSource } from './export-source.ts';

/** Header of a stored file. Rejects with PhosphorError `not-found`, `unreadable`, `damaged`. */
export async function headerOf(file: string): Promise<Dataset> {
  const source = await ExportSource.open(file);
  try {
    return source.part10.dataset;
  } finally {
    await source.close();
  }
}

/** Whose a new instance is, as an instance of the study says it. */
export function identityFrom(template: Dataset): Dataset {
  const dataset = new Dataset();
  for (const keyword of FROM_STUDY) {
    const known = template.get(tagOf(keyword) ?? 0);
    if (known !== undefined) dataset.setElement(known);
    else if (TYPE_2.has(keyword)) dataset.set(keyword, '');
  }
  return dataset;
}

/** Patient and General Study modules (PS3.3 C.7.1.1, C.7.2.1), and the character set that they are in. */
const FROM_STUDY = [
  'SpecificCharacterSet',
  'PatientName',
  'PatientID',
  'IssuerOfPatientID',
  'PatientBirthDate',
  'PatientSex',
  'PatientAge',
  'StudyInstanceUID',
  'StudyDate',
  'StudyTime',
  'ReferringPhysicianName',
  'StudyID',
  'AccessionNumber',
  'StudyDescription',
  'TimezoneOffsetFromUTC',
] as const;
const TYPE_2: ReadonlySet<string> = new Set([
  'PatientName',
  'PatientID',
  'PatientBirthDate',
  'PatientSex',
  'StudyDate',
  'StudyTime',
  'ReferringPhysicianName',
  'StudyID',
  'AccessionNumber',
]);

/** Plain ASCII is the same in UTF-8; any other text is written in it. */
export function inUnicode(dataset: Dataset): void {
  if (isPlain(dataset)) dataset.delete(Tag.SpecificCharacterSet);
  else dataset.set('SpecificCharacterSet', 'ISO_IR 192');
}

function isPlain(dataset: Dataset): boolean {
  return dataset.elements().every(({ value }) => {
    if (!Array.isArray(value)) return true;
    return value.every((one) => (one instanceof Dataset ? isPlain(one) : typeof one !== 'string' || !/[^\x20-\x7e]/.test(one)));
  });
}

export function newUID(): string {
  return `2.25.${BigInt(`0x${randomUUID().replaceAll('-', '')}`)}`;
}

/** Date and time now as DA and TM: in the time zone that the data set declares (`+0100`), else in that of this machine. */
export function now(timezone = ''): { date: string; time: string } {
  const moment = new Date();
  const [, sign = '', hours = '0', minutes = '0'] = /^([+-])(\d{2})(\d{2})$/.exec(timezone) ?? [];
  const offset = sign === '' ? -moment.getTimezoneOffset() : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  const local = new Date(moment.getTime() + offset * 60_000).toISOString().replace(/[-:]/g, '');
  return { date: local.slice(0, 8), time: local.slice(9, 15) };
}
