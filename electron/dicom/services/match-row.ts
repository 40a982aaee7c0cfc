import type { ImageRow, MatchRow, PersonName, Query, QueryLevel, SeriesRow, StudyRow } from '../../../shared/contract/index.ts';
import { type IdentifierValues, Tag } from '../dataset/index.ts';

/** Bounds of the row schemas in shared/contract/model.ts. */
const MAX_TEXT = 1024;
const MAX_MODALITIES = 64;
const MAX_MODALITY = 64;
const UID = /^[\x21-\x5b\x5d-\x7e]{1,128}$/;

/**
 * A match of a C-FIND as a row of the contract. Values that are missing or odd become '' or are left out; overlong ones are cut. UIDs that an archive leaves
 * out although they were asked for (PS3.4 C.2.2.1.3) are taken from the query. Undefined when the UID of the level itself is missing.
 */
export function matchRowOf(level: QueryLevel, identifier: IdentifierValues, query?: Query): MatchRow | undefined {
  return ROWS[level](identifier, query);
}

const ROWS: Readonly<Record<QueryLevel, (identifier: IdentifierValues, query: Query | undefined) => MatchRow | undefined>> = {
  patient: patientRow,
  study: studyRow,
  series: seriesRow,
  image: imageRow,
};

function patientRow(identifier: IdentifierValues): Extract<MatchRow, { level: 'patient' }> {
  const numberOfStudies = count(identifier, Tag.NumberOfPatientRelatedStudies);
  return { level: 'patient', ...patient(identifier), ...(numberOfStudies === undefined ? {} : { numberOfStudies }) };
}

function studyRow(identifier: IdentifierValues): StudyRow | undefined {
  const studyInstanceUID = uid(identifier, Tag.StudyInstanceUID);
  if (studyInstanceUID === undefined) return undefined;
  const numberOfSeries = count(identifier, Tag.NumberOfStudyRelatedSeries);
  const numberOfInstances = count(identifier, Tag.NumberOfStudyRelatedInstances);
  return {
    level: 'study',
    studyInstanceUID,
    ...patient(identifier),
    studyDate: text(identifier, Tag.StudyDate),
    studyTime: text(identifier, Tag.StudyTime),
    accessionNumber: text(identifier, Tag.AccessionNumber),
    studyDescription: text(identifier, Tag.StudyDescription),
    referringPhysicianName: personName(identifier, Tag.ReferringPhysicianName),
    studyID: text(identifier, Tag.StudyID),
    modalities: modalities(identifier),
    ...(numberOfSeries === undefined ? {} : { numberOfSeries }),
    ...(numberOfInstances === undefined ? {} : { numberOfInstances }),
  };
}

function seriesRow(identifier: IdentifierValues, query: Query | undefined): SeriesRow | undefined {
  const seriesInstanceUID = uid(identifier, Tag.SeriesInstanceUID);
  const studyInstanceUID = uid(identifier, Tag.StudyInstanceUID) ?? query?.studyInstanceUID;
  if (seriesInstanceUID === undefined || studyInstanceUID === undefined) return undefined;
  const seriesNumber = integer(identifier, Tag.SeriesNumber);
  const numberOfInstances = count(identifier, Tag.NumberOfSeriesRelatedInstances);
  return {
    level: 'series',
    studyInstanceUID,
    seriesInstanceUID,
    modality: text(identifier, Tag.Modality),
    ...(seriesNumber === undefined ? {} : { seriesNumber }),
    seriesDescription: text(identifier, Tag.SeriesDescription),
    bodyPartExamined: text(identifier, Tag.BodyPartExamined),
    seriesDate: text(identifier, Tag.SeriesDate),
    ...(numberOfInstances === undefined ? {} : { numberOfInstances }),
  };
}

function imageRow(identifier: IdentifierValues, query: Query | undefined): ImageRow | undefined {
  const sopInstanceUID = uid(identifier, Tag.SOPInstanceUID);
  const studyInstanceUID = uid(identifier, Tag.StudyInstanceUID) ?? query?.studyInstanceUID;
  const seriesInstanceUID = uid(identifier, Tag.SeriesInstanceUID) ?? query?.seriesInstanceUID;
  if (sopInstanceUID === undefined || studyInstanceUID === undefined || seriesInstanceUID === undefined) return undefined;
  const sopClassUID = uid(identifier, Tag.SOPClassUID);
  const instanceNumber = integer(identifier, Tag.InstanceNumber);
  return {
    level: 'image',
    studyInstanceUID,
    seriesInstanceUID,
    sopInstanceUID,
    ...(sopClassUID === undefined ? {} : { sopClassUID }),
    ...(instanceNumber === undefined ? {} : { instanceNumber }),
  };
}

function patient(identifier: IdentifierValues) {
  return {
    patientName: personName(identifier, Tag.PatientName),
    patientID: text(identifier, Tag.PatientID),
    patientBirthDate: text(identifier, Tag.PatientBirthDate),
    patientSex: text(identifier, Tag.PatientSex),
  };
}

function text(identifier: IdentifierValues, tag: number): string {
  return identifier.string(tag).slice(0, MAX_TEXT);
}

function uid(identifier: IdentifierValues, tag: number): string | undefined {
  const value = identifier.uid(tag);
  return UID.test(value) ? value : undefined;
}

function personName(identifier: IdentifierValues, tag: number): PersonName {
  const { alphabetic, ideographic, phonetic } = identifier.personName(tag);
  return {
    alphabetic: alphabetic.slice(0, MAX_TEXT),
    ...(ideographic === undefined ? {} : { ideographic: ideographic.slice(0, MAX_TEXT) }),
    ...(phonetic === undefined ? {} : { phonetic: phonetic.slice(0, MAX_TEXT) }),
  };
}

/** Archives that do not know Modalities in Study sometimes answer Modality at study level. */
function modalities(identifier: IdentifierValues): string[] {
  const inStudy = identifier.strings(Tag.ModalitiesInStudy);
  const values = inStudy.length > 0 ? inStudy : identifier.strings(Tag.Modality);
  return [...new Set(values.filter((value) => value !== '').map((value) => value.slice(0, MAX_MODALITY)))].slice(0, MAX_MODALITIES);
}

function integer(identifier: IdentifierValues, tag: number): number | undefined {
  const value = identifier.number(tag);
  return Number.isSafeInteger(value) ? value : undefined;
}

function count(identifier: IdentifierValues, tag: number): number | undefined {
  const value = integer(identifier, tag);
  return value !== undefined && value >= 0 ? value : undefined;
}
