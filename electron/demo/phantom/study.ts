import { join } from 'node:path';
import type { ValueInput } from '../../dicom/dataset/index.ts';
import { type Person, patientModule } from './people.ts';
import { SeriesWriter, uidFor } from './series-writer.ts';

/** One examination: who, when, what was asked. */
export interface StudyPlan {
  readonly key: string;
  readonly person: Person;
  readonly date: string;
  readonly time: string;
  readonly description: string;
  readonly accession: string;
  readonly referrer: string;
  readonly bodyPart: string;
  readonly age: string;
}

export interface SeriesDescriptionPlan {
  readonly number: number;
  readonly description: string;
  readonly modality: string;
  readonly sopClassUID: string;
  readonly model: string;
  /** Further attributes of the whole series. */
  readonly attributes: Readonly<Record<string, ValueInput>>;
}

/** Opens a series of a study below `directory`. */
export function openSeries(directory: string, study: StudyPlan, series: SeriesDescriptionPlan): SeriesWriter {
  const studyInstanceUID = uidFor('study', study.key);
  const shared = {
    ...patientModule(study.person),
    StudyDate: study.date,
    SeriesDate: study.date,
    AcquisitionDate: study.date,
    ContentDate: study.date,
    StudyTime: study.time,
    SeriesTime: study.time,
    AcquisitionTime: study.time,
    ContentTime: study.time,
    AccessionNumber: study.accession,
    StudyID: study.accession.slice(-6),
    ReferringPhysicianName: study.referrer,
    StudyDescription: study.description,
    PatientAge: study.age,
    BodyPartExamined: study.bodyPart,
    Modality: series.modality,
    Manufacturer: 'Phosphor Phantoms',
    ManufacturerModelName: series.model,
    StationName: `${series.modality}DEMO1`,
    DeviceSerialNumber: '000001',
    SoftwareVersions: '1',
    SeriesNumber: series.number,
    SeriesDescription: series.description,
    ...series.attributes,
  };
  return new SeriesWriter({
    directory: join(directory, study.key, `series-${String(series.number).padStart(2, '0')}`),
    shared,
    sopClassUID: series.sopClassUID,
    studyInstanceUID,
    seriesInstanceUID: uidFor('series', study.key, series.number),
  });
}

/** Told after every image that is on disk. */
export type Count = () => void;
