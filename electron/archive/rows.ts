import type { SQLOutputValue } from 'node:sqlite';
import type { ImageRow, LocalSeries, LocalStudy, MatchRow, PersonName, SeriesRow, StudyRow } from '../../shared/contract/index.ts';

export type Row = Record<string, SQLOutputValue>;

/** Columns of studies (alias st) that rows are made of. */
export const STUDY_COLUMNS = `st.study_uid, st.name_alphabetic, st.name_ideographic, st.name_phonetic, st.patient_id, st.birth_date, st.sex,
  st.study_date, st.study_time, st.accession, st.description AS study_description, st.study_ref, st.referring_alphabetic, st.referring_ideographic,
  st.referring_phonetic, st.modalities, st.series_count, st.instance_count AS study_instances, st.bytes AS study_bytes, st.arrived_at`;

/** Columns of series (alias se). */
export const SERIES_COLUMNS = `se.series_id, se.series_uid, se.modality, se.series_number, se.description AS series_description, se.body_part,
  se.series_date, se.instance_count AS series_instances, se.bytes AS series_bytes`;

export function patientRow(row: Row): MatchRow {
  return {
    level: 'patient',
    patientName: nameOf(row, 'name'),
    patientID: text(row.patient_id),
    patientBirthDate: text(row.birth_date),
    patientSex: text(row.sex),
    numberOfStudies: number(row.number_of_studies),
  };
}

export function studyRow(row: Row): StudyRow {
  const { bytes: _bytes, arrivedAt: _arrivedAt, ...study } = localStudy(row);
  return study;
}

export function localStudy(row: Row): LocalStudy {
  return {
    level: 'study',
    studyInstanceUID: text(row.study_uid),
    patientName: nameOf(row, 'name'),
    patientID: text(row.patient_id),
    patientBirthDate: text(row.birth_date),
    patientSex: text(row.sex),
    studyDate: text(row.study_date),
    studyTime: text(row.study_time),
    accessionNumber: text(row.accession),
    studyDescription: text(row.study_description),
    referringPhysicianName: nameOf(row, 'referring'),
    studyID: text(row.study_ref),
    modalities: text(row.modalities)
      .split('\\')
      .filter((modality) => modality !== ''),
    numberOfSeries: number(row.series_count),
    numberOfInstances: number(row.study_instances),
    bytes: number(row.study_bytes),
    arrivedAt: number(row.arrived_at),
  };
}

export function seriesRow(row: Row): SeriesRow {
  const { bytes: _bytes, ...series } = localSeries(row);
  return series;
}

export function localSeries(row: Row): LocalSeries {
  return {
    level: 'series',
    studyInstanceUID: text(row.study_uid),
    seriesInstanceUID: text(row.series_uid),
    modality: text(row.modality),
    ...(typeof row.series_number === 'number' ? { seriesNumber: row.series_number } : {}),
    seriesDescription: text(row.series_description),
    bodyPartExamined: text(row.body_part),
    seriesDate: text(row.series_date),
    numberOfInstances: number(row.series_instances),
    bytes: number(row.series_bytes),
  };
}

export function imageRow(row: Row): ImageRow {
  return {
    level: 'image',
    studyInstanceUID: text(row.study_uid),
    seriesInstanceUID: text(row.series_uid),
    sopInstanceUID: text(row.sop_uid),
    sopClassUID: text(row.sop_class),
    ...(typeof row.instance_number === 'number' ? { instanceNumber: row.instance_number } : {}),
  };
}

function nameOf(row: Row, prefix: 'name' | 'referring'): PersonName {
  const ideographic = text(row[`${prefix}_ideographic`]);
  const phonetic = text(row[`${prefix}_phonetic`]);
  return {
    alphabetic: text(row[`${prefix}_alphabetic`]),
    ...(ideographic === '' ? {} : { ideographic }),
    ...(phonetic === '' ? {} : { phonetic }),
  };
}

export function text(value: SQLOutputValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

export function number(value: SQLOutputValue | undefined): number {
  return typeof value === 'number' ? value : 0;
}
