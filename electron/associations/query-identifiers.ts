import type { MatchRow, Query, QueryLevel } from '../../shared/contract/index.ts';
import { Dataset, Tag } from '../dicom/dataset/index.ts';

const LEVELS: Readonly<Record<string, QueryLevel>> = { PATIENT: 'patient', STUDY: 'study', SERIES: 'series', IMAGE: 'image' };

const DATE_RANGE = /^(\d{8}(-(\d{8})?)?|-\d{8})$/;

type TextKey = Exclude<keyof Query, 'level'>;

/** Matching keys that the index knows, and how long a value may be. A key that it does not know matches everything (PS3.4 C.2.2.2). */
const KEYS: readonly (readonly [TextKey, number, number])[] = [
  ['patientName', Tag.PatientName, 324],
  ['patientID', Tag.PatientID, 64],
  ['patientBirthDate', Tag.PatientBirthDate, 17],
  ['studyDate', Tag.StudyDate, 17],
  ['accessionNumber', Tag.AccessionNumber, 64],
  ['studyDescription', Tag.StudyDescription, 64],
  ['studyInstanceUID', Tag.StudyInstanceUID, 65_536],
  ['seriesInstanceUID', Tag.SeriesInstanceUID, 65_536],
];

/** The query of a C-FIND identifier; undefined without a level of the standard. */
export function queryOf(identifier: Dataset): Query | undefined {
  const level = LEVELS[identifier.string(Tag.QueryRetrieveLevel)];
  if (level === undefined) return undefined;
  const query: { -readonly [Key in keyof Query]: Query[Key] } = { level };
  for (const [key, tag, longest] of KEYS) {
    const value = identifier.strings(tag).join('\\');
    if (value === '' || value.length > longest) continue;
    if ((tag === Tag.StudyDate || tag === Tag.PatientBirthDate) && !DATE_RANGE.test(value)) continue;
    query[key] = value;
  }
  const modality = identifier.string(level === 'study' ? Tag.ModalitiesInStudy : Tag.Modality) || identifier.string(Tag.Modality);
  if (modality !== '' && modality !== '*' && modality.length <= 16) query.modality = modality;
  return query;
}

type Values = Parameters<typeof Dataset.of>[0];

/** A match as the identifier of a pending response (PS3.4 C.4.1.1.3.2): the keys asked for, the unique keys, the level, where to get it. */
export function identifierOf(row: MatchRow, asked: Dataset, retrieveAETitle: string): Dataset {
  const answer = Dataset.of({
    SpecificCharacterSet: 'ISO_IR 192',
    QueryRetrieveLevel: row.level.toUpperCase(),
    RetrieveAETitle: retrieveAETitle,
    ...uniqueKeysOf(row),
  });
  for (const element of Dataset.of(valuesOf(row))) {
    if (asked.has(element.tag) && !answer.has(element.tag)) answer.setElement(element);
  }
  return answer;
}

function uniqueKeysOf(row: MatchRow): Values {
  switch (row.level) {
    case 'patient':
      return { PatientID: row.patientID };
    case 'study':
      return { StudyInstanceUID: row.studyInstanceUID };
    case 'series':
      return { StudyInstanceUID: row.studyInstanceUID, SeriesInstanceUID: row.seriesInstanceUID };
    case 'image':
      return { StudyInstanceUID: row.studyInstanceUID, SeriesInstanceUID: row.seriesInstanceUID, SOPInstanceUID: row.sopInstanceUID };
  }
}

function valuesOf(row: MatchRow): Values {
  switch (row.level) {
    case 'patient':
      return { ...patientOf(row), ...counted('NumberOfPatientRelatedStudies', row.numberOfStudies) };
    case 'study':
      return {
        ...patientOf(row),
        StudyDate: row.studyDate,
        StudyTime: row.studyTime,
        AccessionNumber: row.accessionNumber,
        StudyDescription: row.studyDescription,
        StudyID: row.studyID,
        ReferringPhysicianName: row.referringPhysicianName,
        ModalitiesInStudy: row.modalities,
        ...counted('NumberOfStudyRelatedSeries', row.numberOfSeries),
        ...counted('NumberOfStudyRelatedInstances', row.numberOfInstances),
      };
    case 'series':
      return {
        Modality: row.modality,
        ...counted('SeriesNumber', row.seriesNumber),
        SeriesDescription: row.seriesDescription,
        SeriesDate: row.seriesDate,
        BodyPartExamined: row.bodyPartExamined,
        ...counted('NumberOfSeriesRelatedInstances', row.numberOfInstances),
      };
    case 'image':
      return {
        ...(row.sopClassUID === undefined ? {} : { SOPClassUID: row.sopClassUID }),
        ...counted('InstanceNumber', row.instanceNumber),
      };
  }
}

function patientOf(row: Extract<MatchRow, { level: 'patient' | 'study' }>): Values {
  return { PatientName: row.patientName, PatientID: row.patientID, PatientBirthDate: row.patientBirthDate, PatientSex: row.patientSex };
}

/** Integer strings; an unknown number leaves the attribute out. */
function counted(keyword: string, value: number | undefined): Values {
  return value === undefined ? {} : { [keyword]: value };
}
