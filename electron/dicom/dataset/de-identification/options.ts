/** How a de-identification differs from the Basic Profile of PS3.15 annex E.2 (all off). Names are those of E.3. */
export interface DeIdentificationOptions {
  readonly retainUIDs: boolean;
  /** `retain`: with full dates; `shift`: with modified dates, all of one patient by the same number of days. */
  readonly dates: 'remove' | 'shift' | 'retain';
  readonly retainPatientCharacteristics: boolean;
  readonly retainDeviceIdentity: boolean;
  readonly retainInstitutionIdentity: boolean;
  readonly cleanDescriptors: boolean;
  readonly cleanStructuredContent: boolean;
  readonly cleanGraphics: boolean;
  readonly retainSafePrivate: boolean;
}

export const BASIC_PROFILE: DeIdentificationOptions = {
  retainUIDs: false,
  dates: 'remove',
  retainPatientCharacteristics: false,
  retainDeviceIdentity: false,
  retainInstitutionIdentity: false,
  cleanDescriptors: false,
  cleanStructuredContent: false,
  cleanGraphics: false,
  retainSafePrivate: false,
};

export interface MethodCode {
  readonly codeValue: string;
  readonly codeMeaning: string;
}

/** De-identification Method Code Sequence (0012,0064): codes of CID 7050, scheme DCM, for the profile and what was selected. */
export function methodCodesOf(options: DeIdentificationOptions, cleanedPixels: boolean): MethodCode[] {
  const selected: readonly (readonly [boolean, string, string])[] = [
    [true, '113100', 'Basic Application Confidentiality Profile'],
    [cleanedPixels, '113101', 'Clean Pixel Data Option'],
    [options.cleanGraphics, '113103', 'Clean Graphics Option'],
    [options.cleanStructuredContent, '113104', 'Clean Structured Content Option'],
    [options.cleanDescriptors, '113105', 'Clean Descriptors Option'],
    [options.dates === 'retain', '113106', 'Retain Longitudinal Temporal Information Full Dates Option'],
    [options.dates === 'shift', '113107', 'Retain Longitudinal Temporal Information Modified Dates Option'],
    [options.retainPatientCharacteristics, '113108', 'Retain Patient Characteristics Option'],
    [options.retainDeviceIdentity, '113109', 'Retain Device Identity Option'],
    [options.retainUIDs, '113110', 'Retain UIDs Option'],
    [options.retainSafePrivate, '113111', 'Retain Safe Private Option'],
    [options.retainInstitutionIdentity, '113112', 'Retain Institution Identity Option'],
  ];
  return selected.filter(([is]) => is).map(([, codeValue, codeMeaning]) => ({ codeValue, codeMeaning }));
}

/** Longitudinal Temporal Information Modified (0028,0303). */
export const TEMPORAL_INFORMATION: Readonly<Record<DeIdentificationOptions['dates'], string>> = {
  remove: 'REMOVED',
  shift: 'MODIFIED',
  retain: 'UNMODIFIED',
};
