import { STORAGE_SOP_CLASSES } from './storage-sop-classes.ts';

/** SOP classes that code names (PS3.6 table A-1). */
export const SOPClass = {
  Verification: '1.2.840.10008.1.1',
  StorageCommitmentPushModel: '1.2.840.10008.1.20.1',
  PatientRootFind: '1.2.840.10008.5.1.4.1.2.1.1',
  PatientRootMove: '1.2.840.10008.5.1.4.1.2.1.2',
  PatientRootGet: '1.2.840.10008.5.1.4.1.2.1.3',
  StudyRootFind: '1.2.840.10008.5.1.4.1.2.2.1',
  StudyRootMove: '1.2.840.10008.5.1.4.1.2.2.2',
  StudyRootGet: '1.2.840.10008.5.1.4.1.2.2.3',
  ModalityWorklistFind: '1.2.840.10008.5.1.4.31',
} as const;

const NAMES: ReadonlyMap<string, string> = new Map([
  [SOPClass.Verification, 'Verification'],
  [SOPClass.StorageCommitmentPushModel, 'Storage Commitment Push Model'],
  [SOPClass.PatientRootFind, 'Patient Root Query/Retrieve Information Model - FIND'],
  [SOPClass.PatientRootMove, 'Patient Root Query/Retrieve Information Model - MOVE'],
  [SOPClass.PatientRootGet, 'Patient Root Query/Retrieve Information Model - GET'],
  [SOPClass.StudyRootFind, 'Study Root Query/Retrieve Information Model - FIND'],
  [SOPClass.StudyRootMove, 'Study Root Query/Retrieve Information Model - MOVE'],
  [SOPClass.StudyRootGet, 'Study Root Query/Retrieve Information Model - GET'],
  [SOPClass.ModalityWorklistFind, 'Modality Worklist Information Model - FIND'],
  ...STORAGE_SOP_CLASSES,
]);

/** Name as in PS3.6, or undefined for a SOP class that is private or that we do not know. */
export function sopClassName(uid: string): string | undefined {
  return NAMES.get(uid);
}
