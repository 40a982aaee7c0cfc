import { z } from 'zod';
import { phosphorError } from './errors.ts';
import { actionId, count, text, uid } from './primitives.ts';

// Contract of what makes new instances out of stored or foreign ones: de-identified copies, corrections, wrapped files.

const label = z.string().max(256).optional();
const short = z.string().max(1024);

export const project = z.string().trim().min(1).max(64);

const rectangle = z.strictObject({
  x: count.max(65_535),
  y: count.max(65_535),
  width: count.min(1).max(65_535),
  height: count.min(1).max(65_535),
  /** Only in this series. */
  seriesInstanceUID: uid.optional(),
});

/** How a de-identification differs from the Basic Profile of PS3.15 annex E; what is absent is off. */
export const deIdentificationOptions = z.strictObject({
  retainUIDs: z.boolean().optional(),
  dates: z.enum(['remove', 'shift', 'retain']).optional(),
  retainPatientCharacteristics: z.boolean().optional(),
  retainDeviceIdentity: z.boolean().optional(),
  retainInstitutionIdentity: z.boolean().optional(),
  cleanDescriptors: z.boolean().optional(),
  cleanStructuredContent: z.boolean().optional(),
  cleanGraphics: z.boolean().optional(),
  retainSafePrivate: z.boolean().optional(),
  /** Pixels made black; who names them says that nothing burned in remains (Clean Pixel Data). */
  blank: z.array(rectangle).min(1).max(1000).optional(),
});
export type DeIdentificationChoice = z.infer<typeof deIdentificationOptions>;

/** New values of a study's identity; an empty text empties the attribute. */
export const corrections = z
  .strictObject({
    patientName: z.string().max(1024),
    patientID: z.string().min(1).max(64),
    issuerOfPatientID: z.string().max(64),
    patientBirthDate: z.string().regex(/^(\d{8})?$/, 'a date is YYYYMMDD'),
    patientSex: z.enum(['', 'M', 'F', 'O']),
    accessionNumber: z.string().max(16),
    studyDescription: z.string().max(64),
  })
  .partial()
  .refine((changes) => Object.values(changes).some((value) => value !== undefined), 'corrects nothing')
  .refine(
    (changes) => Object.values(changes).every((value) => value === undefined || /^[^\\\p{Cc}]*$/u.test(value)),
    'has characters that cannot be stored',
  );
export type Corrections = z.infer<typeof corrections>;

export const editActions = [
  /** A copy without identity, as a new study of the archive. A preview changes nothing and shows what would. */
  z.strictObject({
    command: z.literal('deidentify'),
    studyInstanceUID: uid,
    project,
    options: deIdentificationOptions,
    preview: z.boolean().optional(),
    label,
  }),
  /** Its action ID names it for `undo-correction`. */
  z.strictObject({ command: z.literal('correct'), studyInstanceUID: uid, changes: corrections, label }),
  z.strictObject({ command: z.literal('undo-correction'), correctionId: actionId, label }),
  /** Files that are not DICOM, as a new series of a study that is here. */
  z.strictObject({
    command: z.literal('wrap'),
    studyInstanceUID: uid,
    paths: z.array(z.string().min(1).max(4096)).min(1).max(1000),
    /** What a film shows: Video Endoscopic instead of Video Photographic. */
    endoscopic: z.boolean().optional(),
    label,
  }),
] as const;

/** What a de-identification does to an attribute: patient data, for the person who asked for the preview. */
export const changeItem = z.strictObject({
  kind: z.literal('change'),
  seriesInstanceUID: uid,
  path: text,
  keyword: z.string().max(128),
  change: z.enum(['removed', 'emptied', 'replaced', 'cleaned', 'mapped', 'shifted', 'kept']),
  before: short,
  after: short.optional(),
});
export type ChangeItem = z.infer<typeof changeItem>;

/** What the tables cannot take out of pixels, for a person to look at. */
export const pixelWarningItem = z.strictObject({
  kind: z.literal('pixel-warning'),
  seriesInstanceUID: uid,
  sopInstanceUID: uid,
  warning: z.enum(['burned-in-annotation', 'burned-in-annotation-likely', 'recognizable-features', 'overlay-in-pixels']),
});
export type PixelWarningItem = z.infer<typeof pixelWarningItem>;

/** An instance that could not be copied or corrected. */
export const instanceFailedItem = z.strictObject({ kind: z.literal('instance-failed'), sopInstanceUID: uid, error: phosphorError });
export type InstanceFailedItem = z.infer<typeof instanceFailedItem>;

export type DeIdentifiedItem = ChangeItem | PixelWarningItem | InstanceFailedItem;

/** Who stands behind a pseudonym of a project. */
export const pseudonymMapping = z.strictObject({
  patientID: short,
  patientName: short,
  pseudonym: z.string().max(64),
  /** Days by which dates were moved into the past. */
  days: count,
  studyInstanceUID: uid,
  newStudyInstanceUID: uid,
});
export type PseudonymMapping = z.infer<typeof pseudonymMapping>;

export const editCommands = {
  /** Of one project, for its owner; at most 1,000 at once. */
  'deidentification.mapping': {
    args: z.strictObject({ project, offset: count }),
    result: z.strictObject({ total: count, mappings: z.array(pseudonymMapping).max(1000) }),
  },
} as const;
