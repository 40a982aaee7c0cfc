import { type DataElement, Dataset } from './dataset.ts';
import { type Tag, tagOf, vrOf } from './dictionary.ts';
import { Tag as T } from './tags.ts';

/**
 * Directory records of a DICOMDIR (PS3.3 annex F): which type of record stands for an instance, and which of its attributes are the
 * record's keys. `Name` and `Name!` (types 1 and 2) stand empty where the instance has no value, `Name?` (1C and 3) is left out.
 */
export interface RecordForm {
  /** Directory Record Type (0004,1430). */
  readonly type: string;
  readonly keys: readonly string[];
  /** Stands below the root, not below a series (PS3.3 F.4). */
  readonly root?: boolean;
}

/** Keys that application profiles add to those of PS3.3 annex F (PS3.11 tables D.3-2, H.3-2, I.3-3, J.3-3): `basic` = STD-GEN-CD and the like. */
export type KeySet = 'basic' | 'extended';

export const PATIENT_KEYS: Readonly<Record<KeySet, readonly string[]>> = {
  basic: ['PatientID', 'PatientName!'],
  extended: ['PatientID', 'PatientName!', 'PatientBirthDate?', 'PatientSex?'],
};
export const STUDY_KEYS: readonly string[] = ['StudyDescription!', 'StudyInstanceUID', 'StudyID', 'AccessionNumber!'];
export const SERIES_KEYS: Readonly<Record<KeySet, readonly string[]>> = {
  basic: ['Modality', 'SeriesInstanceUID', 'SeriesNumber'],
  extended: ['Modality', 'SeriesInstanceUID', 'SeriesNumber', 'InstitutionName?', 'InstitutionAddress?', 'PerformingPhysicianName?'],
};

const IMAGE_KEYS: Readonly<Record<KeySet, string>> = {
  basic: 'InstanceNumber ImageType? ReferencedImageSequence?',
  extended: `InstanceNumber Rows Columns ImageType? CalibrationImage? LossyImageCompressionRatio? FrameOfReferenceUID?
    SynchronizationFrameOfReferenceUID? NumberOfFrames? AcquisitionTimeSynchronized? AcquisitionDateTime? ReferencedImageSequence?
    ImagePositionPatient? ImageOrientationPatient? PixelSpacing?`,
};

const TIMED = 'ContentDate ContentTime';
const IDENTIFIED = `${TIMED} InstanceNumber ContentLabel ContentDescription! ContentCreatorName!`;
const PRESENTED =
  'InstanceNumber ContentLabel ContentDescription! PresentationCreationDate PresentationCreationTime ReferencedSeriesSequence?';

type Row = readonly [type: string, keys: string, classes: string, root?: 'root'];

