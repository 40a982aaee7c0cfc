import type { PersonName } from '../../../shared/contract/index.ts';

/** Who an instance is, and how it is encoded. */
export interface InstanceIdentity {
  readonly sopClassUID: string;
  readonly sopInstanceUID: string;
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID: string;
  readonly transferSyntaxUID: string;
}

/**
 * What the index keeps of an instance: read once, while it arrives or is imported, by the bounded streaming reader. Text is decoded
 * (Specific Character Set applied) and trimmed; absent attributes are '' or undefined. Dates and times stay DICOM strings.
 */
export interface InstanceHeader extends InstanceIdentity {
  readonly specificCharacterSet: string;
  readonly patientName: PersonName;
  readonly patientID: string;
  readonly issuerOfPatientID: string;
  readonly patientBirthDate: string;
  readonly patientSex: string;
  /** Patient's Age, such as `045Y`. */
  readonly patientAge: string;
  readonly studyDate: string;
  readonly studyTime: string;
  readonly accessionNumber: string;
  readonly studyDescription: string;
  readonly studyID: string;
  readonly referringPhysicianName: PersonName;
  readonly modality: string;
  readonly seriesNumber: number | undefined;
  readonly seriesDescription: string;
  readonly seriesDate: string;
  readonly bodyPartExamined: string;
  readonly instanceNumber: number | undefined;
  readonly acquisitionNumber: number | undefined;
  readonly numberOfFrames: number;
  readonly rows: number | undefined;
  readonly columns: number | undefined;
  readonly imagePositionPatient: readonly [number, number, number] | undefined;
  readonly imageOrientationPatient: readonly number[] | undefined;
  /** The data end before their pixels do. Told only by a reader that went to the end. */
  readonly truncated?: boolean;
}

/** What goes into the File Meta Information (PS3.10 §7.1) of a stored instance. */
export interface FileMeta {
  readonly sopClassUID: string;
  readonly sopInstanceUID: string;
  readonly transferSyntaxUID: string;
  /** Calling AE title of the association it came by; absent for imports of files that have their own meta. */
  readonly sourceAETitle?: string;
}
