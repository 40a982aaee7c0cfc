// What a naming template may hold: for the contract's schema and for the archive worker, which loads no schema.

/** Attributes that a naming template can name, spelled as in PS3.6, with the level that they tell apart; `null`: they only group. */
export const EXPORT_FIELDS = {
  PatientName: 'patient',
  PatientID: 'patient',
  PatientBirthDate: null,
  PatientSex: null,
  StudyDate: null,
  StudyTime: null,
  StudyDescription: 'study',
  StudyID: 'study',
  AccessionNumber: 'study',
  StudyInstanceUID: 'study',
  ReferringPhysicianName: null,
  Modality: null,
  BodyPartExamined: null,
  SeriesDate: null,
  SeriesNumber: 'series',
  SeriesDescription: 'series',
  SeriesInstanceUID: 'series',
  AcquisitionNumber: null,
  InstanceNumber: 'image',
  SOPInstanceUID: 'image',
} as const satisfies Record<string, 'patient' | 'study' | 'series' | 'image' | null>;
export type ExportField = keyof typeof EXPORT_FIELDS;

export const DEFAULT_TEMPLATE = '{PatientName}/{StudyDate} {StudyDescription}/{SeriesNumber:3} {SeriesDescription}/{InstanceNumber:5}';

/** Folders of a template, the file's own name included. */
export const TEMPLATE_COMPONENTS = 8;

/** A piece of a template's component: text as it stands, or a field, filled up with zeros to `width` digits. */
export type TemplatePart = { readonly text: string } | { readonly field: ExportField; readonly width: number };

/** The components of a template, outermost first, or undefined for one that cannot be used. `/` separates, `{Field}` or `{Field:width}` names. */
export function parseTemplate(template: string): readonly (readonly TemplatePart[])[] | undefined {
  const components = template.split('/').map(partsOf);
  if (components.length > TEMPLATE_COMPONENTS || components.some((parts) => parts === undefined || parts.length === 0)) return undefined;
  return components.flatMap((parts) => (parts === undefined ? [] : [parts]));
}

function partsOf(component: string): readonly TemplatePart[] | undefined {
  const parts: TemplatePart[] = [];
  for (const piece of component.split(/(\{[^{}]*\})/)) {
    if (piece === '') continue;
    if (!/[{}]/.test(piece)) {
      parts.push({ text: piece });
      continue;
    }
    const [, name = '', width = '0'] = /^\{([A-Za-z]+)(?::([1-9]))?\}$/.exec(piece) ?? [];
    if (!Object.hasOwn(EXPORT_FIELDS, name)) return undefined;
    parts.push({ field: name as ExportField, width: Number(width) });
  }
  return parts;
}

/** General purpose application profiles (PS3.11 annexes D, H, I, J) and what else media can be made by. */
export const MEDIA_PROFILES = [
  /** The first of the others that keeps lossy images as they are. */
  'auto',
  /** Every file in its own transfer syntax: no profile is claimed. */
  'as-is',
  'STD-GEN-CD',
  'STD-GEN-DVD-RAM',
  'STD-GEN-DVD-JPEG',
  'STD-GEN-DVD-J2K',
  'STD-GEN-BD-JPEG',
  'STD-GEN-BD-J2K',
  'STD-GEN-USB-JPEG',
  'STD-GEN-USB-J2K',
] as const;
export type MediaProfile = (typeof MEDIA_PROFILES)[number];