/** SOP classes below 1.2.840.10008.5.1; `1.1.88.{1 2 3 4 11 22}` = both. */
const ROWS: readonly Row[] = [
  [
    'SR DOCUMENT',
    `InstanceNumber CompletionFlag VerificationFlag ${TIMED} VerificationDateTime? ConceptNameCodeSequence ContentSequence?`,
    '4.1.1.88.{1 2 3 4 11 22 33 34 35 40 50 65 67 68 69 70 71 72 73 74 75 76 77} 4.1.1.78.6 4.1.1.79.1',
  ],
  ['KEY OBJECT DOC', `InstanceNumber ${TIMED} ConceptNameCodeSequence ContentSequence?`, '4.1.1.88.59'],
  ['PRESENTATION', `${PRESENTED} ContentCreatorName! BlendingSequence?`, '4.1.1.11.{1 2 3 4 5 6 7 8 9 10 11 12} 4.1.1.131'],
  ['WAVEFORM PRESENTATION', `${PRESENTED} ContentCreatorName?`, '4.1.1.9.100.{1 2}'],
  ['WAVEFORM', `InstanceNumber ${TIMED}`, '4.1.1.9.{1 1.1 1.2 1.3 1.4 2.1 3.1 4.1 4.2 5.1 6.1 6.2 7.1 7.2 7.3 7.4 8.1} 4.1.1.601.5'],
  [
    'ENCAP DOC',
    'ContentDate! ContentTime! InstanceNumber DocumentTitle! HL7InstanceIdentifier? ConceptNameCodeSequence! MIMETypeOfEncapsulatedDocument',
    '4.1.1.104.{1 2 3 4 5}',
  ],
  ['RT DOSE', 'InstanceNumber DoseSummationType DoseComment?', '4.1.1.481.2'],
  ['RT STRUCTURE SET', 'InstanceNumber StructureSetLabel StructureSetDate! StructureSetTime!', '4.1.1.481.3'],
  ['RT PLAN', 'InstanceNumber RTPlanLabel RTPlanDate! RTPlanTime!', '4.1.1.481.{5 8}'],
  ['RT TREAT RECORD', 'InstanceNumber TreatmentDate! TreatmentTime!', '4.1.1.481.{4 6 7 9}'],
  [
    'RADIOTHERAPY',
    'InstanceNumber UserContentLabel? UserContentLongLabel? ContentDescription! ContentCreatorName!',
    '4.1.1.481.{10 11 12 13 14 15 16 17 18 19 20 21 22}',
  ],
  ['REGISTRATION', IDENTIFIED, '4.1.1.66.{1 3}'],
  ['FIDUCIAL', IDENTIFIED, '4.1.1.66.2'],
  ['VALUE MAP', IDENTIFIED, '4.1.1.67'],
  ['SURFACE', IDENTIFIED, '4.1.1.66.5'],
  ['TRACT', IDENTIFIED, '4.1.1.66.6'],
  ['ANNOTATION', IDENTIFIED, '4.1.1.91.1'],
  ['MEASUREMENT', IDENTIFIED, '4.1.1.78.{1 2 3 4 5 7 8} 4.1.1.80.1'],
  ['RAW DATA', `${TIMED} InstanceNumber!`, '4.1.1.66'],
  [
    'SPECTROSCOPY',
    `ImageType ${TIMED} InstanceNumber ReferencedImageEvidenceSequence? NumberOfFrames Rows Columns DataPointRows DataPointColumns`,
    '4.1.1.4.2',
  ],
  ['STEREOMETRIC', '', '4.1.1.77.1.5.3'],
  ['SURFACE SCAN', TIMED, '4.1.1.68.{1 2}'],
  ['ASSESSMENT', 'InstanceNumber InstanceCreationDate InstanceCreationTime!', '4.1.1.90.1'],
  ['PLAN', '', '4.34.{1 7 10} 4.1.1.481.25'],
  ['OVERLAY', 'OverlayNumber', '4.1.1.8'],
  ['CURVE', 'CurveNumber', '4.1.1.9 4.1.1.129'],
  ['MODALITY LUT', 'LUTNumber', '4.1.1.10'],
  ['VOI LUT', 'LUTNumber', '4.1.1.11'],
  ['STORED PRINT', 'InstanceNumber!', '1.27'],
  [
    'HANGING PROTOCOL',
    `HangingProtocolName HangingProtocolDescription HangingProtocolLevel HangingProtocolCreator HangingProtocolCreationDateTime
      HangingProtocolDefinitionSequence NumberOfPriorsReferenced HangingProtocolUserIdentificationCodeSequence!`,
    '4.38.1',
    'root',
  ],
  ['PALETTE', 'ContentLabel ContentDescription!', '4.39.1', 'root'],
  ['IMPLANT', 'Manufacturer ImplantName ImplantSize? ImplantPartNumber', '4.43.1', 'root'],
  ['IMPLANT ASSY', 'ImplantAssemblyTemplateName Manufacturer ProcedureTypeCodeSequence', '4.44.1', 'root'],
  ['IMPLANT GROUP', 'ImplantTemplateGroupName ImplantTemplateGroupIssuer', '4.45.1', 'root'],
  [
    'INVENTORY',
    `${TIMED} InventoryLevel InventoryCompletionStatus TotalNumberOfStudyRecords InventoryPurpose! ScopeOfInventorySequence!`,
    '4.1.1.201.1',
    'root',
  ],
];

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

const BY_CLASS: ReadonlyMap<string, RecordForm> = new Map(
  ROWS.flatMap(([type, keys, classes, root]) =>
    classesOf(classes).map((uid): [string, RecordForm] => [uid, { type, keys: words(keys), root: root === 'root' }]),
  ),
);

