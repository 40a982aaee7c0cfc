import type { Query, QueryLevel } from '../../../shared/contract/index.ts';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { Dataset } from '../dataset/index.ts';
import type { Association } from '../network/index.ts';
import { isPatientRoot, queryRetrieveFlags } from './information-model.ts';
import type { InformationModel } from './types.ts';

/** Query/Retrieve Level (0008,0052). */
export const LEVEL_NAMES: Readonly<Record<QueryLevel, string>> = { patient: 'PATIENT', study: 'STUDY', series: 'SERIES', image: 'IMAGE' };

type MatchingKey = Exclude<keyof Query, 'level'>;

/** Attributes asked for at each level, and which entry of the query they are matched with (PS3.4 tables C.6-1 to C.6-4). */
const KEYS: Readonly<Record<QueryLevel, readonly (readonly [keyword: string, matchedWith?: MatchingKey])[]>> = {
  patient: [
    ['PatientName', 'patientName'],
    ['PatientID', 'patientID'],
    ['PatientBirthDate', 'patientBirthDate'],
    ['PatientSex'],
    ['NumberOfPatientRelatedStudies'],
  ],
  study: [
    ['StudyDate', 'studyDate'],
    ['StudyTime'],
    ['AccessionNumber', 'accessionNumber'],
    ['ModalitiesInStudy', 'modality'],
    ['ReferringPhysicianName'],
    ['StudyDescription', 'studyDescription'],
    ['PatientName', 'patientName'],
    ['PatientID', 'patientID'],
    ['PatientBirthDate', 'patientBirthDate'],
    ['PatientSex'],
    ['StudyInstanceUID', 'studyInstanceUID'],
    ['StudyID'],
    ['NumberOfStudyRelatedSeries'],
    ['NumberOfStudyRelatedInstances'],
  ],
  series: [
    ['SeriesDate'],
    ['Modality', 'modality'],
    ['SeriesDescription'],
    ['BodyPartExamined'],
    ['StudyInstanceUID', 'studyInstanceUID'],
    ['SeriesInstanceUID', 'seriesInstanceUID'],
    ['SeriesNumber'],
    ['NumberOfSeriesRelatedInstances'],
  ],
  image: [
    ['SOPClassUID'],
    ['SOPInstanceUID'],
    ['StudyInstanceUID', 'studyInstanceUID'],
    ['SeriesInstanceUID', 'seriesInstanceUID'],
    ['InstanceNumber'],
  ],
};

/**
 * The identifier of a C-FIND (PS3.4 C.4.1.1.3): matching keys of the query at its level, all else that a row shows as empty return keys. Specific
 * Character Set only where a key needs it: some archives match nothing as soon as it is there. Throws `invalid-arguments`.
 */
export function findIdentifier(query: Query, model: InformationModel = 'study-root'): Dataset {
  const identifier = Dataset.of({ QueryRetrieveLevel: LEVEL_NAMES[query.level] });
  let ascii = true;
  for (const [keyword, matchedWith] of KEYS[query.level]) {
    const value = matchedWith === undefined ? '' : (query[matchedWith] ?? '');
    if (!isASCII(value)) ascii = false;
    identifier.set(keyword, value);
  }
  // The patient is a level above only where the model has one (PS3.4 C.6.1.1).
  if (model === 'patient-root' && query.patientID !== undefined) {
    if (!isASCII(query.patientID)) ascii = false;
    identifier.set('PatientID', query.patientID);
  }
  if (!ascii) identifier.set('SpecificCharacterSet', 'ISO_IR 192');
  return identifier;
}

/** The identifier of a C-MOVE or C-GET (PS3.4 C.4.2.1.4): unique keys only. */
export function retrieveIdentifier(keys: {
  patientID?: string;
  studyInstanceUID: string;
  seriesInstanceUID?: string;
  sopInstanceUIDs?: readonly string[];
}): Dataset {
  const { patientID, studyInstanceUID, seriesInstanceUID, sopInstanceUIDs } = keys;
  if (sopInstanceUIDs?.length === 0) throw new PhosphorError('invalid-arguments', 'a retrieve of no instances');
  const ofSeries: QueryLevel = seriesInstanceUID === undefined ? 'study' : 'series';
  const level = sopInstanceUIDs === undefined ? ofSeries : 'image';
  const identifier = Dataset.of({ QueryRetrieveLevel: LEVEL_NAMES[level], StudyInstanceUID: studyInstanceUID });
  if (patientID !== undefined) {
    if (!isASCII(patientID)) identifier.set('SpecificCharacterSet', 'ISO_IR 192');
    identifier.set('PatientID', patientID);
  }
  if (seriesInstanceUID !== undefined) identifier.set('SeriesInstanceUID', seriesInstanceUID);
  if (sopInstanceUIDs !== undefined) identifier.set('SOPInstanceUID', [...sopInstanceUIDs]);
  return identifier;
}

/** The identifier of a retrieve in the model of its SOP class. Throws `invalid-arguments` where Patient Root is asked without its patient. */
export function retrieveIdentifierIn(
  association: Association,
  sopClassUID: string,
  keys: Parameters<typeof retrieveIdentifier>[0],
): Dataset {
  const { patientID, ...others } = keys;
  if (!isPatientRoot(sopClassUID)) return retrieveIdentifier(others);
  if (patientID === undefined && !queryRetrieveFlags(association.extendedNegotiation, sopClassUID).relational) {
    throw new PhosphorError('invalid-arguments', 'a retrieve in the Patient Root model needs the Patient ID');
  }
  return retrieveIdentifier(keys);
}

function isASCII(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}
