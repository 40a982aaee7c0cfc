import type { Client } from '../../api/types.ts';
import { loadObject } from '../dataset/stored-object.ts';
import { StudyDocuments } from '../dataset/study-documents.ts';
import type { OpenStudy } from '../open-study.ts';
import { readKeyObjects, readMeasurements, type ToldMark } from './read-measurements.ts';

/** A stored document that tells of marks or key images. */
export interface ToldReport {
  readonly sopInstanceUID: string;
  readonly studyInstanceUID: string;
  readonly kind: 'measurements' | 'key-images';
  /** Series Description, else what it says about itself. */
  readonly title: string;
  /** Content Date and Time, as stored. */
  readonly date: string;
  readonly time: string;
  readonly marks: readonly ToldMark[];
}

/** More documents than anybody reads beside the images. */
const MAX_REPORTS = 200;
const KEY_OBJECT_SELECTION = '1.2.840.10008.5.1.4.1.1.88.59';
/** Enhanced, Comprehensive, Comprehensive 3D. */
const WITH_MEASUREMENTS: ReadonlySet<string> = new Set([
  '1.2.840.10008.5.1.4.1.1.88.22',
  '1.2.840.10008.5.1.4.1.1.88.33',
  '1.2.840.10008.5.1.4.1.1.88.34',
]);

/** Reports and key object selections of the open studies that tell of something. */
export function toldReports(client: Pick<Client, 'invoke' | 'instanceRequest'>): StudyDocuments<ToldReport> {
  return new StudyDocuments(MAX_REPORTS, (studies) =>
    studies.flatMap(({ studyInstanceUID, series }) =>
      documentsOf(series).map(({ sopInstanceUID, sopClassUID }) => ({
        sopInstanceUID,
        read: async () => {
          const report = await reportOf(client, sopInstanceUID, studyInstanceUID, sopClassUID);
          return report.marks.length === 0 ? undefined : report;
        },
      })),
    ),
  );
}

/** Documents have series of their own, without images. */
function documentsOf(series: OpenStudy['series']) {
  return series
    .flatMap(({ frames }) => (frames[0]?.image === undefined ? frames : []))
    .map(({ instance }) => instance)
    .filter(({ sopClassUID }) => sopClassUID === KEY_OBJECT_SELECTION || WITH_MEASUREMENTS.has(sopClassUID));
}

async function reportOf(
  client: Pick<Client, 'invoke' | 'instanceRequest'>,
  sopInstanceUID: string,
  studyInstanceUID: string,
  sopClassUID: string,
): Promise<ToldReport> {
  const { root: dataset } = await loadObject(client, sopInstanceUID);
  const common = { sopInstanceUID, studyInstanceUID, date: dataset.string('00080023'), time: dataset.string('00080033') };
  const described = dataset.string('0008103E').slice(0, 128);
  if (sopClassUID !== KEY_OBJECT_SELECTION) return { ...common, kind: 'measurements', title: described, marks: readMeasurements(dataset) };
  const { title, description, images } = readKeyObjects(dataset);
  const marks = images.map((image) => ({
    trackingUID: '',
    name: description,
    comment: '',
    figures: [],
    image,
    drawn: { kind: 'key-image' as const, points: [] },
  }));
  return { ...common, kind: 'key-images', title: described || title, marks };
}