function classesOf(classes: string): string[] {
  return [...classes.matchAll(/(\S*?)\{([^}]*)\}|(\S+)/g)].flatMap(([, prefix = '', lasts, whole = '']) =>
    (lasts === undefined ? [whole] : words(lasts).map((last) => prefix + last)).map((suffix) => `1.2.840.10008.5.1.${suffix}`),
  );
}

/** The record of an instance; whatever is nothing else is an IMAGE, private classes included, as readers expect it. */
export function recordFormOf(sopClassUID: string, keys: KeySet): RecordForm {
  return BY_CLASS.get(sopClassUID) ?? { type: 'IMAGE', keys: words(IMAGE_KEYS[keys]) };
}

/** The keys of a record, copied from an instance. */
export function copyKeys(keys: readonly string[], from: Dataset, record: Dataset): void {
  for (const key of keys) {
    const name = key.replace(/[?!]$/, '');
    const tag = tagOf(name) ?? 0;
    const special = SPECIAL[name];
    const element = special === undefined ? elementOf(from, tag, name) : special(from);
    if (element !== undefined && hasValue(element)) record.setElement(element);
    else if (!key.endsWith('?')) record.setElement({ tag, vr: vrOf(tag), value: [] });
  }
}

/** An attribute of the instance; those of functional groups also from the groups that all frames share (PS3.3 C.7.6.16). */
function elementOf(from: Dataset, tag: Tag, name: string): DataElement | undefined {
  const own = from.get(tag);
  if ((own !== undefined && hasValue(own)) || !SHARED.has(name)) return own;
  const groups = from.items(T.SharedFunctionalGroupsSequence)[0];
  for (const group of groups ?? []) {
    const found = groups?.items(group.tag).find((item) => item.has(tag));
    if (found !== undefined) return found.get(tag);
  }
  return own;
}

const SHARED: ReadonlySet<string> = new Set(['ReferencedImageSequence', 'ImagePositionPatient', 'ImageOrientationPatient', 'PixelSpacing']);

const VERIFICATION_FLAG = 0x0040a493;
const VERIFYING_OBSERVER_SEQUENCE = 0x0040a073;
const VERIFICATION_DATE_TIME = 0x0040a030;
const CONTENT_SEQUENCE = 0x0040a730;
const RELATIONSHIP_TYPE = 0x0040a010;
const BLENDING_SEQUENCE = 0x00700402;
const REFERENCED_SERIES_SEQUENCE = 0x00081115;

/** Keys that are not simply the attribute of the same name. */
const SPECIAL: Readonly<Partial<Record<string, (from: Dataset) => DataElement | undefined>>> = {
  /** The newest verification (PS3.3 table F.5-22). */
  VerificationDateTime: (from) => {
    const observer = from.string(VERIFICATION_FLAG) === 'VERIFIED' ? from.items(VERIFYING_OBSERVER_SEQUENCE).at(-1) : undefined;
    return observer?.get(VERIFICATION_DATE_TIME);
  },
  /** Only what modifies the title of the document. */
  ContentSequence: (from) => ({
    tag: CONTENT_SEQUENCE,
    vr: 'SQ',
    value: from.items(CONTENT_SEQUENCE).filter((item) => item.string(RELATIONSHIP_TYPE) === 'HAS CONCEPT MOD'),
  }),
  BlendingSequence: (from) => ({
    tag: BLENDING_SEQUENCE,
    vr: 'SQ',
    value: from.items(BLENDING_SEQUENCE).slice(0, 2).map(blended),
  }),
};

function blended(item: Dataset): Dataset {
  const kept = new Dataset();
  for (const tag of [T.StudyInstanceUID, REFERENCED_SERIES_SEQUENCE]) {
    const element = item.get(tag);
    if (element !== undefined) kept.setElement(element);
  }
  return kept;
}

/** Bulk that was left in the file is no key: it is treated as absent. */
function hasValue({ value }: DataElement): boolean {
  if (value instanceof Uint8Array) return value.length > 0;
  const values: readonly unknown[] = Array.isArray(value) ? value : [];
  return values.some((one) => one !== '');
}
