import { type Tag, tagOf } from '../dictionary.ts';
import type { ActionCode } from './table.ts';

/**
 * Decides X/Z, X/D, Z/D, X/Z/D and X/Z/U* (PS3.15 E.1): by the attribute's Type in the IOD where that is known here, else the last of the letters, which every
 * IOD permits: a dummy value is valid for Types 1, 2 and 3, an empty one for 2 and 3. What is in an item of a sequence has the Type of its macro, so it
 * takes the last letter too. References (U*) are kept with mapped UIDs, so that the instances of a study still find one another.
 */
export function decided(action: ActionCode, tag: Tag, sopClassUID: string, isTopLevel: boolean): 'D' | 'Z' | 'X' | 'U' {
  if (action === 'XZU') return 'U';
  if (isTopLevel && action.length > 1) {
    const type = typeOf(tag, sopClassUID);
    if (type === 3 && action.startsWith('X')) return 'X';
    if (type === 2 && action.includes('Z')) return 'Z';
  }
  return LAST[action];
}

const LAST: Readonly<Record<ActionCode, 'D' | 'Z' | 'X' | 'U'>> = {
  D: 'D',
  Z: 'Z',
  X: 'X',
  U: 'U',
  ZD: 'D',
  XZ: 'Z',
  XD: 'D',
  XZD: 'D',
  XZU: 'U',
};

function typeOf(tag: Tag, sopClassUID: string): 2 | 3 | undefined {
  if (!sopClassUID.startsWith(STORAGE) || !IMAGES.has(sopClassUID.slice(STORAGE.length))) return undefined;
  if (typeTwo().has(tag)) return 2;
  if (sopClassUID === `${STORAGE}128` && TYPE_2_IN_PET.has(tag)) return 2;
  return typeThree().has(tag) ? 3 : undefined;
}

const STORAGE = '1.2.840.10008.5.1.4.1.1.';

/** Image IODs made of the modules of PS3.3 C.7.1 to C.7.6 without functional groups: CR DX MG IO CT US MR NM PET XA RF SC and visible light. */
const IMAGES: ReadonlySet<string> = new Set(
  '1 1.1 1.1.1 1.2 1.2.1 1.3 1.3.1 2 3.1 4 6.1 7 7.1 7.2 7.3 7.4 12.1 12.2 20 128 77.1.1 77.1.1.1 77.1.2 77.1.2.1 77.1.4 77.1.4.1'.split(
    ' ',
  ),
);

/** Acquisition Date and Time in the PET Image module (PS3.3 C.8.9.4). */
const TYPE_2_IN_PET: ReadonlySet<Tag> = new Set([0x00080022, 0x00080032]);

let three: ReadonlySet<Tag> | undefined;
let two: ReadonlySet<Tag> | undefined;

/** General Study, Series, Equipment, Image, Acquisition and SOP Common modules, X-Ray and CR acquisition. */
function typeThree(): ReadonlySet<Tag> {
  three ??= tagsOf(
    'AcquisitionDate AcquisitionTime AcquisitionDateTime InstanceCreationDate InstanceCreationTime InstitutionName InstitutionCodeSequence StationName DeviceSerialNumber OperatorsName OperatorIdentificationSequence ProtocolName SeriesDate SeriesTime ReferencedPerformedProcedureStepSequence ReferencedStudySequence RequestedProcedureDescription AcquisitionDeviceProcessingDescription',
  );
  return three;
}

/** Contrast/Bolus module; 2C of the General Image and Patient modules. */
function typeTwo(): ReadonlySet<Tag> {
  two ??= tagsOf('ContentDate ContentTime ContrastBolusAgent PatientSexNeutered');
  return two;
}

function tagsOf(keywords: string): ReadonlySet<Tag> {
  return new Set(keywords.split(' ').map((keyword) => tagOf(keyword) ?? 0));
}
