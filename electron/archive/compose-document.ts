import type { ImageReference, ReportGraphic } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { Code } from '../../shared/contract/report-codes.ts';
import { Dataset } from '../dicom/dataset/index.ts';
import { openReadOnly } from './index-reader.ts';
import { text } from './rows.ts';
import type { ArchiveLocation } from './types.ts';

/** An image that a new instance refers to, as the index knows it. */
export interface KnownImage {
  readonly sopClassUID: string;
  readonly sopInstanceUID: string;
  readonly seriesInstanceUID: string;
}

/** Images of the study that are referred to, by their UID. Throws PhosphorError `not-found` where one is not there. */
export function knownImages(
  location: ArchiveLocation,
  studyInstanceUID: string,
  references: Iterable<ImageReference>,
): ReadonlyMap<string, KnownImage> {
  const uids = [...new Set([...references].map(({ sopInstanceUID }) => sopInstanceUID))];
  const database = openReadOnly(location);
  try {
    const rows = database
      .prepare(
        `SELECT i.sop_uid, i.sop_class, se.series_uid FROM instances i JOIN series se USING (series_id) JOIN studies st USING (study_id)
         WHERE st.study_uid = ? AND i.sop_uid IN (SELECT value FROM json_each(?))`,
      )
      .all(studyInstanceUID, JSON.stringify(uids));
    const known = rows.map((row) => ({
      sopInstanceUID: text(row.sop_uid),
      sopClassUID: text(row.sop_class),
      seriesInstanceUID: text(row.series_uid),
    }));
    if (known.length < uids.length) throw new PhosphorError('not-found', 'an image that is referred to is not in the study');
    return new Map(known.map((image) => [image.sopInstanceUID, image]));
  } finally {
    database.close();
  }
}

/** The first Series Number from 9001 on that the study does not use. */
export function freeSeriesNumber(location: ArchiveLocation, studyInstanceUID: string): number {
  const database = openReadOnly(location);
  try {
    const rows = database
      .prepare(
        `SELECT DISTINCT se.series_number AS number FROM series se JOIN studies st USING (study_id)
         WHERE st.study_uid = ? AND se.series_number BETWEEN 9001 AND 99999`,
      )
      .all(studyInstanceUID);
    const used = new Set(rows.map(({ number }) => number));
    let free = 9001;
    while (used.has(free)) free += 1;
    return free;
  } finally {
    database.close();
  }
}

export function codeItem({ value, scheme, meaning }: Code): Dataset {
  return Dataset.of({ CodeValue: value, CodingSchemeDesignator: scheme, CodeMeaning: meaning.slice(0, 64) });
}

type Relationship = 'CONTAINS' | 'HAS OBS CONTEXT' | 'HAS CONCEPT MOD' | 'INFERRED FROM' | 'SELECTED FROM';

/** A content item (PS3.3 C.17.3). */
export function contentItem(
  relationship: Relationship,
  valueType: 'CONTAINER' | 'TEXT' | 'CODE' | 'NUM' | 'UIDREF' | 'SCOORD' | 'IMAGE',
  concept: Code | undefined,
  attributes: Parameters<typeof Dataset.of>[0],
  children: readonly Dataset[] = [],
): Dataset {
  return Dataset.of({
    RelationshipType: relationship,
    ValueType: valueType,
    ...(concept === undefined ? {} : { ConceptNameCodeSequence: [codeItem(concept)] }),
    ...(valueType === 'CONTAINER' ? { ContinuityOfContent: 'SEPARATE' } : {}),
    ...attributes,
    ...(children.length === 0 ? {} : { ContentSequence: children }),
  });
}

export function imageItem(relationship: Relationship, image: KnownImage, { frameNumber }: ImageReference): Dataset {
  return contentItem(relationship, 'IMAGE', undefined, { ReferencedSOPSequence: [referenceTo(image, frameNumber)] });
}

/** Graphic on an image (PS3.16 TID 320). */
export function scoordItem(
  relationship: Relationship,
  concept: Code | undefined,
  { type, data }: ReportGraphic,
  image: KnownImage,
  reference: ImageReference,
): Dataset {
  return contentItem(relationship, 'SCOORD', concept, { GraphicData: data, GraphicType: type }, [
    imageItem('SELECTED FROM', image, reference),
  ]);
}

export function referenceTo({ sopClassUID, sopInstanceUID }: KnownImage, frameNumber?: number): Dataset {
  return Dataset.of({
    ReferencedSOPClassUID: sopClassUID,
    ReferencedSOPInstanceUID: sopInstanceUID,
    ...(frameNumber === undefined ? {} : { ReferencedFrameNumber: frameNumber }),
  });
}

/** Current Requested Procedure Evidence Sequence (PS3.3 C.17.2): every referenced instance once, by series. */
export function evidence(studyInstanceUID: string, images: Iterable<KnownImage>): Dataset[] {
  const bySeries = new Map<string, KnownImage[]>();
  for (const image of images) {
    const series = bySeries.get(image.seriesInstanceUID) ?? [];
    series.push(image);
    bySeries.set(image.seriesInstanceUID, series);
  }
  const series = [...bySeries].map(([SeriesInstanceUID, instances]) =>
    Dataset.of({ SeriesInstanceUID, ReferencedSOPSequence: instances.map((image) => referenceTo(image)) }),
  );
  return [Dataset.of({ StudyInstanceUID: studyInstanceUID, ReferencedSeriesSequence: series })];
}
